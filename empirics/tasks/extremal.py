"""Tasks on which a bound is attained."""

from __future__ import annotations

import math

import numpy as np

from empirics.numerics.checks import integer, real
from empirics.tasks.quadratic import QuadraticTask


def reflected_quadratics(n: int = 3, *, tau: int = 2, h: float = 0.002, gamma: float = 1.0) -> QuadraticTask:
    r"""Agents whose Hessians are reflections: a round leaves w = 0 where it is, as far from the minimum as can be.

    With an axis a, a unit simplex e_1..e_n orthogonal to it (sum 0), p_- and p_+ = S_tau(1 +- h/tau)/tau,
    psi, omega = (p_- +- p_+)/2, cos = 2 omega/psi and sin = sqrt(1 - cos^2),

        B_i = [[cos, sin], [sin, -cos]] on span(a, e_i) and 1 elsewhere,
        f_i(w) = <g_i, w> + <w, B_i w>/2,   g_i = al a + gamma e_i,   al = omega sin gamma / (psi - omega cos).

    L = 1 and mu = -1. tau exact local steps of length h/tau without fine-tuning (nu = 0) and all agents leave w = 0
    where it is, and norm(grad F(0))^2 = al^2 is within a factor 1 - 4 omega^2 of omega^2 gamma^2/(p_+ p_-), the largest
    value that L, tau, h and the spread gamma of the gradients at 0 allow. With cos = omega/psi it would be that value,
    but every point of the axis would be at rest, and the run would have no limit of its own.

    Args:
        n: agents, at least 3; the dimension is n too.
        tau, h: the local steps and the length h = beta tau L of the round that is at rest.
        gamma: spread of the gradients at 0.

    Raises:
        InputError: n < 3, tau < 2, h outside (0, 1] or gamma <= 0.

    >>> task = reflected_quadratics(3, tau=2, h=0.5)
    >>> round(float(task.gradient([0.0, 0.0, 0.0]).mean(dim=0)[0]), 6)
    0.124935
    """
    n, tau = integer("n", n, at_least=3), integer("tau", tau, at_least=2)
    h, gamma = real("h", h, at_least=0), real("gamma", gamma, at_least=0)
    p_minus, p_plus = (sum((1 + side * h / tau) ** t for t in range(tau)) / tau for side in (1, -1))
    psi, omega = (p_minus + p_plus) / 2, (p_minus - p_plus) / 2
    cos = 2 * omega / psi
    sin = math.sqrt(1 - cos**2)
    axis = np.eye(n)[0]
    slope = omega * sin * gamma / (psi - omega * cos)
    reflections, gradients = [], []
    for corner in _simplex(n):
        turned = sin * (np.outer(axis, corner) + np.outer(corner, axis))
        own = (cos - 1) * np.outer(axis, axis) - (cos + 1) * np.outer(corner, corner)
        reflections.append(np.eye(n) + own + turned)
        gradients.append(slope * axis + gamma * corner)
    A, g = np.array(reflections), np.array(gradients)
    # a reflection is its own inverse: f_i is centred at -B_i g_i
    return QuadraticTask(A, -np.einsum("nij,nj->ni", A, g))


def _simplex(n: int) -> np.ndarray:
    """n unit vectors (n, n) of sum 0, at equal angles, orthogonal to the first axis."""
    corners = np.eye(n) - 1 / n
    basis = np.linalg.qr(corners[:, : n - 1])[0]
    flat = corners @ basis
    return np.concatenate([np.zeros((n, 1)), flat / np.linalg.norm(flat, axis=1, keepdims=True)], axis=1)
