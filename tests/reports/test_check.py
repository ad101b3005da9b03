"""One setting without a plan file: the rows of a report, what stands beside them, and refusals in one line."""

from __future__ import annotations

import io
import json
import os
from fractions import Fraction
from math import sin
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import reports
from reports.analyses.judged import judged_outcomes
from reports.check import app
from reports.figures.output import image
from reports.plans.packaged_tasks import packaged_tasks
from reports.plans.plan import load_plan, plan_names
from reports.records.execution import execute
from reports.records.seeded_cell import seeded_cells
from reports.settings.drawn import figure
from reports.settings.words import SettingError, read

RUN = {"task": "quadratic-mild", "alpha_L": "1/4", "tau": 5, "fraction": 1, "rounds": 8}
BOWL = {"task": "witness-bowl", "alpha": "1/2", "nu": 0, "tau": 1, "beta": 1, "rounds": 2, "start": 1}
POINTS = {"task": "witness-bowl", "alpha": "1/2", "at": 1, "pair": "1/2"}


def words(setting: dict[str, object], **more: object) -> list[str]:
    return [f"{key}={value}" for key, value in {**setting, **more}.items()]


def said(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_a_rate_where_it_is_attained() -> None:
    # F = w^2/2 from 1 with beta = 1: w_1 = 0, so the mean of w_0^2 and w_1^2 is 1/2; A = 1/2 and N = 0, so
    # T2 = (1/2) / ((1/2) 1 2)
    (row,) = reports.check_setting("T2", mode="exact", **BOWL)
    assert row.predicted == 0.5
    assert row.lower <= 0.5 <= row.upper
    assert row.measured == pytest.approx(0.5)
    assert row.verdict == "HOLDS"


def test_a_grid_has_one_row_a_cell_in_its_order() -> None:
    # F'(w) = (1 - alpha)^(2 nu) w
    found = reports.check_setting("S4", nu=range(3), **POINTS)
    mine = [row for row in found if row.quantity == "L_F"]
    assert [row.nu for row in mine] == [0, 1, 2]
    assert [row.measured for row in mine] == [1.0, 0.25, 0.0625]
    assert found.frame()["nu"].tolist() == [0, 0, 1, 1, 2, 2]
    assert found.varied == ("nu",)


PLAN = """title = "a rate where it is attained"
[[tasks]]
name = "witness-bowl"
factory = "explicit-quadratic"
arguments = { A = [[[1]]], c = [[0]] }
[[runs]]
task = "witness-bowl"
alpha = "1/2"
nu = 0
tau = 1
beta = 1
rounds = 2
start = [1]
mode = "exact"
statements = ["T2"]
"""


def test_the_row_is_that_of_a_plan(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN)
    plan = load_plan(str(tmp_path / "plan.toml"))
    cells = seeded_cells(plan, seed=0, seeds=1, device="cpu")
    (theirs,) = judged_outcomes(plan, (), [execute(cell, tmp_path / "records") for cell in cells]).rows
    (ours,) = reports.check_setting("T2", mode="exact", **BOWL)
    assert ours == theirs


def test_the_sharpest_known_bound_is_the_least_that_applies() -> None:
    found = reports.check_setting("T2,T2p", nu=1, mode="first_order", **RUN)
    T2, T2p = found
    assert T2p.predicted < T2.predicted
    assert {found.sharpest[row.row_id].bound for row in found} == {"T2p"}
    # T2 speaks of m agents without replacement; T2p of replacement as well
    T2, T2p = found = reports.check_setting("T2,T2p", nu=1, mode="exact", sampling="replacement", replicas=4, **RUN)
    assert T2.verdict == "NOT_APPLICABLE"
    assert found.sharpest[T2.row_id].row_id == T2p.row_id


def test_a_published_bound_stands_beside_ours() -> None:
    (row,) = found = reports.check_setting("per_fedavg.L_F", nu=1, **POINTS)
    # 4 L + alpha rho B = 4 with L = 1, rho = 0; ours is at most (1 + alpha L)^2 = 9/4
    assert row.predicted == 4.0
    assert found.sharpest[row.row_id].bound == "S4"
    assert found.sharpest[row.row_id].predicted < 4.0


CLAIM = """
[[claim]]
id = "half-L"
measures = "L_F"
rhs = "L/8"
hypotheses = []
source = "a test"
"""


def test_a_violated_claim_is_status_1_and_never_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "claims.toml").write_text(CLAIM)
    file = str(tmp_path / "claims.toml")
    (row,) = found = reports.check_setting("half-L", nu=1, claims=[file], **POINTS)
    assert (row.measured, row.predicted, row.verdict) == (0.25, 0.125, "VIOLATED")
    assert found.sharpest[row.row_id].bound == "S4"
    status, text = said("half-L", *words(POINTS, nu=1), "--claims", file)
    assert status == 1
    assert "VIOLATED" in text


def test_text_json_and_csv_say_the_same() -> None:
    arguments = ["T2", *words(BOWL, mode="exact")]
    status, text = said(*arguments)
    assert status == 0
    for one in (
        "predicted       0.5",
        "sharpest known  0.5",
        "trivial",
        "measured        0.5   in [",
        "HOLDS: ",
        "h <= 1: h = 1",
    ):
        assert one in text
    body = json.loads(said(*arguments, "--json")[1])
    frame = pd.read_csv(io.StringIO(said(*arguments, "--csv")[1]))
    assert body["rows"][0]["predicted"] == frame["predicted"][0] == 0.5
    assert body["rows"][0]["verdict"] == frame["verdict"][0] == "HOLDS"
    assert set(body["sharpest"]) == set(frame["row_id"])


def test_a_grid_is_a_table_and_a_plot(tmp_path: Path) -> None:
    file = tmp_path / "both.svg"
    status, text = said("S4", *words(POINTS, nu="0..2"), "--plot", str(file))
    assert status == 0
    head, *lines = text.splitlines()
    assert head.split()[0] == "nu"
    assert len(lines) == 6
    assert file.read_bytes() == image(figure(reports.check_setting("S4", nu="0..2", **POINTS)), "svg")


def test_a_users_own_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one_setting_wave.py").write_text(
        "from empirics import CosineTask\ndef wave(s=1.0): return CosineTask([[1.0]], [[s]], [[0.0]])\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    points = {"alpha": "1/2", "at": 0, "pair": "1/2", "nu": 0}
    status, text = said("S4", *words(points), "--task", "one_setting_wave:wave", "--json")
    assert status == 0
    # f = s cos: its gradients at 0 and 1/2 are 0 and -s sin(1/2)
    assert json.loads(text)["rows"][0]["measured"] == pytest.approx(2 * sin(0.5))
    row = reports.check_setting("S4", **{**points, "task": "one_setting_wave:wave", "task.s": 2.0})[0]
    assert row.measured == pytest.approx(4 * sin(0.5))


def test_records_are_kept_and_used(tmp_path: Path) -> None:
    first = reports.check_setting("T2", mode="exact", out=tmp_path, **BOWL)
    (record,) = (tmp_path / "records").rglob("*.npz")
    written = record.stat().st_mtime_ns
    assert reports.check_setting("T2", mode="exact", out=tmp_path, **BOWL).rows == first.rows
    assert [one.stat().st_mtime_ns for one in (tmp_path / "records").rglob("*.npz")] == [written]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"m": 9}, "m = 9: expected an integer between 1 and n = 4"),
        ({"mode": "stochastic"}, "mode stochastic needs D"),
        ({"start": "1,2"}, "start has 2 entries, expected 4"),
        ({"alpha_L": "-1/4"}, "alpha_L = '-1/4': expected a number > 0"),
        ({"taw": 5}, "taw = 5: not a key of T2 (did you mean tau?)"),
        ({"task": "quadratic-mil"}, "did you mean quadratic-mild?"),
        ({"mode": "exakt"}, "did you mean exact?"),
        ({"task.k": 3}, "unexpected keyword argument 'k'"),
        ({"beta": 1}, "exactly one of fraction"),
        ({"nu": ""}, "nu=: expected key=value"),
        ({"nu": "5..0"}, "expected a range that rises, such as 0..10"),
        ({"seed": 1}, "--seed VALUE"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(change: dict[str, object], why: str) -> None:
    status, text = said("T2", *words({**RUN, "nu": 1, "mode": "exact", **change}))
    assert status == 2
    assert why in text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["T2", *words(RUN, nu=1)], "missing for T2: mode"),
        (["T2q", *words(RUN)], "did you mean T2?"),
        (["C5", *words(RUN)], "C5: nothing measures its left side"),
        (["S5", "task=cosine", "nu=1"], "D_prime (batch of the gradient at the fine-tuned point), "),
        (["T2", "nu=1"], "task is missing"),
        (["T2", *words(BOWL, mode="exact"), "--plot", "x.bmp"], "--plot x.bmp: expected a name that ends in"),
        (["T2", *words(BOWL, mode="exact"), "--plot", "x.svg"], "expected a key with several values"),
        (["T2", "nu=1", "nu=2"], "nu = 2: given twice"),
        (["T2", "nu=1", "--csv", "t2.csv"], "--csv prints to standard output: --csv > t2.csv"),
        (["S4", "task=network-on-ball", "alpha_L=1", "nu=3", "radius=1"], "choose a smaller radius of points, alpha"),
        (["reports.statements:t22", "nu=1", "task=cosine"], "has no t22 (did you mean t2?)"),
        (["T2", "--claims", "/no/such.toml"], "/no/such.toml"),
        (["T2", "--task", "nosuchmodule:x"], "nosuchmodule"),
    ],
)
def test_what_is_missing_or_unknown_is_named(arguments: list[str], why: str) -> None:
    status, text = said(*arguments)
    assert status == 2
    assert why in text
    assert len(text.splitlines()) == 1


def test_a_folder_that_takes_no_records_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    status, text = said("T2", *words({**BOWL, "task": "nosuchtask", "mode": "exact"}), "--out", str(tmp_path / "file"))
    assert (status, len(text.splitlines())) == (2, 1)
    assert "Not a directory; choose another" in text


def test_a_plot_that_cannot_be_written_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["T2", *words({**BOWL, "task": "nosuchtask", "mode": "exact"}), "--plot"]
    (tmp_path / "folder.svg").mkdir()
    places = [tmp_path / "folder.svg", tmp_path / "none" / "x.svg"]
    told = [said(*asked, str(place)) for place in places]
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    told.append(said(*asked, str(tmp_path / "x.svg")))
    assert [status for status, _ in told] == [2, 2, 2]
    assert all("--plot" in text and len(text.splitlines()) == 1 for _, text in told)


def test_without_arguments_it_says_what_it_does() -> None:
    status, text = said()
    assert status == 2
    assert "Check bounds at one setting" in text


def test_python_words_are_read_as_numbers() -> None:
    assert read("alpha", 0.1) == Fraction(0.1)
    assert read("alpha", "0.1") == "0.1"
    with pytest.raises(SettingError, match="at least one value"):
        read("nu", [])


def test_a_name_means_one_task_in_all_packaged_plans() -> None:
    known = packaged_tasks()
    for name in plan_names():
        for task in load_plan(name).tasks:
            assert known[task.name] == task


def test_a_notebook_shows_rows_and_tables() -> None:
    (row,) = found = reports.check_setting("T2", mode="exact", **BOWL)
    assert "<th>predicted</th><td>0.5</td>" in row._repr_html_()
    assert "<th>verdict</th><td>HOLDS</td>" in row._repr_html_()
    assert "<a>" not in row.model_copy(update={"reason": "<a>"})._repr_html_()
    assert "<td>0.5</td>" in found._repr_html_()
