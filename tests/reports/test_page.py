"""The page: whole, escaped, offline, readable without scripts, and true to the rows and the theory."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from functools import cache
from html import unescape
from html.parser import HTMLParser
from importlib import resources

import pytest

import theory
from reports.analyses.described import Picture, TaskView
from reports.judging.closeness import comparable, tightest
from reports.judging.rows import StatedConstant, Verdict
from reports.pages.html import evaluation_command, headline, number, render, repeat_command, row_anchors
from reports.pages.html.findings import brief, finding, told
from reports.pages.html.row_details import constant_words
from tests.reports.test_tables import HOSTILE, make_row, synthetic_figures, synthetic_rows

MANIFEST = {
    "plan": "standard",
    "seed": 7,
    "versions": {"torch": "2.13.0"},
    "records": [f"{i:064x}" for i in range(40)],
    "note": "<img src=x onerror=alert(2)>",
}
BESIDE = {"verdicts.json", "results.csv", "appendix/appendix.tex", "manifest.json"}  # what the page leads to
_VOID = {"meta", "link", "input", "br", "img", "hr"}
_LIMIT = 3 * 2**20  # bytes a standard report may take


@cache
def page() -> str:
    return render(synthetic_rows(), synthetic_figures(), MANIFEST, "Plan <b>title</b>", 1e-3)


class Outline(HTMLParser):
    """Every element with its attributes, and the tags that were left open or closed out of order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@cache
def outline() -> Outline:
    return Outline(page())


def attributes(tag: str) -> list[dict[str, str | None]]:
    return [found for name, found in outline().elements if name == tag]


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


def test_equal_texts_are_stored_once():
    rows = [make_row("S4", f"task-{i}", quantity="L_F") for i in range(50)]
    one, many = (len(render(some, [], MANIFEST, "t", 1e-3)) for some in (rows[:1], rows))
    assert (many - one) / 49 < 800  # bytes a row more


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


def test_how_to_read_comes_first_then_the_summary_the_statements_and_the_rows_last():
    order = re.findall(r'<section id="([^"]+)"', page())
    assert order[:3] == ["reading", "summary", "statements"]
    assert order[-2:] == ["rows", "manifest"]


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


def test_rows_whose_ids_differ_in_punctuation_keep_their_own_anchors():
    rows = [make_row("S4", row_id="S4:a"), make_row("S4", row_id="S4/a")]
    assert list(row_anchors(rows).values()) == ["row-S4-a", "row-S4-a--2"]


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


def test_commands_repeat_the_row_and_its_evaluation():
    row = make_row("S4", quantity="L_F")
    assert repeat_command(row) == f"python -m reports.build --reproduce {row.row_id}"
    assert evaluation_command(row).startswith("python -m theory eval L_F alpha=1/4 L=1 ")


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


# --- accessibility -------------------------------------------------------------------------------------------------


def test_tables_have_captions_and_header_cells_have_scopes():
    assert page().count("<table") == page().count("<caption")
    assert all(found.get("scope") in ("col", "row", "colgroup") for found in attributes("th"))


def test_the_first_link_skips_to_the_report_and_regions_have_names():
    assert attributes("a")[0]["href"] == "#main"
    assert next(found for name, found in outline().elements if name == "html")["lang"] == "en"
    for _, found in outline().elements:
        if found.get("role") in ("region", "img"):
            assert found.get("aria-label") or found.get("aria-labelledby")


def _luminance(color: str) -> float:
    """Relative luminance of WCAG 2."""
    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _themes() -> list[dict[str, str]]:
    style = (resources.files("reports.pages") / "templates" / "page.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root[^{]*\{([^}]*)\}", style)
    return [dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{3,6})\b", block)) for block in blocks]


@pytest.mark.parametrize("name", ["ink", "soft", "link", "holds", "violated", "vacuous", "not", "inconclusive"])
def test_text_contrasts_by_at_least_four_and_a_half(name):
    themes = _themes()
    assert len(themes) >= 3
    for theme in themes:
        for ground in ("paper", "wash", "mark"):
            if ground in theme:
                assert _contrast(theme[name], theme[ground]) >= 4.5, (name, ground)


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


# --- in a browser --------------------------------------------------------------------------------------------------

_PROBE = """<script>
addEventListener("load", () => {
  const form = document.getElementById("filters"), notes = [];
  const note = (name, value) => notes.push(`${name}=${value}`);
  const visible = () => [...document.querySelectorAll(".rows-of tbody")].filter((body) => !body.hidden);
  note("form", form.hidden);
  form.elements.bound.value = "T3"; form.dispatchEvent(new Event("input"));
  note("filtered", visible().every((body) => body.closest(".rows-of").dataset.bound === "T3") && visible().length);
  form.elements.bound.value = ""; form.dispatchEvent(new Event("input"));
  const group = document.getElementById("rows-S4"), table = group.querySelector("table");
  group.open = true;
  const heads = [...table.tHead.rows[0].cells], place = heads.findIndex((head) => head.textContent === "Ratio");
  heads[place].querySelector("button").click(); heads[place].querySelector("button").click();
  const keys = [...table.tBodies].map((body) => Number(body.rows[0].cells[place].textContent));
  note("sort", heads[place].getAttribute("aria-sort"));
  note("falling", keys.length > 9 && keys.every((key, i) => i === 0 || keys[i - 1] >= key));
  const body = table.tBodies[0], button = body.querySelector("button.open");
  button.click();
  note("opened", button.getAttribute("aria-expanded") + getComputedStyle(body.rows[1]).display);
  note("wide", document.documentElement.scrollWidth <= innerWidth);
  document.body.dataset.notes = notes.join(" ");
});
</script></body>"""


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 500])
def test_sorting_filtering_and_opening_work_in_chromium(tmp_path, width):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    assert browser, "this test needs Chromium on the PATH"
    probed = re.sub(r"<meta http-equiv=[^>]*>", "", page()).replace("</body>", _PROBE)
    path = tmp_path / "page.html"
    path.write_text(probed, encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    options += ["--disable-sync", "--disable-component-update", f"--user-data-dir={tmp_path / 'profile'}"]
    options += ["--enable-logging=stderr", f"--window-size={width},900", "--virtual-time-budget=4000"]
    command = [browser, *options, "--dump-dom", path.as_uri()]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
    notes = re.search(r'data-notes="([^"]*)"', outcome.stdout)
    assert notes is not None, outcome.stderr
    threes = sum(row.bound == "T3" for row in synthetic_rows())
    assert notes[1] == f"form=false filtered={threes} sort=descending falling=true opened=truetable-row wide=true"
    assert "CONSOLE" not in outcome.stderr
