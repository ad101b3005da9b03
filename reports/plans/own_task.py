"""A user's task beside those of the plan: what it is measured on, and the cells that do it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from empirics import Task
from empirics.algorithm.modes import Mode
from empirics.estimation.curvature import hessian_ends
from empirics.tasks.sampler import listed
from reports.cells.cell import TaskPlan
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.measure.task_instance import TaskInstance
from reports.plans.plan import Plan
from reports.statements import statements
from reports.tasks.networks import RADIUS, on_its_ball, states_constants

_ALPHA_L, _DELTA = Fraction(1, 8), Fraction(1, 16)
_SIZES = {"D": 8, "D_prime": 8}
_MOST_OUTCOMES = 10_000
# about a network whose constants are estimated
_SEARCHED, _LANCZOS = Fraction(1, 4), 12
_RUNS: tuple[dict[str, Any], ...] = (
    {"mode": Mode.EXACT, "nu": 1, "tau": 5, "fraction": Fraction(1, 4)},
    {"mode": Mode.FIRST_ORDER, "nu": 2, "tau": 1, "fraction": Fraction(1, 2)},
    {"mode": Mode.HESSIAN_FREE, "nu": 1, "tau": 2, "fraction": Fraction(1, 4), "delta": Fraction(1, 64)},
    {"mode": Mode.STOCHASTIC, "nu": 1, "tau": 1, "fraction": Fraction(1, 4), **_SIZES, "D_H": 8},
    {"mode": Mode.FIRST_ORDER_STOCHASTIC, "nu": 1, "tau": 1, "fraction": Fraction(1, 4), **_SIZES},
    {
        "mode": Mode.HESSIAN_FREE_STOCHASTIC, "nu": 1, "tau": 1, "fraction": Fraction(1, 4), **_SIZES, "D_H": 8,
        "delta": Fraction(1, 64),
    },
)  # fmt: skip


def with_own_task(plan: Plan, name: str, task: Task, arguments: Mapping[str, Any] | None = None) -> Plan:
    """The plan with one more task and the cells of ours: every statement that the task can be measured on.

    Points and runs for every task; runs in modes with batches where it has samples, and their bias and error by
    enumeration where the sampler lists few samples, else by sampling where it bounds them surely; T3 and T4 where its
    losses are quadratics. name: MODULE:NAME, or a factory and its arguments.
    """
    described, task = own_task(name, task, arguments)
    label, instance = described.name, TaskInstance(described, task)
    fine_tuning, delta = _steps(task)
    about: dict[str, Any] = {"task": label, **fine_tuning, "label": "own"}
    searched: dict[str, Any] = {} if task.radius is None else {"radius": Fraction(task.radius) / 8}
    if not states_constants(task):
        searched = {"radius": _SEARCHED}
    fitting = {kind: [one.id for one in statements().values() if one.kind == kind and one.task(task) is None]
               for kind in ("points", "noise", "runs")}  # fmt: skip
    runs = [
        _speaking(RunCell(**about, **{**one, **_server(task, one, fine_tuning, delta)}, statements=fitting["runs"]))
        for one in _RUNS
        if not (one["mode"].draws and task.sampler.noiseless)
    ]
    points = [PointsCell(**about, **searched, nu=nu, statements=fitting["points"], delta=delta) for nu in (1, 2)]
    noise = []
    if (method := _of_batches(instance)) is not None:
        sizes: dict[str, Any] = {"D": 1, "D_prime": 1, "D_H": 1, "delta": delta, **method}
        noise = [NoiseCell(**about, **searched, **sizes, nu=1, statements=fitting["noise"])]
    cells = {"points": [*plan.points, *points], "noise": [*plan.noise, *noise], "runs": [*plan.runs, *runs]}
    return plan.model_copy(update={"tasks": [*plan.tasks, described], **cells})


def own_task(name: str, task: Task, arguments: Mapping[str, Any] | None = None) -> tuple[TaskPlan, Task]:
    """A user's task, bounded where needed, and how a plan names it; arguments: those that it was made from."""
    label = "own-" + re.sub(r"[^a-z0-9]+", "-", (name.partition(":")[2] or name).lower()).strip("-")
    bounded = task if "@" in name else bounded_where_needed(task)  # else the radius is chosen already
    factory = name if bounded is task else f"{name}@{RADIUS}"
    return TaskPlan(name=label, factory=factory, arguments=dict(arguments or {})), bounded


def _of_batches(instance: TaskInstance) -> dict[str, Any] | None:
    """How bias and error of batches are measured; None where nothing is noisy, or too little is stated."""
    task = instance.task
    if task.sampler.noiseless or not instance.in_balls or not task.certified:
        return None
    known = listed(task)
    # nu = 1 and one sample a batch: inner, outer and Hessian batches make a tree of S^3 outcomes an agent
    if (
        known is not None
        and len(known.values) ** 3 * task.n <= _MOST_OUTCOMES
        and not isinstance(instance.samples, str)
    ):
        return {"method": "enumerate"}
    bounded = "gradient" in task.almost_sure_norms() and "sigma_G" in instance.constants
    return {"method": "sample", "replicas": 2048} if bounded else None


def bounded_where_needed(task: Task) -> Task:
    """A task that states no constants, with certified ones on a ball about its centre where these can be proved."""
    return task if states_constants(task) else on_its_ball(task, RADIUS)


def _steps(task: Task) -> tuple[dict[str, Fraction], Fraction]:
    """alpha L and delta, on a ball so small that two fine-tuning steps and a probe lead at most half its radius away.

    Points are searched within an eighth of the radius; gradients, of batches too, are at most G. Of a task without
    constants alpha itself, a power of two, from the curvature that Lanczos finds at the centre.
    """
    alpha_L, delta = _ALPHA_L, _DELTA
    if not states_constants(task):
        w = task.centre.to(task.dtype).expand(1, task.n, task.d).contiguous()
        curved = float(hessian_ends(task, w, _LANCZOS, seed=0).norm.max())
        return {"alpha": Fraction(2) ** math.floor(math.log2(float(alpha_L) / max(curved, 2.0**-20)))}, delta / 64
    if task.local is None:
        return {"alpha_L": alpha_L}, delta
    G = max(task.local.constants["B"].value, task.local.almost_sure.gradient or 0.0)
    alpha = float(alpha_L) / task.local.constants["L"].value
    while 2 * alpha * G > task.local.radius / 4:
        alpha, alpha_L = alpha / 2, alpha_L / 2
    while float(delta) * task.almost_sure_step_factor(alpha) ** 2 * G > task.local.radius / 4:
        delta /= 2
    return {"alpha_L": alpha_L}, delta


def _server(task: Task, run: dict[str, Any], fine_tuning: Mapping[str, Fraction], delta: Fraction) -> dict[str, Any]:
    """Rounds, replicas, and a server step and a probe: on a ball so small that no run leaves it."""
    probe = {"delta": min(run["delta"], delta / 4)} if "delta" in run else {}
    if not states_constants(task):
        # nothing says which step is admissible, and estimates along a run cost far more than the run
        beta = fine_tuning["alpha"] / (4 * run["tau"])
        return {"rounds": 12, "replicas": 16, "fraction": None, "beta": beta, **probe}
    if task.local is None:
        return {"rounds": 12, "replicas": 512}
    return {"rounds": 4, "replicas": 512, "fraction": Fraction(1, 32), **probe}


def _speaking(cell: RunCell) -> RunCell:
    """A run with the statements that speak about its mode and its local steps."""
    return cell.model_copy(
        update={"statements": [name for name in cell.statements if statements()[name].lacking(cell) is None]}
    )
