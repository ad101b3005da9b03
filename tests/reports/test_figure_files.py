"""The files of figures: the same bytes each time, fonts embedded, small, and parts of one page."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Drawing

from reports.figures import image, inline_svg, share_outlines, write_figures
from reports.figures.figure import Figure
from reports.figures.output import _images
from reports.figures.panels import log_limits
from reports.figures.spread import spread_figure
from reports.figures.style import HOUSE
from tests.reports.test_tables import make_row, synthetic_figures

MOST_BYTES = 300_000


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    return {figure.name: figure for figure in synthetic_figures()}


@pytest.fixture(scope="module")
def inlined(figures) -> dict[str, str]:
    return {name: inline_svg(figure) for name, figure in figures.items()}


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
        ids = [one for element in root.iter() if (one := element.get("id"))]
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


def test_a_logarithmic_axis_to_the_ends_of_float64_is_drawn() -> None:
    """A bound of 1e300 beside a value of 1e-9: marks beyond the axis would be no floats."""
    drawing = Drawing(figsize=(1.5, 1.5), layout="constrained")
    log_limits(drawing.subplots(), [1e-9, 1e300])
    figure = Figure("ends", "ends", "", "", pd.DataFrame(), lambda frame: drawing)
    (svg,) = _images(figure, ("svg",), HOUSE)
    assert svg.startswith(b"<?xml")


def test_a_pdf_is_small_and_a_heap_of_rows_makes_it_no_larger(figures):
    many = [
        make_row("S7", f"t{i % 20}", nu=i // 20, quantity="gamma_F", predicted=2.0, measured=2.0 * value, label=str(i))
        for i, value in enumerate(np.random.default_rng(0).uniform(0.01, 1, 1500))
    ]
    heap = spread_figure(many)
    assert "are drawn, the extremes among them" in heap.caption
    for figure in (figures["rounds"], figures["slack"], figures["tightness"], heap):
        assert len(image(figure, "pdf")) <= MOST_BYTES, figure.name
