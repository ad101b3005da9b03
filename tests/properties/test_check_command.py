"""`python -m empirics.testing check`: exit status 0, 1 or 2, and what is printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from empirics.testing.__main__ import main

OURS = "tests.properties.implementations"


@pytest.fixture(autouse=True)
def few_examples(monkeypatch):
    from dataclasses import replace

    from empirics.testing.budget import PROFILES

    for name, budget in PROFILES.items():
        monkeypatch.setitem(PROFILES, name, replace(budget, examples=2, repeatable=True, large=1))


@pytest.mark.parametrize(
    "options",
    [
        [f"{OURS}:right", "--dtype", "float32"],
        [f"{OURS}:right", "--mode", "first_order,hessian_free", "--mode", "exact", "--nu", "1"],
        [f"{OURS}:right_round", "--kind", "round", "--dtype", "numpy.float64", "--thorough"],
        [f"{OURS}:right_stochastic", "--kind", "stochastic", "--nu", "1"],
    ],
    ids=lambda options: " ".join(options[1:]),
)
def test_right_code_ends_with_status_0(options, capsys):
    assert main(["check", *options]) == 0
    assert "properties hold" in capsys.readouterr().out


def test_wrong_code_ends_with_status_1_and_its_cause(capsys):
    wrong = "empirics.testing.demonstration:graph_lost"
    assert main(["check", wrong, "--nu", "1"]) == 1
    assert "all Hessians are dropped (first order)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["no_such_module:f"], "no_such_module"),
        ([f"{OURS}:no_such_name"], "no_such_name"),
        ([f"{OURS}:righ"], "did you mean right?"),
        ([OURS], "expected MODULE:FUNCTION"),
        ([f"{OURS}:__name__"], "is a str: expected a function"),
        ([f"{OURS}:right", "--mode", "stochastic"], "modes"),
        ([f"{OURS}:right", "--mode", "exat"], "did you mean exact?"),
        ([f"{OURS}:right", "--dtype", "int64"], "dtype"),
        ([f"{OURS}:right", "--nu", "0"], "nu = 0"),
    ],
)
def test_bad_input_ends_with_status_2_and_one_line(options, words, capsys):
    assert main(["check", *options]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_training_code_on_modules_from_a_file_of_ones_own(tmp_path):
    lines = ["from empirics.testing import demonstration, on_modules", "f = on_modules(demonstration.maml)", ""]
    (tmp_path / "mine.py").write_text("\n".join(lines))
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-m", "empirics.testing", "check", "mine:f", "--nu", "1"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "properties hold" in done.stdout
