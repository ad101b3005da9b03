"""A loss's value and first derivatives enclosed, at a point or on a box, as float64 middles and radii."""

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
# Dimensions up to which fourth derivatives are worth their price: they have more directions than third ones.
MOST_FOURTHS = 2


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
    """Of n agents: values (n,), gradients (n, d), Hessians (n, d, d), third and fourth derivatives (n, d, d, d, ...).

    Fourth derivatives in more than two dimensions, and those of a point, are not worth their price: nothing is known of
    them.
    """

    value: Enclosed
    gradient: Enclosed
    hessian: Enclosed
    third: Enclosed
    fourth: Enclosed


def derivatives(
    losses: Sequence[RecordedLoss], low: np.ndarray, high: np.ndarray, *, third: bool = True
) -> Derivatives:
    """On the box low <= w <= high, a point where both are equal; without `third` nothing is known of third derivatives.

    >>> from empirics import QuadraticTask
    >>> from reports.balls.recorded import recorded_losses
    >>> losses = recorded_losses(QuadraticTask(A=[[[2.0]]], c=[[1.0]]))
    >>> found = derivatives(losses, np.array([1.0]), np.array([3.0]))        # (w - 1)^2
    >>> found.gradient.middle.tolist(), found.gradient.radius.round(6).tolist(), found.third.largest.tolist()
    ([[2.0]], [[2.0]], [[[[0.0]]]])
    """
    with flint.ctx.workprec(_BITS):
        w = arb_mat(len(low), 1, [_between(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)])
        fourth = third and bool((low < high).any()) and len(low) <= MOST_FOURTHS
        parts = [_of_one(loss, w, third, fourth) for loss in losses]
    return Derivatives(*(_stacked([part[k] for part in parts]) for k in range(5)))


def kink(losses: Sequence[RecordedLoss], low: np.ndarray, high: np.ndarray) -> str | None:
    """The operation, by name, whose kink or jump may lie in the box; None where every loss is smooth."""
    with flint.ctx.workprec(_BITS):
        w = arb_mat(len(low), 1, [_between(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)])
        return next((name for loss in losses if (name := loss.kink(w)) is not None), None)


def _between(low: float, high: float) -> arb:
    return arb(low) if low == high else arb(low).union(arb(high))


def _of_one(loss: RecordedLoss, w: arb_mat, third: bool, fourth: bool) -> tuple[Enclosed, ...]:
    d = loss.d
    value = _enclosed([loss.loss(w)], ())
    gradient = _enclosed(loss.gradient(w).entries(), (d,))
    hessian = _symmetric(_enclosed(loss.hessian(w).entries(), (d, d)))
    if loss.degree <= 2:
        return value, gradient, hessian, _exactly(np.zeros((d, d, d))), _exactly(np.zeros((d, d, d, d)))
    if not third:
        return value, gradient, hessian, _Entries(d, 3).enclosed(), _Entries(d, 4).enclosed()
    return value, gradient, hessian, *_higher(loss, w, fourth)


def _exactly(values: np.ndarray) -> Enclosed:
    return Enclosed(values, np.zeros_like(values))


def _higher(loss: RecordedLoss, w: arb_mat, fourth: bool) -> tuple[Enclosed, Enclosed]:
    """Third derivatives T and, where asked for, fourth ones F, from derivatives along single directions u.

    T_jjm and F_jjjm are read off u = e_j. With u = e_j + e_k and v = e_j - e_k,

        T[u, u] - T[v, v] = 4 T_jk,   F[u, u, u] + F[v, v, v] = 2 F_jjj + 6 F_jkk,   ... - ... = 6 F_jjk + 2 F_kkk.
    """
    d = loss.d
    third, fourths = _Entries(d, 3), _Entries(d, 4)
    units = [arb_mat(d, 1, [int(i == j) for i in range(d)]) for j in range(d)]
    cubes = []
    for j, unit in enumerate(units):
        third.take((j, j), loss.along(w, unit, 2))
        if fourth:
            cubes.append(loss.along(w, unit, 3))
            fourths.take((j, j, j), cubes[-1])
    # pairs whose entries are not all known from e_j and e_k alone
    for j, k in itertools.combinations(range(d if fourth else d - 1), 2):
        u, v = units[j] + units[k], units[j] - units[k]
        if k < d - 1:
            third.take((j, k), (loss.along(w, u, 2) - loss.along(w, v, 2)) * arb(0.25))
        if fourth:
            ahead, behind = loss.along(w, u, 3), loss.along(w, v, 3)
            fourths.take((j, k, k), (ahead + behind - cubes[j] * arb(2)) * (arb(1) / 6))
            fourths.take((j, j, k), (ahead - behind - cubes[k] * arb(2)) * (arb(1) / 6))
    return third.enclosed(), fourths.enclosed()


class _Entries:
    """A symmetric tensor whose entries may be read off several products: the tightest enclosure is taken."""

    def __init__(self, d: int, order: int) -> None:
        self.middle, self.radius = np.zeros((d,) * order), np.full((d,) * order, np.inf)

    def take(self, places: tuple[int, ...], column: arb_mat) -> None:
        """The entries (*places, m) for every m."""
        found = _enclosed(column.entries(), (column.nrows(),))
        for m, (middle, radius) in enumerate(zip(found.middle.tolist(), found.radius.tolist(), strict=True)):
            every = set(itertools.permutations((*places, m)))
            if radius < self.radius[(*places, m)]:
                for turned in every:
                    self.middle[turned], self.radius[turned] = middle, radius

    def enclosed(self) -> Enclosed:
        """All of them."""
        return Enclosed(self.middle, self.radius)


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
