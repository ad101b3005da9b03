"""A loss's value and first three derivatives enclosed, at a point or on a box, as float64 middles and radii."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import flint
import numpy as np
from flint import arb, arb_mat

from reports.balls.recorded import RecordedLoss

# Bits of the middles; radii of balls have 30 whatever the precision.
_BITS = 64
# A middle and a radius lose at most these when they become floats, with room to spare.
_ROUNDED, _WIDER = 2.0**-52, 1 + 2.0**-29


@dataclass(frozen=True, eq=False)
class Enclosed:
    """Numbers within `radius` of `middle`, entry by entry; the radius is infinite where nothing is known."""

    middle: np.ndarray
    radius: np.ndarray

    @property
    def largest(self) -> np.ndarray:
        """At least the absolute values."""
        return np.abs(self.middle) + self.radius


@dataclass(frozen=True, eq=False)
class Derivatives:
    """Of n agents: values (n,), gradients (n, d), Hessians (n, d, d), third derivatives (n, d, d, d).

    `line`: in one dimension the fourth derivatives (n,), else infinite.
    """

    value: Enclosed
    gradient: Enclosed
    hessian: Enclosed
    third: Enclosed
    line: np.ndarray


def derivatives(losses: Sequence[RecordedLoss], low: np.ndarray, high: np.ndarray) -> Derivatives:
    """On the box low <= w <= high, a point where both are equal.

    >>> from empirics import QuadraticTask
    >>> from reports.balls.recorded import recorded_losses
    >>> losses = recorded_losses(QuadraticTask(A=[[[2.0]]], c=[[1.0]]))
    >>> found = derivatives(losses, np.array([1.0]), np.array([3.0]))        # (w - 1)^2
    >>> found.gradient.middle.tolist(), found.gradient.radius.round(6).tolist(), found.third.largest.max() == 0
    ([[2.0]], [[2.0]], True)
    """
    with flint.ctx.workprec(_BITS):
        w = arb_mat(len(low), 1, [_between(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)])
        parts = [_of_one(loss, w) for loss in losses]
    value, gradient, hessian, third = (_stacked([part[k] for part in parts]) for k in range(4))
    line = np.array([part[4] for part in parts])
    return Derivatives(value, gradient, hessian, third, line)


def kink(losses: Sequence[RecordedLoss], low: np.ndarray, high: np.ndarray) -> str | None:
    """The operation, by name, whose kink or jump may lie in the box; None where every loss is smooth."""
    with flint.ctx.workprec(_BITS):
        w = arb_mat(len(low), 1, [_between(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)])
        return next((name for loss in losses if (name := loss.kink(w)) is not None), None)


def _between(low: float, high: float) -> arb:
    return arb(low) if low == high else arb(low).union(arb(high))


def _of_one(loss: RecordedLoss, w: arb_mat) -> tuple[Enclosed, Enclosed, Enclosed, Enclosed, float]:
    d = loss.d
    value = _enclosed([loss.loss(w)], ())
    gradient = _enclosed(loss.gradient(w).entries(), (d,))
    hessian = _enclosed(loss.hessian(w).entries(), (d, d))
    line = np.inf
    if loss.degree <= 2:
        line = 0.0
    elif d == 1:
        line = float(_enclosed(loss.along(w, arb_mat(1, 1, [1]), 3).entries(), ()).largest)
    return value, gradient, _symmetric(hessian), _third(loss, w), line


def _third(loss: RecordedLoss, w: arb_mat) -> Enclosed:
    """Entries T_jjk directly; those of three different places by 4 T[u, v] = T[u + v, u + v] - T[u - v, u - v].

    An entry may be read off several products: the tightest is taken.
    """
    d = loss.d
    middle, radius = np.zeros((d, d, d)), np.full((d, d, d), np.inf)
    if loss.degree <= 2:
        return Enclosed(middle, np.zeros((d, d, d)))

    def take(j: int, k: int, found: Enclosed) -> None:
        for place in range(d):
            if found.radius[place] < radius[tuple(sorted((j, k, place)))]:
                for turned in itertools.permutations((j, k, place)):
                    middle[turned], radius[turned] = found.middle[place], found.radius[place]

    units = [arb_mat(d, 1, [int(i == j) for i in range(d)]) for j in range(d)]
    for j in range(d):
        take(j, j, _enclosed(loss.along(w, units[j], 2).entries(), (d,)))
    for j, k in itertools.combinations(range(d - 1), 2):
        ahead, behind = (loss.along(w, units[j] + units[k] * sign, 2) for sign in (1, -1))
        take(j, k, _enclosed(((ahead - behind) * arb(0.25)).entries(), (d,)))
    return Enclosed(np.where(np.isfinite(radius), middle, 0.0), radius)


def _symmetric(matrix: Enclosed) -> Enclosed:
    """Each entry of a symmetric matrix by the tighter of its two enclosures."""
    turned = matrix.middle.T, matrix.radius.T
    better = (matrix.radius < turned[1]) | ((matrix.radius == turned[1]) & np.tri(len(matrix.middle), dtype=bool))
    return Enclosed(np.where(better, matrix.middle, turned[0]), np.minimum(matrix.radius, turned[1]))


def _enclosed(balls: list[arb], shape: tuple[int, ...]) -> Enclosed:
    finite = [x.is_finite() for x in balls]
    middle = np.array([float(x.mid()) if ok else 0.0 for x, ok in zip(balls, finite, strict=True)]).reshape(shape)
    radius = np.array([float(x.rad()) if ok else np.inf for x, ok in zip(balls, finite, strict=True)]).reshape(shape)
    exact = np.array([ok and arb(float(x.mid())) == x for x, ok in zip(balls, finite, strict=True)]).reshape(shape)
    # numbers above the largest float become infinite; those below 1e-300 are lifted to it
    radius = np.where(exact, 0.0, radius * _WIDER + np.abs(middle) * _ROUNDED + 1e-300)
    unknown = ~np.isfinite(middle) | ~np.isfinite(radius)
    return Enclosed(np.where(unknown, 0.0, middle), np.where(unknown, np.inf, radius))


def _stacked(parts: list[Enclosed]) -> Enclosed:
    return Enclosed(np.stack([part.middle for part in parts]), np.stack([part.radius for part in parts]))
