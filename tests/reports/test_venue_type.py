"""Every venue's type has the signs that axes need: a missing one is drawn as another, and a number is then wrong."""

from __future__ import annotations

import logging

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from reports.figures.style import HOUSE
from reports.figures.venues import venue_names, venue_page


@pytest.mark.parametrize("name", ["house", *venue_names()])
def test_minus_times_and_greek_are_drawn_as_themselves(name: str, caplog: pytest.LogCaptureFixture) -> None:
    page = HOUSE if name == "house" else venue_page(name)
    with matplotlib.rc_context(page.settings), caplog.at_level(logging.WARNING):
        drawing = Figure(figsize=(3, 3))
        axes = drawing.subplots()
        axes.loglog([1e-5, 1], [1e-7, 1])
        axes.set_title(r"$\nu = 2$, $3 \times 10^{-5}$, $\Vert \nabla F_i \Vert$, first order")
        FigureCanvasAgg(drawing).draw()
    assert [said.getMessage() for said in caplog.records if "glyph" in said.getMessage()] == []
