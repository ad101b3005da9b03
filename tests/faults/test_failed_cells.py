"""A cell that fails is kept as failed, the others go on, everything says so, and it is run again when that is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reports import recheck
from reports.build import app
from reports.records import attempts, execution
from reports.records.seeded_cell import SeededCell
from tests.faults.builds import TINY_CELLS, TINY_ONLY, records, tiny

BAD = 2  # of the plan's cells two run with nu = 2 in exact and stochastic mode; the exact one fails


def failing(seeded: SeededCell) -> object:
    """The cell as it is, but for one that runs out of memory."""
    if seeded.cell.kind == "runs" and seeded.cell.nu == BAD and seeded.cell.D is None:
        raise MemoryError("three bytes are missing")
    return execution.computed(seeded)


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
