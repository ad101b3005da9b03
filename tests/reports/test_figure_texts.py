"""No text of a figure is lost or cut: what is read back from each format is what was drawn, inside the figure's box."""

from __future__ import annotations

import io
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure as Drawing
from matplotlib.image import imread

from reports.figures import write_figures
from reports.figures.figure import Figure
from reports.figures.output import _saved, _settings, laid_out
from reports.figures.spelling import spelled
from reports.figures.style import HOUSE, Page
from reports.figures.tex import pgf_problem
from reports.figures.venues import venue_page
from tests.reports.read_back import characters, drawn, from_pdf, from_pgf, from_svg
from tests.reports.test_tables import synthetic_figures

FIGURES = {figure.name: figure for figure in synthetic_figures()}
ICML = venue_page("icml")
# a box of a word reaches over its letters, by less than a third of the type size
_WORD = 2.6
NARROW = replace(HOUSE, width=ICML.column)
SIDES = {"column": replace(ICML, width=ICML.column), "full": replace(ICML, width=ICML.text)}

needs_pdftotext = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not there")
needs_latex = pytest.mark.skipif(bool(pgf_problem()), reason=pgf_problem() or "LaTeX is there")


def shown(figure: Figure, page: Page) -> Counter[str]:
    """The letters and digits that a figure shows on a page."""
    with _settings(page):
        drawing = laid_out(figure, page)
        drawing.draw_without_rendering()
        return drawn(drawing)


@needs_pdftotext
@pytest.mark.parametrize("name", FIGURES)
def test_every_text_is_read_back_whole_from_svg_and_pdf_and_png_cuts_none(tmp_path, name):
    with _settings(NARROW):
        drawing = laid_out(FIGURES[name], NARROW)
        svg, pdf, png = _saved(drawing, "", "svg"), _saved(drawing, "", "pdf"), _saved(drawing, "", "png")
        expected = drawn(drawing)
    (tmp_path / "drawing.pdf").write_bytes(pdf)
    for found, room in ((from_svg(svg), 0.0), (*from_pdf(tmp_path / "drawing.pdf"), _WORD)):
        assert found.characters == expected
        assert found.outside <= room
    ink = imread(io.BytesIO(png))[..., :3].min(axis=2) < 0.9
    ink[1:-1, 1:-1] = False
    assert not ink.any(), "something reaches the edge of the picture"


@pytest.mark.latex
@needs_latex
@needs_pdftotext
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("page", "package"), [(ICML, "times"), (HOUSE, "graphicx")], ids=["icml", "house"])
def test_pgf_holds_every_text_inside_its_box(tmp_path, side, page, package):
    page = replace(page, width=page.text if side == "full" else ICML.column)
    paths = write_figures(list(FIGURES.values()), tmp_path, ["pgf"], page)
    assert max(path.stat().st_size for path in paths) <= 300_000
    for figure, found in zip(FIGURES.values(), from_pgf(tmp_path, paths, package), strict=True):
        expected = shown(figure, page)
        assert not expected - found.characters, figure.name
        # the sum sign of Computer Modern is read as its place in the font, a P
        assert set(found.characters - expected) <= {"P"}, figure.name
        assert found.outside <= _WORD, figure.name


@pytest.mark.latex
@needs_latex
@needs_pdftotext
def test_in_a_document_of_wider_type_pgf_reaches_over_its_box_and_loses_nothing(tmp_path):
    (path,) = write_figures([FIGURES["smoothness"]], tmp_path, ["pgf"], SIDES["column"])
    (found,) = from_pgf(tmp_path, [path], "bookman")
    assert found.characters == shown(FIGURES["smoothness"], SIDES["column"])
    assert "clip}" not in path.read_text().split("pgfusepath", 2)[1]


def test_the_reading_sees_what_is_cut(tmp_path):
    """Without the ratio's last digit the letters differ; beyond the box it is said by how much."""
    drawing = Drawing(figsize=(2, 1))
    drawing.text(0.95, 0.5, "ratio 0.949")
    buffer = io.BytesIO()
    with _settings(HOUSE):
        drawing.savefig(buffer, format="svg")
    found = from_svg(buffer.getvalue())
    assert found.characters == characters("ratio 0.949")
    assert found.characters != characters("ratio 0.94")
    assert found.outside > 20


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b & c#d", r"a$\_$b & c#d"), ("ν′ ≤ 3", r"$\nu$$\prime$ $\leq$ 3"), ("50%", "50%"),
        (r"$L_F$ of <x>", r"$L_F$ of $<$x$>$"), ("costs $5", r"costs \$5"), ("Übung – é", "Übung - é"),
        ("中", "[U+4E2D]"), (r"a\b^c", r"a$\backslash$b$\wedge$c"), ("two\nlines", "two\nlines"),
    ],
)  # fmt: skip
def test_every_text_is_spelled_so_that_every_format_can_set_it(text, shown):
    assert spelled(text) == shown
    assert spelled(text, by_latex=True) == shown.replace("&", r"\&").replace("#", r"\#")
    assert spelled(shown) == shown, "what is spelled stays"


@pytest.mark.latex
@needs_latex
@needs_pdftotext
def test_hostile_texts_are_letters_in_every_format(tmp_path: Path):
    text = r"a_b & 50% #1 ~x ^y {z} <w> \input{f} $5 ν′ é"

    def draw(_: object) -> Drawing:
        drawing = Drawing(figsize=(5, 1), layout="constrained")
        drawing.subplots().set_title(text)
        return drawing

    figure = Figure("hostile", "", "", "", FIGURES["slopes"].frame, draw)
    paths = write_figures([figure], tmp_path, ["svg", "pdf", "pgf"])
    expected = characters(r"ab50 1xyzwinputf5e")
    ticks = shown(figure, HOUSE) - characters(text)
    svg, (pdf,), (pgf,) = from_svg(paths[0].read_bytes()), from_pdf(paths[1]), from_pgf(tmp_path, [paths[2]], "times")
    for found in (svg, pdf, pgf):
        assert np.all([(found.characters - ticks)[letter] >= count for letter, count in expected.items()])
