"""The tasks of a report for its readers: their function, size, constants, and what they are there for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from inspect import getdoc

import torch

from empirics import Task
from reports.cells.cell import TaskPlan
from reports.judging.rows import Row, StatedConstant
from reports.measure.task_instance import CONSTANTS
from reports.plans.packaged_tasks import packaged_tasks
from reports.plans.plan import witness_plan
from reports.statements import measured, statements
from reports.tasks.factories import make_task

_POINTS = 49
_HALF_WIDTH = 2.0  # of a picture, where the task's constants hold on no smaller ball


@dataclass(frozen=True)
class Picture:
    """A task in one dimension: each agent's loss at the points x; `losses` is a row an agent."""

    x: list[float]
    losses: list[list[float]]


@dataclass(frozen=True)
class Surface:
    """A task in two dimensions: the mean loss at the points (x, y), a row for every y."""

    x: list[float]
    y: list[float]
    loss: list[list[float]]


@dataclass(frozen=True)
class TaskView:
    """A task: `function` says what its losses are, `about` what is special about it, `witness_of` what it stands for.

    constants: by name those that rows of the report were judged with, each value once with its side.
    """

    name: str
    function: str
    about: str
    factory: str
    n: int
    d: int
    witness_of: list[str]
    constants: dict[str, list[StatedConstant]] = field(default_factory=dict)
    picture: Picture | Surface | None = None


def described(plans: Sequence[TaskPlan], rows: Sequence[Row]) -> list[TaskView]:
    """The tasks that have rows, in the order of the plan."""
    mine: dict[str, list[Row]] = {}
    for row in rows:
        mine.setdefault(row.task, []).append(row)
    bounds, witnessed = {row.bound for row in rows}, statements_by_witness()
    return [
        _view(plan, mine[plan.name], [name for name in witnessed.get(plan.name, ()) if measured(name).bounds & bounds])
        for plan in plans
        if plan.name in mine
    ]


def statements_by_witness() -> dict[str, list[str]]:
    """By task the statements that have a witness on it, in the order of the statements."""
    found: dict[str, list[str]] = {}
    for name in statements():
        for task in dict.fromkeys(cell.task for cell in witness_plan([name]).cells):
            found.setdefault(task, []).append(name)
    return found


def _view(plan: TaskPlan, rows: Sequence[Row], witness_of: list[str]) -> TaskView:
    task = make_task(plan)
    return TaskView(
        name=plan.name,
        function=(getdoc(type(task)) or "no description").splitlines()[0],
        about=plan.about or _packaged(plan),
        factory=plan.factory,
        n=task.n,
        d=task.d,
        witness_of=witness_of,
        constants=_constants(rows),
        picture=picture_of(task),
    )


def _packaged(plan: TaskPlan) -> str:
    """What the packaged plan that describes this very task says of it."""
    known = packaged_tasks().get(plan.name)
    same = known is not None and (known.factory, known.arguments) == (plan.factory, plan.arguments)
    return known.about if known is not None and same else ""


def _constants(rows: Sequence[Row]) -> dict[str, list[StatedConstant]]:
    found: dict[str, list[StatedConstant]] = {}
    for row in rows:
        for name, constant in row.constants.items():
            if constant not in found.setdefault(name, []):
                found[name].append(constant)
    return {name: found[name] for name in CONSTANTS if name in found}


def picture_of(task: Task) -> Picture | Surface | None:
    """Its losses about its centre, where a plane can show them.

    >>> from empirics import QuadraticTask
    >>> bowl = picture_of(QuadraticTask(A=[[[2.0]]], c=[[0.0]]))                   # w^2 on [-2, 2]
    >>> bowl.x[0], bowl.losses[0][0], bowl.x[-1], bowl.losses[0][-1]
    (-2.0, 4.0, 2.0, 4.0)
    """
    if task.d > 2 or task.on_demand:
        return None
    half = min(_HALF_WIDTH, task.radius or _HALF_WIDTH)
    line = torch.linspace(-half, half, _POINTS, dtype=torch.float64)
    axes = [line + float(place) for place in task.centre]
    grid = torch.cartesian_prod(*axes).reshape(-1, task.d)
    losses = task.loss(grid[:, None, :].expand(-1, task.n, -1).to(task.dtype)).to(torch.float64)
    if task.d == 1:
        return Picture(axes[0].tolist(), losses.T.tolist())
    return Surface(axes[0].tolist(), axes[1].tolist(), losses.mean(-1).reshape(_POINTS, _POINTS).T.tolist())
