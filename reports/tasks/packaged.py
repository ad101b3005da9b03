"""The packaged factories by name; each imports what it needs when it is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

import empirics

if TYPE_CHECKING:
    from empirics import Task

NETWORK = "network"


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


def _own_network(**arguments: Any) -> Task:
    from reports.tasks.own_network import own_network

    return own_network(**arguments)


def _reflected(**arguments: Any) -> Task:
    from empirics.tasks.extremal import reflected_quadratics

    return reflected_quadratics(**arguments)


def _wedge(**arguments: Any) -> Task:
    from empirics.tasks.wedge import WedgeTask

    return WedgeTask(**arguments)


FACTORIES: dict[str, Callable[..., Task]] = {
    "quadratic": _factory("small_quadratic"),
    "cosine": _factory("small_cosine"),
    "log-cosh": _factory("small_logcosh"),
    "logistic": _factory("small_logistic"),
    "digits": lambda **arguments: empirics.DigitsTask(**arguments),
    "digits-network": _digits_network,
    NETWORK: _own_network,
    "small-network": _small_network,
    "sinusoid": lambda **arguments: empirics.sinusoid_regression(**arguments),
    "teacher-student": lambda **arguments: empirics.teacher_student(**arguments),
    "reflected-quadratics": _reflected,
    "wedge": _wedge,
    "explicit-quadratic": _explicit("QuadraticTask", "A", "c", "e"),
    "explicit-cosine": _explicit("CosineTask", "a", "s", "phi"),
    "explicit-log-cosh": _explicit("LogCoshTask", "a", "s", "phi"),
    "explicit-spline": _explicit("SplineTask", "knots", "curvature", "slope", "value"),
    "explicit-logistic": _explicit("LogisticTask", "x", "y"),
}
