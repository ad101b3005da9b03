"""The page in a real browser: it works, it asks for nothing, and it can be used without a mouse or without eyes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reports.judging.rows import Verdict
from reports.pages.html import row_anchors
from tests.reports.test_page import page as page_text
from tests.reports.test_tables import synthetic_rows

pytestmark = pytest.mark.browser
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
LEAST_CONTRAST, LEAST_CONTRAST_LARGE = 4.5, 3.0  # WCAG 2 level AA
NARROW = 360  # CSS pixels of a small telephone


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(page_text(), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="the extra dev is not installed")
    executable = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    assert executable, "this test needs Chromium on the PATH"
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def view(browser: Any, address: str) -> Iterator[Any]:
    """The page, watched: any error in it and any request that leaves it fails the test at the end."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("request", lambda request: None if request.url.split("#")[0] == address else wrong.append(request.url))
    tab.goto(address)
    yield tab
    context.close()
    assert wrong == []


def visible_rows(view: Any) -> Any:
    return view.locator("#row-table tbody:visible")


def column(view: Any, index: int) -> list[str]:
    script = "(bodies, i) => bodies.map((b) => b.rows[0].cells[i].dataset.key ?? b.rows[0].cells[i].textContent.trim())"
    return view.locator("#row-table tbody").evaluate_all(script, index)


# --- sort, filter, open, link --------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [4, 5, 7, 8, 9])
def test_numbers_sort_both_ways_with_absent_ones_last(view, index):
    head = view.locator("#row-table thead th").nth(index)
    for direction, sign in (("ascending", 1), ("descending", -1)):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == direction
        keys = column(view, index)
        known = [float(key) for key in keys if key != ""]
        assert known == sorted(known, key=lambda value: sign * value)
        assert keys[: len(known)] == [key for key in keys if key != ""]
    others = view.locator("#row-table thead th[aria-sort='none']")
    assert others.count() == view.locator("#row-table thead th").count() - 1


def test_violations_come_first_when_verdicts_are_sorted(view):
    view.locator("#row-table thead th").first.locator("button").click()
    first = view.locator("#row-table tbody").first
    assert first.get_attribute("data-verdict") == Verdict.VIOLATED.value


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("bound", "T3", "bound"),
        ("task", "cosine", "task"),
        ("mode", "stochastic", "mode"),
        ("verdict", "HOLDS", "verdict"),
    ],
)
def test_each_filter_leaves_exactly_its_rows(view, name, value, field):
    view.locator(f"#filters select[name={name}]").select_option(value)
    expected = sum(getattr(row, field) == value for row in synthetic_rows())
    assert 0 < expected < len(synthetic_rows())
    assert visible_rows(view).count() == expected
    assert view.locator("#shown").inner_text() == f"{expected} of {len(synthetic_rows())} rows"
    view.locator("#filters button[type=reset]").click()
    view.wait_for_function(f"document.getElementById('shown').value.startsWith('{len(synthetic_rows())} of')")


def test_the_text_filter_reads_the_details_too(view):
    view.locator("#filters input[name=text]").fill("synthetic vacuous")
    expected = sum(row.reason == "synthetic vacuous" for row in synthetic_rows())
    assert visible_rows(view).count() == expected > 0


def test_a_count_in_the_summary_filters_the_rows(view):
    view.locator("#summary a[data-bound='T2'][data-verdict='HOLDS']").first.click()
    expected = sum((row.bound, row.verdict) == ("T2", Verdict.HOLDS) for row in synthetic_rows())
    assert visible_rows(view).count() == expected


def test_a_row_opens_by_keyboard_and_says_so(view):
    button = view.locator("#row-table tbody button.open").first
    assert button.get_attribute("aria-expanded") == "false"
    button.focus()
    view.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    details = view.locator("#row-table tbody").first.locator("tr.more")
    assert details.is_visible()
    assert synthetic_rows()[0].row_id in details.inner_text()
    view.keyboard.press("Space")
    assert not details.is_visible()


def test_a_link_to_a_row_opens_it_even_where_a_filter_hides_it(view):
    row = next(row for row in synthetic_rows() if row.bound == "T3")
    anchor = row_anchors(synthetic_rows())[row.row_id]
    view.locator("#filters select[name=bound]").select_option("S4")
    view.evaluate("(anchor) => { location.hash = anchor; }", anchor)
    target = view.locator(f"[id='{anchor}']")
    target.locator("tr.more").wait_for(state="visible")
    assert row.reason in target.inner_text()


def test_every_statement_leads_to_its_figure_and_its_rows(view):
    article = view.locator("article#S4")
    article.locator("a[href='#figure-smoothness']").click()
    view.wait_for_function("location.hash === '#figure-smoothness'")
    box = view.locator("#figure-smoothness").bounding_box()
    assert box is not None
    assert box["y"] < 900
    best = article.locator("a[href^='#row-']").last.get_attribute("href")
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


# --- without scripts, on paper, on a telephone ---------------------------------------------------------------------


def test_without_scripts_every_row_and_its_details_are_there(browser, address):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(address)
    assert tab.locator("#row-table tbody").count() == len(synthetic_rows())
    assert not tab.locator("#filters").is_visible()
    first = tab.locator("#row-table tbody").first
    first.locator("summary").click()
    assert first.locator("dl").is_visible()
    context.close()


def test_paper_has_neither_tools_nor_folded_rows(view):
    view.emulate_media(media="print")
    assert not view.locator("nav.bar").is_visible()
    assert not view.locator("#filters").is_visible()
    assert view.locator("#row-table tr.more:visible").count() == 0


@pytest.mark.parametrize("width", [NARROW, 768, 1600])
def test_the_page_never_scrolls_sideways(view, width):
    view.set_viewport_size({"width": width, "height": 800})
    assert view.evaluate("document.documentElement.scrollWidth") <= width


# --- for those who hear the page, and those who see little ---------------------------------------------------------

_NAMELESS = """() => [...document.querySelectorAll("a, button, select, input, summary, [role=region], [role=img]")]
  .filter((element) => element.checkVisibility())
  .filter((element) => {
    const labelled = (element.getAttribute("aria-labelledby") || "").split(" ")
      .map((id) => document.getElementById(id)?.textContent || "").join("");
    const label = element.closest("label")?.textContent || "";
    const own = ["INPUT", "SELECT"].includes(element.tagName) ? "" : element.textContent;
    return !(labelled || element.getAttribute("aria-label") || label || own).trim();
  }).map((element) => element.outerHTML.slice(0, 200))"""

_FAINT = """([least, leastLarge]) => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].map((value) => value / 255);
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((value, i) => a * value + (1 - a) * under[i]);
  const light = (color) => color.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    if (!element) return [1, 1, 1];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, ground(element.parentElement));
  };
  const own = (element) => Number(getComputedStyle(element).opacity);
  const opacity = (element) => (element ? own(element) * opacity(element.parentElement) : 1);
  const silent = ["SCRIPT", "STYLE", "title", "desc"];
  const found = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || silent.includes(element.tagName)) continue;
    if (!element.checkVisibility() || element.closest(".skip, [aria-hidden=true]")) continue;
    const style = getComputedStyle(element), under = ground(element), ink = rgba(style.color);
    const key = [style.color, under, style.fontSize, opacity(element)].join();
    if (found.has(key)) continue;
    const shown = over([...ink.slice(0, 3), ink[3] * opacity(element)], under);
    const [low, high] = [light(shown), light(under)].sort((a, b) => a - b);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (high + 0.05) / (low + 0.05);
    const shown_as = `${ratio.toFixed(2)} ${element.outerHTML.slice(0, 160)}`;
    found.set(key, ratio < (large ? leastLarge : least) ? shown_as : "");
  }
  return [...found.values()].filter(Boolean);
}"""

_STRUCTURE = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)], wrong = [];
  const ids = all("[id]").map((element) => element.id);
  if (new Set(ids).size !== ids.length) wrong.push("an id twice");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
  let last = 0;
  for (const head of document.querySelectorAll("h1, h2, h3, h4")) {
    const level = Number(head.tagName[1]);
    if (level > last + 1) wrong.push(`h${last} is followed by h${level}: ${head.textContent}`);
    last = level;
  }
  for (const box of all(".scroll")) if (box.tabIndex !== 0) wrong.push("a box that no key scrolls");
  for (const table of all("table")) if (!table.caption) wrong.push("a table without a caption");
  for (const element of all("[tabindex]")) if (element.tabIndex > 0) wrong.push("a tab order");
  for (const math of all("math")) if (!math.getAttribute("alttext")) wrong.push("a silent formula");
  if (document.querySelectorAll("main").length !== 1) wrong.push("not one main");
  return wrong;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_contrasts_with_its_ground(view, scheme):
    view.emulate_media(color_scheme=scheme)
    view.locator("#row-table tbody button.open").first.click()
    assert view.evaluate(_FAINT, [LEAST_CONTRAST, LEAST_CONTRAST_LARGE]) == []


def test_the_contrast_check_notices_faint_text(view):
    view.evaluate("document.querySelector('h1').style.color = 'rgb(200, 200, 200)'")
    assert view.evaluate(_FAINT, [LEAST_CONTRAST, LEAST_CONTRAST_LARGE])


def test_every_control_link_and_picture_has_a_name(view):
    assert view.evaluate(_NAMELESS) == []
    view.evaluate("document.body.append(document.createElement('button'))")
    assert len(view.evaluate(_NAMELESS)) == 1


def test_the_document_is_well_structured(view):
    assert view.evaluate(_STRUCTURE) == []


def test_the_first_tab_stop_skips_to_the_report(view):
    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement.className") == "skip"
    view.keyboard.press("Enter")
    assert view.evaluate("document.activeElement.id") == "main"


# --- the plots to explore ------------------------------------------------------------------------------------------


@pytest.fixture
def plots(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """The page of the interactive plots, watched as the report is."""
    from tests.reports.test_interactive import page as plots_text

    path = tmp_path / "interactive.html"
    path.write_text(plots_text(), encoding="utf-8")
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("request", lambda request: None if request.url == path.as_uri() else wrong.append(request.url))
    tab.goto(path.as_uri())
    tab.locator("#plot-3 svg").wait_for()
    yield tab
    context.close()
    assert wrong == []


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
    assert plots.evaluate(_NAMELESS) == []
    assert plots.evaluate(_STRUCTURE) == []
    plots.set_viewport_size({"width": NARROW, "height": 800})
    assert plots.evaluate("document.documentElement.scrollWidth") <= NARROW
