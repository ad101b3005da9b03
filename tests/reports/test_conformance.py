"""A user's own task: refused for what is wrong with it, measured when nothing is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reports.judging.rows import Verdict
from reports.judging.verdicts import judge
from reports.plans.checking import check_tasks
from reports.plans.own_task import with_own_task
from reports.plans.plan import Plan, PlanError, load_plan
from reports.records.execution import execute
from reports.records.seeded_cell import seeded_cells
from reports.tasks.conformance import ConformanceError, checks, load_task, require_conformance
from tests.reports.waves import WAVES

SOURCE = (
    WAVES
    + """

class WrongSlope(Waves):
    slope = 1.001


class WrongBend(Waves):
    bend = 0.99


class SmallL(Waves):
    limits = {**Waves.limits, "L": 0.9}


class SmallB(Waves):
    limits = {**Waves.limits, "B": 1.0}


class SmallSpread(Waves):
    limits = {**Waves.limits, "gamma_H": 0.1}


class Silent(Waves):
    limits = {"L": 1.0}


class High(Waves):
    low = 1.0


number = 3


def broken():
    raise RuntimeError("out of order")
"""
)


@pytest.fixture(autouse=True)
def _module(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.mktemp("own")
    Path(folder / "waves_of_a_user.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(folder))
    sys.modules.pop("waves_of_a_user", None)


def test_a_good_task_passes_every_check() -> None:
    task = load_task("waves_of_a_user:Waves")
    done = require_conformance("waves", task)
    assert {check.name for check in done} >= {"gradient against the difference of losses", "constant L", "constant B"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("WrongSlope", "gradient against the difference of losses"),
        ("WrongBend", "hvp against the difference of gradients"),
        ("SmallL", "constant L: stated upper 0.9"),
        ("SmallB", "constant B"),
        ("SmallSpread", "constant gamma_H"),
        ("Silent", "rho, B, gamma_G, gamma_H not stated"),
        ("High", "loss_lower_bound"),
    ],
)
def test_a_wrong_task_is_refused_for_what_is_wrong(name: str, message: str) -> None:
    with pytest.raises(ConformanceError, match=message):
        require_conformance(name, load_task(f"waves_of_a_user:{name}"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("waves", "MODULE:NAME"),
        ("no_such_module_here:X", "cannot be imported"),
        ("waves_of_a_user:Nothing", "has no Nothing"),
        ("waves_of_a_user:number", "neither a Task"),
        ("waves_of_a_user:broken", "out of order"),
        ("builtins:dict", "makes a dict"),
    ],
)
def test_what_is_not_a_task_is_refused(name: str, message: str) -> None:
    with pytest.raises(ConformanceError, match=message):
        load_task(name)


def test_the_built_in_tasks_conform() -> None:
    import empirics

    for make in (empirics.factories.small_cosine, empirics.factories.small_logcosh):
        assert all(check.holds for check in checks(make()))


def test_its_rows_are_judged_beside_the_plans(tmp_path: Path) -> None:
    name = "waves_of_a_user:Waves"
    plan = with_own_task(Plan(title="none", tasks=[]), name, load_task(name))
    rows = judge(
        [
            f
            for seeded in seeded_cells(plan, seed=0, seeds=1, device="cpu")
            for f in execute(seeded, tmp_path).measurements
        ]
    )
    assert {row.mode for row in rows} == {"exact", "first_order", "hessian_free"}
    assert {row.verdict for row in rows} <= {Verdict.HOLDS, Verdict.VACUOUS}
    assert any(row.verdict is Verdict.HOLDS for row in rows)


def test_a_task_with_a_ball_form_is_measured_at_points_as_well() -> None:
    import empirics

    plan = with_own_task(
        Plan(title="none", tasks=[]), "empirics.tasks.factories:small_cosine", empirics.factories.small_cosine()
    )
    assert {statement for cell in plan.points for statement in cell.statements} >= {"S4", "S9"}


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("waves_of_a_user:WrongSlope", "gradient against the difference of losses"),
        ("waves_of_a_user:SmallL", "constant L: stated upper 0.9"),
        ("waves_of_a_user:broken", "RuntimeError when made without arguments: out of order"),
        ('waves_of_a_user:Waves"\narguments = { size = 3 }\nname = "w', "TypeError when made from size"),
    ],
)
def test_a_plans_own_task_is_looked_at_like_that_of_the_command_line(tmp_path: Path, factory: str, said: str) -> None:
    name = "" if "name" in factory else 'name = "w"\n'
    cell = '[[points]]\ntask = "w"\nalpha = 1\nnu = 1\nstatements = ["S2"]\n'
    (tmp_path / "plan.toml").write_text(f'title = "own"\n[[tasks]]\n{name}factory = "{factory}"\n{cell}')
    with pytest.raises(PlanError, match=said):
        check_tasks(load_plan(str(tmp_path / "plan.toml")))
