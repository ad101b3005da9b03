"""More replicas where samples leave a row open: verdicts stay valid, counts are stored, all else stays as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from reports import recheck
from reports.judging.measurement import Sampled
from reports.judging.statistics import betting_upper_bounds, level_of_look
from reports.judging.verdicts import confidence_limits
from reports.pipeline import build
from reports.plans.plan import load_plan
from reports.records.workers import OneByOne
from reports.request import Request
from tests.faults.builds import read

PLAN = """title = "Rows that samples leave open"
[[tasks]]
name = "cosine"
factory = "cosine"
arguments = { n = 4, noise = { gradient = 0.25 } }
[[noise]]
task = "cosine"
alpha_L = "1/4"
nu = 1
D = 1
D_prime = 1
D_H = 1
method = "sample"
replicas = 256
statements = ["S6"]
[[runs]]
task = "cosine"
mode = ["stochastic", "first_order"]
D = 8
D_prime = 8
D_H = 8
alpha_L = "1/8"
nu = 1
tau = 1
m = 2
fraction = "1/2"
rounds = 10
replicas = 16
statements = ["T2"]
"""


def test_all_looks_together_have_the_level() -> None:
    shares = [Fraction(level_of_look(1.0, look)).limit_denominator(10**6) for look in range(1, 100)]
    assert sum(shares) == 1 - Fraction(1, 100)
    with pytest.raises(ValueError, match="look: 0"):
        level_of_look(0.1, 0)


def test_limits_after_several_looks_are_the_best_of_all_of_them_and_right_at_once() -> None:
    # whoever stops at the look that suits him is wrong no more often than the level says
    level, mean, first, looks, trials = 0.25, 0.5, 16, 8, 400
    draws = (np.random.default_rng(18).random((trials, first * 2 ** (looks - 1))) < mean).astype(float)
    whole = np.array([betting_upper_bounds(draws[:, : first << k], 0.0, 1.0, level) for k in range(looks)])
    shared = np.array(
        [betting_upper_bounds(draws[:, : first << k], 0.0, 1.0, level_of_look(level, k + 1)) for k in range(looks)]
    )
    wrong = [(bounds.min(axis=0) < mean).mean() for bounds in (whole, shared)]
    assert wrong[0] > 2 * wrong[1] > 0, "much less often than if every look had the whole level"
    assert wrong[1] <= level
    sample = Sampled(draws[0], 0.0, 1.0, 0.0, "by hand", look=looks)
    assert confidence_limits(sample, level)[2] == shared[:, 0].min()
    assert confidence_limits(replace(sample, look=None), level)[2] == whole[-1, 0]


def asked(folder: Path, refine: float | None) -> Request:
    (folder / "plan.toml").write_text(PLAN)
    name = str(folder / "plan.toml")
    return Request(
        load_plan(name), name, folder / "out", "cpu", 0, 1, 1, only=("S6", "T2"), refine=refine, command=["build"]
    )


def test_more_replicas_decide_what_was_open_and_everything_says_so(tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(asked(tmp_path, None), OneByOne())
    plain = read(out)
    assert {row["verdict"] for row in json.loads(plain["verdicts.json"])["rows"]} == {"INCONCLUSIVE"}

    report = build(asked(tmp_path, 600.0), OneByOne())
    rows = {row.row_id: row for row in report.rows}
    assert {str(row.verdict) for row in rows.values()} == {"HOLDS"}
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["refinement"]["seconds"] == 600.0
    looks = manifest["refinement"]["looks"]
    assert sorted(looks.values())[:2] == [2, 2]
    for row in rows.values():
        look = looks[next(key for key, at in looks.items() if at and row.seeds == 2 ** (at - 1))]
        assert row.replicas == 2 ** (look - 1) * (16 if row.bound == "T2" else 256)
        assert f"shared by {look} looks and those to come" in row.decided_by
    page = (out / "index.html").read_text()
    assert "More replicas where samples left a row open" in page
    assert "3 of 3 cells were given more replicas" in page

    assert recheck.check(out, workers=OneByOne(), rerun=None).differences == []
    name = next(iter(rows))
    again, differences = recheck.reproduce(out, name)
    assert (again, differences) == (rows[name], [])
    forged = {**manifest, "refinement": {**manifest["refinement"], "looks": dict.fromkeys(looks, 3)}}
    (out / "manifest.json").write_text(json.dumps(forged))
    assert recheck.check(out, workers=OneByOne()).differences != []

    build(asked(tmp_path, None), OneByOne())
    assert read(out) == plain


def test_no_time_is_no_more_replicas(tmp_path: Path) -> None:
    report = build(asked(tmp_path, 1e-9), OneByOne())
    assert {row.seeds for row in report.rows} == {1}
    assert recheck.check(tmp_path / "out", workers=OneByOne()).differences == []
    assert "0 of 3 cells were given more replicas" in (tmp_path / "out" / "index.html").read_text()
