"""python -m reports.figures: redraws a finished report from its files alone."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from reports.analyses.suite_file import SuiteFile
from reports.figures import CURVE_COLUMNS, read_curves
from reports.figures.__main__ import app
from reports.judging.rows import VerdictFile
from reports.plans.plan import plan_names
from tests.reports.synthetic_suite import synthetic_suite
from tests.reports.test_tables import make_row, synthetic_curves, synthetic_figures, synthetic_rows

ROOT = Path(__file__).resolve().parents[2]


def finished(folder: Path, rows, curves: pd.DataFrame | None = None, suite: SuiteFile | None = None) -> Path:
    """A folder that looks like a finished report to the command."""
    folder.mkdir()
    text = VerdictFile(error_level=1e-3, rows=list(rows)).model_dump_json()
    (folder / "verdicts.json").write_text(text)
    if curves is not None:
        curves.to_csv(folder / "curves.csv", index=False)
    if suite is not None:
        (folder / "suite.json").write_text(suite.model_dump_json())
    return folder


def run(*arguments: str | Path):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "figures").glob("*"))}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = finished(tmp_path_factory.mktemp("report") / "out", synthetic_rows(), synthetic_curves(), synthetic_suite())
    done = run("--out", out, "--venue", "icml", "--format", "pdf")
    assert done.exit_code == 0, done.output
    return out


def test_curves_survive_their_file_exactly(tmp_path):
    path = tmp_path / "curves.csv"
    curves = synthetic_curves()
    curves.to_csv(path, index=False)
    back = read_curves(path)
    assert list(back.columns) == list(curves.columns)
    for name in curves.columns:
        if curves[name].dtype.kind == "f":
            pd.testing.assert_series_equal(back[name], curves[name], check_exact=True)
        else:
            assert list(back[name].dropna()) == list(curves[name].dropna())


def test_every_figure_is_drawn_and_the_same_bytes_come_twice(drawn):
    names = {figure.name for figure in synthetic_figures()}
    before = files(drawn)
    assert {Path(name).stem for name in before} == names
    assert {Path(name).suffix for name in before} == {".pdf", ".tex"}
    assert run("--out", drawn, "--venue", "icml", "--format", "pdf").exit_code == 0
    assert files(drawn) == before


def test_no_figure_has_a_type_3_font(drawn):
    for name, data in files(drawn).items():
        if not name.endswith(".pdf"):
            continue
        streams = re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL)
        inflated = b"".join(_inflated(stream) for stream in streams)
        for text in (data, inflated):
            assert b"/Type3" not in text, name
        assert b"/CIDFontType2" in data or b"/TrueType" in data, name


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


@pytest.mark.parametrize(
    ("width", "inches", "kind"), [("column", 3.25, "figure"), ("full", 6.75, "figure*"), ("4", 4.0, "figure*")]
)
def test_every_figure_is_as_wide_as_asked_and_floats_over_what_it_needs(tmp_path, width, inches, kind):
    rows = [row for row in synthetic_rows() if row.bound in ("S9", "S7")]
    out = finished(tmp_path / "out", rows)
    done = run("--out", out, "--venue", "icml", "--format", "pdf", "--width", width)
    assert done.exit_code == 0, done.output
    drawn = files(out)
    assert {Path(name).stem for name in drawn} == {"tightness", "spread", "hessian_free"}
    share = {"4": "0.59"}.get(width, "")
    for name, data in drawn.items():
        if name.endswith(".pdf"):
            box = re.search(rb"/MediaBox \[ ?0 0 ([0-9.]+) ", data)
            assert box is not None
            assert float(box[1]) / 72 == pytest.approx(inches, abs=1e-4)
        else:
            text = data.decode()
            assert text.startswith(rf"\begin{{{kind}}}")
            assert rf"width={share}\linewidth" in text
            assert rf"{{figures/{Path(name).stem}.pdf}}" in text


def test_only_the_figures_folder_changes(drawn):
    assert {path.name for path in drawn.iterdir()} == {"verdicts.json", "curves.csv", "suite.json", "figures"}


def test_a_figure_without_data_is_skipped_with_a_line_that_names_the_plan(tmp_path):
    out = finished(tmp_path / "out", [make_row("S2")])
    done = run("--out", out, "--format", "svg")
    assert done.exit_code == 0
    lines = [line for line in done.output.splitlines() if "skipped" in line]
    own, studies = len(synthetic_figures()) - 1, ["personalisation", "scaling"]
    made_by = [re.search(r"python -m reports\.build --(profile|plan) (\w+) makes it$", line) for line in lines]
    assert all(found and found[2] in plan_names() for found in made_by)
    assert [found[1] for found in made_by if found] == ["profile"] * own + ["plan"] * len(studies)
    assert [line.split()[1] for line in lines[own:]] == studies
    assert [path.name for path in (out / "figures").iterdir()] == ["tightness.svg"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--venue", "nowhere"], ["--venue nowhere", "neurips"]),
        (["--venue", "icm"], ["did you mean icml?"]),
        (["--format", "pdf,eps"], ["--format eps", "pgf"]),
        (["--format", "svgz"], ["did you mean svg?"]),
        (["--format", ","], ["--format"]),
        (["--width", "narrow"], ["--width narrow", "column, full, or inches"]),
        (["--width", "0"], ["--width 0"]),
        (["--width", "nan"], ["--width nan"]),
    ],
)
def test_bad_input_is_one_line_exit_2_and_nothing_written(tmp_path, arguments, words):
    out = finished(tmp_path / "out", synthetic_rows())
    done = run("--out", out, *arguments)
    assert done.exit_code == 2
    assert len(done.output.strip().splitlines()) == 1
    assert all(word in done.output for word in words)
    assert not (out / "figures").exists()


def test_fonts_are_not_complained_about(tmp_path, caplog):
    out = finished(tmp_path / "out", synthetic_rows())
    done = run("--out", out, "--venue", "icml", "--format", "pdf")
    assert done.exit_code == 0
    assert "timestamp" not in caplog.text
    # what else fontTools has to say of that table, and what it says elsewhere, is still told
    logging.getLogger("fontTools.ttLib.tables._h_e_a_d").warning("'created' timestamp seems very low")
    assert "timestamp" in caplog.text


def test_a_folder_without_a_report_is_refused(tmp_path):
    done = run("--out", tmp_path)
    assert (done.exit_code, len(done.output.strip().splitlines())) == (2, 1)
    assert "verdicts.json" in done.output
    (tmp_path / "verdicts.json").write_text('{"rows": 3}')
    done = run("--out", tmp_path)
    assert (done.exit_code, len(done.output.strip().splitlines())) == (2, 1)
    out = finished(tmp_path / "out", [make_row("S2")])
    (out / "suite.json").write_text('{"planted": 3}')
    done = run("--out", out)
    assert (done.exit_code, len(done.output.strip().splitlines())) == (2, 1)
    assert "suite.json" in done.output


@pytest.mark.parametrize(("option", "program"), [(["--format", "pgf"], "pdflatex"), (["--usetex"], "latex")])
def test_without_tex_its_options_are_refused_in_one_line(tmp_path, monkeypatch, option, program):
    out = finished(tmp_path / "out", synthetic_rows())
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run("--out", out, *option)
    assert (done.exit_code, len(done.output.strip().splitlines())) == (2, 1)
    assert f"{program} is not on the PATH" in done.output
    assert not (out / "figures").exists()


def test_an_old_report_without_curves_still_has_its_other_figures(tmp_path):
    assert list(read_curves(tmp_path / "curves.csv").columns) == list(CURVE_COLUMNS)


@pytest.mark.slow
def test_it_runs_as_a_module_and_says_what_it_did(drawn):
    command = [sys.executable, "-m", "reports.figures", "--out", str(drawn), "--venue", "icml", "--format", "pdf"]
    before = files(drawn)
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{len(synthetic_figures())} figures for icml")
    assert files(drawn) == before, "another process draws the same bytes"


@pytest.mark.slow
def test_pgf_files_need_only_pgf_and_amsmath(tmp_path):
    from reports.figures.tex import pgf_problem

    if pgf_problem():
        pytest.skip(pgf_problem())
    out = finished(tmp_path / "out", synthetic_rows(), synthetic_curves())
    assert run("--out", out, "--format", "pgf", "--venue", "ieee").exit_code == 0
    inputs = "\n\n".join(rf"\input{{{path}}}" for path in sorted((out / "figures").glob("*.pgf")))
    text = rf"\documentclass{{article}}\usepackage{{amsmath,pgf}}\begin{{document}}{inputs}\end{{document}}"
    (tmp_path / "all.tex").write_text(text)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
