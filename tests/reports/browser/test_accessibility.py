"""The page in a real browser for those who use no mouse, hear it, or see little."""

from __future__ import annotations

import pytest

from tests.reports.browser.looking import NAMELESS, PHONE, STRUCTURE, unfolded

pytestmark = pytest.mark.browser
LEAST_CONTRAST, LEAST_CONTRAST_LARGE = 4.5, 3.0  # WCAG 2 level AA


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


_SOME = "#reading details, #T2 details.about, #coverage > details, #rows-S4"  # one fold of each kind


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (PHONE, "dark")])
def test_axe_finds_nothing(browser, address, width, scheme):
    """The rules of axe-core, folded and with a fold of each kind open; its time is that of the letters of formulas."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="the extra dev is not installed")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    tab = context.new_page()
    tab.goto(address)
    for opened in (False, True):
        if opened:
            tab.evaluate(f"document.querySelectorAll('{_SOME}').forEach((part) => {{ part.open = true; }})")
            tab.locator("#rows-S4 button.open").first.click()
            tab.wait_for_timeout(300)
        found = axe.Axe().run(tab, context={"exclude": [["math"], ["svg"]]}).response["violations"]
        assert [(one["id"], len(one["nodes"]), one["nodes"][0]["html"][:200]) for one in found] == []
    context.close()


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
    assert view.evaluate(NAMELESS) == []
    view.evaluate("document.body.append(document.createElement('button'))")
    assert len(view.evaluate(NAMELESS)) == 1


def test_the_document_is_well_structured(view):
    assert view.evaluate(STRUCTURE) == []


def test_the_first_tab_stop_skips_to_the_report(view):
    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement.className") == "skip"
    view.keyboard.press("Enter")
    assert view.evaluate("document.activeElement.id") == "main"
