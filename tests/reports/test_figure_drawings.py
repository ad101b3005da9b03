"""A drawing shows its frame: every line of it, inside the axes, told apart without colour."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from reports.figures.figure import Figure
from reports.figures.looks import FLOATING, FLOOR, MEASURED, PREDICTED, PUBLISHED, SECOND_ORDER, TRIVIAL, WITNESS
from reports.figures.overview import _SHADES
from reports.figures.rounds import _DRAWN_POINTS
from reports.figures.thinning import apart, thinned
from tests.reports.test_tables import synthetic_figures

FIGURES = {figure.name: figure for figure in synthetic_figures()}
_COLOURS = re.compile(r"\b(blue|orange|red|green|yellow|purple|black|grey|gray|colou?rs?)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    return FIGURES


def drawn_lines(figure) -> list[np.ndarray]:
    """The ordinates of every line in every panel."""
    return [
        np.asarray(line.get_ydata(), dtype=float)
        for axes in figure.draw(figure.frame).axes
        for line in axes.get_lines()
    ]


def is_drawn(lines, values) -> bool:
    expected = np.asarray(values, dtype=float)
    return any(line.shape == expected.shape and np.array_equal(line, expected) for line in lines)


def test_one_pair_a_task_stands_against_its_heterogeneity(figures):
    spread = figures["spread"]
    panel = spread.draw(spread.frame).axes[-2]
    pairs = [line for line in panel.get_lines() if len(line.get_xdata()) == 2]
    mine = spread.frame[(spread.frame["panel"] == "task") & (spread.frame["nu"] == 1)]
    assert len(pairs) == mine["task"].nunique() == 4
    drawn = {tuple(line.get_ydata()) for line in pairs}
    assert drawn == set(zip(mine["measured"], mine["predicted"], strict=True))


def test_drawings_show_the_numbers_of_their_frames(figures):
    probes = figures["hessian_free"]
    lines = drawn_lines(probes)
    assert all(is_drawn(lines, probes.frame[column]) for column in ("predicted", "measured", "float64"))
    for name in ("rounds", "gap"):
        lines = drawn_lines(figures[name])
        for _, run in figures[name].frame.groupby("mode"):
            shown = thinned(run, "measured", _DRAWN_POINTS)
            assert is_drawn(lines, shown["measured"])
            assert is_drawn(lines, shown["bound"])
    smoothness = figures["smoothness"]
    lines = drawn_lines(smoothness)
    for _, group in smoothness.frame.groupby(["task", "alpha"]):
        assert is_drawn(lines, group.sort_values("nu")["measured"])


@pytest.mark.parametrize("name", ["rounds", "gap", "smoothness", "spread", "bias_batch", "hessian_free"])
def test_no_measured_or_predicted_value_lies_outside_the_axes(figures, name):
    for axes in figures[name].draw(figures[name].frame).axes:
        low, high = axes.get_ylim()
        for line in axes.get_lines():
            values = np.asarray(line.get_ydata(), dtype=float)
            values = values[np.isfinite(values) & (values > 0)]
            assert ((values >= low) & (values <= high)).all()


def test_looks_differ_in_marker_or_dash_so_that_grey_print_tells_them_apart():
    looks = [MEASURED, PREDICTED, SECOND_ORDER, PUBLISHED, WITNESS, FLOATING, FLOOR, TRIVIAL]
    for one, other in combinations(looks, 2):
        assert one.marker != other.marker or one.dash != other.dash
        assert (one.marker and other.marker) or one.dash != other.dash, "a line without markers has a dash of its own"


@pytest.mark.parametrize("name", ["rounds", "gap", "smoothness", "spread", "bias_batch", "hessian_free"])
def test_no_two_series_of_a_panel_differ_in_colour_alone(figures, name):
    for axes in figures[name].draw(figures[name].frame).axes:
        looks = {(str(line.get_color()), _without_colour(line)) for line in axes.get_lines()}
        for (color, look), (other, like) in combinations(looks, 2):
            assert color == other or look != like


def _without_colour(line: Line2D) -> tuple[object, ...]:
    """How a line looks in grey: dash, marker, whether that is filled, and its size."""
    filled = str(line.get_markerfacecolor()) != "none"
    dash = line._unscaled_dash_pattern  # type: ignore[attr-defined]  # get_linestyle() says -- for every one
    return dash, line.get_marker(), filled, line.get_markersize()


def lightness(color: str) -> float:
    """L* of CIELAB: how light a colour is, in grey print as well."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(color)]
    return 116 * np.dot([0.2126, 0.7152, 0.0722], linear) ** (1 / 3) - 16  # all of them above 0.008856


def test_the_shades_of_the_table_are_apart_in_grey_and_numbers_on_them_legible():
    lights = [lightness(shade) for _, _, shade, _ in _SHADES]
    assert np.diff(lights).min() > 14, "steps of about 15 are told apart side by side"
    assert all(abs(lightness(ink) - light) > 40 for light, (*_, ink) in zip(lights, _SHADES, strict=True))


def test_the_legend_names_no_colour(figures):
    for figure in figures.values():
        assert not _COLOURS.findall(figure.caption), figure.name
        assert not _COLOURS.findall(figure.alt), figure.name


def test_a_long_curve_is_thinned_with_its_extremes():
    values = np.sin(np.arange(5000) / 40.0) / 2
    values[1234], values[3456] = 7.0, -7.0
    run = pd.DataFrame({"k": np.arange(1, 5001), "measured": values})
    shown = thinned(run, "measured", 100)
    assert len(shown) <= 100
    assert {1, 1235, 3457, 5000} <= set(shown["k"])
    assert shown["k"].is_monotonic_increasing
    assert thinned(run.head(100), "measured", 100).equals(run.head(100))


def test_points_under_others_are_left_out_and_extremes_stay():
    rng = np.random.default_rng(0)
    x = 10 ** rng.uniform(-3, 1, 20_000)
    frame = pd.DataFrame({"x": x, "y": x * rng.uniform(0.1, 0.9, 20_000)})
    frame.loc[777] = (1.0, 0.95)
    shown = apart(frame, "x", "y", 60)
    assert len(shown) < 1500
    for column in ("x", "y"):
        values = frame[column].to_numpy()
        assert {int(values.argmin()), int(values.argmax())} <= set(shown.index)
    assert {777, int((frame["y"].to_numpy() / frame["x"].to_numpy()).argmin())} <= set(shown.index)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_words_for_those_who_see_it_and_those_who_do_not(figures, name):
    figure = figures[name]
    assert figure.title
    assert len(figure.caption) > 40
    assert re.search(r"\d", figure.alt), "the alternative text carries numbers"
