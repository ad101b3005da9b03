"""The rows of the page in a real browser: sorted, filtered, opened and linked."""

from __future__ import annotations

from typing import Any

import pytest

from reports.judging.rows import Verdict
from reports.pages.html import evaluation_command, repeat_command, row_anchors
from tests.reports.browser.looking import unfolded, visible_rows
from tests.reports.test_tables import HOSTILE, synthetic_rows

pytestmark = pytest.mark.browser


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
