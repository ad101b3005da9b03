"""Tables say what the rows say. The synthetic rows and curves here also serve the tests of figures and page."""

from __future__ import annotations

import json
import math
from collections import Counter
from functools import cache

import numpy as np
import pandas as pd
import pytest

import theory
from empirics import MODES
from reports.figures import Figure, all_figures
from reports.judging.frames import coverage_frame, results_frame, statement_order, summary_frame
from reports.judging.rows import Row, StatedConstant, StatedHypothesis, Verdict
from tests.reports.synthetic_suite import synthetic_suite

ALPHA, CURVATURE, B, RHO = 0.25, 1.0, 3.0, 0.5
TASKS = ("quadratic", "cosine", "logcosh", "digits")
HOSTILE = 'claim-<script>alert("1")</script>&'


def make_row(bound, task="quadratic", mode="exact", nu=2, verdict=Verdict.HOLDS, **changes) -> Row:
    """A row whose fields agree with one another; `changes` replaces any of them."""
    quantity = changes.pop("quantity", bound)
    predicted = changes.get("predicted", 2.0)
    measured = changes.pop("measured", 1.0)
    known = verdict is not Verdict.NOT_APPLICABLE
    holds = verdict is not Verdict.NOT_APPLICABLE
    fields = {
        "row_id": ":".join(str(part) for part in (bound, quantity, task, mode, f"nu{nu}", changes.pop("label", ""))),
        "bound": bound,
        "provenance": "derived",
        "kind": "deterministic",
        "quantity": quantity,
        "inputs": {"alpha": "1/4", "L": "1", "rho": "1/2", "B": "3", "nu": str(nu), "mode": mode}
        | changes.pop("inputs", {}),
        "task": task,
        "mode": mode,
        "nu": nu,
        "n": 8,
        "alpha": ALPHA,
        "measured": measured if known else None,
        "lower": measured if known else None,
        "upper": measured if known else None,
        "predicted": predicted,
        "tightness": measured / predicted if known and predicted and predicted > 0 else None,
        "verdict": verdict,
        "reason": f"synthetic {verdict.value.lower()}",
        "hypotheses": [StatedHypothesis(name="h <= 1", holds=holds, detail="h = 0.4 <= 1" if holds else "h = 3.2 > 1")],
        "decided_by": "Arb balls at 128 bits",
        "witness": {"agent": 3, "w": [0.25, -1.5]},
        "constants": {"L": StatedConstant(value=1.0, side="exact"), "rho": StatedConstant(value=0.5, side="upper")},
    }
    return Row.model_validate(fields | changes)


def _smoothness(nu: int) -> float:
    q = 1 + ALPHA * CURVATURE
    return q ** (2 * nu) * CURVATURE + ALPHA * RHO * B * q ** max(nu - 1, 0) * sum(q**j for j in range(nu))


def _smoothness_rows() -> list[Row]:
    rows = []
    for task, part in zip(TASKS, (0.3, 0.62, 0.41, 0.08), strict=True):
        for nu in (0, 1, 2, 3, 5):
            value = _smoothness(nu)
            rows.append(
                make_row("S4", task, nu=nu, quantity="L_F", predicted=value, measured=part * value * (0.97**nu))
            )
            if nu == 1:
                rows.append(
                    make_row(
                        "per_fedavg.L_F", task, nu=1, predicted=4.375, measured=part * value, provenance="published"
                    )
                )
    for nu, ratio in ((1, 0.874), (2, 0.929), (3, 0.951)):
        value = (1 + math.tau * nu) * 2.0**nu
        rows.append(
            make_row("S4", "witness-cosine", nu=nu, quantity="L_F", predicted=value, measured=ratio * value, alpha=1.0)
        )
        rows.append(
            make_row(
                "S4",
                "witness-concave",
                nu=nu,
                quantity="L_F",
                predicted=1.5 ** (2 * nu),
                measured=1.5 ** (2 * nu),
                alpha=0.5,
            )
        )
    return rows


def _batch_rows() -> list[Row]:
    rows = []
    for D in (1, 4, 16, 64):
        sizes = {name: str(D) for name in ("D", "D_prime", "D_H")}
        common = {"mode": "stochastic", "nu": 1, "inputs": sizes, "label": f"D{D}", "kind": "expectation"}
        bias = {"measured": 0.011 / D, "lower": 0.009 / D, "upper": 0.013 / D}
        error = {"measured": 0.31 / D, "lower": 0.28 / D, "upper": 0.34 / D}
        rows.append(make_row("S5", "logcosh", quantity="b_sto", predicted=0.3 / D**0.5, **common, **bias))
        rows.append(make_row("S5p", "logcosh", quantity="b_sto_2", predicted=0.02 / D, **common, **bias))
        rows.append(make_row("S6", "logcosh", quantity="sigma_F2", predicted=0.9 / D, **common, **error))
        published = {"provenance": "published"} | common
        rows.append(make_row("per_fedavg.bias", "logcosh", predicted=0.48 / D**0.5, **published, **bias))
        rows.append(make_row("per_fedavg.sigma_F2", "logcosh", predicted=11.0 / D, **published, **error))
    return rows


def _probe_rows() -> list[Row]:
    rows = []
    for exponent in range(1, 9):
        delta = 10.0**-exponent
        witness = {"agent": 0, "float64": 0.6 * delta**2 + 2e-16 / delta}
        rows.append(
            make_row(
                "S9", "cosine", "hessian_free", quantity="b_HF", predicted=1.4 * delta, measured=0.6 * delta**2,
                inputs={"delta": f"1/{10**exponent}"}, label=f"delta1e-{exponent}", witness=witness,
            )
        )  # fmt: skip
    return rows


def _spread_rows() -> list[Row]:
    rows = []
    inputs = {"gamma_G": "1/2", "gamma_H": "1/4"}
    for task, part in zip(TASKS, (0.4, 0.9, 0.2, 0.1), strict=True):
        for nu in (0, 1, 2, 3):
            value = 0.5 * 1.25**nu * (1 + 0.3 * nu)
            common = {"inputs": inputs, "measured": part * value}
            rows.append(make_row("S7", task, nu=nu, quantity="gamma_F", predicted=value, **common))
            if nu == 1:
                published = {"inputs": inputs, "measured": (part * value) ** 2, "provenance": "published"}
                rows.append(make_row("per_fedavg.gamma_F2", task, nu=1, predicted=48.25, **published))
    rows.append(make_row("S7", "witness-spread", nu=1, quantity="gamma_F", predicted=1.125, measured=1.125, alpha=0.5))
    return rows


def _run_rows() -> list[Row]:
    rows = []
    for index, mode in enumerate(MODES):
        for task in ("quadratic", "logcosh"):
            common = {
                "kind": "expectation",
                "tau": 5,
                "m": 4,
                "K": 100,
                "beta": 0.01,
                "replicas": 64,
                "seeds": 1,
                "trivial": 9.0,
            }
            rows.append(make_row("T2", task, mode, predicted=0.8 + index / 10, measured=0.02 + index / 100, **common))
            if task == "quadratic":
                rows.append(make_row("T3", task, mode, predicted=0.5, measured=0.004, **common))
            rows.append(
                make_row("T1a" if index else "T1b", task, mode, quantity="T1", predicted=1.9, measured=1.2, **common)
            )
    rows.append(
        make_row("T2", "digits", "first_order", verdict=Verdict.VACUOUS, predicted=30.0, trivial=9.0, tau=5, m=4)
    )
    rows.append(make_row("T2", "digits", "exact", verdict=Verdict.NOT_APPLICABLE, predicted=None, tau=5, m=4))
    rows.append(
        make_row("T3", "logcosh", "exact", verdict=Verdict.INCONCLUSIVE, measured=1.9, lower=1.2, upper=2.6, tau=1, m=8)
    )
    return rows


@cache
def synthetic_rows() -> tuple[Row, ...]:
    """Every verdict, every figure's data, derived and published statements, a witness, and a claim of hostile name."""
    other = [
        make_row(bound, task, mode)
        for bound, mode in (("S2", "exact"), ("S7", "exact"), ("S8", "first_order"))
        for task in TASKS
    ]
    claim = make_row(
        HOSTILE,
        "cosine",
        quantity="L_F",
        verdict=Verdict.VIOLATED,
        measured=2.5,
        provenance="claim",
        reason="exceeds <b>it</b>",
    )
    return (*_smoothness_rows(), *_batch_rows(), *_probe_rows(), *_spread_rows(), *_run_rows(), *other, claim)


@cache
def synthetic_curves() -> pd.DataFrame:
    """One run per T2 row that holds, ending in that row's measured and predicted values."""
    frames = []
    rounds = np.arange(1, 101)
    for row in synthetic_rows():
        if row.bound != "T2" or row.verdict is not Verdict.HOLDS:
            continue
        assert row.measured is not None
        assert row.predicted is not None
        floor = 0.4 * row.predicted
        mean = row.measured * (1 + 8 / rounds) / 1.08
        gap = 2.0 * 0.93**rounds + 0.004
        bounded = row.task == "quadratic"
        frame = pd.DataFrame({"k": rounds})
        frame = frame.assign(task=row.task, mode=row.mode, nu=row.nu, tau=row.tau, m=row.m, n=row.n)
        frame = frame.assign(
            squared_gradient=mean, squared_gradient_lower=0.8 * mean, squared_gradient_upper=1.2 * mean
        )
        frame = frame.assign(
            squared_gradient_bound=floor + 0.6 * row.predicted * 100 / rounds, squared_gradient_floor=floor
        )
        frame = frame.assign(gap=gap, gap_lower=gap - 0.01, gap_upper=gap + 0.01)
        frame = frame.assign(
            gap_bound=2.2 * 0.96**rounds + 0.4 if bounded else np.nan, gap_floor=0.4 if bounded else np.nan
        )
        frames.append(
            frame.assign(row_id_T2=row.row_id, row_id_T3=f"T3:T3:{row.task}:{row.mode}:nu2:" if bounded else None)
        )
    return pd.concat(frames, ignore_index=True)


@cache
def synthetic_figures() -> tuple[Figure, ...]:
    """The figures of the synthetic rows, made once for all tests that show them."""
    return tuple(all_figures(synthetic_rows(), synthetic_curves(), synthetic_suite()))


def test_results_have_one_line_a_row_with_every_field_of_it():
    frame = results_frame(synthetic_rows())
    assert list(frame["row_id"]) == [row.row_id for row in synthetic_rows()]
    assert set(frame.columns) == set(Row.model_fields)
    for line, row in zip(frame.to_dict("records"), synthetic_rows(), strict=True):
        assert line["verdict"] == row.verdict.value
        assert json.loads(line["inputs"]) == row.inputs
        assert json.loads(line["witness"]) == row.witness
        assert (pd.isna(line["predicted"]) and row.predicted is None) or line["predicted"] == row.predicted


def test_results_survive_csv_with_integers_as_integers(tmp_path):
    path = tmp_path / "results.csv"
    results_frame(synthetic_rows()).to_csv(path, index=False)
    text = path.read_text(encoding="utf-8")
    back = pd.read_csv(path, dtype={"tau": "Int64"}, keep_default_na=True)
    taus = [row.tau for row in synthetic_rows()]
    assert [None if pd.isna(tau) else int(tau) for tau in back["tau"]] == taus
    assert ",5.0," not in text, "a count of local steps was written as a float"


def test_summary_follows_the_statement_order_and_adds_up():
    rows = synthetic_rows()
    frame = summary_frame(rows)
    assert list(frame["bound"]) == statement_order(rows)
    assert frame["bound"].iloc[-1] == HOSTILE, "a claim comes after the theory's statements"
    counts = Counter(row.verdict.value for row in rows)
    for verdict in Verdict:
        assert frame[verdict.value].sum() == counts[verdict.value]
    assert frame["rows"].sum() == len(rows)


def test_summary_names_the_rows_that_attain_the_extremes():
    frame = summary_frame(synthetic_rows()).set_index("bound")
    by_id = {row.row_id: row for row in synthetic_rows()}
    held = [row.tightness for row in synthetic_rows() if row.bound == "S4" and row.verdict is Verdict.HOLDS]
    for which, extreme in (("largest", max), ("smallest", min)):
        line = frame.loc["S4"]
        assert line[f"{which}_tightness"] == extreme(held)
        assert by_id[line[f"{which}_row"]].tightness == extreme(held)
        assert by_id[line[f"{which}_row"]].task == line[f"{which}_task"]


def test_extremes_look_at_rows_that_hold_only():
    rows = [make_row("S4", measured=1.0), make_row("S4", "cosine", verdict=Verdict.VIOLATED, measured=9.0)]
    line = summary_frame(rows).set_index("bound").loc["S4"]
    assert line["largest_tightness"] == 0.5
    assert line["VIOLATED"] == 1
    none = summary_frame(rows[1:]).set_index("bound").loc["S4"]
    assert math.isnan(none["largest_tightness"])
    assert none["largest_row"] == ""


def test_coverage_lists_each_statement_with_each_of_its_modes():
    frame = coverage_frame(synthetic_rows())
    expected = [(bound.id, mode) for bound in theory.bounds() for mode in bound.modes]
    assert list(zip(frame["bound"], frame["mode"], strict=True)) == expected


@pytest.mark.parametrize(
    ("rows", "tasks", "reason"),
    [
        ([], 0, "not in the plan"),
        ([make_row("T2", "quadratic")], 1, "only quadratic in the plan"),
        ([make_row("T2", "quadratic"), make_row("T2", "cosine")], 2, ""),
        ([make_row("T2", "quadratic"), make_row("T2", "quadratic", nu=3)], 1, "only quadratic in the plan"),
        (
            [make_row("T2", "quadratic"), make_row("T2", "digits", verdict=Verdict.VACUOUS)],
            1,
            "VACUOUS on digits: synthetic vacuous",
        ),
        (
            [make_row("T2", "digits", verdict=Verdict.NOT_APPLICABLE)],
            0,
            "NOT_APPLICABLE on digits: synthetic not_applicable",
        ),
    ],
)
def test_coverage_counts_tasks_and_says_why_there_are_too_few(rows, tasks, reason):
    frame = coverage_frame(rows).set_index(["bound", "mode"])
    assert frame.loc[("T2", "exact"), "tasks"] == tasks
    assert frame.loc[("T2", "exact"), "reason"] == reason


def test_coverage_is_indifferent_to_the_order_of_rows():
    rows = list(synthetic_rows())
    forwards, backwards = coverage_frame(rows), coverage_frame(rows[::-1])
    pd.testing.assert_series_equal(forwards["tasks"], backwards["tasks"])
