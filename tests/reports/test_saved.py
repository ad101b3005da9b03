"""A finished report in Python: its files as frames, rows and figures by name, and what it shows in a notebook."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from typer.testing import CliRunner

import empirics
import reports
from empirics.estimation import Ball, estimate
from reports.build import app

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "out"
    plan = folder.parent / "plan.toml"
    plan.write_text(
        'title = "Small"\n[[tasks]]\nname = "bowl"\nfactory = "quadratic"\narguments = { n = 2, d = 1 }\n'
        '[[points]]\ntask = "bowl"\nalpha_L = "1/4"\nnu = [1, 2]\nstatements = ["S4"]\n'
    )
    done = CliRunner().invoke(app, ["--plan", str(plan), "--only", "S4", "--out", str(folder), "--jobs", "1"])
    assert done.exit_code == 0, done.output
    return folder


def test_rows_are_those_of_the_files(out: Path) -> None:
    report = reports.load(out)
    stored = json.loads((out / "verdicts.json").read_bytes())["rows"]
    assert [row["row_id"] for row in stored] == report.rows["row_id"].tolist()
    for row in stored:
        found = report.row(row["row_id"])
        assert (found.predicted, str(found.verdict)) == (row["predicted"], row["verdict"])
    pd.testing.assert_frame_equal(
        report.rows[["row_id", "measured"]], pd.read_csv(out / "results.csv")[["row_id", "measured"]]
    )


def test_figures_are_those_of_the_report(out: Path) -> None:
    report = reports.load(out)
    assert {path.stem for path in (out / "figures").glob("*.svg")} == set(report.figures)
    name = next(iter(report.figures))
    figure = report.figure(name)
    assert figure.draw(figure.frame).axes


def test_a_notebook_shows_a_figure_with_its_caption(out: Path) -> None:
    report = reports.load(out)
    for name, figure in report.figures.items():
        shown = ElementTree.fromstring(figure._repr_html_())
        (svg,) = shown.findall(f"{SVG}svg")
        assert svg.findtext(f"{SVG}title") == figure.title
        assert len(list(svg.iter(f"{SVG}path"))) > 3, f"{name} is drawn"
        (caption,) = shown.findall("figcaption")
        first = figure.caption.split("$")[0].split(".")[0]
        assert first in "".join(caption.itertext())


def test_what_is_not_there_is_named_with_the_nearest(out: Path, tmp_path: Path) -> None:
    report = reports.load(out)
    row_id = report.rows["row_id"].iloc[0]
    with pytest.raises(reports.ReportError, match="did you mean"):
        report.row(row_id + "x")
    with pytest.raises(reports.ReportError, match=r"did you mean S4:L_F:bowl:exact:nu2"):
        report.row("S4:bowll:nu2")
    with pytest.raises(reports.ReportError, match="figure verdict"):
        report.figure("verdict")
    with pytest.raises(reports.ReportError, match="has none"):
        report.study("scaling")
    with pytest.raises(reports.ReportError, match=r"holds no verdicts\.json"):
        reports.load(tmp_path)
    (tmp_path / "verdicts.json").write_text("{}")
    with pytest.raises(reports.ReportError, match="of another version"):
        reports.load(tmp_path)


def test_things_show_themselves(out: Path) -> None:
    assert "HOLDS" in reports.load(out)._repr_html_()
    task = empirics.QuadraticTask(A=[[[2.0]]], c=[[0.0]])
    assert "<th>L</th><td>2</td><td>exact</td>" in task._repr_html_()
    run = empirics.MetaFedAvg(0.0, 0, beta=0.25, tau=1).run(task, [1.0], rounds=3)
    assert "<th>rounds</th><td>3</td>" in run._repr_html_()
    assert estimate(task, Ball([0.0], 1.0), names=["L"])["L"]._repr_latex_().startswith(r"$L \ge 2$")
    assert task.constants()["L"]._repr_latex_().startswith("$= 2$")


def test_reports_exports_what_a_user_calls_and_imports_nothing_heavy() -> None:
    assert dir(reports) == sorted(reports.__all__)
    for name in reports.__all__:
        assert getattr(reports, name).__doc__
    script = (
        "import sys, reports, empirics, theory; print([m for m in ('torch', 'pandas', 'sympy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
