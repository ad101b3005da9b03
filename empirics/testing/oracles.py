"""Slow, independent answers in NumPy: scalar formulas, dense Jacobians and complex-step derivatives.

Nothing here calls a method of a problem that a checked function may call: the losses, their gradients and their
Hessians are written again, entry by entry, from the data of the problem.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from empirics.algorithm.modes import Mode
from empirics.testing.agent import Agent, Problem
from empirics.testing.network_problem import Network
from empirics.testing.problems import Quadratic, Ridge

_COMPLEX_STEP = 1e-30


def loss_at(problem: Problem, w: np.ndarray) -> Any:
    """f(w), also at complex w."""
    if isinstance(problem, Quadratic):
        x = [entry - centre for entry, centre in zip(w, problem.c, strict=True)]
        pairs = [(i, j) for i in range(problem.d) for j in range(problem.d)]
        return sum(problem.A[i][j] * x[i] * x[j] for i, j in pairs) / 2 + problem.e
    if isinstance(problem, Ridge):
        profiles = {"cosine": np.cos, "logcosh": lambda t: np.log(np.cosh(t)), "logistic": _softplus}
        terms = zip(problem.s, _angles(problem, w), strict=True)
        return sum(s * profiles[problem.kind](t) for s, t in terms) + _dot(problem.b, w) + problem.e
    if isinstance(problem, Network):
        residuals = [_network_residual(problem, w, k)[0] for k in range(len(problem.y))]
        return problem.scale * sum(r * r for r in residuals) / (2 * len(residuals)) + problem.e
    return problem.loss(w)


def gradient_at(problem: Problem, w: np.ndarray) -> np.ndarray:
    """grad f(w), also at complex w."""
    if isinstance(problem, Quadratic):
        return np.array([_dot(row, w - np.array(problem.c)) for row in problem.A])
    if isinstance(problem, Ridge):
        slopes = {"cosine": lambda t: -np.sin(t), "logcosh": lambda t: np.sinh(t) / np.cosh(t), "logistic": _sigmoid}
        total = np.array(problem.b, dtype=w.dtype)
        for s, t, a in zip(problem.s, _angles(problem, w), problem.a, strict=True):
            total = total + s * slopes[problem.kind](t) * np.array(a)
        return total
    if isinstance(problem, Network):
        return _network_gradient(problem, w)
    return problem.gradient(w)


def hessian_at(problem: Problem, w: np.ndarray) -> np.ndarray:
    """The dense Hessian at a real w: from the formula, or for a network by complex steps through its gradient."""
    if isinstance(problem, Quadratic):
        return np.array(problem.A)
    if isinstance(problem, Ridge):
        bends = {
            "cosine": lambda t: -np.cos(t),
            "logcosh": lambda t: 1 / np.cosh(t) ** 2,
            "logistic": lambda t: 1 / (2 + np.exp(t) + np.exp(-t)),
        }
        parts = zip(problem.s, _angles(problem, w), problem.a, strict=True)
        return sum((s * bends[problem.kind](t) * np.outer(a, a) for s, t, a in parts), np.zeros((problem.d, problem.d)))
    if isinstance(problem, Network):
        steps = _COMPLEX_STEP * 1j * np.eye(problem.d)
        columns = [np.imag(gradient_at(problem, w + step)) / _COMPLEX_STEP for step in steps]
        return np.column_stack(columns)
    return np.column_stack([problem.hvp(w, unit) for unit in np.eye(problem.d)])


def trajectory(problem: Agent, w: np.ndarray, alpha: float, nu: int) -> list[np.ndarray]:
    """w^0 = w, ..., w^nu."""
    points = [np.asarray(w)]
    for _ in range(nu):
        points.append(points[-1] - alpha * gradient_at(problem.support, points[-1]))
    return points


def jacobian_product(problem: Agent, w: np.ndarray, alpha: float, nu: int) -> np.ndarray:
    """S1: J^T grad q(w^nu), q the query loss, J = P^{nu-1} ... P^0 accumulated forwards as a dense matrix."""
    *points, last = trajectory(problem, w, alpha, nu)
    jacobian = np.eye(problem.d)
    for point in points:
        jacobian = (np.eye(problem.d) - alpha * hessian_at(problem.support, point)) @ jacobian
    return jacobian.T @ gradient_at(problem.query, last)


def complex_step(problem: Agent, w: np.ndarray, alpha: float, nu: int) -> np.ndarray:
    """The derivative of the unrolled meta loss without any Hessian: Im f(w^nu(w + i h e_j)) / h, h = 1e-30.

    The loss is analytic, so the error is O(h^2), far below rounding, and no difference is taken.
    """
    steps = _COMPLEX_STEP * 1j * np.eye(problem.d)
    return np.array(
        [loss_at(problem.query, trajectory(problem, w + step, alpha, nu)[-1]).imag / _COMPLEX_STEP for step in steps]
    )


def first_order(problem: Agent, w: np.ndarray, alpha: float, nu: int) -> np.ndarray:
    """S8: grad f(w^nu), no Hessian in it."""
    return gradient_at(problem.query, trajectory(problem, w, alpha, nu)[-1])


def hessian_free(problem: Agent, w: np.ndarray, alpha: float, nu: int, delta: float) -> np.ndarray:
    """S9: the reverse sweep with central differences of gradients in place of Hessians."""
    *points, last = trajectory(problem, w, alpha, nu)
    v, f = gradient_at(problem.query, last), problem.support
    for point in reversed(points):
        difference = gradient_at(f, point + delta * v) - gradient_at(f, point - delta * v)
        v = v - alpha / (2 * delta) * difference
    return v


def meta_gradient_of(
    problem: Agent, w: np.ndarray, alpha: float, nu: int, mode: str, delta: float | None
) -> np.ndarray:
    """The oracle of a full-batch mode."""
    if not Mode(mode).curved:
        return first_order(problem, w, alpha, nu)
    if Mode(mode).probes and delta is not None:
        return hessian_free(problem, w, alpha, nu, delta)
    return jacobian_product(problem, w, alpha, nu)


def _angles(problem: Ridge, w: np.ndarray) -> list[Any]:
    return [_dot(a, w) + phase for a, phase in zip(problem.a, problem.phi, strict=True)]


def _dot(a: Any, b: Any) -> Any:
    return sum(x * y for x, y in zip(a, b, strict=True))


def _softplus(t: Any) -> Any:
    return np.log(1 + np.exp(-t))


def _sigmoid(t: Any) -> Any:
    return -1 / (1 + np.exp(t))


def _network_residual(problem: Network, w: np.ndarray, k: int) -> tuple[Any, list[Any], list[float]]:
    z = [*problem.x[k], 1.0]
    width, hidden = len(z), problem.hidden
    units = [np.tanh(_dot(w[j * width : (j + 1) * width], z)) for j in range(hidden)]
    return _dot(w[hidden * width :], units) - problem.y[k], units, z


def _network_gradient(problem: Network, w: np.ndarray) -> np.ndarray:
    total = np.zeros(problem.d, dtype=w.dtype)
    outer = w[problem.hidden * (len(problem.x[0]) + 1) :]
    for k in range(len(problem.y)):
        residual, units, z = _network_residual(problem, w, k)
        rows = [[residual * out * (1 - unit**2) * entry for entry in z] for out, unit in zip(outer, units, strict=True)]
        total = total + np.array([entry for row in rows for entry in row] + [residual * unit for unit in units])
    return problem.scale * total / len(problem.y)
