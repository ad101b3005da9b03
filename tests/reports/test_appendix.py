"""The appendix: everything in it comes from the rows and the theory, and it compiles alone."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import theory
from reports.judging.rows import Verdict
from reports.pages.appendix import SOURCES, cited, number_macros, pieces, write_appendix
from reports.pages.appendix.forms import FORMS
from reports.pages.appendix.names import file_stem
from reports.pages.appendix.paging import HEAD, PAGE, TALLEST, paged
from reports.pages.appendix.row_tables import row_tables
from reports.pages.latex import escaped, number
from tests.reports.synthetic_suite import synthetic_suite
from tests.reports.test_tables import HOSTILE, make_row, synthetic_figures, synthetic_rows
from theory.tables import default_table

MANIFEST = {
    "title": "Synthetic & hostile: 50% of $x_1",
    "distribution": "meta-fedavg-bounds",
    "version": "0.1.0",
    "plan": "standard",
    "seed": 7,
    "versions": {"torch": "2.13.0", "numpy": "2.4.6"},
    "command": ["python", "-m", "reports.build", "--out", "a_folder/with%odd#name"],
}


@cache
def texts() -> dict[str, str]:
    return pieces(synthetic_rows(), synthetic_figures(), MANIFEST, 1e-3, suite=synthetic_suite())


def uncommented(text: str) -> str:
    return re.sub(r"^%.*$", "", text, flags=re.MULTILINE)


def test_every_piece_is_used_and_every_piece_used_is_there():
    inputs = re.findall(r"\\input\{([^}]+)\}", uncommented(texts()["appendix.tex"]))
    wanted = {name.replace(r"\MFLform ", form.folder) for name in inputs for form in FORMS}
    there = {name.removesuffix(".tex") for name in texts() if name.endswith(".tex")} - {"appendix"}
    assert wanted == there


def test_no_package_beyond_base():
    packages = set(re.findall(r"\\usepackage\{([^}]+)\}", texts()["appendix.tex"]))
    assert packages == {"amsmath", "booktabs", "graphicx"}


def test_every_reference_and_citation_has_its_target():
    for form in FORMS:
        others = [one.folder for one in FORMS if one.folder and one is not form]
        mine = "\n".join(
            text
            for name, text in texts().items()
            if name.startswith(form.folder or tuple(texts())) and not name.startswith(tuple(others))
        )
        labels = re.findall(r"\\label\{([^}#]+)\}|\\MFLlabel\{[^}]+\}\{([^}#]+)\}", mine)
        found = [one or other for one, other in labels]
        assert len(found) == len(set(found))
        assert {f"st:{file_stem(bound.id)}" for bound in theory.bounds()} <= set(found)
        assert set(re.findall(r"\\ref\{([^}]+)\}", uncommented(mine))) <= {
            *found,
            *(f"fig:{one.name}" for one in synthetic_figures()),
        }
    whole = "\n".join(texts().values())
    items = set(re.findall(r"\\bibitem\{([^}]+)\}", whole))
    assert set(re.findall(r"\\cite\{([^}]+)\}", whole)) == items == {source.key for source in SOURCES}
    assert set(re.findall(r"@article\{([^,]+),", texts()["sources.bib"])) == items


def test_every_statement_is_there_with_its_proof_and_every_source_is_cited():
    for bound in theory.bounds():
        assert bound.source.split(",")[0] in texts()[f"statements/{bound.id}.tex"]
        for form in FORMS:
            proof = re.sub(r"\s+", " ", texts()[f"{form.folder}proofs/{bound.id}.tex"])
            for formula in re.findall(r"\$([^$]+)\$", bound.proof):
                assert re.sub(r"\s+", " ", f"${formula}$") in proof
            assert proof.count(r"\begin{align*}") == bound.proof.count(r"\[")
        assert r"\cite{" in cited(bound.source)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.folder or "text")
def test_every_row_stands_in_exactly_one_table_of_bounded_length(form):
    made = row_tables(synthetic_rows(), default_table(), form)
    numbers = [re.findall(r"(?:holds|violated|vacuous|not appl\.|inconcl\.) \\\\", one.text) for one in made]
    assert sum(map(len, numbers)) == len(synthetic_rows())
    assert max(one.text.count(r"\\") for one in made) <= TALLEST
    many = row_tables([make_row("S4", f"t-{i}", quantity="L_F") for i in range(150)], default_table(), form)
    assert "to 150 of 150" in many[-1].text
    assert [one.name for one in many] == [f"rows-S4-{place}" for place in range(1, len(many) + 1)]


def test_a_row_has_every_setting_and_its_confidence_limits_and_what_all_rows_share_is_said_once():
    common = {"quantity": "L_F", "tau": 3, "m": 2, "K": 50, "beta": 0.125, "inputs": {"D": "4", "delta": "1/8"}}
    rows = [make_row("S4", nu=nu, measured=1.0, lower=0.5, upper=1.5, **common) for nu in (1, 2)]
    (one,) = row_tables(rows, default_table(), dimensions={"quadratic": 7})
    caption, table = one.text.split(r"\begin{tabular}")
    steps = (r"\tau = 3", r"\alpha = 0.25", r"\beta = 0.125", r"\delta = 0.125")
    shared = (*steps, "m/n = 2/8", "K = 50", "d = 7", "D = 4")
    for setting in shared:
        assert setting in caption
        assert setting not in table
    assert r"\nu = 1" in table
    assert r"\nu = 2" in table
    assert table.count(rf"measured in [{number(0.5)}, {number(1.5)}]") == 2


def test_rows_of_tasks_that_differ_in_dimension_have_their_own():
    rows = [make_row("S4", task, quantity="L_F") for task in ("line", "plane", "unknown")]
    for form in FORMS:
        (one,) = row_tables(rows, default_table(), form, {"line": 1, "plane": 2})
        _, *settings = re.split("line|plane|unknown", one.text)
        assert [re.findall(r"\$d = (\d)\$", setting) for setting in settings] == [["1"], ["2"], []]


@given(heights=st.lists(st.lists(st.integers(1, 5), max_size=80), max_size=12), taken=st.integers(0, 20))
@example(heights=[[1] * 46, [1] * 10], taken=3)
def test_tables_are_cut_so_that_every_row_stands_once_and_no_page_overflows(heights, taken):
    chunks = paged(heights, taken)
    covered = [(chunk.table, row) for chunk in chunks for row in range(chunk.start, chunk.stop)]
    assert covered == [(table, row) for table, rows in enumerate(heights) for row in range(len(rows))]
    used = taken
    for chunk in chunks:
        high = HEAD + sum(heights[chunk.table][chunk.start : chunk.stop])
        used = (0 if chunk.new_page else used) + high
        assert used <= PAGE
        assert high <= TALLEST


def test_figures_stand_by_the_first_statement_they_are_about_and_are_referred_to():
    main = texts()["appendix.tex"]
    assert main.index(r"\input{figures/smoothness}") < main.index(r"\input{\MFLform statements/S4}")
    assert main.index(r"\input{\MFLform statements/S3}") < main.index(r"\input{figures/smoothness}")
    assert (
        r"See Figure~\ref{fig:smoothness}."
        in main.split(r"\input{\MFLform statements/S4}")[1].split(r"\subsection*")[0]
    )
    assert r"\ref{fig:rounds} and~\ref{fig:slack}" in main


def test_the_score_of_the_suite_can_be_cited():
    macros = dict(re.findall(r"\\newcommand\{\\(MFL[A-Za-z]+)\}\{(.*)\}", texts()["macros.tex"]))
    counts = ("planted", "plantedRefuted", "plantedMissed", "plantedPercent", "plantedKinds", "plantedStatements")
    assert [macros[f"MFL{name}"] for name in counts] == [number(value) for value in (15, 9, 6, 60, 2, 3)]
    assert macros["MFLslopeSNineDeltabound"] == r"\ensuremath{1.00}"
    assert macros["MFLslopeSNineDeltameasured"] == r"\ensuremath{2.00}"
    lines = [line for line in texts()["tables/planted.tex"].splitlines() if line.endswith(r"\\")][1:]
    assert len(lines) == 6


def test_text_from_outside_is_escaped():
    whole = "\n".join(texts().values())
    assert escaped(HOSTILE) in whole
    assert HOSTILE not in whole
    assert escaped(MANIFEST["title"]) in whole
    assert r"with\%odd\#name" in whole.replace(r"\allowbreak{}", "")


def test_a_macro_tells_the_tightest_row_that_holds():
    rows = [
        make_row("S4", "quadratic", quantity="L_F", measured=1.5, label="a"),
        make_row("S4", "log-cosh", quantity="L_F", measured=0.5, label="b"),
        make_row("S4", "quadratic", quantity="L_F", measured=9.0, verdict=Verdict.VIOLATED, label="c"),
    ]
    macros = dict(re.findall(r"\\newcommand\{\\([A-Za-z]+)\}\{(.*)\}", number_macros(rows, 1e-3)))
    assert macros["LFmeasured"] == number(1.5) == macros["LFmeasuredQuadratic"]
    assert macros["LFpredicted"] == number(2.0)
    assert macros["LFtightness"] == number(0.75)
    assert macros["LFtask"] == "quadratic"
    assert macros["LFmeasuredLogCosh"] == number(0.5)
    assert (macros["LFrows"], macros["LFholding"], macros["MFLviolated"]) == (number(3), number(2), number(1))


def test_macros_are_letters_and_defined_once():
    text = texts()["macros.tex"]
    names = re.findall(r"^\\(?:new|provide)command\{\\([^}]+)\}", text, flags=re.MULTILINE)
    assert names
    assert len(names) == len(set(names))
    assert all(re.fullmatch("[A-Za-z]+", name) for name in names)
    assert r"\newcommand{\LFmeasured}" in text
    for quantity in theory.quantities():
        assert f"% {quantity.name}:" in text


def test_names_that_differ_in_punctuation_keep_their_own_macros():
    rows = [make_row("S4", "a-b", quantity="L_F"), make_row("S4", "a_b", quantity="L_F")]
    text = number_macros(rows, 1e-3)
    assert r"{\LFmeasuredAB}" in text
    assert r"{\LFmeasuredABX}" in text


def test_a_second_report_leaves_no_piece_of_the_first(tmp_path):
    first = [make_row("S4", quantity="L_F"), make_row("S2")]
    write_appendix(tmp_path, first, [], tmp_path, MANIFEST, 1e-3)
    before = (tmp_path / "tables" / "rows-S4-1.tex").read_bytes()
    written = write_appendix(tmp_path, first[:1], [], tmp_path, MANIFEST, 1e-3)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(written)
    assert (tmp_path / "tables" / "rows-S4-1.tex").read_bytes() == before


def test_an_empty_report_is_an_appendix_too():
    empty = pieces([], [], {}, 1e-3)
    assert "Not measured by this plan" in empty["appendix.tex"]
