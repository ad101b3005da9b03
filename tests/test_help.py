"""Every command explains itself: without words, in its help, in a pipe, and without importing torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from empirics.algorithm.modes import MODES
from reports.build import app as build
from reports.cells.kinds import CELLS
from reports.check import app as check
from reports.figures.__main__ import app as figures
from reports.figures.venues import venue_names
from reports.plan import app as plan
from reports.plans.plan import plan_names
from reports.refute import app as refute
from reports.store import app as store
from reports.tasks.factories import FACTORIES
from theory.__main__ import app as theory
from theory.tables import default_table

ROOT = Path(__file__).resolve().parent.parent
LISTINGS = """
import json, sys
from typer.testing import CliRunner
from reports import build, check, plan, refute
from reports.figures.__main__ import app as figures
from theory.__main__ import app as theory
calls = [(one.app, ["--help"]) for one in (build, check, plan, refute)] + [(figures, ["--help"]), (theory, ["--help"])]
calls += [(plan.app, ["keys"]), (plan.app, ["tasks"]), (theory, ["list"]), (theory, ["eval", "--help"])]
codes = [CliRunner().invoke(app, words).exit_code for app, words in calls]
print(json.dumps([codes, "torch" in sys.modules]))
"""


def test_help_and_listings_import_no_torch() -> None:
    done = subprocess.run([sys.executable, "-c", LISTINGS], cwd=ROOT, capture_output=True, text=True, check=True)
    codes, torch = json.loads(done.stdout)
    assert set(codes) == {0}
    assert not torch


@pytest.mark.parametrize(
    ("app", "words"),
    [(check, []), (plan, []), (plan, ["check"]), (refute, []), (store, []), (store, ["show"]), (theory, [])]
    + [(theory, [verb]) for verb in ("show", "eval", "table", "admissible", "sharpen", "check-certificate")],
)
def test_without_words_a_command_prints_its_help(app, words: list[str]) -> None:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert done.stdout.startswith("Usage:")
    assert "Missing" not in done.output


def test_help_lists_what_can_be_said() -> None:
    def told(app, *words: str) -> str:
        return " ".join(CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"}).stdout.split())

    assert all(name in told(build) for name in plan_names())
    keys = told(check)
    assert all(key in keys for cell in CELLS.values() for key in cell.model_fields)
    assert all(mode in keys for mode in MODES)
    assert all(name in told(figures) for name in venue_names())
    assert all(key in told(theory, "eval") for key in default_table().keys)
    assert all(name in CliRunner().invoke(plan, ["tasks"]).stdout for name in FACTORIES)


@pytest.mark.parametrize("command", ["theory list", "reports.plan keys", "reports.build --help"])
def test_a_closed_pipe_is_no_traceback(command: str) -> None:
    text = f"{sys.executable} -m {command} | head -n 1"
    done = subprocess.run(text, shell=True, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Traceback" not in done.stderr
    assert len(done.stdout.splitlines()) == 1
