"""Which figures a report has: those whose data it holds; the others are skipped with a line."""

from __future__ import annotations

import logging

import pandas as pd
import pytest

from reports.figures import CURVE_COLUMNS, MissingDataError, all_figures, image
from reports.figures.batches import batch_figure
from reports.figures.probes import probe_frame
from tests.reports.test_tables import make_row, synthetic_curves, synthetic_figures

NAMES = ["tightness", "rounds", "gap", "smoothness", "spread", "bias_batch", "hessian_free"]
NAMES += ["slack", "slopes", "planted"]


def test_a_report_with_all_data_has_every_figure():
    assert [figure.name for figure in synthetic_figures()] == NAMES


def test_a_figure_without_data_is_skipped_with_a_line(caplog):
    empty = pd.DataFrame(columns=list(CURVE_COLUMNS))
    with caplog.at_level(logging.INFO, logger="reports.figures"):
        figures = all_figures([make_row("S2")], empty)
    assert [figure.name for figure in figures] == ["tightness"]
    assert sorted(line.split()[1] for line in caplog.messages) == sorted(set(NAMES) - {"tightness"})


def test_curves_without_a_column_are_refused_by_name():
    with pytest.raises(ValueError, match="columns gap_bound are missing"):
        all_figures([], synthetic_curves().drop(columns="gap_bound"))


def test_one_delta_is_no_curve():
    with pytest.raises(MissingDataError, match="two values of delta"):
        probe_frame([make_row("S9", quantity="b_HF", inputs={"delta": "1/10"})])


def test_a_vanishing_bias_is_left_out_and_said_so():
    sizes = [{"D": str(D), "D_prime": str(D), "D_H": str(D)} for D in (1, 2)]
    rows = [
        make_row(
            bound,
            mode="stochastic",
            nu=1,
            quantity=quantity,
            predicted=value,
            measured=0.0,
            inputs=inputs,
            label=inputs["D"],
        )
        for inputs in sizes
        for bound, quantity, value in (("S5", "b_sto", 0.5), ("S5p", "b_sto_2", 0.0))
    ]
    figure = batch_figure(rows)
    assert "not drawn" in figure.caption
    image(figure, "svg")
