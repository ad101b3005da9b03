"""The page: whole, escaped, offline, no larger than it need be."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape

import pytest

from reports.pages.html import render, row_anchors
from tests.reports.page.rendered import MANIFEST, Outline, attributes, outline, page
from tests.reports.test_tables import HOSTILE, make_row, synthetic_rows

BESIDE = {"verdicts.json", "results.csv", "appendix/appendix.tex", "manifest.json"}  # what the page leads to
_LIMIT = 3 * 2**20  # bytes a standard report may take


def test_every_element_is_closed_in_order():
    assert outline().open == []
    assert outline().wrong == []


def test_ids_are_unique_and_every_inner_link_has_its_target():
    ids = [found["id"] for _, found in outline().elements if found.get("id")]
    assert len(ids) == len(set(ids))
    targets = {(found["href"] or "")[1:] for found in attributes("a") if (found.get("href") or "").startswith("#")}
    assert targets <= set(ids)
    for _, found in outline().elements:
        for name in ("aria-labelledby", "for"):
            assert set((found.get(name) or "").split()) <= set(ids)


def test_nothing_is_loaded_from_anywhere():
    for _, found in outline().elements:
        for name in ("src", "href", "xlink:href", "action", "srcset", "data", "poster"):
            value = found.get(name)
            assert value is None or value.startswith("#") or value == "data:," or value in BESIDE
    style = re.search(r"<style>(.*?)</style>", page(), re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_the_page_leads_to_the_files_beside_it():
    assert {found.get("href") for found in attributes("a")} >= BESIDE


def test_the_policy_lets_run_this_script_and_no_other():
    scripts = re.findall(r"<script>(.*?)</script>", page(), re.DOTALL)
    assert len(scripts) == 1
    expected = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    policy = next(
        found["content"] for found in attributes("meta") if found.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert f"script-src 'sha256-{expected}'" in policy
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("text", [HOSTILE, "exceeds <b>it</b>", "Plan <b>title</b>", "<img src=x onerror=alert(2)>"])
def test_text_from_outside_is_escaped(text):
    assert text not in page()
    assert text in unescape(page()), "escaped, yet shown"


def test_equal_texts_are_stored_once():
    rows = [make_row("S4", f"task-{i}", quantity="L_F") for i in range(50)]
    one, many = (len(render(some, [], MANIFEST, "t", 1e-3)) for some in (rows[:1], rows))
    assert (many - one) / 49 < 800  # bytes a row more


def test_how_to_read_comes_first_then_the_summary_the_statements_and_the_rows_last():
    order = re.findall(r'<section id="([^"]+)"', page())
    assert order[:3] == ["reading", "summary", "statements"]
    assert order[-2:] == ["rows", "manifest"]


def test_rows_whose_ids_differ_in_punctuation_keep_their_own_anchors():
    rows = [make_row("S4", row_id="S4:a"), make_row("S4", row_id="S4/a")]
    assert list(row_anchors(rows).values()) == ["row-S4-a", "row-S4-a--2"]


def test_a_report_of_four_hundred_rows_stays_within_three_mebibytes():
    inputs = {f"key{j}": "3602879701896397/36028797018963968" for j in range(12)}
    rows = [make_row("S4", f"task-{i}", quantity="L_F", trivial=7.0, inputs=inputs) for i in range(400)]
    drawings = len(page().encode()) - len(render(synthetic_rows(), [], MANIFEST, "Plan <b>title</b>", 1e-3).encode())
    assert len(render(rows, [], MANIFEST, "t", 1e-3).encode()) + drawings < _LIMIT


def test_the_same_input_gives_the_same_page():
    assert page.__wrapped__() == page()


def test_an_empty_report_is_a_page_too():
    text = render([], [], {}, "nothing", 1e-3)
    assert "Nothing was measured" in text
    assert Outline(text).wrong == []
