"""The meta-gradient from dense NumPy derivatives: explicit Hessian matrices, explicit Jacobian product, no engine.

It exists to be compared with the engine (S1), so it shares nothing with it: gradients and Hessians are typed here from
the formula of each task family, and P^0 ... P^{nu-1} is multiplied out as matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class DenseLoss:
    """Gradient (d,) and Hessian (d, d) of one agent's loss as functions of w (d,)."""

    gradient: Callable[[Array], Array]
    hessian: Callable[[Array], Array]


def dense_loss(family: str, arrays: Arrays, agent: int) -> DenseLoss:
    """The dense derivatives of one agent of a task family.

    Raises ValueError for a family that has no dense form here.

    >>> f = dense_loss("quadratic", {"A": np.array([[[2.0]]]), "c": np.array([[1.0]])}, 0)
    >>> float(f.gradient(np.array([3.0]))[0]), float(f.hessian(np.array([3.0]))[0, 0])
    (4.0, 2.0)
    """
    if family not in _FAMILIES:
        raise ValueError(f"family: {family!r} has no dense form; known are {', '.join(sorted(_FAMILIES))}")
    return _FAMILIES[family](arrays, agent)


def dense_meta_gradient(loss: DenseLoss, w: Array, alpha: float, nu: int) -> Array:
    """P^0 P^1 ... P^{nu-1} grad f(w^nu) with every factor an explicit matrix (S1).

    >>> f = DenseLoss(lambda w: -w, lambda w: -np.eye(1))
    >>> float(dense_meta_gradient(f, np.array([1.0]), 0.5, 2)[0])  # -(3/2)^4
    -5.0625
    """
    jacobian = np.eye(w.size)
    for _ in range(nu):
        jacobian = jacobian @ (np.eye(w.size) - alpha * loss.hessian(w))
        w = w - alpha * loss.gradient(w)
    return jacobian @ loss.gradient(w)


def _quadratic(arrays: Arrays, i: int) -> DenseLoss:
    A, c = arrays["A"][i], arrays["c"][i]
    return DenseLoss(lambda w: A @ (w - c), lambda w: A)


def _cosine(arrays: Arrays, i: int) -> DenseLoss:
    a, s, phi = _features(arrays, i)
    return DenseLoss(lambda w: -a.T @ (s * np.sin(a @ w + phi)), lambda w: -(a.T * (s * np.cos(a @ w + phi))) @ a)


def _log_cosh(arrays: Arrays, i: int) -> DenseLoss:
    a, s, phi = _features(arrays, i)
    return DenseLoss(lambda w: a.T @ (s * np.tanh(a @ w + phi)), lambda w: (a.T * (s / np.cosh(a @ w + phi) ** 2)) @ a)


def _logistic(arrays: Arrays, i: int) -> DenseLoss:
    count = int(arrays["counts"][i])
    z = arrays["a"][i, :count]

    def miss(w: Array) -> Array:
        return 1.0 / (1.0 + np.exp(z @ w))

    return DenseLoss(lambda w: -z.T @ miss(w) / count, lambda w: (z.T * (miss(w) * (1.0 - miss(w)))) @ z / count)


def _features(arrays: Arrays, i: int) -> tuple[Array, Array, Array]:
    a = arrays["a"]
    return (a[i] if a.ndim == 3 else a), arrays["s"][i], arrays["phi"][i]


_FAMILIES: dict[str, Callable[[Arrays, int], DenseLoss]] = {
    "quadratic": _quadratic,
    "cosine": _cosine,
    "logcosh": _log_cosh,
    "logistic": _logistic,
}
