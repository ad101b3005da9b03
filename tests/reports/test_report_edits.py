"""Whatever is changed in a finished report is noticed and named, but for what says the same in other words."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from reports.pipeline import build
from reports.recheck import check, checking
from reports.request import Words, checked
from tests.reports.edits import EDITS, HARMLESS, OF_THE_SUITE
from tests.reports.remembering import Remembering

CLAIMS = """
[[claim]]
id = "wrong-lemma"
measures = "L_F"
rhs = "L"
hypotheses = []
source = "wrong on purpose: costs $5 to $6"
"""


@dataclass(frozen=True)
class Report:
    """A report that was built once, and what a check of it computes."""

    built: Path
    workers: Remembering

    @property
    def edited(self) -> Path:
        """A copy, always in the same place."""
        place = self.built.parent / "edited"
        shutil.rmtree(place, ignore_errors=True)
        return Path(shutil.copytree(self.built, place))

    def check(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> checking.Findings:
        monkeypatch.setattr(checking, "_written", self.workers.written)
        return check(folder, workers=self.workers)


def report(folder: Path, only: Sequence[str]) -> Report:
    claims, workers = folder / "claims.toml", Remembering()
    claims.write_text(CLAIMS, encoding="utf-8")
    request = checked(Words("quick", None, "cpu", folder / "out", only, 0, 1, 1, [str(claims)], None))
    assert build(request, workers).exit_status(strict=False) == 1
    made = Report(folder / "out", workers)
    found = check(made.edited, workers=workers)
    assert found.differences == []
    assert any(line.startswith("moved: ") for line in found.notes)
    return made


@pytest.fixture(scope="module")
def cut_down(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Some statements alone: a third of the time, and all that a report has but for the suite about itself."""
    return report(tmp_path_factory.mktemp("edits"), ("S4", "T2", "T3", "wrong-lemma"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The quick profile."""
    return report(tmp_path_factory.mktemp("edits"), ())


@pytest.mark.parametrize("name", [name for name in EDITS if name not in OF_THE_SUITE])
def test_an_edit_is_noticed(cut_down: Report, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    folder = cut_down.edited
    EDITS[name](folder)
    found = cut_down.check(folder, monkeypatch)
    assert found.differences
    assert all(len(line.splitlines()) == 1 for line in found.differences)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_says_the_same_passes(cut_down: Report, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    folder = cut_down.edited
    HARMLESS[name](folder)
    assert cut_down.check(folder, monkeypatch).differences == []


@pytest.mark.slow
@pytest.mark.parametrize("name", [*EDITS, *HARMLESS])
def test_the_same_of_the_quick_profile(whole: Report, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    folder = whole.edited
    (EDITS | HARMLESS)[name](folder)
    assert bool(whole.check(folder, monkeypatch).differences) == (name in EDITS)
