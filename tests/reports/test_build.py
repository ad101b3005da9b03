"""The command as a user meets it: what it writes, what it refuses, and that its rows mean what they say."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import reports
import theory
from reports.build import app
from reports.figures.labels import mathtext
from reports.figures.looks import MEASURED, PREDICTED
from reports.judging.rows import Row, Verdict, VerdictFile
from tests.reports.forging import record_paths
from tests.reports.test_statement_records import NOT_MEASURED

ROOT = Path(__file__).resolve().parents[2]
WITNESSED = ("S2", "S3", "S4", "S6", "S7", "S8", "S9", "T1b", "T1c", "T2")
MODES = {"exact", "stochastic", "first_order", "first_order_stochastic", "hessian_free", "hessian_free_stochastic"}


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reports.build", *arguments], capture_output=True, text=True, cwd=ROOT, check=False
    )


def in_this_process(*arguments: str) -> Result:
    """The same command without the seconds that a process of its own takes to import everything."""
    return CliRunner().invoke(app, arguments)


def rows_of(folder: Path) -> list[Row]:
    return VerdictFile.model_validate_json((folder / "verdicts.json").read_text()).rows


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("quick") / "out"
    done = command("--profile", "quick", "--out", str(out), "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # quiet in a pipe
    return out


def test_everything_promised_is_written(quick: Path) -> None:
    names = {path.name for path in quick.iterdir()}
    assert {"index.html", "verdicts.json", "results.csv", "manifest.json", "records", "figures"} <= names
    figures = {path.suffix for path in (quick / "figures").iterdir()}
    assert figures == {".pdf", ".svg"}
    manifest = json.loads((quick / "manifest.json").read_text())
    assert len(manifest["records"]) == len(record_paths(quick)) == manifest["cells"]
    with (quick / "results.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(rows_of(quick))


def test_the_page_needs_no_network(quick: Path) -> None:
    page = (quick / "index.html").read_text()
    for loading in ('src="http', "src='http", "@import", 'rel="stylesheet"', "url(http", "fetch("):
        assert loading not in page


def test_every_prediction_is_the_theory_at_the_rows_inputs(quick: Path) -> None:
    for row in rows_of(quick):
        if row.predicted is not None:
            assert theory.quantity(row.quantity).value(**row.inputs) == row.predicted, row.row_id


def test_nothing_is_violated_and_every_statement_is_there(quick: Path) -> None:
    rows = rows_of(quick)
    assert not [row.row_id for row in rows if row.verdict is Verdict.VIOLATED]
    assert {row.mode for row in rows} == MODES
    measured = {row.bound for row in rows}
    assert {bound.id for bound in theory.bounds() if bound.provenance == "derived"} <= measured | NOT_MEASURED


def test_witnesses_show_how_good_the_bounds_are(quick: Path) -> None:
    best = {
        bound: max(
            row.tightness or 0.0 for row in rows_of(quick) if row.bound == bound and row.verdict is Verdict.HOLDS
        )
        for bound in WITNESSED
    }
    assert {bound: ratio for bound, ratio in best.items() if ratio < 0.85} == {}


def test_limits_enclose_the_measurement(quick: Path) -> None:
    for row in rows_of(quick):
        if row.measured is not None:
            assert row.lower is not None
            assert row.upper is not None
            # the midpoint of an enclosure is rounded to a float, and so are its ends
            slack = 1e-12 * (abs(row.lower) + abs(row.upper))
            assert row.lower - slack <= row.measured <= row.upper + slack, row.row_id


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rounds", "gap"])
def test_what_a_figure_of_runs_draws_last_is_what_its_row_says(quick: Path, name: str) -> None:
    report = reports.load(quick)
    figure, ratios = report.figure(name), []
    panels = figure.draw(figure.frame).axes
    assert len(panels) == len(MODES)
    for axes, (_, run) in zip(panels, figure.frame.groupby("mode", sort=False), strict=True):
        row = report.row(run["row_id"].iloc[-1])
        ends = {line.get_marker(): (line.get_xdata()[-1], line.get_ydata()[-1]) for line in axes.get_lines()}
        # the row's numbers are computed another way: rounding of the sum over rounds, and of the right side in floats
        assert ends[PREDICTED.marker] == (row.K, pytest.approx(row.predicted, rel=1e-12))
        assert ends[MEASURED.marker] == (row.K, pytest.approx(row.measured, rel=1e-12))
        ratios.append(row.predicted / row.measured)
    said = f"the right side is {mathtext(min(ratios))} to {mathtext(max(ratios))} times what was measured"
    assert said in figure.caption


def state(folder: Path) -> tuple[bytes, dict[Path, int]]:
    """What the verdicts say, and when each record was written."""
    return (folder / "verdicts.json").read_bytes(), {path: path.stat().st_mtime_ns for path in record_paths(folder)}


def test_only_measures_what_was_asked_for_and_a_second_build_reads_the_records(tmp_path: Path) -> None:
    few = ("--profile", "quick", "--only", "S4,T2", "--out", str(tmp_path), "--device", "cpu", "--jobs", "1")
    done = in_this_process(*few)
    assert done.exit_code == 0, done.stderr
    assert {row.bound for row in rows_of(tmp_path)} == {"S4", "T2", "per_fedavg.L_F", "maml.C_L"}
    before = state(tmp_path)
    assert before[1]
    assert in_this_process(*few).exit_code == 0
    assert state(tmp_path) == before


@pytest.mark.slow
def test_a_second_build_of_every_statement_says_the_same(quick: Path) -> None:
    before = state(quick)
    assert command("--profile", "quick", "--out", str(quick), "--device", "cpu", "--jobs", "1").returncode == 0
    assert state(quick) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--shard", "4/3"), ("--shard 4/3", "I/N")),
        (("--shard", "1/2", "--check"), ("--shard", "without --check")),
        (("--profile", "huge"), ("huge", "quick")),
        (("--plan", "absent.toml"), ("absent.toml", "quick")),
        (("--only", "S99"), ("S99", "S4")),
        (("--device", "tpu"), ("tpu", "cpu")),
        (("--jobs", "0"), ("--jobs 0",)),
        (("--seeds", "0"), ("--seeds 0",)),
    ],
)
def test_bad_input_is_one_line_exit_2_and_nothing_written(
    tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    out = tmp_path / "out"
    done = in_this_process(*arguments, "--out", str(out))
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("task", "statements", "word"),
    [
        ('factory = "quadratik"', '["T2"]', "quadratik"),
        ('factory = "quadratic"\narguments = { colour = 3 }', '["T2"]', "colour"),
        ('factory = "cosine"', '["T3"]', "quadratics"),
    ],
)
def test_a_plan_whose_tasks_cannot_be_made_is_refused_before_any_work(
    tmp_path: Path, task: str, statements: str, word: str
) -> None:
    plan, out = tmp_path / "plan.toml", tmp_path / "out"
    run = 'mode = "exact"\nalpha_L = "1/4"\nnu = 1\ntau = 1\nfraction = "1/2"\nrounds = 2'
    plan.write_text(
        f'title = "t"\n[[tasks]]\nname = "q"\n{task}\n[[runs]]\ntask = "q"\n{run}\nstatements = {statements}\n'
    )
    done = in_this_process("--plan", str(plan), "--out", str(out))
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert word in done.stderr
    assert not out.exists()


def test_dry_run_lists_the_cells_and_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = in_this_process("--profile", "quick", "--dry-run", "--out", str(out))
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) > 20
    assert not out.exists()


@pytest.mark.slow
def test_the_standard_report_keeps_its_promises(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = command("--out", str(out), "--device", "cpu")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = rows_of(out)
    assert len(rows) >= 150
    assert len({row.task for row in rows if not row.task.startswith("witness")}) >= 4
    assert {row.mode for row in rows} == MODES
    assert not [row.row_id for row in rows if row.verdict is Verdict.VIOLATED]
    held: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        if row.verdict is Verdict.HOLDS:
            held.setdefault((row.bound, row.mode), set()).add(row.task)
    short = {
        (bound.id, mode): len(held.get((bound.id, mode), ()))
        for bound in theory.bounds()
        if bound.provenance == "derived"
        for mode in bound.modes
        if len(held.get((bound.id, mode), ())) < 2
    }
    assert short == {}
