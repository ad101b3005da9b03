"""A cell that fails is kept as failed, the others go on, everything says so, and it is run again when that is asked."""

from __future__ import annotations

import json
import platform
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reports import recheck
from reports.build import app
from reports.plans.plan import load_plan
from reports.records import attempts, execution
from reports.records.seeded_cell import SeededCell, seeded_cells
from tests.faults.builds import TINY, TINY_CELLS, TINY_ONLY, records, tiny

BAD = 2  # of the plan's cells two run with nu = 2 in exact and stochastic mode; the exact one fails


def failing(seeded: SeededCell) -> object:
    """The cell as it is, but for one that runs out of memory."""
    if seeded.cell.kind == "runs" and seeded.cell.nu == BAD and seeded.cell.D is None:
        raise MemoryError("three bytes are missing")
    return execution.computed(seeded)


LONG = (
    TINY
    + """
[[runs]]
task = "q"
mode = "exact"
alpha_L = "1/16"
nu = 3
tau = 10_000
fraction = "1/2"
rounds = 1_000_000
statements = ["T2"]
"""
)


@pytest.mark.slow
def test_a_cell_over_its_time_limit_has_failed_and_the_others_go_on(tmp_path: Path) -> None:
    plan, out = tmp_path / "long.toml", tmp_path / "out"
    plan.write_text(LONG)
    words = ["--plan", str(plan), *TINY_ONLY, "--jobs", "1", "--out", str(out)]
    done = CliRunner().invoke(app, [*words, "--cell-limit", "20"])
    assert done.exit_code == 3, done.output
    assert "failed: runs of T2 on q, exact, nu = 3, tau = 10000: over its time limit of 20 s (on " in done.output
    assert "1 cells failed" in done.output
    assert records(out) == TINY_CELLS
    (kept,) = (out / "failed").iterdir()
    stored = json.loads(kept.read_text())
    assert stored["reason"] == "over its time limit of 20 s"
    assert stored["host"] == platform.node()
    # a limit is no part of what is run
    plan.write_text(TINY)
    stamps = {path: path.stat().st_mtime_ns for path in (out / "records").rglob("*")}
    assert CliRunner().invoke(app, words).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in (out / "records").rglob("*")} == stamps


def test_a_limit_is_one_of_running_a_cell_and_not_of_its_key() -> None:
    seeded = seeded_cells(load_plan("quick").only({"T3"}), seed=0, seeds=1, device="cpu")[0]
    _, made = execution.computed(seeded)
    bounded, found = attempts.cell_call(seeded, None, 3.0), attempts.cell_call(seeded, made, 3.0)
    assert (bounded.limit, found.limit) == (3.0, None)
    failed = bounded.given_up(bounded.over_time, "host")
    assert (failed.key, failed.reason, failed.host) == (made.key, "over its time limit of 3 s", "host")


@pytest.mark.parametrize("limit", ["0", "-1", "nan", "inf"])
def test_a_time_limit_that_is_none_is_refused(tmp_path: Path, limit: str) -> None:
    done = CliRunner().invoke(app, ["--out", str(tmp_path / "out"), "--cell-limit", limit])
    assert done.exit_code == 2
    assert done.output.startswith(f"reports.build: --cell-limit {limit}: expected a number of seconds > 0")


def test_a_failed_cell_is_reported_kept_and_run_again_only_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    words = ["--plan", str(tiny(tmp_path)), *TINY_ONLY, "--jobs", "1", "--out", str(out)]
    monkeypatch.setattr("sys.argv", ["build", *words])

    monkeypatch.setattr(attempts, "computed", failing)
    first = CliRunner().invoke(app, words)
    assert first.exit_code == 3
    assert "failed: runs of T2 on q, exact, nu = 2, tau = 1: MemoryError: three bytes are missing (on " in first.output
    assert f"to run them again: python -m reports.build {' '.join(words)} --retry-failed" in first.output
    assert records(out) == TINY_CELLS - 1
    page = (out / "index.html").read_text()
    assert "1 cells failed and gave no row" in page
    assert "three bytes are missing" in page
    (kept,) = (out / "failed").iterdir()
    stored = json.loads(kept.read_text())
    assert stored["host"]
    assert stored["command"].endswith("--retry-failed")
    assert "Traceback" in stored["trace"]
    assert recheck.check(out, jobs=1).differences == []

    monkeypatch.setattr(attempts, "computed", execution.computed)
    second = CliRunner().invoke(app, words)
    assert second.exit_code == 3, "a stored failure is reported, not tried"
    assert records(out) == TINY_CELLS - 1
    third = CliRunner().invoke(app, [*words, "--retry-failed"])
    assert third.exit_code == 0, third.output
    assert records(out) == TINY_CELLS
    assert not list((out / "failed").iterdir())
    assert "failed" not in (out / "index.html").read_text().split("<table")[0]

    dry = CliRunner().invoke(app, [*words, "--dry-run"])
    assert f"already there: {TINY_CELLS} of {TINY_CELLS} cells\ntime: none\nmemory: none" in dry.output
