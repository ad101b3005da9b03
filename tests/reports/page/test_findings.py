"""What a page says was found follows from its rows."""

from __future__ import annotations

import re

import pytest

from reports.judging.closeness import comparable, tightest
from reports.judging.rows import Verdict
from reports.pages.html import headline, number, render, row_anchors
from reports.pages.html.findings import finding, told
from tests.reports.page.rendered import MANIFEST, page
from tests.reports.test_tables import HOSTILE, make_row, synthetic_rows


def test_the_tightest_row_of_a_statement_is_the_same_wherever_it_is_named():
    rows = synthetic_rows()
    for entry in {row.bound for row in rows}:
        best = tightest(row for row in rows if row.bound == entry)
        if best is None or entry == HOSTILE:
            continue
        shown = number(best.tightness, 3)
        summary = re.search(rf'<li><a href="#{re.escape(entry)}">.*?</li>', page())
        assert summary is not None
        ratio = re.search(r'<span class="ratio">([^<]*)', summary[0])
        assert ratio is not None
        assert ratio[1] == shown
        article = re.search(rf'id="{re.escape(entry)}".*?</article>', page(), re.DOTALL)
        assert article is not None
        assert (
            f'<dt>Tightest</dt><dd><span class="item"><a href="#{row_anchors(rows)[best.row_id]}">{shown}<'
            in article[0]
        )
        assert re.search(rf'<p class="finding">[^<]*{re.escape(shown)}[^<]*</p>', article[0])


def test_nothing_is_called_tightest_where_a_ratio_means_nothing():
    rows = [
        make_row("S1", kind="identity", measured=1.0),
        make_row("S4", measured=0.0, quantity="L_F"),
        make_row("T1a", measured=-1.0, tightness=-3.0),
    ]
    assert not any(map(comparable, rows))
    text = render(rows, [], MANIFEST, "t", 1e-3)
    assert "<dt>Tightest</dt>" not in text
    assert "An identity" in text
    assert "a side is zero" in text


def test_numbers_agree_with_their_nouns():
    one = render([make_row("S4", quantity="L_F", replicas=1, seeds=1)], [], MANIFEST, "t", 1e-3)
    assert not re.search(r"(?<![\d.])1 (rows|tasks|pairs|agents|replicas|seeds)\b", one)
    assert "Holds in its only row, on 1 task." in one
    open_one = finding([make_row("S4", verdict=Verdict.INCONCLUSIVE)])
    assert open_one == "Not confirmed in its only row. 1 row is open (synthetic inconclusive)."
    assert finding([make_row("S4", verdict=Verdict.VIOLATED)]).startswith("Violated in its only row, on quadratic.")


def test_the_last_lines_of_a_build_say_what_is_violated_and_what_is_open_and_why():
    rows = [
        make_row("S4", nu=1),
        make_row("S4", nu=2, verdict=Verdict.VIOLATED, measured=9.0),
        make_row("S4", nu=3, verdict=Verdict.INCONCLUSIVE, reason="the enclosures overlap"),
        make_row("S4", nu=5, verdict=Verdict.INCONCLUSIVE, reason="the enclosures overlap; by 1e-9"),
    ]
    assert told(rows) == [
        "4 rows: 1 HOLDS, 2 INCONCLUSIVE, 1 VIOLATED",
        f"violated: {rows[1].row_id}",
        "inconclusive: 2 (the enclosures overlap)",
    ]
    assert told(rows[:1]) == ["1 row: 1 HOLDS", "violated: nothing"]


def test_a_report_with_a_violated_row_says_so_first():
    rows = [
        make_row("S4", nu=1, quantity="L_F"),
        make_row("S4", nu=2, quantity="L_F", verdict=Verdict.VIOLATED, measured=9.0),
    ]
    text = render(rows, [], MANIFEST, "t", 1e-3)
    group = re.search(r'<div class="group-violated">.*?</div>', text, re.DOTALL)
    assert group is not None
    assert 'href="#S4"' in group[0]
    assert "Violated in 1 of 2 rows, on quadratic." in text


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ({}, "Nothing was measured"),
        ({"S4": Verdict.HOLDS, "T2": Verdict.HOLDS}, "No bound is violated; all 2 are confirmed on at least one task"),
        (
            {"S4": Verdict.HOLDS, "T2": Verdict.VACUOUS},
            "No bound is violated; 1 of 2 is confirmed on at least one task",
        ),
        ({"S4": Verdict.HOLDS, "T2": Verdict.VIOLATED}, "1 of 2 bounds is violated: T2"),
        ({"S4": Verdict.VIOLATED, "T2": Verdict.VIOLATED}, "2 of 2 bounds are violated: S4, T2"),
    ],
)
def test_the_headline_is_the_finding(verdicts, expected):
    assert headline([make_row(bound, verdict=verdict) for bound, verdict in verdicts.items()]) == expected


def test_one_violation_outweighs_any_number_of_rows_that_hold():
    rows = [make_row("S4", nu=nu) for nu in range(50)] + [make_row("S4", nu=99, verdict=Verdict.VIOLATED)]
    assert headline(rows) == "1 of 1 bound is violated: S4"
