"""How far two correct floating-point evaluations may lie apart: running error bounds along the exact trajectory.

With eps the spacing of the dtype and N the operations on one path of a gradient, a computed gradient is off by at
most N eps G, where G sums the absolute values of its terms (`Problem.sizes`), and a computed Hessian-vector product
by N eps H norm(v). The bounds below push these through the recursions of the trajectory and of the reverse sweep with
the true factors norm(I - alpha H^l). `SLACK` is what an implementation may do beyond the plain recursion: other
orders, automatic differentiation (a few operations for each one of ours), a reference that rounds as well.
"""

from __future__ import annotations

import numpy as np

from empirics.algorithm.modes import Mode
from empirics.testing.agent import Agent, Problem
from empirics.testing.oracles import gradient_at, hessian_at, trajectory

SLACK = 16.0


def meta_gradient_rounding(
    agent: Agent, w: np.ndarray, alpha: float, nu: int, mode: str, delta: float | None, eps: float
) -> float:
    """At least the rounding error of a computed meta-gradient; infinite when the exact one is not finite."""
    points, problem = trajectory(agent, w, alpha, nu), agent.support
    if not all(np.isfinite(point).all() for point in points):
        return float("inf")
    drift, drifts = 0.0, [0.0]
    for point in points[:-1]:
        size = problem.sizes(point)
        arithmetic = alpha * size.operations * eps * size.gradient + eps * (_norm(point) + alpha * size.gradient)
        drift = _factor(problem, point, alpha, drift) * drift + arithmetic
        drifts.append(drift)
    last = agent.query.sizes(points[-1])
    error = (last.hessian + last.third * drift) * drift + last.operations * eps * last.gradient
    if not Mode(mode).curved:
        return SLACK * error
    v = gradient_at(agent.query, points[-1])
    for point, drift in zip(reversed(points[:-1]), reversed(drifts[:-1]), strict=True):
        error, v = _swept(problem, point, v, alpha, drift, error, mode, delta, eps)
    return SLACK * error


def _swept(
    problem: Problem,
    point: np.ndarray,
    v: np.ndarray,
    alpha: float,
    drift: float,
    error: float,
    mode: str,
    delta: float | None,
    eps: float,
) -> tuple[float, np.ndarray]:
    """The error and the exact vector after one factor of the reverse sweep."""
    size, length = problem.sizes(point), _norm(v) + error
    product = size.operations * eps * size.hessian * length
    factor = _factor(problem, point, alpha, drift)
    if Mode(mode).probes and delta is not None:
        ahead, behind = (problem.sizes(point + sign * delta * v) for sign in (1, -1))
        quotient = ahead.operations * eps * (ahead.gradient + behind.gradient) / (2 * delta)
        placed = eps * size.hessian * (_norm(point) + delta * length) / delta
        product, factor = product + quotient + placed, 1 + alpha * size.hessian
        difference = gradient_at(problem, point + delta * v) - gradient_at(problem, point - delta * v)
        after = v - alpha / (2 * delta) * difference
    else:
        after = v - alpha * hessian_at(problem, point) @ v
    error = factor * error + alpha * (size.third * drift * length + product)
    return error + eps * (length + alpha * size.hessian * length), after


def _factor(problem: Problem, point: np.ndarray, alpha: float, drift: float) -> float:
    matrix = np.eye(problem.d) - alpha * hessian_at(problem, point)
    return float(np.linalg.norm(matrix, 2)) + alpha * problem.sizes(point).third * drift


def _norm(vector: np.ndarray) -> float:
    return float(np.linalg.norm(vector))
