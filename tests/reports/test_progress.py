"""Progress is counted where somebody looks, and silent where nobody does."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from reports.pipeline import STAGES, build
from reports.plans.plan import load_plan
from reports.progress import Stages
from reports.records.seeded_cell import seeded_cells
from reports.records.timings import Timings, add
from reports.records.workers import Call, OneByOne
from reports.request import Request
from reports.settings import checked


def test_stages_are_timed_and_results_pass_through_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    stages = Stages()
    with stages("cells", 3):
        results = list(stages.counting(OneByOne()).run(Call(max, (place, 1)) for place in range(3)))
    with stages("figures"):
        assert list(stages.counting(OneByOne()).run([Call(min, (1, 2))])) == [(0, 1)]
    assert results == [(0, 1), (1, 1), (2, 2)]
    assert list(stages.seconds) == ["cells", "figures"]
    assert capsys.readouterr() == ("", "")


def test_every_stage_of_a_build_is_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Bars are there from the first stage to the last, each with its place among all of them."""
    seen: list[str] = []
    plain = Stages.described
    monkeypatch.setattr(Stages, "described", lambda self, name: seen.append(plain(self, name)) or seen[-1])
    plan = load_plan("quick").only({"S2"})
    build(Request(plan, "quick", tmp_path, "cpu", 0, 1, 1, only=("S2",), command=["python"]), OneByOne())
    assert seen == [f"{place} of {len(STAGES)}: {name}" for place, name in enumerate(STAGES, 1)]


def test_a_stage_that_ends_in_an_error_has_no_time() -> None:
    stages = Stages()
    with pytest.raises(ZeroDivisionError), stages("cells"):
        _ = 1 / 0
    assert stages.seconds == {}


def test_a_cell_is_estimated_from_the_cells_most_like_it(tmp_path: Path) -> None:
    runs = seeded_cells(load_plan("quick").only({"T2"}), seed=0, seeds=1, device="cpu")
    one = next(cell for cell in runs if cell.task.factory == "quadratic")
    other = next(cell for cell in runs if cell.task.factory == "cosine")
    file = tmp_path / "timings.jsonl"
    assert Timings.read(file).seconds(one) is None
    add(file, one, 2.0)
    add(file, one, 3.0)
    add(file, one, 40.0)
    with file.open("a") as lines:
        lines.write('{"like": ["runs"\n[]\n{"seconds": 1}\n')  # torn, or of another kind
    assert Timings.read(file).seconds(one) == pytest.approx(3.0), "the median of its like"
    add(file, other, 1.0)
    assert Timings.read(file).seconds(other) == pytest.approx(1.0)


@pytest.mark.parametrize(("terminal", "said"), [(True, True), (False, False)])
def test_a_setting_says_what_is_being_done_where_somebody_looks(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, said: bool
) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(
        checked, "Console", lambda stderr: Console(file=screen, force_terminal=terminal, color_system=None, width=80)
    )
    checked.check_setting("S4", progress=True, task="witness-bowl", alpha="1/2", nu=[0, 1], at=1, pair="1/2")
    text = screen.getvalue()
    assert ("looking at what is asked" in text) == ("measuring" in text) == ("2/2" in text) == said
    assert bool(text) == said
