"""One agent's loss, as data that prints as Python and as functions for NumPy arrays and torch tensors alike."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from empirics.testing.agent import Problem, TermSizes, Transformable, Vector
from empirics.testing.libraries import library_of
from empirics.testing.models import Model, Projection
from empirics.testing.shown import Shown

Matrix = tuple[Vector, ...]


@dataclass(frozen=True, repr=False)
class Quadratic(Shown, Problem, Transformable):
    """f(w) = (w - c)^T A (w - c)/2 + e, A symmetric. `samples` is how many data points stand behind the agent.

    >>> problem = Quadratic(A=((2.0, 0.0), (0.0, 4.0)), c=(1.0, 0.0))
    >>> problem.gradient(np.array([0.0, 1.0]))
    array([-2.,  4.])
    """

    A: Matrix
    c: Vector
    e: float = 0.0
    samples: int = 1

    @property
    def d(self) -> int:
        """Length of w, which is that of c."""
        return len(self.c)

    def loss(self, w: Any) -> Any:
        """(w - c)^T A (w - c)/2 + e."""
        p = self._arrays(w)
        return (w - p.c) @ (p.A @ (w - p.c)) / 2 + p.e

    def gradient(self, w: Any) -> Any:
        """A (w - c)."""
        p = self._arrays(w)
        return p.A @ (w - p.c)

    def hvp(self, w: Any, v: Any) -> Any:
        """A v, the same at every w."""
        return self._arrays(w).A @ v

    def sizes(self, w: np.ndarray) -> TermSizes:
        """norm(|A|), times norm(w) + norm(c) for the gradient."""
        largest = float(np.linalg.norm(self.A))
        return TermSizes(largest * (float(np.linalg.norm(w)) + math.hypot(*self.c)), largest, 0.0, self.d + 4)

    def scaled(self, factor: float) -> Quadratic:
        """A and e times the factor."""
        return replace(self, A=_matrix(factor * np.array(self.A)), e=factor * self.e)

    def raised(self, constant: float) -> Quadratic:
        """e plus the constant."""
        return replace(self, e=self.e + constant)

    def stretched(self, factor: float) -> Quadratic:
        """u -> f(u / factor)."""
        return replace(self, A=_matrix(np.array(self.A) / factor**2), c=_vector(factor * np.array(self.c)))

    def moved(self, shift: Vector) -> Quadratic:
        """u -> f(u - shift)."""
        return replace(self, c=_vector(np.array(self.c) + np.array(shift)))

    def rotated(self, rotation: np.ndarray) -> Quadratic:
        """u -> f(rotation^T u)."""
        turned = rotation @ np.array(self.A) @ rotation.T
        return replace(self, A=_matrix((turned + turned.T) / 2), c=_vector(rotation @ np.array(self.c)))

    def model(self, w: torch.Tensor) -> Model:
        """Sample k has x = (row k of A, unit vector k) and y = x c; the loss is sum r_1 r_2 / 2 with r = x w - y."""
        p = self._arrays(w)
        x = torch.stack([p.A, torch.eye(self.d, dtype=w.dtype)], dim=1)

        def loss(output: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            residuals = output - y
            return (residuals[:, 0] * residuals[:, 1]).sum() / 2 + p.e

        return Model(Projection(w), x, x @ p.c, loss)

    def _arrays(self, w: Any) -> SimpleNamespace:
        return self._as(w, A=self.A, c=self.c, e=self.e)


@dataclass(frozen=True, repr=False)
class Ridge(Shown, Problem, Transformable):
    """f(w) = sum_j s_j psi(a_j . w + phi_j) + b . w + e with psi = cos, log cosh or t -> log(1 + exp(-t)).

    kind is "cosine", "logcosh" or "logistic"; |psi''|, |psi'''| <= 1, and |psi''''| <= 2, for each of them.

    >>> float(Ridge(kind="cosine", a=((2.0,),), s=(1.0,), phi=(0.0,), b=(0.0,)).loss(np.array([0.0])))
    1.0
    """

    kind: str
    a: Matrix
    s: Vector
    phi: Vector
    b: Vector
    e: float = 0.0
    samples: int = 1

    @property
    def d(self) -> int:
        """Length of w, which is that of b."""
        return len(self.b)

    def loss(self, w: Any) -> Any:
        """sum_j s_j psi(a_j . w + phi_j) + b . w + e."""
        p = self._arrays(w)
        return (p.s * _profile(self.kind, p.a @ w + p.phi)).sum() + p.b @ w + p.e

    def gradient(self, w: Any) -> Any:
        """sum_j s_j psi'(a_j . w + phi_j) a_j + b."""
        p = self._arrays(w)
        return (p.s * _slope(self.kind, p.a @ w + p.phi)) @ p.a + p.b

    def hvp(self, w: Any, v: Any) -> Any:
        """sum_j s_j psi''(a_j . w + phi_j) <a_j, v> a_j."""
        p = self._arrays(w)
        return (p.s * _curvature(self.kind, p.a @ w + p.phi) * (p.a @ v)) @ p.a

    def sizes(self, w: np.ndarray) -> TermSizes:
        """Sums of |s| norm(a)^k, each weighted by one plus the size of the terms of its angle."""
        norms, weights = np.linalg.norm(self.a, axis=1), np.abs(self.s)
        angles = 1 + norms * np.linalg.norm(w) + np.abs(self.phi)
        gradient = float(np.sum(weights * norms * angles)) + math.hypot(*self.b)
        hessian, third = float(np.sum(weights * norms**2 * angles)), float(np.sum(weights * norms**3))
        # An elementary function is counted as eight roundings: libraries promise four units in the last place.
        return TermSizes(gradient, hessian, third, 2 * self.d + len(self.s) + 16)

    def fourth(self) -> float:
        """At least the norm of the fourth derivative anywhere: 2 sum |s| norm(a)^4."""
        return 2 * float(np.sum(np.abs(self.s) * np.linalg.norm(self.a, axis=1) ** 4))

    def scaled(self, factor: float) -> Ridge:
        """s, b and e times the factor."""
        s, b = (_vector(factor * np.array(part)) for part in (self.s, self.b))
        return replace(self, s=s, b=b, e=factor * self.e)

    def raised(self, constant: float) -> Ridge:
        """e plus the constant."""
        return replace(self, e=self.e + constant)

    def stretched(self, factor: float) -> Ridge:
        """u -> f(u / factor)."""
        return replace(self, a=_matrix(np.array(self.a) / factor), b=_vector(np.array(self.b) / factor))

    def moved(self, shift: Vector) -> Ridge:
        """u -> f(u - shift)."""
        phases = np.array(self.phi) - np.array(self.a) @ np.array(shift)
        return replace(self, phi=_vector(phases), e=self.e - float(np.dot(self.b, shift)))

    def rotated(self, rotation: np.ndarray) -> Ridge:
        """u -> f(rotation^T u)."""
        return replace(self, a=_matrix(np.array(self.a) @ rotation.T), b=_vector(rotation @ np.array(self.b)))

    def model(self, w: torch.Tensor) -> Model:
        """Samples x = a_j with y = (s_j, phi_j, 0), and x = b with y = (0, 0, 1): y_1 psi(x w + y_2) + y_3 x w."""
        p = self._arrays(w)
        x = torch.cat([p.a, p.b[None]])
        y = torch.zeros(len(x), 3, dtype=w.dtype)
        y[:-1, 0], y[:-1, 1], y[-1, 2] = p.s, p.phi, 1

        def loss(output: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return (y[:, 0] * _profile(self.kind, output + y[:, 1]) + y[:, 2] * output).sum() + p.e

        return Model(Projection(w), x, y, loss)

    def _arrays(self, w: Any) -> SimpleNamespace:
        return self._as(w, a=self.a, s=self.s, phi=self.phi, b=self.b, e=self.e)


def _matrix(rows: np.ndarray) -> Matrix:
    return tuple(_vector(row) for row in rows)


def _vector(row: np.ndarray) -> Vector:
    return tuple(float(entry) for entry in row)


def _profile(kind: str, t: Any) -> Any:
    library = library_of(t)
    if kind == "cosine":
        return library.cos(t)
    # logaddexp is smooth to every order under autograd; abs and thresholds are not.
    return library.logaddexp(t, -t) - math.log(2) if kind == "logcosh" else library.logaddexp(0 * t, -t)


def _slope(kind: str, t: Any) -> Any:
    library = library_of(t)
    if kind == "cosine":
        return -library.sin(t)
    return library.tanh(t) if kind == "logcosh" else (library.tanh(t / 2) - 1) / 2


def _curvature(kind: str, t: Any) -> Any:
    library = library_of(t)
    if kind == "cosine":
        return -library.cos(t)
    return 1 - library.tanh(t) ** 2 if kind == "logcosh" else (1 - library.tanh(t / 2) ** 2) / 4
