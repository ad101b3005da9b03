"""A record is found again exactly when the same thing would be run: our computing folders, and a user's own modules."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reports.cells.cell import TaskPlan
from reports.cells.points_cell import PointsCell
from reports.records import sources
from reports.records.seeded_cell import SeededCell
from reports.records.sources import COMPUTING, own_modules, own_version
from tests.architecture import ROOT, imports, room

# what a measurement imports and no recorded number depends on: types of evidence, pages' words, planted errors
HARMLESS = {
    "reports.judging", "reports.refusal", "reports.wrong_versions", "reports.user_objects", "theory.claims",
    "theory.printing",
}  # fmt: skip


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of a user's with a task that imports helpers, one of them inside a function; of a name of its own."""
    package = tmp_path / f"mine_{tmp_path.name}"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "scale.py").write_text("SCALE = 2.0\n")
    (package / "deep.py").write_text(f"def f():\n    import lone_{tmp_path.name}\n")
    (package / "tasks.py").write_text("from . import scale\nfrom .deep import f\nimport numpy\nimport empirics\n")
    (tmp_path / f"lone_{tmp_path.name}.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    return package


def test_what_a_users_module_imports_counts_and_what_is_installed_does_not(mine: Path) -> None:
    name, lone = mine.name, f"lone_{mine.parent.name}"
    assert set(own_modules(f"{name}.tasks")) == {name, f"{name}.tasks", f"{name}.scale", f"{name}.deep", lone}


@pytest.mark.parametrize("file", ["tasks.py", "scale.py", "../lone_{}.py"])
def test_a_changed_file_is_another_version(mine: Path, file: str) -> None:
    names, changed = [f"{mine.name}.tasks:Name"], mine / file.format(mine.parent.name)
    before = own_version(names)
    changed.write_text(changed.read_text() + "# changed\n")
    sources._own_version.cache_clear()
    assert own_version(names) != before


def test_a_cell_counts_the_users_own_and_only_then(mine: Path) -> None:
    cell = PointsCell(task="t", alpha="1/2", nu=1, statements=["S2"])  # type: ignore[arg-type]

    def seeded(factory: str, *more: str) -> SeededCell:
        asked = cell.model_copy(update={"statements": ["S2", *more]})
        return SeededCell(asked, TaskPlan(name="t", factory=factory), 0, 1, "cpu", 1e-3)

    assert "own" not in seeded("cosine").description()
    task, bound = f"{mine.name}.tasks:Name", f"{mine.name}.scale:B"
    assert set(seeded(task).description()["own"]) == {task}
    assert set(seeded("cosine", bound).description()["own"]) == {bound}


def test_the_folders_that_count_hold_whatever_computes() -> None:
    """Every file that a measurement reaches by imports lies in a folder that counts, or is known to be harmless."""
    reached: set[str] = set()
    waiting = ["reports.measure.specify", "reports.measure.at_points", "reports.measure.with_batches"]
    waiting += ["reports.statements.s01", "reports.statements.t4", "reports.records.execution"]
    counted = {
        f"{package}.{name.removesuffix('.py').replace('/', '.')}"
        for package, names in COMPUTING.items()
        for name in names
    }
    while waiting:
        module = waiting.pop()
        if module in reached:
            continue
        reached.add(module)
        if counted & {module, room(module)}:
            waiting += imports(module)
    outside = (
        {room(module) for module in reached if module not in counted}
        - counted
        - HARMLESS
        - {"empirics", "theory", "reports.plans"}
    )
    assert not outside


def test_presentation_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in COMPUTING:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    monkeypatch.setattr(sources.resources, "files", lambda package: tmp_path / package)

    def version() -> str:
        sources.code_version.cache_clear()
        return sources.code_version()

    try:
        before = version()
        for shown in ("reports/pages/html/page.py", "reports/figures/style.py", "empirics/testing/strategies.py",
                      "reports/judging/verdicts.py", "theory/printing/latex.py", "reports/build.py",
                      "reports/records/processes.py"):  # fmt: skip
            (tmp_path / shown).write_text("changed")
        assert version() == before
        for computed in ("reports/measure/domain.py", "empirics/backends/native/source/dense.h", "theory/tables.py"):
            (tmp_path / computed).write_text(f"changed {computed}")
            assert version() != before
            before = version()
    finally:
        sources.code_version.cache_clear()
