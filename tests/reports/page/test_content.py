"""The page is true to the rows and to the theory: every number, formula, symbol and command of theirs."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

import theory
from reports.analyses.described import Picture, TaskView
from reports.judging.rows import StatedConstant, Verdict
from reports.pages.html import evaluation_command, number, render, repeat_command, row_anchors
from reports.pages.html.findings import brief
from reports.pages.html.row_details import constant_words
from tests.reports.page.rendered import MANIFEST, attributes, page
from tests.reports.test_tables import make_row, synthetic_rows


def test_each_row_is_on_the_page_with_its_numbers_and_why_it_does_not_hold_outside_of_any_script():
    without_script = re.sub(r"<script.*?</script>", "", page(), flags=re.DOTALL)
    anchors = row_anchors(synthetic_rows())
    assert len(set(anchors.values())) == len(synthetic_rows())
    parts = dict(re.findall(r'<tbody id="([^"]+)"(.*?)</tbody>', without_script, re.DOTALL))
    for row in synthetic_rows():
        part = unescape(parts[anchors[row.row_id]])
        settings = [row.alpha, row.beta, row.K, row.tightness]
        for shown in (row.task, number(row.predicted), *(number(one, 3) for one in settings if one is not None)):
            assert f">{shown}<" in part
        assert f'data-verdict="{row.verdict.value}"' in part
        assert (brief(row.reason) in part) == (row.verdict is not Verdict.HOLDS)


def test_the_data_of_the_script_say_all_of_a_row_in_the_order_of_the_tables():
    text = re.search(r'<script type="application/json" id="row-data">(.*?)</script>', page(), re.DOTALL)
    assert text is not None
    data = json.loads(text[1])
    assert "<" not in text[1]
    groups = re.findall(r'<details class="rows-of".*?</details>', page(), re.DOTALL)
    by_anchor = {anchor: row for row in synthetic_rows() if (anchor := row_anchors(synthetic_rows())[row.row_id])}
    assert len(groups) == len(data["tables"])
    for group, table in zip(groups, data["tables"], strict=True):
        rows = [by_anchor[anchor] for anchor in re.findall(r'<tbody id="([^"]+)"', group)]
        for row, (keys, parts) in zip(rows, table, strict=True):
            assert len(keys) == group.count('<th scope="col"')
            told = {
                data["texts"][term]: " ".join(data["texts"][place] for place in places) for term, _, *places in parts
            }
            assert told["Reason"] == row.reason
            assert told["Decided by"] == row.decided_by
            assert row.hypotheses[0].detail in told["Holds" if row.hypotheses[0].holds else "Fails"]
            assert told["Predicted again"] == evaluation_command(row)
            assert told["Measured again"] == repeat_command(row)


def test_a_run_is_named_with_the_row_that_is_read_off_it():
    row = make_row("S4", quantity="L_F")
    manifest = {"row_records": {row.row_id: "ab" * 32}}
    assert f"records/ab/{'ab' * 32}.npz" in render([row], [], manifest, "t", 1e-3)


@pytest.mark.parametrize("name", ["T2", "T3", "S4", "T1b"])
def test_every_symbol_of_a_statement_leads_to_its_definition(name):
    article = re.search(rf'<article class="statement" id="{name}".*?</article>', page(), re.DOTALL)
    assert article is not None
    linked = set(re.findall(r'href="#symbol-([^"]+)"', article[0]))
    if name == "T2":
        assert linked >= {"A", "N", "L_F", "b", "sigma2", "beta", "tau", "K", "F0_gap", "h"}
    for symbol in linked:
        assert page().count(f'id="symbol-{symbol}"') == 1


@pytest.mark.parametrize(
    ("name", "constant", "text"),
    [
        ("L", StatedConstant(value=2, side="upper"), "L ≤ 2 (upper bound, the safe side)"),
        ("L", StatedConstant(value=2, side="lower"), "L ≥ 2 (lower bound, which never certifies)"),
        ("mu", StatedConstant(value=0.5, side="lower"), "mu ≥ 0.5 (lower bound, the safe side)"),
        ("mu", StatedConstant(value=0.5, side="upper"), "mu ≤ 0.5 (upper bound, which never certifies)"),
        ("B", StatedConstant(value=1, side="exact"), "B = 1 (exact)"),
    ],
)
def test_which_side_of_a_constant_is_safe_is_said(name, constant, text):
    assert constant_words(name, constant) == text


def test_tasks_are_described_with_their_constants_and_a_picture_on_the_line():
    view = TaskView(
        "bowl", "f_i(w) = <w, A_i w> & more", "steep", "m:bowl", 2, 1, ["S4"],
        {"L": [StatedConstant(value=2, side="upper"), StatedConstant(value=4, side="upper")]},
        Picture([-1.0, 0.0, 1.0], [[1.0, 0.0, 1.0], [2.0, 0.0, 2.0]]),
    )  # fmt: skip
    text = render([make_row("S4", "bowl", quantity="L_F")], [], MANIFEST, "t", 1e-3, tasks=[view])
    article = re.search(r'<article class="task" id="task-bowl".*?</article>', text, re.DOTALL)
    assert article is not None
    shown = re.sub(r"<(?!svg|path)[^>]*>", "", article[0])
    assert "f_i(w) = &lt;w, A_i w&gt; &amp; more" in shown
    for part in ("steep", "2 agents, d = 1", "A witness of S4.", "≤ 2 to 4 by the ball", "over [−1, 1]"):
        assert part in shown
    assert article[0].count("<path") == 3
    assert ">1<" in re.findall(r'<tbody id="row-.*?</tbody>', text, re.DOTALL)[0], "d stands in the table"


def test_each_statement_is_there_with_its_formula_and_its_source():
    alternatives = {found.get("alttext") for found in attributes("math")}
    for bound in theory.bounds():
        assert f'id="{bound.id}"' in page()
        assert bound.latex in alternatives
        assert bound.source in unescape(page())


def test_an_altered_coefficient_shows_on_the_page():
    from dataclasses import replace

    from theory.tables import default_table

    table = default_table()
    formula = table.formulas["b_HF"]
    case = formula.cases[0]
    altered = table.altered(replace(formula, cases=(replace(case, expression=3 * case.expression),)))
    changed = render([make_row("S9", mode="hessian_free")], [], MANIFEST, "t", 1e-3, altered)
    before, after = theory.bound("S9").latex, altered.bound("S9").latex
    assert before != after
    assert after in unescape(changed)
    assert before not in unescape(changed)


def test_commands_repeat_the_row_and_its_evaluation():
    row = make_row("S4", quantity="L_F")
    assert repeat_command(row) == f"python -m reports.build --reproduce {row.row_id}"
    assert evaluation_command(row).startswith("python -m theory eval L_F alpha=1/4 L=1 ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (float("inf"), "∞"),
        (0.0, "0"),
        (-0.5, "−0.5"),
        (1e-5, "10⁻⁵"),
        (2.5e7, "2.5×10⁷"),
        (123456.0, "1.235×10⁵"),
        (123456, "123456"),
    ],
)
def test_numbers_read_as_in_print(value, text):
    assert number(value) == text
