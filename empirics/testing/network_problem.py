"""A small tanh network as a loss: no global constants, but a Hessian with every kind of block."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from empirics.testing.agent import Problem, TermSizes, Vector
from empirics.testing.libraries import library_of
from empirics.testing.models import Model, TanhLayer
from empirics.testing.problems import Matrix
from empirics.testing.shown import Shown


@dataclass(frozen=True, repr=False)
class Network(Shown, Problem):
    """f(w) = scale mean_k (out . tanh(U z_k) - y_k)^2 / 2 + e, z_k = (x_k, 1), w = (rows of U, out).

    >>> float(Network(x=((1.0,),), y=(0.5,), hidden=1).loss(np.array([0.0, 0.0, 1.0])))
    0.125
    """

    x: Matrix
    y: Vector
    hidden: int
    scale: float = 1.0
    e: float = 0.0
    samples: int = 1

    @property
    def d(self) -> int:
        """Entries of U and of out."""
        return self.hidden * (len(self.x[0]) + 2)

    def loss(self, w: Any) -> Any:
        """Half the mean squared residual."""
        p, _, _, _, residual = self._forward(w)
        # A Python number times a tensor without axes would be float64 under forward differentiation.
        return (self.scale * residual * residual).sum() / (2 * len(self.y)) + p.e

    def gradient(self, w: Any) -> Any:
        """Backpropagation, written out for both libraries."""
        p, _, out, units, residual = self._forward(w)
        weights = self.scale * residual / len(self.y)
        inner = (weights[:, None] * (1 - units * units) * out).T @ p.z
        return _joined(inner.reshape(-1), weights @ units)

    def hvp(self, w: Any, v: Any) -> Any:
        """The directional derivative of `gradient`, written out."""
        p, _, out, units, residual = self._forward(w)
        turn, out_turn = self._split(v)
        bend = 1 - units * units
        units_turn = bend * (p.z @ turn.T)
        residual_turn = units_turn @ out + units @ out_turn
        size = self.scale / len(self.y)
        inner = residual_turn[:, None] * bend * out + residual[:, None] * bend * out_turn
        inner = inner - 2 * residual[:, None] * units * units_turn * out
        return _joined(size * (inner.T @ p.z).reshape(-1), size * (residual_turn @ units + residual @ units_turn))

    def sizes(self, w: np.ndarray) -> TermSizes:
        """From |tanh|, |tanh'|, |tanh''| <= 1 and |tanh'''| <= 2 by the product rule, with V = norm_1(out).

        grad o <= g = sqrt(hidden) + V Z, hess o <= h = 2 Z + V Z^2, third o <= t = 3 Z^2 + 2 V Z^3; the loss has
        r g, g^2 + r h, 3 g h + r t. Angles of size Theta are off by relative roundings, so each gets one more order.
        """
        inner, out = self._split(np.asarray(w, dtype=np.float64))
        z = max(float(np.linalg.norm((*row, 1.0))) for row in self.x)
        v, theta = float(np.abs(out).sum()), 1 + z * float(np.linalg.norm(inner))
        r = v + max(abs(entry) for entry in self.y)
        g, h, t = self.hidden**0.5 + v * z, 2 * z + v * z * z, 3 * z * z + 2 * v * z**3
        operations = 2 * (len(self.x[0]) + 1) + self.hidden + len(self.y) + 32
        size = abs(self.scale)
        return TermSizes(size * r * g * theta, size * (g * g + r * h) * theta, size * (3 * g * h + r * t), operations)

    def scaled(self, factor: float) -> Network:
        """scale and e times the factor."""
        return replace(self, scale=factor * self.scale, e=factor * self.e)

    def raised(self, constant: float) -> Network:
        """e plus the constant."""
        return replace(self, e=self.e + constant)

    def model(self, w: torch.Tensor) -> Model:
        """Inputs z_k, targets y_k, and half the mean squared residual."""
        p = self._arrays(w)

        def loss(output: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return (self.scale * (output - y).square()).mean() / 2 + p.e

        return Model(TanhLayer(w, self.hidden), p.z, p.y, loss)

    def _split(self, w: Any) -> tuple[Any, Any]:
        inner = self.hidden * (len(self.x[0]) + 1)
        return w[:inner].reshape(self.hidden, -1), w[inner:]

    def _arrays(self, w: Any) -> SimpleNamespace:
        return self._as(w, z=tuple((*row, 1.0) for row in self.x), y=self.y, e=self.e)

    def _forward(self, w: Any) -> tuple[SimpleNamespace, Any, Any, Any, Any]:
        p = self._arrays(w)
        inner, out = self._split(w)
        units = library_of(w).tanh(p.z @ inner.T)
        return p, inner, out, units, units @ out - p.y


def _joined(*parts: Any) -> Any:
    return library_of(parts[0]).concatenate(parts)
