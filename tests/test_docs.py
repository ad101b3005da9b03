"""The documentation is complete by construction, and says a sentence in one place."""

from __future__ import annotations

import importlib
import importlib.util
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import theory
from reports.plans.explained import keys
from reports.plans.packaged_tasks import packaged_tasks

ROOT = Path(__file__).resolve().parent.parent
PAGES = [path for path in sorted((ROOT / "docs").rglob("*.md")) if "generated" not in path.parts]


@cache
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def page(name: str) -> str:
    return "\n".join(generator().PAGES[name]())


def test_every_public_name_is_in_the_reference() -> None:
    text = page("python")
    for package in generator().PUBLIC:
        for name in importlib.import_module(package).__all__:
            assert re.search(rf"\{{py:\w+\}} {re.escape(package)}\.{name}\b", text), f"{package}.{name}"


def test_every_command_key_task_and_statement_is_in_the_reference() -> None:
    for command in generator().COMMANDS:
        assert f"## python -m {command}\n" in page("command-line")
    assert all(f"| `{key.name}` |" in page("plan-keys") for key in keys())
    assert all(f"## {name}\n" in page("tasks") for name in packaged_tasks())
    assert all(f"## {bound.id}: " in page("statements") for bound in theory.bounds())
    assert all(f"| `{one.name}` |" in page("notation") for one in theory.quantities())


def test_no_sentence_is_in_two_places() -> None:
    found: Counter[str] = Counter()
    for path in [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        prose = re.sub(
            r"```.*?```|^(?: {4}|\|).*?$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
        )
        sentences = {" ".join(one.split()) for one in re.split(r"(?<=[.?!:])\s|\n\n", prose)}
        found.update(one for one in sentences if len(one) > 60)
    assert {one for one, count in found.items() if count > 1} <= {
        # what the project is, at its two doors
        "Is every convergence bound of generalised meta federated learning true on what really happens, how tight is "
        "it, and would we have noticed had it been wrong?",
    }


def test_every_page_is_reached_from_the_first() -> None:
    first = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^[\w/-]+$", first, flags=re.MULTILINE))
    assert {path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in PAGES} - {"index"} <= listed
    assert {f"generated/{name}" for name in generator().PAGES} - {"generated/gallery"} <= listed


@pytest.mark.parametrize("path", [*PAGES, *ROOT.glob("*.md")], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere_before_anything_is_built(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text)
    wanted = [target for target in targets if "generated" in Path(target).parts or not (path.parent / target).exists()]
    assert wanted == []


@pytest.mark.slow  # some twenty seconds; CI builds it as well
def test_it_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("sphinx")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", str(ROOT / "docs"), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    statements = (tmp_path / "generated" / "statements.html").read_text(encoding="utf-8")
    assert statements.count("<math") > 50
    assert "https://cdn" not in statements
