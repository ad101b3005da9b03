"""The frame of a figure is the rows: compared with them line by line."""

from __future__ import annotations

import math
import re

import pandas as pd
import pytest

from empirics import MODES
from reports.figures.batches import batch_figure, batch_frame
from reports.figures.labels import short
from reports.figures.overview import tightness_frame
from reports.figures.probes import best_probe, probe_frame
from reports.figures.rounds import gap_figure, gap_frame, squared_gradient_figure, squared_gradient_frame
from reports.figures.smoothness import smoothness_frame
from reports.figures.spread import spread_frame
from reports.judging.rows import Verdict
from tests.reports.test_tables import make_row, synthetic_curves, synthetic_rows

ROWS = {row.row_id: row for row in synthetic_rows()}


@pytest.mark.parametrize(("make", "statement"), [(squared_gradient_frame, "T2"), (gap_frame, "T3")])
def test_runs_show_every_mode_on_one_task(make, statement):
    frame = make(synthetic_rows(), synthetic_curves())
    assert list(dict.fromkeys(frame["mode"])) == list(MODES)
    assert frame["task"].nunique() == 1, "one task serves all modes here"
    assert frame.groupby("mode")["row_id"].nunique().eq(1).all()
    assert frame["row_id"].str.startswith(statement).all()


def test_squared_gradient_ends_in_the_row_it_belongs_to():
    frame = squared_gradient_frame(synthetic_rows(), synthetic_curves())
    for row_id, run in frame.groupby("row_id"):
        last, row = run.iloc[-1], ROWS[row_id]
        # the curves were built to end there; one rounding of a product each
        assert math.isclose(last["measured"], row.measured, rel_tol=1e-12)
        assert math.isclose(last["bound"], row.predicted, rel_tol=1e-12)
        assert last["trivial"] == row.trivial
        assert (last["task"], last["mode"], last["nu"], last["tau"], last["m"]) == (
            row.task,
            row.mode,
            row.nu,
            row.tau,
            row.m,
        )


@pytest.mark.parametrize(("make", "statement"), [(squared_gradient_figure, "T2"), (gap_figure, "T3")])
def test_captions_of_runs_say_what_the_rows_say_where_means_of_replicas_miss_it(make, statement):
    # the rows are exact expectations, and the dots, means over replicas, end up to 30 % beside them
    rows = [
        row.model_copy(update={"measured": row.measured * (1 - place % 4 / 10)}) if row.measured else row
        for place, row in enumerate(synthetic_rows())
    ]
    figure = make(rows, synthetic_curves())
    mine = [row for row in rows if row.row_id in set(figure.frame["row_id"]) and row.bound == statement]
    ratios = [row.predicted / row.measured for row in mine]
    drawn = figure.frame.groupby("mode").tail(1)
    assert max(ratios) > 1.2 * max(drawn["bound"] / drawn["measured"])
    said = re.search(r"the right side is \$(.+?)\$ to \$(.+?)\$ times what was measured", figure.caption)
    assert said is not None
    assert said.groups() == (short(min(ratios)), short(max(ratios)))


def test_two_step_sizes_in_one_setting_never_mix_in_one_line():
    curves = synthetic_curves()
    other = curves.assign(
        row_id_T2=curves["row_id_T2"] + "half", squared_gradient_bound=curves["squared_gradient_bound"] * 2
    )
    frame = squared_gradient_frame(synthetic_rows(), pd.concat([other, curves], ignore_index=True))
    assert not frame.duplicated(["mode", "k"]).any()
    assert not frame["row_id"].str.endswith("half").any(), "the run whose bound ends lowest is shown"


def test_smoothness_frame_is_the_rows():
    frame = smoothness_frame(synthetic_rows())
    for line in frame.to_dict("records"):
        row = ROWS[line["row_id"]]
        assert (row.bound, row.quantity) == ("S4", "L_F")
        assert (line["task"], line["nu"], line["predicted"], line["measured"]) == (
            row.task,
            row.nu,
            row.predicted,
            row.measured,
        )
        published = [
            r.predicted
            for r in synthetic_rows()
            if r.bound == "per_fedavg.L_F" and (r.task, r.nu) == (row.task, row.nu)
        ]
        assert [line["per_fedavg"]] == published or (not published and math.isnan(line["per_fedavg"]))
    assert set(frame.loc[frame["panel"] == "witness", "task"]) == {"witness-cosine", "witness-concave"}


def test_multi_step_maml_is_its_published_form():
    """q^{2 nu} L + (rho/L) q^{2 nu - 1} (q^nu - 1) B, q = 1 + alpha L, at alpha = rho/2 = 1/4, L = 1, B = 3."""
    frame = smoothness_frame([make_row("S4", quantity="L_F", nu=2)])
    q = 1.25
    expected = q**4 + 0.5 * q**3 * (q**2 - 1) * 3
    assert math.isclose(frame["maml"].iloc[0], expected, rel_tol=1e-12)  # a handful of roundings


def test_batch_frame_is_the_rows():
    frame = batch_frame(synthetic_rows())
    expected = [
        row for row in synthetic_rows() if row.bound in ("S5", "S5p", "S6", "per_fedavg.bias", "per_fedavg.sigma_F2")
    ]
    assert sorted(frame["row_id"]) == sorted(row.row_id for row in expected)
    for line in frame.to_dict("records"):
        row = ROWS[line["row_id"]]
        assert (str(line["D"]), line["predicted"], line["measured"]) == (row.inputs["D"], row.predicted, row.measured)
        assert (line["lower"], line["upper"]) == (row.lower, row.upper)


def test_batch_caption_states_the_exponents_of_the_rows():
    caption = batch_figure(synthetic_rows()).caption
    assert "predicted $-0.50$, predicted to second order $-1.00$" in caption


def test_all_batches_growing_together_are_a_sweep_of_their_own():
    rows = []
    for D in (1, 2, 4):
        for outer in {1, D}:
            sizes = {"D": str(D), "D_prime": str(outer), "D_H": str(outer)}
            common = {"mode": "stochastic", "nu": 1, "inputs": sizes, "label": f"D{D}-{outer}", "measured": 0.01 / D}
            rows.append(make_row("S5", quantity="b_sto", predicted=1 / D**0.5, **common))
            rows.append(make_row("S6", quantity="sigma_F2", predicted=1 / outer + 1 / D, **common))
    frame = batch_frame(rows)
    counts = frame.groupby(["sweep", "panel"])["D"].apply(list).to_dict()
    assert counts == {(sweep, panel): [1, 2, 4] for sweep in ("inner", "equal") for panel in ("bias", "error")}
    assert set(frame.loc[frame["sweep"] == "inner", "D_prime"]) == {1}
    equal = frame[frame["sweep"] == "equal"]
    assert (equal["D_prime"] == equal["D"]).all()
    # 1/D + 1/D has slope -1 exactly; 1 + 1/D from 2 to 5/4 over a factor of 4 has slope log(5/8)/log(4) = -0.339
    caption = batch_figure(rows).caption
    assert "mean squared error predicted $-1.00$" in caption
    assert "mean squared error predicted $-0.34$" in caption
    assert len(batch_figure(rows).draw(frame).axes) == 4


def test_hessian_batches_alone_are_a_sweep_of_the_error_only():
    rows = []
    for D in (1, 2):
        sizes = {"D": str(D), "D_prime": "1", "D_H": "1"}
        common = {"mode": "stochastic", "nu": 1, "inputs": sizes, "label": f"D{D}", "measured": 0.01 / D}
        rows.append(make_row("S5", quantity="b_sto", predicted=1 / D, **common))
        rows.append(make_row("S6", quantity="sigma_F2", predicted=1 + 1 / D, **common))
    for D_H in (1, 2, 4):
        sizes = {"D": "1", "D_prime": "4", "D_H": str(D_H)}
        common = {"mode": "stochastic", "nu": 1, "inputs": sizes, "label": f"H{D_H}", "measured": 0.01}
        rows.append(make_row("S6", quantity="sigma_F2", predicted=1 / D_H, **common))
    frame = batch_frame(rows)
    sizes = frame.groupby(["sweep", "panel"])["size"].apply(list).to_dict()
    assert sizes == {("inner", "bias"): [1, 2], ("inner", "error"): [1, 2], ("hessian", "error"): [1, 2, 4]}
    figure = batch_figure(rows)
    assert "$D = 1, D' = 4$" in figure.caption
    assert "mean squared error predicted $-1.00$" in figure.caption
    axes = figure.draw(frame).axes
    assert [bool(one.get_lines()) for one in axes] == [True, False, True, True]
    assert "bias contains" in axes[1].texts[0].get_text()


def test_spread_frame_is_the_rows_with_the_square_root_of_the_published_bound():
    frame = spread_frame(synthetic_rows())
    for line in frame.to_dict("records"):
        row = ROWS[line["row_id"]]
        assert (row.bound, row.quantity) == ("S7", "gamma_F")
        assert (line["predicted"], line["measured"]) == (row.predicted, row.measured)
        if row.task == "witness-spread":
            assert line["panel"] == "witness"
        else:
            assert line["gamma_G"] == 0.5
            assert (line["published"] == 48.25**0.5) == (row.nu == 1)


def test_probe_frame_is_the_rows_and_the_best_delta_is_the_smallest_error():
    frame = probe_frame(synthetic_rows())
    assert len(frame) == 8
    assert frame["delta"].is_monotonic_increasing
    for line in frame.to_dict("records"):
        row = ROWS[line["row_id"]]
        assert (line["predicted"], line["measured"], line["float64"]) == (
            row.predicted,
            row.measured,
            row.witness["float64"],
        )
    best = best_probe(frame)
    assert best is not None
    # 0.6 d^2 + 2e-16/d is smallest among powers of ten at 1e-5
    assert best["delta"] == 1e-5


def test_tightness_frame_counts_the_rows_of_each_cell():
    frame = tightness_frame(synthetic_rows())
    for line in frame.to_dict("records"):
        cell = [row for row in synthetic_rows() if (row.bound, row.task) == (line["bound"], line["task"])]
        assert line["rows"] == len(cell)
        held = [row.tightness for row in cell if row.verdict is Verdict.HOLDS]
        assert (line["tightness"] == max(held)) if held else math.isnan(line["tightness"])
    assert frame["rows"].sum() == len(synthetic_rows())


def test_one_violation_among_many_rows_decides_its_cell():
    rows = [make_row("S4", nu=nu) for nu in range(5)] + [make_row("S4", nu=9, verdict=Verdict.VIOLATED, measured=3.0)]
    assert list(tightness_frame(rows)["verdict"]) == ["VIOLATED"]


def test_a_changed_row_changes_its_figure():
    rows = list(synthetic_rows())
    place = next(i for i, row in enumerate(rows) if row.bound == "S9")
    rows[place] = rows[place].model_copy(update={"measured": 123.0})
    assert 123.0 in set(probe_frame(rows)["measured"])
