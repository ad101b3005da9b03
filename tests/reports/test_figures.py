"""A figure shows the rows: its frame is compared with them, and its lines with the frame."""

from __future__ import annotations

import logging
import math
import re
import xml.etree.ElementTree as ElementTree
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Drawing

from empirics import MODES
from reports.figures import (
    CURVE_COLUMNS,
    MissingDataError,
    all_figures,
    image,
    inline_svg,
    share_outlines,
    write_figures,
)
from reports.figures.batches import batch_figure, batch_frame
from reports.figures.figure import Figure
from reports.figures.looks import FLOATING, MEASURED, PREDICTED, PUBLISHED, SECOND_ORDER, WITNESS
from reports.figures.output import _images
from reports.figures.overview import tightness_frame
from reports.figures.panels import log_limits
from reports.figures.probes import best_probe, probe_frame
from reports.figures.rounds import gap_frame, squared_gradient_frame
from reports.figures.smoothness import smoothness_frame
from reports.figures.spread import spread_frame
from reports.figures.style import HOUSE
from reports.figures.venues import VenueError, venue_page
from reports.judging.rows import Verdict
from tests.reports.test_tables import make_row, synthetic_curves, synthetic_figures, synthetic_rows

ROWS = {row.row_id: row for row in synthetic_rows()}
NAMES = ["tightness", "rounds", "gap", "smoothness", "spread", "bias_batch", "hessian_free"]
NAMES += ["slack", "slopes", "planted"]


@pytest.fixture(scope="module")
def figures():
    return {figure.name: figure for figure in synthetic_figures()}


@pytest.fixture(scope="module")
def inlined(figures):
    return {name: inline_svg(figure) for name, figure in figures.items()}


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


# --- frames against rows -------------------------------------------------------------------------------------------


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


def test_one_pair_a_task_stands_against_its_heterogeneity(figures):
    spread = figures["spread"]
    panel = spread.draw(spread.frame).axes[-2]
    pairs = [line for line in panel.get_lines() if len(line.get_xdata()) == 2]
    mine = spread.frame[(spread.frame["panel"] == "task") & (spread.frame["nu"] == 1)]
    assert len(pairs) == mine["task"].nunique() == 4
    drawn = {tuple(line.get_ydata()) for line in pairs}
    assert drawn == set(zip(mine["measured"], mine["predicted"], strict=True))


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


# --- drawings against frames ---------------------------------------------------------------------------------------


def test_drawings_show_the_numbers_of_their_frames(figures):
    probes = figures["hessian_free"]
    lines = drawn_lines(probes)
    assert all(is_drawn(lines, probes.frame[column]) for column in ("predicted", "measured", "float64"))
    for name in ("rounds", "gap"):
        lines = drawn_lines(figures[name])
        for _, run in figures[name].frame.groupby("mode"):
            assert is_drawn(lines, run["measured"])
            assert is_drawn(lines, run["bound"])
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


def test_looks_differ_in_dash_or_marker_so_that_grey_print_tells_them_apart():
    for one, other in combinations([MEASURED, PREDICTED, SECOND_ORDER, PUBLISHED, WITNESS, FLOATING], 2):
        assert (one.dash, one.marker) != (other.dash, other.marker)


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_words_for_those_who_see_it_and_those_who_do_not(figures, name):
    figure = figures[name]
    assert figure.title
    assert len(figure.caption) > 40
    assert re.search(r"\d", figure.alt), "the alternative text carries numbers"


# --- files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["svg", "pdf", "png"])
def test_the_same_frame_gives_the_same_bytes_alone_and_after_another_format(figures, format):
    figure = figures["bias_batch"]
    first, second = image(figure, format), list(_images(figure, ["pdf", "png", "svg", format], HOUSE))[-1]
    assert first == second


def test_letters_that_figures_share_are_drawn_once_on_a_page(inlined):
    svgs = list(inlined.values())
    shared = share_outlines(svgs)
    defined = [name for svg in shared for name in re.findall(r'<path id="([^"]+)"', svg)]
    used = {name for svg in shared for name in re.findall(r'href="#([^"]+)"', svg)}
    assert len(defined) == len(set(defined))
    assert used <= {name for svg in shared for name in re.findall(r' id="([^"]+)"', svg)}
    outlines = [re.findall(r'<path id="[^"]+" ([^>]*)/>', svg) for svg in shared]
    flat = [outline for part in outlines for outline in part]
    assert len(flat) == len(set(flat))
    assert sum(map(len, shared)) < sum(map(len, svgs))


# --- venues --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("venue", "text", "single"),
    # the venues' style files: text and column width in inches; 43 and 21 pica of 72.27 points for IEEE
    [("icml", 6.75, 3.25), ("neurips", 5.5, 0.72 * 5.5), ("ieee", 516 / 72.27, 252 / 72.27), ("jmlr", 6.0, 0.72 * 6)],
)
def test_a_venue_sets_the_widths_of_figures(figures, venue, text, single):
    page = venue_page(venue)
    for name, width in (("bias_batch", text), ("hessian_free", single)):
        head = re.search(r'viewBox="0 0 ([0-9.]+) ', image(figures[name], "svg", page=page).decode())
        assert head is not None
        assert float(head[1]) == pytest.approx(72 * width, abs=0.01)  # viewBox is printed to some digits


def test_a_page_leaves_no_trace(figures):
    before = image(figures["hessian_free"], "svg")
    image(figures["hessian_free"], "svg", page=venue_page("icml"))
    assert image(figures["hessian_free"], "svg") == before


def test_a_year_picks_a_style_file_and_its_absence_the_newest():
    assert venue_page("icml2022").name == "icml2022"
    assert venue_page("icml").name >= "icml2024"
    with pytest.raises(VenueError, match=r"expected one of .*icml"):
        venue_page("nowhere")


def test_pdf_fonts_are_embedded_as_truetype_and_undated(figures, tmp_path):
    paths = write_figures([figures["bias_batch"]], tmp_path)
    assert {path.name for path in paths} == {"bias_batch.pdf", "bias_batch.svg"}
    data = (tmp_path / "bias_batch.pdf").read_bytes()
    assert b"/Type3" not in data
    assert b"/TrueType" in data or b"/CIDFontType2" in data
    assert b"CreationDate" not in data


def test_inline_svgs_share_a_page(figures, inlined):
    seen: set[str] = set()
    for name, figure in figures.items():
        root = ElementTree.fromstring(inlined[name])
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        assert not seen & set(ids), "ids of two figures collide"
        seen |= set(ids)
        references = re.findall(r'(?:href="|url\()#([^")]+)', inlined[name])
        assert set(references) <= set(ids)
        title, description = (root.find(f"{{http://www.w3.org/2000/svg}}{tag}") for tag in ("title", "desc"))
        assert title is not None
        assert description is not None
        assert (title.text, description.text) == (figure.title, figure.alt)


def test_svg_loads_nothing(inlined):
    for text in inlined.values():
        addresses = set(re.findall(r"https?://[^\"' <]+", text))
        assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


# --- absent data ---------------------------------------------------------------------------------------------------


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


def test_a_logarithmic_axis_to_the_ends_of_float64_is_drawn() -> None:
    """A bound of 1e300 beside a value of 1e-9: marks beyond the axis would be no floats."""
    drawing = Drawing(figsize=(1.5, 1.5), layout="constrained")
    log_limits(drawing.subplots(), [1e-9, 1e300])
    figure = Figure("ends", "ends", "", "", pd.DataFrame(), lambda frame: drawing)
    (svg,) = _images(figure, ("svg",), HOUSE)
    assert svg.startswith(b"<?xml")
