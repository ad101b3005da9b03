"""Bounds on one left side beside one another, and what no proof can remove from them."""

from __future__ import annotations

import pytest

import theory
from reports.analyses.certified import certified
from reports.analyses.side_by_side import side_by_side
from reports.analyses.suite_file import RunSlack
from reports.figures.slack import slack_figure
from reports.judging.rows import Row, Verdict
from tests.reports.test_tables import make_row
from theory.tables import default_table

TAU, H = 5, "1/10"
# L_F = gamma_F = 1: alpha = 0 leaves f itself, of curvature between -1 and 1
COMMON = {"alpha": "0", "nu": "0", "L": "1", "rho": "0", "B": "1", "gamma_G": "1", "gamma_H": "1", "mode": "exact",
          "tau": str(TAU), "n": "2", "m": "2", "beta": "1/50", "F0_gap": "2", "K": "100", "drift": "ball"}  # fmt: skip


def run_row(bound: str, quantity: str = "", **changes) -> Row:
    inputs = {**COMMON, **changes.pop("inputs", {})}
    predicted = theory.quantity(quantity or bound).value(**inputs)
    changes = {"predicted": predicted, "measured": 1e-4, "tau": TAU, "m": 2, "n": 2, "nu": 0, "K": 100} | changes
    return make_row(bound, quantity=quantity or bound, inputs=inputs, **changes).model_copy(update={"inputs": inputs})


def test_the_certified_floor_is_the_closed_form_and_below_every_bound_on_it() -> None:
    # omega^2/(P_+ P_-) with P_+- = S_5(1 -+ h/5)/5 and omega = (P_- - P_+)/2
    plus, minus = (sum((1 - sign * 0.02) ** t for t in range(TAU)) / TAU for sign in (1, -1))
    floor = ((minus - plus) / 2) ** 2 / (plus * minus)
    for bound in ("T2", "T2p"):
        row = run_row(bound)
        assert certified(row, default_table()) == pytest.approx(floor, rel=1e-12)
        assert row.predicted is not None
        assert floor < row.predicted
    loose, sharp = (run_row(bound, K=None).predicted for bound in ("T2", "T2p"))
    assert loose is not None
    assert sharp is not None
    assert sharp < loose


def test_a_small_initial_gap_scales_the_certified_instance_down() -> None:
    whole = certified(run_row("T2p"), default_table())
    small = certified(run_row("T2p", inputs={"F0_gap": "1/1000"}), default_table())
    smaller = certified(run_row("T2p", inputs={"F0_gap": "1/2000"}), default_table())
    assert whole is not None
    assert small is not None
    assert smaller is not None
    assert 2 * smaller == pytest.approx(small) == pytest.approx(min(small, whole))
    assert small < whole


@pytest.mark.parametrize(
    "changes", [{"mode": "stochastic"}, {"m": 1}, {"inputs": {"tau": "1"}, "tau": 1}, {"inputs": {"beta_s": "2"}}]
)
def test_nothing_is_certified_outside_of_exact_rounds_of_all_agents(changes) -> None:
    inputs = {**COMMON, **changes.pop("inputs", {})}
    row = make_row("T2p", n=2, **({"m": 2, "tau": TAU} | changes)).model_copy(update={"inputs": inputs})
    assert certified(row, default_table()) is None


def test_the_looser_and_the_sharper_bound_of_a_run_stand_on_one_line() -> None:
    rows = [run_row("T2"), run_row("T2p"), run_row("T2", label="other"), make_row("S4", quantity="L_F")]
    section = side_by_side([[rows[0].row_id, rows[1].row_id, rows[3].row_id], [rows[2].row_id]], rows, default_table())
    assert section is not None
    (table,) = section.tables
    (line,) = table.lines
    told = dict(zip(table.columns, line, strict=True))
    assert (told["bound"], told["sharper bound"]) == ("T2", "T2p")
    assert (told["predicted"], told["its value"], told["measured"]) == (rows[0].predicted, rows[1].predicted, 1e-4)
    assert told["certified"] == certified(rows[1], default_table())
    assert side_by_side([[rows[2].row_id]], rows[2:3], default_table()) is None


def test_a_published_constant_stands_beside_ours_and_what_was_measured() -> None:
    ours = make_row("S7", nu=1, quantity="gamma_F", predicted=3.0, measured=2.0)
    published = make_row("per_fedavg.gamma_F2", nu=1, predicted=18.0, measured=4.0, provenance="published")
    section = side_by_side([], [ours, published], default_table())
    assert section is not None
    assert section.tables[0].lines == [["per_fedavg.gamma_F2", "quadratic", 18.0, 9.0, 4.0, 2.0, 4.5]]


def test_what_does_not_apply_is_beside_nothing() -> None:
    rows = [run_row("T2"), run_row("T2p", verdict=Verdict.NOT_APPLICABLE)]
    assert side_by_side([[row.row_id for row in rows]], rows, default_table()) is None


def test_the_figure_says_what_no_proof_can_remove() -> None:
    stages = {"predicted, global constants": 8.0, "measured L_F": 4.0, "measured": 1.0}
    common = dict(bound="T2", mode="exact", nu=1, tau=5, m=2, stages=stages)
    found = [RunSlack(task="a", certified=2.0, **common), RunSlack(task="b", **common)]
    figure = slack_figure(found)
    by_run = figure.frame.groupby("run")["irremovable"].first()
    assert sorted(by_run.dropna()) == [2.0]
    assert by_run.isna().sum() == 1
    assert "certified for 1 run and at most $2$" in figure.caption
    assert "certified" not in slack_figure(found[1:]).caption
    figure.draw(figure.frame)
