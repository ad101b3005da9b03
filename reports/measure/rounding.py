"""How far float64 may be from exact arithmetic: a priori bounds in the standard model of rounding.

u = 2^-53 and gamma_k = k u / (1 - k u) (Higham, Accuracy and Stability of Numerical Algorithms, chapter 3). A bound
eta_G on one computed gradient and eta_H on one computed Hessian-vector product (per unit of norm(v)) is all that S1
needs; the rounding of each update w - alpha g and v - alpha H v is absorbed in them.
"""

from __future__ import annotations

from collections.abc import Mapping
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
class Etas:
    """eta_G bounds the error of one gradient, eta_H that of one Hessian-vector product over norm(v)."""

    gradient: float
    hessian: float


def etas(family: str, arrays: Mapping[str, np.ndarray], radius: float) -> Etas:
    """Rounding bounds of the worst agent of a task at points of norm at most radius.

    Quadratics: r = w - c and A r take d + 2 rounded operations an entry. Ridge sums s_j g(a_j . w + phi_j) whose g' and
    g'' are bounded by 1 and 1-Lipschitz: the argument is off by gamma_{d+2} (norm(a_j) radius + |phi_j|), the function
    value by that plus a few u, the sum over J terms by gamma_{J+d+4}.

    >>> etas("quadratic", {"A": np.eye(1)[None], "c": np.zeros((1, 1))}, 1.0).gradient < 4e-16
    True
    """
    if family == "quadratic":
        A, c = arrays["A"], arrays["c"]
        frobenius = np.linalg.norm(A, axis=(1, 2))
        steps = gamma(A.shape[-1] + 2)
        return Etas(
            float((steps * frobenius * (radius + np.linalg.norm(c, axis=1))).max()), float((steps * frobenius).max())
        )
    a, s, phi = _ridges(family, arrays)
    size = np.linalg.norm(a, axis=-1)
    d, terms = a.shape[-1], a.shape[-2]
    relative = gamma(d + 2) * (size * radius + np.abs(phi)) + _ELEMENTARY * UNIT_ROUNDOFF + gamma(terms + d + 4)
    per_term = np.abs(s) * size * relative
    return Etas(float(per_term.sum(axis=-1).max()), float((per_term * size).sum(axis=-1).max()))


def loss_error(family: str, arrays: Mapping[str, np.ndarray], radius: float) -> float:
    """Rounding bound of one agent's computed loss at points of norm at most radius, the worst agent's.

    Quadratics: the form r^T A r / 2 takes 2 d + 6 roundings of products bounded by norm_F(A) norm(r)^2 / 2, and e_i is
    added. Ridge sums: the argument's error passes through a 1-Lipschitz g, |g(t)| <= 1 + |t|, and J terms are added.

    >>> loss_error("quadratic", {"A": np.eye(1)[None], "c": np.zeros((1, 1)), "e": np.zeros(1)}, 1.0) < 2e-15
    True
    """
    if family == "quadratic":
        A, c, e = arrays["A"], arrays["c"], np.abs(arrays["e"])
        form = 0.5 * np.linalg.norm(A, axis=(1, 2)) * (radius + np.linalg.norm(c, axis=1)) ** 2
        return float((gamma(2 * A.shape[-1] + 6) * (form + e)).max())
    a, s, phi = _ridges(family, arrays)
    size = np.linalg.norm(a, axis=-1)
    d, terms = a.shape[-1], a.shape[-2]
    argument = size * radius + np.abs(phi)
    relative = gamma(d + 2) * argument + (1 + argument) * (_ELEMENTARY * UNIT_ROUNDOFF + gamma(terms + 2))
    return float((np.abs(s) * relative).sum(axis=-1).max())


def with_updates(raw: Etas, *, alpha: float, nu: int, radius: float, B: float, L: float, q: float) -> Etas:
    """Etas that also cover the rounding of w - alpha g and v - alpha H v, as S1 asks.

    One update errs by at most u (norm(result) + 2 alpha norm(increment)); divided by alpha it is an error of the
    increment. Without a step (nu = 0 or alpha = 0) there is no update.
    """
    if nu == 0 or alpha == 0:
        return raw
    u = 2.0 * UNIT_ROUNDOFF
    return Etas(raw.gradient + u * (radius / alpha + 2 * B), raw.hessian + u * (q / alpha + 2 * L))


def _ridges(family: str, arrays: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if family == "logistic":
        return arrays["a"], arrays["s"], np.zeros(arrays["s"].shape)
    if family in ("cosine", "logcosh"):
        return arrays["a"], arrays["s"], arrays["phi"]
    raise ValueError(f"family: {family!r} has no rounding bound; known are quadratic, cosine, logcosh, logistic")
