"""Losses and derivatives written out from the formulas of the task families: oracles that read no recording."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from flint import arb, arb_mat

from reports.balls.ball import BallLoss, BallQuadratic, Vector, ball, column, entries, matrix


def _map(function: Callable[[arb], arb], v: Vector) -> list[arb]:
    return [function(x) for x in entries(v)]


def _weighted(weights: Sequence[arb], v: Vector) -> Vector:
    return arb_mat(v.nrows(), 1, [a * b for a, b in zip(weights, entries(v), strict=True)])


@final
@dataclass(frozen=True)
class BallRidge(BallLoss):
    """f(w) = sum_j s_j g(a_j . w + phi_j) for a function g given with its first two derivatives."""

    a: arb_mat
    s: tuple[arb, ...]
    phi: Vector
    g: tuple[Callable[[arb], arb], Callable[[arb], arb], Callable[[arb], arb]]

    def _scaled(self, order: int, w: Vector) -> list[arb]:
        values = _map(self.g[order], self.a * w + self.phi)
        return [s * x for s, x in zip(self.s, values, strict=True)]

    def loss(self, w: Vector) -> arb:
        """The loss at a column w."""
        return sum(self._scaled(0, w), arb(0))

    def gradient(self, w: Vector) -> Vector:
        """a^T (s g'(a w + phi))."""
        slopes = self._scaled(1, w)
        return self.a.transpose() * arb_mat(len(slopes), 1, slopes)

    def hvp(self, w: Vector, v: Vector) -> Vector:
        """a^T (s g''(a w + phi) * (a v))."""
        return self.a.transpose() * _weighted(self._scaled(2, w), self.a * v)


COSINE = (lambda t: t.cos(), lambda t: -t.sin(), lambda t: -t.cos())
LOG_COSH = (lambda t: t.cosh().log(), lambda t: t.tanh(), lambda t: 1 / (t.cosh() * t.cosh()))


def _logistic_slope(t: arb) -> arb:
    return -1 / (1 + t.exp())


# log(1 + exp(-t)) with t = z . w, z = y x: slope -1/(1 + e^t), curvature e^t/(1 + e^t)^2
LOGISTIC = (
    lambda t: (1 + (-t).exp()).log(),
    _logistic_slope,
    lambda t: -_logistic_slope(t) * (1 + _logistic_slope(t)),
)


@final
@dataclass(frozen=True)
class BallSpline(BallLoss):
    """d = 1, f'' a broken line: f''(x) = bend + sum_j c_j max(x - x_j, 0), integrated twice from the first knot."""

    knots: tuple[arb, ...]
    kinks: tuple[arb, ...]
    value: arb
    slope: arb
    bend: arb

    def _ramps(self, w: Vector) -> tuple[arb, list[arb]]:
        x = w[0, 0]
        return x - self.knots[0], [(x - knot + abs(x - knot)) / 2 for knot in self.knots]

    def loss(self, w: Vector) -> arb:
        """The loss at a column w."""
        t, ramps = self._ramps(w)
        cubic = sum((c * r * r * r for c, r in zip(self.kinks, ramps, strict=True)), arb(0))
        return self.value + self.slope * t + self.bend * t * t / 2 + cubic / 6

    def gradient(self, w: Vector) -> Vector:
        """The derivative at a column w of one entry."""
        t, ramps = self._ramps(w)
        square = sum((c * r * r for c, r in zip(self.kinks, ramps, strict=True)), arb(0))
        return arb_mat(1, 1, [self.slope + self.bend * t + square / 2])

    def hvp(self, w: Vector, v: Vector) -> Vector:
        """The second derivative at w times v."""
        _, ramps = self._ramps(w)
        return v * (self.bend + sum((c * r for c, r in zip(self.kinks, ramps, strict=True)), arb(0)))


def known(family: str) -> bool:
    """Whether a task family has a ball form.

    >>> known("quadratic"), known("custom")
    (True, False)
    """
    return family in _BUILDERS


def losses(family: str, arrays: Mapping[str, np.ndarray]) -> list[BallLoss]:
    """One ball loss an agent, from a task's family name and its arrays.

    Raises ValueError for a family without a ball form, naming the ones that have one.
    """
    if family not in _BUILDERS:
        raise ValueError(f"family: {family!r} has no ball form; known are {', '.join(sorted(_BUILDERS))}")
    return _BUILDERS[family](arrays)


def _quadratics(arrays: Mapping[str, np.ndarray]) -> list[BallLoss]:
    e = arrays["e"]
    return [
        BallQuadratic(matrix(A), column(c), arb(float(e[i])))
        for i, (A, c) in enumerate(zip(arrays["A"], arrays["c"], strict=True))
    ]


def _ridges(g: tuple) -> Callable[[Mapping[str, np.ndarray]], list[BallLoss]]:
    def build(arrays: Mapping[str, np.ndarray]) -> list[BallLoss]:
        a, s, phi = arrays["a"], arrays["s"], arrays["phi"]
        return [
            BallRidge(matrix(a[i] if a.ndim == 3 else a), tuple(arb(float(x)) for x in s[i]), column(phi[i]), g)
            for i in range(len(s))
        ]

    return build


def _logistic(arrays: Mapping[str, np.ndarray]) -> list[BallLoss]:
    result: list[BallLoss] = []
    for z, count in zip(arrays["a"], arrays["counts"].astype(int).tolist(), strict=True):
        weights = tuple([arb(1) / count] * count)
        result.append(BallRidge(matrix(z[:count]), weights, column(np.zeros(count)), LOGISTIC))
    return result


def _splines(arrays: Mapping[str, np.ndarray]) -> list[BallLoss]:
    knots = tuple(ball(float(x)) for x in arrays["knots"])
    result: list[BallLoss] = []
    for i in range(len(arrays["jerks"])):
        jerks = [ball(float(x)) for x in arrays["jerks"][i]]
        kinks = tuple(after - before for before, after in itertools.pairwise(jerks))
        first = (ball(float(arrays[name][i, 0])) for name in ("values", "slopes", "bends"))
        result.append(BallSpline(knots, kinks, *first))
    return result


_BUILDERS: dict[str, Callable[[Mapping[str, np.ndarray]], list[BallLoss]]] = {
    "quadratic": _quadratics,
    "cosine": _ridges(COSINE),
    "logcosh": _ridges(LOG_COSH),
    "logistic": _logistic,
    "spline": _splines,
}
