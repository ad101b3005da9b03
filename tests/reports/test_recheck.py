"""A finished report, questioned: what it says of itself, one row from nothing, cells run again, modules not trusted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from reports.build import app
from reports.recheck import RecheckError, check, reproduce
from reports.records.workers import OneByOne
from tests.reports.edits.editing import in_record, load, record_of, store

OWN = """
from pathlib import Path
import empirics
Path({mark!r}).touch()
def small():
    return empirics.factories.small_cosine()
"""
PLAN = """
title = "own"
[[tasks]]
name = "mine"
factory = "{module}:small"
[[tasks]]
name = "q"
factory = "quadratic"
[[points]]
task = ["mine", "q"]
alpha_L = "1/4"
nu = 1
statements = ["S2"]
[[runs]]
task = "q"
mode = "stochastic"
alpha_L = "1/4"
nu = 1
tau = 1
D = 2
D_prime = 2
D_H = 2
fraction = "1/2"
rounds = 2
replicas = 64
statements = ["T2"]
"""


def command(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--jobs", "1"])


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a module, which leaves a mark wherever it is imported, a plan that names it, and a report of it."""
    folder = tmp_path_factory.mktemp("recheck")
    name = f"own_{folder.name.replace('-', '_')}"
    (folder / f"{name}.py").write_text(OWN.format(mark=str(folder / "imported")))
    (folder / "plan.toml").write_text(PLAN.format(module=name))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        done = command("--plan", str(folder / "plan.toml"), "--only", "S2,T2", "--out", str(folder / "out"))
    assert done.exit_code == 0, done.output
    assert f"imports {name}" in done.stderr
    (folder / "name").write_text(name)
    return folder


@pytest.fixture
def forgotten(own: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the module, as if it had never been imported."""
    name = (own / "name").read_text()
    monkeypatch.syspath_prepend(str(own))
    monkeypatch.delitem(__import__("sys").modules, name, raising=False)
    from reports.records.execution import _instance

    _instance.cache_clear()
    (own / "imported").unlink(missing_ok=True)
    return name


@pytest.fixture
def folder(own: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(own / "out", tmp_path / "out"))


def test_a_dry_run_imports_nothing_that_a_plan_names(own: Path, forgotten: str) -> None:
    done = command("--plan", str(own / "plan.toml"), "--dry-run")
    assert done.exit_code == 0, done.output
    assert f"would import {forgotten}" in done.stderr
    assert not (own / "imported").exists()


def test_a_check_names_the_rows_whose_module_it_did_not_import(own: Path, forgotten: str) -> None:
    done = command("--check", "--out", str(own / "out"))
    assert done.exit_code == 1
    assert not (own / "imported").exists()
    lines = done.stderr.splitlines()
    assert lines
    assert all(":mine:" in line and f"--trust {forgotten}" in line for line in lines)


def test_a_check_may_be_told_to_import_it(own: Path, forgotten: str) -> None:
    done = command("--check", "--out", str(own / "out"), "--trust", forgotten, "--rerun", "all")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "rerun: 3 of 3 cells" in done.stdout
    assert "nothing differs" in done.stdout


def test_a_row_is_reproduced_bit_for_bit_and_by_trust_alone(own: Path, forgotten: str) -> None:
    rows = json.loads((own / "out" / "verdicts.json").read_text())["rows"]
    for stored in rows:
        row, differences = reproduce(own / "out", stored["row_id"], trust=[forgotten])
        assert differences == []
        assert row.model_dump(mode="json") == stored


def test_a_reproduction_imports_nothing_that_a_record_names(own: Path, forgotten: str) -> None:
    mine = next(row["row_id"] for row in load(own / "out" / "verdicts.json")["rows"] if row["task"] == "mine")
    done = command("--reproduce", mine, "--out", str(own / "out"))
    assert done.exit_code == 2
    assert f"--trust {forgotten}" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (own / "imported").exists()


def test_a_rerun_finds_arrays_that_nobody_computed(folder: Path, forgotten: str) -> None:
    in_record(folder, record_of(folder, "T2"), lambda _, arrays: arrays.update(unused=arrays["iterates"] * 0))
    assert check(folder, trust=[forgotten], workers=OneByOne()).differences == []
    found = check(folder, trust=[forgotten], rerun=None, workers=OneByOne())
    assert [line for line in found.differences if "unused is another when it is run again" in line]


def test_what_a_check_cannot_find_is_said(folder: Path, forgotten: str, tmp_path: Path, monkeypatch) -> None:
    """Another folder, with neither the plan nor the module at hand."""
    manifest = load(folder / "manifest.json")
    manifest["where"]["working_folder"] = "/nowhere"
    store(folder / "manifest.json", manifest | {"plan": "plan-of-mine.toml"})
    found = check(folder, workers=OneByOne())
    assert any("the plan: plan-of-mine.toml is not here" in line for line in found.trusted)
    assert any(line.startswith("moved: built in ") for line in found.notes)


def test_other_versions_are_named(folder: Path, forgotten: str) -> None:
    manifest = load(folder / "manifest.json")
    manifest["versions"]["numpy"] = "0.1"
    store(folder / "manifest.json", manifest)
    found = check(folder, trust=[forgotten], workers=OneByOne())
    assert any("made by another version: numpy 0.1 (here " in line for line in found.notes)


@pytest.mark.parametrize("name", ["manifest.json", "verdicts.json"])
@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b'{"rows": 3}'])
def test_a_damaged_file_is_one_line(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    done = command("--reproduce", "S2:q:exact:nu1", "--out", str(folder))
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    if name == "manifest.json":
        done = command("--check", "--out", str(folder))
        assert done.exit_code == 1
        assert len(done.stderr.splitlines()) == 1


def test_an_unknown_row_and_an_unbuilt_folder_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RecheckError, match="no such row"):
        reproduce(folder, "S6:nowhere")
    with pytest.raises(RecheckError, match=r"no such row in .* \(did you mean S2:q:exact:nu1\?\)"):
        reproduce(folder, "S2:q:nu1")
    with pytest.raises(RecheckError, match="build the report there first"):
        check(tmp_path / "absent")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--rerun", "2"),
        ("--trust", "math"),
        ("--check", "--rerun", "some"),
        ("--check", "--rerun", "0"),
        ("--reproduce", "x", "--rerun", "1"),
    ],
)
def test_options_that_ask_for_nothing_are_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = command(*arguments, "--out", str(tmp_path / "absent"))
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
