"""The README's commands and examples are the ones that CI follows; what any document names is there."""

from __future__ import annotations

import doctest
import pkgutil
import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from benchmarks.run import app as benchmarks
from reports.build import app as build
from reports.figures.__main__ import app as figures
from reports.refute import app as refute
from reports.store import app as store
from theory.__main__ import main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
_WRITTEN = [path for path in sorted((ROOT / "docs").rglob("*.md")) if "generated" not in path.parts]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *_WRITTEN]
PACKAGES = ("theory", "empirics", "reports", "benchmarks")
FOLDERS = (*PACKAGES, "tests", "docs", "examples")


def test_exactly_two_commands_do_all_their_set_up() -> None:
    commands = re.findall(r"^ *(python3 -m venv \.venv && .+)$", README, flags=re.MULTILINE)
    assert commands == [
        "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e . && .venv/bin/python -m reports.build",
        'python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e ".[test]" && .venv/bin/pytest',
    ]


def test_the_examples_run() -> None:
    results = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert results.attempted >= 4
    assert results.failed == 0


def test_theorys_commands_end_well(capsys: pytest.CaptureFixture[str]) -> None:
    asked = re.findall(r"`python -m theory ([^`]+)`", README)
    assert len(asked) >= 3
    for arguments in asked:
        if arguments != "formal --check":  # needs Coq and minutes: the tests marked formal run it
            assert main(shlex.split(arguments)) == 0, arguments
    assert "11/2" in capsys.readouterr().out


APPS = {
    "reports.build": build, "reports.refute": refute, "reports.figures": figures, "reports.store": store,
    "benchmarks.run": benchmarks,
}  # fmt: skip


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_option_of_a_command_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for module, arguments in re.findall(r"python -m (\w+\.\w+)((?: [^\n`#]*)?)", text):
        if module in APPS and "[" not in arguments:
            words = [word for word in shlex.split(arguments) if word != "&&"]
            get_command(APPS[module]).make_context(module, words)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_names_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        if target.startswith("../generated/"):  # made when the documentation is built, which then says what is missing
            continue
        assert (document.parent / target).exists(), target
    for target in re.findall(rf"(?<![\w./-])(?:{'|'.join(FOLDERS)})/[\w./-]*\w", text):
        assert (ROOT / target).exists(), target
    for name in re.findall(rf"(?<![\w./:-])(?:{'|'.join(PACKAGES)})(?:\.\w+)+", text):
        pkgutil.resolve_name(name)


def test_pictures_are_small() -> None:
    for picture in (ROOT / "docs").glob("*.png"):
        assert picture.stat().st_size <= 300 * 1024, picture.name


def test_every_dependency_is_held_by_an_exact_version() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    held = {line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    wanted = [
        *project["dependencies"],
        *project["optional-dependencies"]["test"],
        *project["optional-dependencies"]["dev"],
    ]
    names = {re.split(r"[<>=\[ ]", requirement)[0].lower() for requirement in wanted}
    assert names <= held, names - held
