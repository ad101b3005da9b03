"""One-dimensional losses for thousands of instances at once, with their meta-gradients: the search's own arithmetic."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


class BatchLoss(ABC):
    """f' and f'' of one agent, for a batch of instances."""

    @abstractmethod
    def slope(self, w: Tensor) -> Tensor:
        """f'(w)."""

    @abstractmethod
    def bend(self, w: Tensor) -> Tensor:
        """f''(w)."""


@dataclass(frozen=True)
class Parabola(BatchLoss):
    """f(w) = k (w - c)^2 / 2."""

    k: Tensor
    c: Tensor

    def slope(self, w: Tensor) -> Tensor:
        """k (w - c)."""
        return self.k * (w - self.c)

    def bend(self, w: Tensor) -> Tensor:
        """The constant k."""
        return self.k + 0 * w


@dataclass(frozen=True)
class Wave(BatchLoss):
    """f(w) = g w + s cos(a w + phi)."""

    g: Tensor
    s: Tensor
    a: Tensor
    phi: Tensor

    def slope(self, w: Tensor) -> Tensor:
        """The line minus a sine."""
        return self.g - self.s * self.a * torch.sin(self.a * w + self.phi)

    def bend(self, w: Tensor) -> Tensor:
        """A cosine."""
        return -self.s * self.a**2 * torch.cos(self.a * w + self.phi)


@dataclass(frozen=True)
class BrokenLine(BatchLoss):
    """f'' interpolates heights (J, P) at knots (J, P), constant beyond; f' = slope at 0."""

    knots: Tensor
    heights: Tensor
    at_zero: Tensor

    def _ramps(self, w: Tensor) -> Tensor:
        return (w - self.knots.reshape(self.knots.shape[0], *(1,) * (w.dim() - 1), -1)).clamp_min(0)

    @property
    def _kinks(self) -> Tensor:
        rise = self.heights.diff(dim=0) / self.knots.diff(dim=0)
        flat = torch.zeros_like(rise[:1])
        return torch.cat([flat, rise, flat]).diff(dim=0)

    def _wide(self, values: Tensor, w: Tensor) -> Tensor:
        return values.reshape(values.shape[0], *(1,) * (w.dim() - 1), -1)

    def bend(self, w: Tensor) -> Tensor:
        """The broken line."""
        return self.heights[0] + (self._wide(self._kinks, w) * self._ramps(w)).sum(0)

    def slope(self, w: Tensor) -> Tensor:
        """Its integral from 0."""

        def primitive(x: Tensor) -> Tensor:
            return self.heights[0] * (x - self.knots[0]) + (self._wide(self._kinks, x) * self._ramps(x) ** 2).sum(0) / 2

        return self.at_zero + primitive(w) - primitive(torch.zeros_like(w))


def trajectory(
    f: BatchLoss, w: Tensor, alpha: Tensor, nu: int, noise: list[Tensor | float] | None = None
) -> list[Tensor]:
    """w^0 to w^nu, with what is added to each gradient."""
    points = [w]
    for step in range(nu):
        added = 0.0 if noise is None else noise[step]
        points.append(points[-1] - alpha * (f.slope(points[-1]) + added))
    return points


def exact(f: BatchLoss, w: Tensor, alpha: Tensor, nu: int) -> Tensor:
    """F'(w)."""
    return swept(f, trajectory(f, w, alpha, nu), alpha, 0.0)


def swept(f: BatchLoss, points: list[Tensor], alpha: Tensor, added: Tensor | float) -> Tensor:
    """The reverse sweep along given points, with what is added to the outer gradient."""
    v = f.slope(points[-1]) + added
    for point in points[:-1]:
        v = v * (1 - alpha * f.bend(point))
    return v


def probed(f: BatchLoss, points: list[Tensor], alpha: Tensor, delta: Tensor, added: Tensor | float) -> Tensor:
    """The Hessian-free sweep along given points."""
    v = f.slope(points[-1]) + added
    for point in reversed(points[:-1]):
        v = v - alpha * (f.slope(point + delta * v) - f.slope(point - delta * v)) / (2 * delta)
    return v


def signs(count: int) -> Iterator[tuple[int, ...]]:
    """Every outcome of that many independent signs."""
    return itertools.product((-1, 1), repeat=count)
