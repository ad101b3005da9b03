"""Tightness: the hand-derived witnesses attain what they are said to attain."""

from __future__ import annotations

import pytest

from reports.analyses.tightness import ATTAINED, Tightness, tightness, tightness_section
from reports.analyses.witnesses import witness_measurements
from reports.judging.rows import Row, Verdict
from reports.judging.verdicts import judge
from reports.plans.plan import _with_witnesses, plan_of
from reports.records.execution import measured
from reports.records.seeded_cell import seeded_cells
from reports.statements import statements
from tests.reports.test_statement_records import NOT_MEASURED
from theory.tables import default_table

# statement, quantity -> measured / predicted of the best explicit witness, from the closed forms of the witnesses
EXPECTED = {
    ("S2", "S2"): 1.0, ("S3", "S3"): 1.0, ("S4", "L_F"): 1.0, ("S5", "b_sto"): 0.998, ("S5p", "b_sto_2"): 1.0,
    ("S6", "sigma_F2"): 1.0, ("S7", "gamma_F"): 1.0, ("S8", "b_FO"): 1.0, ("S8s", "b_FO_sto"): 0.999,
    ("S9", "b_HF"): 0.997, ("S9s", "b_HF_sto"): 0.998, ("S10", "S10"): 1.0, ("T1b", "T1b"): 0.996, ("T1c", "T1c"): 1.0,
    ("T1a", "T1a"): 0.49, ("T2", "T2"): 1.0, ("T3", "T3"): 0.996, ("S4m", "S4m"): 1.0,
    ("S5s", "b_sto_3"): 1.0, ("T1d", "T1d"): 1.0, ("T4p", "T4p"): 0.996, ("T4p", "T4p_gap"): 0.996,
    ("T4c", "T4c_gap"): 0.630, ("C1", "C1"): 0.470, ("C2", "C2"): 1.0, ("C4", "C4"): 0.520, ("D1", "omega"): 1.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], Tightness]:
    return {(one.bound, one.quantity): one for one in tightness([], witness_measurements(), default_table())}


@pytest.mark.parametrize(
    ("key", "value"), EXPECTED.items(), ids=lambda key: "-".join(key) if isinstance(key, tuple) else ""
)
def test_a_witness_comes_as_close_as_its_closed_form(found, key, value) -> None:
    # three digits of the hand-derived ratios are quoted
    assert found[key].witness == pytest.approx(value, abs=1.5e-3)


def test_no_right_bound_is_exceeded_and_every_bound_has_a_witness(found) -> None:
    assert all(one.witness <= 1 + 1e-9 for one in found.values())
    assert {one.bound for one in found.values()} >= {b.id for b in default_table().bounds()} - {"S1"} - NOT_MEASURED


@pytest.mark.parametrize(
    ("ratio", "words"), [(ATTAINED, "attained"), (0.8, "within 1.25"), (0.2, "no instance above 0.2 found")]
)
def test_in_words(ratio: float, words: str) -> None:
    assert Tightness("S4", "L_F", ratio, "", None, "").words == words


def test_the_other_tasks_stand_beside_the_witness(found) -> None:
    row = Row.model_validate({
        "row_id": "r", "bound": "S2", "provenance": "derived", "kind": "deterministic", "quantity": "S2", "inputs": {},
        "task": "cosine", "mode": "exact", "nu": 1, "n": 1, "alpha": 1.0, "measured": 0.5, "predicted": 1.0,
        "tightness": 0.5, "verdict": "HOLDS", "reason": "", "decided_by": "",
    })  # fmt: skip
    s2 = next(one for one in tightness([row], witness_measurements(), default_table()) if one.bound == "S2")
    assert (s2.elsewhere, s2.where) == (0.5, "r")
    assert len(tightness_section([s2]).tables[0].lines) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", statements())
def test_the_best_witness_of_a_statement_is_in_every_plan_with_witnesses(name: str) -> None:
    """The plans have the headline witnesses; no other stored one is closer by more than a thousandth."""
    record = statements()[name]

    def closest(entries) -> dict[tuple[str, str], float]:
        plan = plan_of({"title": "x", **_with_witnesses({}, {name: entries})})
        cells = seeded_cells(plan, seed=0, seeds=1, device="cpu")
        best: dict[tuple[str, str], float] = {}
        for row in judge([one for cell in cells for one in measured(cell)]):
            if row.verdict is Verdict.HOLDS and row.tightness is not None:
                key = (row.bound, row.quantity)
                best[key] = max(best.get(key, row.tightness), row.tightness)
        return best

    shown = closest(record.headline)
    assert {key: value for key, value in closest(record.witnesses).items() if value > shown.get(key, -1) + 1e-3} == {}
