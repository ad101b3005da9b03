"""The plots to explore in a real browser: drawn, narrowed by a choice, named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reports.browser.looking import NAMELESS, NARROW, STRUCTURE, watched
from tests.reports.test_tables import synthetic_rows

pytestmark = pytest.mark.browser


@pytest.fixture
def plots(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """The page of the interactive plots, watched as the report is."""
    from tests.reports.test_interactive import page as plots_text

    path = tmp_path / "interactive.html"
    path.write_text(plots_text(), encoding="utf-8")
    with watched(browser, path.as_uri()) as tab:
        tab.locator("#plot-3 svg").wait_for()
        yield tab


def test_every_plot_is_drawn_with_all_its_marks_and_a_choice_narrows_them(plots):
    rows = [row for row in synthetic_rows() if (row.measured or 0) > 0 and (row.predicted or 0) > 0]
    marks = plots.locator("#plot-1 svg [aria-roledescription='point']")
    assert plots.locator("#plot-1 svg, #plot-2 svg, #plot-3 svg").count() == 3
    assert marks.count() == len(rows)
    plots.locator("#plot-1 select").first.select_option("T3")
    expected = sum(row.bound == "T3" for row in rows)
    plots.wait_for_function(
        f"document.querySelectorAll(\"#plot-1 svg [aria-roledescription='point']\").length === {expected}"
    )


def test_the_plots_are_named_and_narrow_screens_scroll_inside_them(plots):
    assert plots.evaluate(NAMELESS) == []
    assert plots.evaluate(STRUCTURE) == []
    plots.set_viewport_size({"width": NARROW, "height": 800})
    assert plots.evaluate("document.documentElement.scrollWidth") <= NARROW
