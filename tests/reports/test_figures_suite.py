"""The figures about the suite itself: planted errors, exponents and slack show the numbers of suite.json."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from reports.analyses.suite_file import SuiteFile
from reports.figures import MissingDataError, image
from reports.figures.exponents import exponent_figure, exponent_frame, fitted
from reports.figures.planted import planted_figure, planted_frame, score_frame
from reports.figures.slack import _LOOKS, slack_figure, slack_frame
from tests.reports.synthetic_suite import OUTCOMES, RUNS, synthetic_suite

SUITE = synthetic_suite()


def test_the_file_survives_exactly(tmp_path):
    path = tmp_path / "suite.json"
    path.write_text(SUITE.model_dump_json())
    assert SuiteFile.read(path) == SUITE
    assert SuiteFile.read(tmp_path / "absent.json") == SuiteFile()


@pytest.mark.parametrize(("make", "empty"), [(planted_frame, []), (exponent_frame, []), (slack_frame, [])])
def test_without_lines_there_is_no_figure(make, empty):
    with pytest.raises(MissingDataError):
        make(empty)


# --- planted errors ------------------------------------------------------------------------------------------------


def test_the_score_counts_the_errors_of_each_statement_and_kind():
    frame = planted_frame(SUITE.planted)
    by_statement, by_kind = score_frame(frame, "statement"), score_frame(frame, "kind")
    refuted = sum(ratio is None or ratio > 1 for _, ratio in OUTCOMES)
    assert by_statement.to_dict("index") == {
        name: {"planted": len(OUTCOMES), "refuted": refuted} for name in ("T2", "S4", "per_fedavg.bias")
    }
    # a lost term: infinite, 0.9 and 0.01; a wrong constant: 1.05 and 2
    assert by_kind.loc["a lost term"].tolist() == [9, 3]
    assert by_kind.loc["a wrong constant"].tolist() == [6, 6]
    assert by_kind["refuted"].sum() == by_statement["refuted"].sum() == frame["refuted"].sum()


def test_every_planted_error_is_one_mark_on_its_own_side_of_one():
    frame = planted_frame(SUITE.planted)
    left = planted_figure(SUITE.planted).draw(frame).axes[0]
    marks = [line for line in left.get_lines() if line.get_linestyle() == "None"]
    values = sorted(float(x) for line in marks for x in line.get_xdata())
    assert len(values) == len(frame)
    low, high = left.get_xlim()
    expected = sorted(min(max(ratio, low), high) for ratio in frame["ratio"])
    assert values == pytest.approx(expected, rel=1e-12)  # an infinite ratio stands at the edge
    assert sum(value > 1 for value in values) == frame["refuted"].sum()


def test_statements_stand_in_the_order_of_the_theory():
    axes = planted_figure(SUITE.planted).draw(planted_frame(SUITE.planted)).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["S4", "T2", "Per-FedAvg bias"]


def test_the_words_carry_the_score_and_what_was_missed():
    figure = planted_figure(SUITE.planted)
    assert "9 of 15 planted errors" in figure.caption
    assert figure.alt.count("version 3") == figure.alt.count("version 4") == 3
    assert "version 1" not in figure.alt


# --- exponents -----------------------------------------------------------------------------------------------------


def test_the_fitted_lines_go_through_exact_laws():
    frame = exponent_frame(SUITE.exponents)
    for _, group in frame.groupby("statement"):
        for column in ("measured", "predicted"):
            # the points are powers of two times a constant: the line meets them up to rounding of logarithms
            assert fitted(group, column) == pytest.approx(group[column].to_numpy(), rel=1e-12)


def test_points_and_lines_of_every_window_are_drawn_inside_the_axes():
    frame = exponent_frame(SUITE.exponents)
    drawing = exponent_figure(SUITE.exponents).draw(frame)
    groups = [group for _, group in frame.groupby("statement", sort=False)]
    for axes, group in zip(drawing.axes, groups, strict=True):
        (low, high), (left, right) = axes.get_ylim(), axes.get_xlim()
        drawn = [np.asarray(line.get_ydata()) for line in axes.get_lines() if len(line.get_xdata()) > 1]
        for column in ("measured", "predicted"):
            assert any(np.array_equal(line, group[column]) for line in drawn)
        assert all(low <= value <= high for line in drawn for value in line)
        assert all(left <= x <= right for x in group["x"])


def test_only_a_departing_exponent_is_called_one():
    caption = exponent_figure(SUITE.exponents).caption
    assert "S9 (Hessian-free error" in caption
    assert "$2.00$ against $1.00$" in caption
    assert "S4 (" not in caption


# --- slack ---------------------------------------------------------------------------------------------------------


def test_the_bars_of_a_run_add_up_to_its_total():
    frame = slack_frame(SUITE.slack)
    for _, run in frame.groupby("run"):
        assert math.prod(run["factor"]) == pytest.approx(run["total"].iloc[0], rel=1e-14)  # a few roundings
        assert run["decades"].sum() == pytest.approx(math.log10(run["total"].iloc[0]), abs=1e-13)


def test_of_many_runs_the_loosest_and_the_tightest_of_each_bound_are_shown():
    frame = slack_frame(SUITE.slack)
    for bound in ("T2", "T3"):
        totals = frame.loc[frame["bound"] == bound].drop_duplicates("run")["total"].tolist()
        extremes = [(100 + index) / 2 for index in (*range(RUNS - 1, RUNS - 5, -1), 3, 2, 1, 0)]
        assert totals == extremes
    assert f"16 of {2 * RUNS} runs" in slack_figure(SUITE.slack).caption


def test_every_factor_has_a_texture_of_its_own_that_stays_inside_its_bar():
    assert len({texture.kind for texture in _LOOKS}) == len(_LOOKS)
    for texture in _LOOKS:
        strokes = texture.patches(1.0, 2.0, 0.7, 0.5, 0.1)[1:]
        for path in strokes:
            assert path.get_path().vertices.min(axis=0) == pytest.approx([1.0, 2.0], abs=0.16)
            assert (path.get_path().vertices <= np.array([1.7, 2.5]) + 1e-12).all()
            assert (path.get_path().vertices >= np.array([1.0, 2.0]) - 1e-12).all()
        assert bool(strokes) == bool(texture.kind)


def test_a_loss_stands_to_the_left_of_zero():
    axes = slack_figure(SUITE.slack).draw(slack_frame(SUITE.slack)).axes[0]
    bars = [bar for bar in axes.patches if isinstance(bar, Rectangle)]
    lefts = sorted({round(bar.get_x(), 12) for bar in bars})
    # 10 -> 20 loses a factor of two: its bar ends at zero; gains start at zero and after log10((100 + i)/10)
    assert lefts[0] == round(-math.log10(2), 12)
    assert min(bar.get_x() for bar in bars if bar.get_height() > 0.5) == 0.0


@pytest.mark.parametrize(
    "make",
    [
        lambda: planted_figure(SUITE.planted),
        lambda: exponent_figure(SUITE.exponents),
        lambda: slack_figure(SUITE.slack),
    ],
)
def test_the_same_data_give_the_same_bytes(make):
    assert image(make(), "svg") == image(make(), "svg")
    assert b"/Type3" not in image(make(), "pdf")
