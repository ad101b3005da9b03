"""Tasks by name: what a plan may ask for."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

import empirics
from empirics import Task
from reports.cells.cell import TaskPlan
from reports.tasks.conformance import ConformanceError, load_task
from reports.tasks.networks import on_its_ball
from reports.tasks.own_network import FACTORY, own_network
from theory.language.errors import near


class TaskError(ValueError):
    """A task that cannot be made from what a plan says of it."""


def make_task(plan: TaskPlan) -> Task:
    """The task that a plan describes.

    Raises TaskError for an unknown factory or arguments it does not take, naming the task.
    """
    if ":" in plan.factory:
        try:
            return load_task(plan.factory, plan.arguments)
        except ConformanceError as error:
            raise TaskError(f"task {plan.name}: {error}") from None
    name, at, ball = plan.factory.partition("@")
    if name not in FACTORIES:
        raise TaskError(
            f"task {plan.name}: factory {plan.factory!r} is unknown{near(name, FACTORIES)}; known are "
            f"{', '.join(sorted(FACTORIES))}"
        )
    try:
        made = FACTORIES[name](**plan.arguments)
        return on_its_ball(made, Fraction(ball)) if at else made
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise TaskError(f"task {plan.name}: {error}") from None


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


def _reflected(**arguments: Any) -> Task:
    from empirics.tasks.extremal import reflected_quadratics

    return reflected_quadratics(**arguments)


FACTORIES: dict[str, Callable[..., Task]] = {
    "quadratic": _factory("small_quadratic"),
    "cosine": _factory("small_cosine"),
    "log-cosh": _factory("small_logcosh"),
    "logistic": _factory("small_logistic"),
    "digits": lambda **arguments: empirics.DigitsTask(**arguments),
    "digits-network": _digits_network,
    FACTORY: own_network,
    "small-network": _small_network,
    "sinusoid": lambda **arguments: empirics.sinusoid_regression(**arguments),
    "teacher-student": lambda **arguments: empirics.teacher_student(**arguments),
    "reflected-quadratics": _reflected,
    "explicit-quadratic": _explicit("QuadraticTask", "A", "c", "e"),
    "explicit-cosine": _explicit("CosineTask", "a", "s", "phi"),
    "explicit-log-cosh": _explicit("LogCoshTask", "a", "s", "phi"),
    "explicit-spline": _explicit("SplineTask", "knots", "curvature", "slope", "value"),
    "explicit-logistic": _explicit("LogisticTask", "x", "y"),
}
