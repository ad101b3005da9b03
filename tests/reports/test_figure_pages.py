"""Figures on the pages of venues: widths, type, and no trace on other pages."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from reports.figures import image
from reports.figures.style import HOUSE, beside, printed_on
from reports.figures.venues import VenueError, venue_names, venue_page
from tests.reports.test_tables import synthetic_figures


@pytest.fixture(scope="module")
def figures():
    return {figure.name: figure for figure in synthetic_figures()}


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


# the style files: fonts, and text and column width in inches
@pytest.mark.parametrize(
    ("venue", "text", "column", "family"),
    [
        ("icml", 6.75, 3.25, "STIXGeneral"), ("neurips", 5.5, 5.5, "STIXGeneral"), ("jmlr", 6.0, 6.0, "cmr10"),
        ("ieee", 516 / 72.27, 252 / 72.27, "STIXGeneral"), ("tmlr", 6.5, 6.5, "cmr10"),
    ],
)  # fmt: skip
def test_every_figure_takes_the_width_that_is_asked_for_in_the_venues_type(figures, venue, text, column, family):
    page = venue_page(venue)
    assert (page.text, page.column) == pytest.approx((text, column), abs=0.01)
    family_of = page.settings["font.family"]
    assert (family_of if isinstance(family_of, str) else family_of[0]) == family
    assert page.settings["mathtext.fontset"] == "cm", "packages that set Times leave formulas in Computer Modern"
    for width in (page.column, page.text, 4.2):
        for figure in (figures["slopes"], figures["hessian_free"]):
            with printed_on(replace(page, width=width)):
                assert figure.draw(figure.frame).get_figwidth() == width


def test_every_venue_has_a_page():
    for venue in venue_names():
        page = venue_page(venue)
        assert 2 < page.column <= page.text < 10
        assert 5 < page.small <= page.size < 12


def test_panels_stand_in_rows_of_equal_length_as_wide_as_they_need():
    with printed_on(replace(HOUSE, width=3.25)):
        assert [beside(count, 1.6) for count in (1, 2, 3, 4)] == [1, 2, 2, 2]
    assert beside(4, 2.2) == 2, "two and two, not three and one"
    assert beside(3, 100.0) == 1
