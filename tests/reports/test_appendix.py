"""The appendix: everything in it comes from the rows and the theory, and it compiles alone."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import theory
from reports.figures import write_figures
from reports.judging.rows import Verdict
from reports.pages.appendix import SOURCES, cited, number_macros, pieces, write_appendix
from reports.pages.appendix.paging import HEAD, PAGE, paged
from reports.pages.latex import escaped, number
from tests.reports.synthetic_suite import synthetic_suite
from tests.reports.test_tables import HOSTILE, make_row, synthetic_figures, synthetic_rows

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


def test_every_piece_is_used_and_every_piece_used_is_there():
    wanted = set(re.findall(r"\\input\{([^}]+)\}", texts()["appendix.tex"]))
    there = {name.removesuffix(".tex") for name in texts() if name.endswith(".tex")} - {"appendix"}
    assert wanted == there


def test_no_package_beyond_base():
    packages = set(re.findall(r"\\usepackage\{([^}]+)\}", texts()["appendix.tex"]))
    assert packages == {"amsmath", "booktabs", "graphicx"}


def test_every_reference_and_citation_has_its_target():
    whole = "\n".join(texts().values())
    labels = re.findall(r"\\label\{([^}]+)\}", whole)
    assert len(labels) == len(set(labels))
    assert set(re.findall(r"\\ref\{([^}]+)\}", whole)) <= set(labels)
    items = set(re.findall(r"\\bibitem\{([^}]+)\}", whole))
    assert set(re.findall(r"\\cite\{([^}]+)\}", whole)) == items == {source.key for source in SOURCES}
    assert set(re.findall(r"@article\{([^,]+),", texts()["sources.bib"])) == items


def test_every_statement_is_there_with_its_proof_and_every_source_is_cited():
    for bound in theory.bounds():
        assert bound.source.split(",")[0] in texts()[f"statements/{bound.id}.tex"]
        for formula in re.findall(r"\$([^$]+)\$", bound.proof):
            assert f"${formula}$" in texts()[f"proofs/{bound.id}.tex"]
        assert r"\cite{" in cited(bound.source)


def test_every_row_stands_in_exactly_one_table_of_bounded_length():
    tables = [text for name, text in texts().items() if name.startswith("tables/rows-")]
    lines = [[line for line in text.splitlines() if line.endswith(r"\\")][1:] for text in tables]
    assert sum(map(len, lines)) == len(synthetic_rows())
    assert max(map(len, lines)) <= PAGE - HEAD
    many = pieces([make_row("S4", f"t-{i}", quantity="L_F") for i in range(150)], [], MANIFEST, 1e-3)
    assert [name for name in many if name.startswith("tables/rows")] == [f"tables/rows-S4-{i}.tex" for i in (1, 2, 3)]
    assert "to 150 of 150" in many["tables/rows-S4-3.tex"]
    assert many["appendix.tex"].count("\\newpage") == 2


@given(lengths=st.lists(st.integers(0, 200), max_size=12), taken=st.integers(0, 20))
@example(lengths=[46, 10], taken=3)  # 7 lines of the page are left: of 10, neither 7 and 3 nor 4 and 6 will do
def test_tables_are_cut_so_that_every_line_stands_once_and_no_page_overflows(lengths, taken):
    chunks = paged(lengths, taken)
    covered = [(chunk.table, line) for chunk in chunks for line in range(chunk.start, chunk.stop)]
    assert covered == [(table, line) for table, length in enumerate(lengths) for line in range(length)]
    used = taken
    for chunk in chunks:
        used = (0 if chunk.new_page else used) + HEAD + chunk.stop - chunk.start
        assert used <= PAGE
        assert chunk.stop - chunk.start >= min(5, lengths[chunk.table])  # no stray line, whatever the table


def test_figures_stand_by_the_first_statement_they_are_about_and_are_referred_to():
    main = texts()["appendix.tex"]
    assert main.index(r"\input{figures/smoothness}") < main.index(r"\input{statements/S4}")
    assert main.index(r"\input{statements/S3}") < main.index(r"\input{figures/smoothness}")
    assert r"See Figure~\ref{fig:smoothness}." in main.split(r"\input{statements/S4}")[1].split(r"\subsection*")[0]
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


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["pdflatex", "lualatex"])
def test_it_compiles_alone_without_a_warning_that_matters(tmp_path, engine):
    if shutil.which(engine) is None:
        pytest.skip(f"{engine} is not installed")
    write_figures(synthetic_figures(), tmp_path / "drawn", ["pdf"])
    write_appendix(
        tmp_path / "appendix",
        synthetic_rows(),
        synthetic_figures(),
        tmp_path / "drawn",
        MANIFEST,
        1e-3,
        suite=synthetic_suite(),
    )
    for _ in range(2):
        command = [engine, "-interaction=nonstopmode", "-halt-on-error", "appendix.tex"]
        done = subprocess.run(command, cwd=tmp_path / "appendix", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-3000:]
    log = (tmp_path / "appendix" / "appendix.log").read_text(errors="replace")
    assert "undefined" not in log.lower().replace("undefined on input line 0", "")
    widths = [float(width) for width in re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide\)", log)]
    assert [width for width in widths if width > 5] == []
    assert Path(tmp_path / "appendix" / "appendix.pdf").stat().st_size > 50_000
