"""How far float64 may be from exact arithmetic: a priori bounds in the standard model of rounding.

u = 2^-53 and gamma_k = k u / (1 - k u) (Higham, Accuracy and Stability of Numerical Algorithms, chapter 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

UNIT_ROUNDOFF = 2.0**-53
# error of one library sin, cos, tanh, exp and of the few operations made with it, in units of u; good libraries give 2
_ELEMENTARY = 16


def gamma(k: int) -> float:
    """K u / (1 - k u): the relative error of k rounded operations in a row.

    >>> gamma(4) < 4.5e-16
    True
    """
    return k * UNIT_ROUNDOFF / (1.0 - k * UNIT_ROUNDOFF)


@dataclass(frozen=True)
class FloatErrors:
    """Bounds on the error of one computed gradient, of one Hessian-vector product over norm(v), and of one loss."""

    gradient: float
    hessian: float
    loss: float


def quadratic_errors(A: np.ndarray, c: np.ndarray, e: np.ndarray, radius: float) -> FloatErrors:
    """Those of the worst agent of quadratics at points of norm at most radius.

    r = w - c and A r take d + 2 rounded operations an entry; the form r^T A r / 2 takes 2 d + 6 of products bounded by
    norm_F(A) norm(r)^2 / 2, and e_i is added.

    >>> found = quadratic_errors(np.eye(1)[None], np.zeros((1, 1)), np.zeros(1), 1.0)
    >>> found.gradient < 4e-16, found.loss < 2e-15
    (True, True)
    """
    d = A.shape[-1]
    frobenius, reach = np.linalg.norm(A, axis=(1, 2)), radius + np.linalg.norm(c, axis=1)
    steps, form = gamma(d + 2) * frobenius, 0.5 * frobenius * reach**2
    loss = gamma(2 * d + 6) * (form + np.abs(e))
    return FloatErrors(float((steps * reach).max()), float(steps.max()), float(loss.max()))


def ridge_errors(a: np.ndarray, s: np.ndarray, phi: np.ndarray, b: np.ndarray, radius: float) -> FloatErrors:
    """Those of the worst agent of sums s_j psi(a_j . w + phi_j) + <b, w> at points of norm at most radius.

    psi' and psi'' are bounded by 1 and 1-Lipschitz, |psi(t)| <= 1 + |t|. The argument is off by gamma_{d+2} (norm(a_j)
    radius + |phi_j|), a function value by that plus a few u, the sum over J terms by gamma_{J+d+4}; b is added once.
    """
    size, linear = np.linalg.norm(a, axis=-1), np.linalg.norm(b, axis=-1)
    d, terms = a.shape[-1], a.shape[-2]
    argument = size * radius + np.abs(phi)
    relative = gamma(d + 2) * argument + _ELEMENTARY * UNIT_ROUNDOFF + gamma(terms + d + 4)
    per_term = np.abs(s) * size * relative
    added = gamma(1) * ((np.abs(s) * size).sum(axis=-1) + linear)
    value = gamma(d + 2) * argument + (1 + argument) * (_ELEMENTARY * UNIT_ROUNDOFF + gamma(terms + 2))
    loss = (np.abs(s) * value).sum(axis=-1) + gamma(d + 3) * linear * radius
    loss = loss + gamma(1) * (np.abs(s) * (1 + argument)).sum(axis=-1) * (linear > 0)
    gradient = per_term.sum(axis=-1) + added * (linear > 0)
    return FloatErrors(float(gradient.max()), float((per_term * size).sum(axis=-1).max()), float(loss.max()))
