"""The page in a real browser: it works, it asks for nothing, and it can be used without a mouse or without eyes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reports.judging.rows import Verdict
from reports.pages.html import evaluation_command, repeat_command, row_anchors, slug
from tests.reports.test_page import page as page_text
from tests.reports.test_tables import HOSTILE, synthetic_rows

pytestmark = pytest.mark.browser
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
LEAST_CONTRAST, LEAST_CONTRAST_LARGE = 4.5, 3.0  # WCAG 2 level AA
NARROW, PHONE = 360, 400  # CSS pixels of telephones


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
    return view.locator(".rows-of tbody:visible")


def unfolded(view: Any, bound: str) -> Any:
    """The table of a statement, shown."""
    view.evaluate("(id) => { document.getElementById(id).open = true; }", f"rows-{slug(bound)}")
    return view.locator(f"#rows-{slug(bound)} table")


def column(table: Any, index: int) -> list[str]:
    script = "(bodies, i) => bodies.map((body) => body.rows[0].cells[i].textContent.trim())"
    return table.locator("tbody").evaluate_all(script, index)


def number(text: str) -> float:
    """A number as the page writes it."""
    mantissa, _, power = text.replace("−", "-").partition("×10")
    if text.startswith("10") and text[2:3] in _RAISED:
        mantissa, power = "1", text[2:]
    digits = power.translate({ord(raised): plain for raised, plain in zip(_RAISED, _PLAIN, strict=True)})
    return float(mantissa) * 10.0 ** int(digits or 0)


_RAISED, _PLAIN = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"


# --- sort, filter, open, link --------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", ["ν", "Measured", "Predicted", "Ratio", "α"])
def test_numbers_sort_both_ways_with_absent_ones_last(view, head):
    table = unfolded(view, "S4")
    heads = table.locator("thead th")
    index = [text.strip() for text in heads.all_inner_texts()].index(head)
    for direction, sign in (("ascending", 1), ("descending", -1)):
        heads.nth(index).locator("button").click()
        assert heads.nth(index).get_attribute("aria-sort") == direction
        cells = column(table, index)
        known = [number(cell) for cell in cells if cell != "–"]
        assert known == sorted(known, key=lambda value: sign * value)
        assert len(set(known)) > 1 or head == "α"
        assert cells[: len(known)] == [cell for cell in cells if cell != "–"]
    assert table.locator("thead th[aria-sort='none']").count() == heads.count() - 1


def test_violations_come_first_when_verdicts_are_sorted(view):
    bound = next(row.bound for row in synthetic_rows() if row.verdict is Verdict.VIOLATED)
    table = unfolded(view, bound)
    table.locator("thead th").first.locator("button").click()
    assert table.locator("tbody").first.get_attribute("data-verdict") == Verdict.VIOLATED.value


@pytest.mark.parametrize(
    ("name", "value"), [("bound", "T3"), ("task", "cosine"), ("mode", "stochastic"), ("verdict", "HOLDS")]
)
def test_each_filter_leaves_exactly_its_rows_and_stays_in_the_address(view, name, value):
    view.locator(f"#filters select[name={name}]").select_option(value)
    expected = sum(getattr(row, name) == value for row in synthetic_rows())
    assert 0 < expected < len(synthetic_rows())
    assert visible_rows(view).count() == expected
    assert view.locator("#shown").inner_text() == f"{expected} of {len(synthetic_rows())} rows"
    assert view.evaluate("location.hash") == f"#rows?{name}={value}"
    view.reload()
    assert visible_rows(view).count() == expected
    view.locator("#filters button[type=reset]").click()
    assert view.locator("#shown").inner_text().startswith(f"{len(synthetic_rows())} of")
    assert view.evaluate("location.hash") == "#rows"


def test_several_words_are_all_asked_for_in_any_order_and_read_the_details_too(view):
    view.locator("#filters input[name=text]").fill("VACUOUS synthetic")
    expected = sum(row.reason == "synthetic vacuous" for row in synthetic_rows())
    assert visible_rows(view).count() == expected > 0
    bound = next(row.bound for row in synthetic_rows() if row.reason == "synthetic vacuous")
    view.locator("#filters input[name=text]").fill(f"vacuous {bound.lower()} --reproduce")
    mine = sum(row.reason == "synthetic vacuous" and row.bound == bound for row in synthetic_rows())
    assert visible_rows(view).count() == mine > 0
    assert view.evaluate("location.hash").startswith("#rows?text=vacuous+")


def test_an_address_with_a_filter_shows_its_rows(browser, address):
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(f"{address}#rows?bound=T2&verdict=HOLDS&text=cosine+exact")
    expected = sum(
        (row.bound, row.verdict, row.task, row.mode) == ("T2", Verdict.HOLDS, "cosine", "exact")
        for row in synthetic_rows()
    )
    assert tab.locator("#shown").inner_text().startswith(f"{expected} of")
    assert tab.locator("#filters select[name=bound]").input_value() == "T2"
    context.close()


def test_a_bound_of_a_hostile_name_is_filtered_and_stays_in_the_address(view):
    view.locator("#filters select[name=bound]").select_option(HOSTILE)
    expected = sum(row.bound == HOSTILE for row in synthetic_rows())
    assert visible_rows(view).count() == expected > 0
    view.reload()
    assert visible_rows(view).count() == expected
    assert view.locator("#filters select[name=bound]").input_value() == HOSTILE


def test_a_count_of_a_statement_filters_the_rows(view):
    view.locator("#T2 details.about > summary").click()
    view.locator("#T2 a[data-bound='T2'][data-verdict='HOLDS']").click()
    expected = sum((row.bound, row.verdict) == ("T2", Verdict.HOLDS) for row in synthetic_rows())
    assert visible_rows(view).count() == expected
    assert view.evaluate("location.hash") == "#rows?bound=T2&verdict=HOLDS"


def test_a_row_opens_by_keyboard_and_says_so(view):
    row = next(row for row in synthetic_rows() if row.bound == "S4")
    body = unfolded(view, "S4").locator("tbody").first
    button = body.locator("button.open")
    assert button.get_attribute("aria-expanded") == "false"
    button.focus()
    view.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    details = body.locator("tr.more")
    text = details.inner_text()
    for shown in (row.reason, row.decided_by, repeat_command(row), evaluation_command(row), row.hypotheses[0].detail):
        assert shown in text
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


def test_at_most_two_hundred_stops_of_the_keyboard_lead_through_the_page(view):
    stops = 0
    while view.evaluate("document.activeElement === document.body") == (stops == 0):
        view.keyboard.press("Tab")
        stops += 1
        assert stops <= 201
    assert stops > 50, "the count saw the page"


def test_a_box_is_a_stop_only_while_it_scrolls(view):
    script = "[...document.querySelectorAll('.scroll')].filter((b) => b.checkVisibility())"
    wrong = f"{script}.filter((b) => (b.scrollWidth > b.clientWidth + 1) !== (b.tabIndex === 0)).length"
    for width in (1280, PHONE):
        view.set_viewport_size({"width": width, "height": 900})
        view.wait_for_function(f"{wrong} === 0")
    assert view.evaluate(f"{script}.some((box) => box.tabIndex === 0)"), "on a telephone some do"


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


# --- without scripts, on paper, on a telephone ---------------------------------------------------------------------


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


_SOME = "#reading details, #T2 details.about, #coverage > details, #rows-S4"  # one fold of each kind


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (PHONE, "dark")])
def test_axe_finds_nothing(browser, address, width, scheme):
    """The rules of axe-core, folded and with a fold of each kind open; its time is that of the letters of formulas."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="the extra dev is not installed")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    tab = context.new_page()
    tab.goto(address)
    for unfolded in (False, True):
        if unfolded:
            tab.evaluate(f"document.querySelectorAll('{_SOME}').forEach((part) => {{ part.open = true; }})")
            tab.locator("#rows-S4 button.open").first.click()
            tab.wait_for_timeout(300)
        found = axe.Axe().run(tab, context={"exclude": [["math"], ["svg"]]}).response["violations"]
        assert [(one["id"], len(one["nodes"]), one["nodes"][0]["html"][:200]) for one in found] == []
    context.close()


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
  const scrolls = (box) => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1;
  for (const box of all(".scroll").filter(scrolls)) if (box.tabIndex !== 0) wrong.push("a box that no key scrolls");
  for (const table of all("table")) if (!table.caption) wrong.push("a table without a caption");
  for (const element of all("[tabindex]")) if (element.tabIndex > 0) wrong.push("a tab order");
  for (const math of all("math")) if (!math.getAttribute("alttext")) wrong.push("a silent formula");
  if (document.querySelectorAll("main").length !== 1) wrong.push("not one main");
  return wrong;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_contrasts_with_its_ground(view, scheme):
    view.emulate_media(color_scheme=scheme)
    unfolded(view, "S4").locator("button.open").first.click()
    view.locator("#T2 details.about > summary").click()
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
