"""Tasks by name: what a plan may ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import empirics
from empirics import Task
from reports.plans.plan import Plan, PlanError, TaskPlan


def make_task(plan: TaskPlan) -> Task:
    """The task that a plan describes.

    Raises PlanError for an unknown factory or arguments it does not take, naming the task.
    """
    if ":" in plan.factory:
        from reports.plans.conformance import load_task

        return load_task(plan.factory)
    if plan.factory not in FACTORIES:
        raise PlanError(
            f"task {plan.name}: factory {plan.factory!r} is unknown; known are {', '.join(sorted(FACTORIES))}"
        )
    try:
        return FACTORIES[plan.factory](**plan.arguments)
    except (TypeError, ValueError) as error:
        raise PlanError(f"task {plan.name}: {error}") from None


def check_tasks(plan: Plan) -> None:
    """Make every task of a plan once, so that a bad one is refused before any work.

    Raises PlanError for a task that cannot be made, and for T3 or T4 on a task without closed forms.
    """
    for task in plan.tasks:
        family = make_task(task).family
        asked = {statement for run in plan.runs if run.task == task.name for statement in run.statements}
        if family != "quadratic" and asked & {"T3", "T4"}:
            raise PlanError(f"task {task.name}: T3 and T4 are measured on quadratics, where F* and mu_F are exact")


def _explicit(kind: str, *names: str) -> Callable[..., Task]:
    """A task class with its arrays written out in the plan."""

    def make(*, noise: dict[str, Any] | None = None, **arguments: Any) -> Task:
        arrays = {name: np.asarray(arguments.pop(name), dtype=float) for name in names if name in arguments}
        given = {} if noise is None else {"noise": empirics.Noise(**noise)}
        return getattr(empirics, kind)(**arrays, **arguments, **given)

    return make


def _factory(name: str) -> Callable[..., Task]:
    """A reference task of empirics.factories with coordinate noise of the plan's scales, looked up when it is made."""

    def make(*, noise: dict[str, float] | None = None, **arguments: Any) -> Task:
        build = getattr(empirics.factories, name)
        if noise is None:
            return build(**arguments)
        plain = build(**arguments)
        return build(**arguments, noise=empirics.Noise.coordinate(plain.n, plain.d, **noise))

    return make


def _digits_network(**arguments: Any) -> Task:
    from empirics.tasks.networks.digit_networks import digits_network

    return digits_network(**arguments)


def _small_network(**arguments: Any) -> Task:
    from empirics.tasks.networks.small_networks import small_network

    return small_network(**arguments)


FACTORIES: dict[str, Callable[..., Task]] = {
    "quadratic": _factory("small_quadratic"),
    "cosine": _factory("small_cosine"),
    "log-cosh": _factory("small_logcosh"),
    "logistic": _factory("small_logistic"),
    "digits": lambda **arguments: empirics.DigitsTask(**arguments),
    "digits-network": _digits_network,
    "small-network": _small_network,
    "sinusoid": lambda **arguments: empirics.sinusoid_regression(**arguments),
    "teacher-student": lambda **arguments: empirics.teacher_student(**arguments),
    "explicit-quadratic": _explicit("QuadraticTask", "A", "c", "e"),
    "explicit-cosine": _explicit("CosineTask", "a", "s", "phi"),
    "explicit-log-cosh": _explicit("LogCoshTask", "a", "s", "phi"),
    "explicit-spline": _explicit("SplineTask", "knots", "curvature", "slope", "value"),
    "explicit-logistic": _explicit("LogisticTask", "x", "y"),
}
