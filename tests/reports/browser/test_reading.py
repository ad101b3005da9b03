"""The page read in a real browser: on a screen, without scripts, on paper, on a telephone."""

from __future__ import annotations

import pytest

from reports.pages.html import row_anchors
from tests.reports.browser.looking import NARROW, PHONE, visible_rows
from tests.reports.test_tables import synthetic_rows

pytestmark = pytest.mark.browser

_HIDDEN = """async ([id, margin]) => {
  location.hash = id;
  await new Promise((done) => setTimeout(done, 60));
  const bar = document.querySelector(".bar"), target = document.getElementById(id);
  const sticky = getComputedStyle(bar).position === "sticky";
  const top = target.getBoundingClientRect().top - (sticky ? bar.getBoundingClientRect().bottom : 0);
  return target.checkVisibility() && top >= -1 && top < innerHeight - margin ? "" : `${id}: ${top}`;
}"""


@pytest.mark.parametrize("width", [1280, PHONE])
def test_what_an_address_leads_to_is_shown_and_not_hidden_under_the_bar(view, width):
    view.set_viewport_size({"width": width, "height": 900})
    row = next(row for row in synthetic_rows() if row.bound == "T2")
    anchors = ["reading", "summary", "S4", "A3", "L1", "symbol-L_F", "symbol-N", "rows-T2", "figure-smoothness"]
    anchors += ["coverage", "manifest", row_anchors(synthetic_rows())[row.row_id]]
    assert [wrong for anchor in anchors if (wrong := view.evaluate(_HIDDEN, [anchor, 20]))] == []


def test_the_summary_is_one_screen_and_comes_after_how_to_read(view):
    view.set_viewport_size({"width": 1280, "height": 900})
    tops = view.evaluate(
        "['reading', 'summary', 'statements', 'rows'].map((id) => document.getElementById(id).getBoundingClientRect())"
    )
    assert [box["top"] for box in tops] == sorted(box["top"] for box in tops)
    assert tops[0]["top"] < 900
    assert tops[1]["height"] < 900


def test_every_statement_leads_to_its_figure_and_its_rows(view):
    article = view.locator("article#S4")
    article.locator("details.about > summary").click()
    article.locator("a[href='#figure-smoothness']").click()
    view.wait_for_function("location.hash === '#figure-smoothness'")
    box = view.locator("#figure-smoothness").bounding_box()
    assert box is not None
    assert box["y"] < 900
    best = article.locator("a[href^='#row-']").first.get_attribute("href")
    assert best is not None
    assert view.locator(f"[id='{best[1:]}']").count() == 1


def test_the_theme_button_switches_both_ways(view):
    paper = "() => getComputedStyle(document.body).backgroundColor"
    before = view.evaluate(paper)
    button = view.get_by_role("button", name="theme")
    button.click()
    assert view.evaluate(paper) != before
    button.click()
    assert view.evaluate(paper) == before


def test_without_scripts_every_row_is_there_with_its_numbers(browser, address):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(address)
    assert tab.locator(".rows-of tbody").count() == len(synthetic_rows())
    assert not tab.locator("#filters").is_visible()
    tab.locator("#rows-T2 > summary").click()
    assert tab.locator("#rows-T2 tbody").first.is_visible()
    assert tab.locator("noscript a[href='verdicts.json']").count() == 1
    context.close()


def test_paper_has_no_tools_and_unfolds_what_is_folded(view):
    view.emulate_media(media="print")
    view.evaluate("dispatchEvent(new Event('beforeprint'))")
    for hidden in ("nav.bar", "#filters", "button.open"):
        assert view.locator(f"{hidden}:visible").count() == 0
    assert visible_rows(view).count() == len(synthetic_rows())
    assert view.locator("details:not([open])").count() == 0
    view.evaluate("dispatchEvent(new Event('afterprint'))")
    assert view.locator("details[open]").count() == 0


def test_on_paper_no_caption_is_larger_than_the_text_and_no_row_is_cut(view, tmp_path):
    view.emulate_media(media="print")
    sizes = view.evaluate("""() => {
      const size = (element) => parseFloat(getComputedStyle(element).fontSize);
      return [size(document.body), ...[...document.querySelectorAll("caption, figcaption, .booktabs td")].map(size)];
    }""")
    assert max(sizes[1:]) <= sizes[0]
    whole = "(e) => getComputedStyle(e).breakInside === 'avoid'"
    assert view.evaluate(f"[...document.querySelectorAll('.rows tbody, figure')].every({whole})")
    (tmp_path / "page.pdf").write_bytes(view.pdf(format="A4"))
    assert (tmp_path / "page.pdf").stat().st_size > 50_000


@pytest.mark.parametrize("width", [NARROW, PHONE, 768, 1600])
def test_the_page_never_scrolls_sideways(view, width):
    view.set_viewport_size({"width": width, "height": 800})
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    view.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    view.locator("button.open").first.click()
    assert view.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_telephone_nothing_but_tables_figures_and_formulas_is_wider_than_its_box(view):
    view.set_viewport_size({"width": PHONE, "height": 800})
    view.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    wide = """[...document.querySelectorAll("main *")]
      .filter((element) => element.scrollWidth > element.clientWidth + 1)
      .filter((element) => ["auto", "scroll"].includes(getComputedStyle(element).overflowX))
      .filter((element) => !element.querySelector("table, svg, math") && element.tagName !== "PRE")
      .map((element) => element.outerHTML.slice(0, 120))"""
    assert view.evaluate(wide) == []
