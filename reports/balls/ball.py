"""The four gradients, the meta-gradients and one round again, in Arb balls: what exact arithmetic would have produced.

Nothing here calls the engine: losses and derivatives are written from the formulas of the task families, so that a
number from the engine is confirmed by code it does not share. Every result encloses the exact value for the task as
stored (its float64 arrays taken as exact), whatever the rounding inside.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import final

import flint
import numpy as np
from flint import arb, arb_mat, fmpq

from empirics.algorithm.modes import Mode

BITS = 160
Vector = arb_mat
Number = int | float | Fraction | arb


def ball(x: Number) -> arb:
    """An exact number as a ball: an int or float exactly, a fraction to the working precision.

    >>> ball(0.5) == ball(Fraction(1, 2))
    True
    """
    if isinstance(x, arb):
        return x
    if isinstance(x, Fraction):
        return arb(fmpq(x.numerator, x.denominator))
    return arb(x)


def column(x: Sequence[float] | np.ndarray) -> Vector:
    """A float64 vector as an exact column."""
    return arb_mat(len(x), 1, [arb(float(v)) for v in x])


def entries(v: Vector) -> list[arb]:
    """The entries of a column, in order."""
    return [v[j, 0] for j in range(v.nrows())]


def columns_of(matrix: arb_mat) -> list[Vector]:
    """The columns of a matrix, in order."""
    rows = matrix.tolist()
    return [arb_mat(len(rows), 1, [row[j] for row in rows]) for j in range(matrix.ncols())]


def side_by_side(columns: Sequence[Vector]) -> arb_mat:
    """The matrix of these columns."""
    parts = [entries(one) for one in columns]
    return arb_mat([list(row) for row in zip(*parts, strict=True)])


def identity(d: int) -> arb_mat:
    """The unit matrix (d, d)."""
    return arb_mat(d, d, [int(i == j) for i in range(d) for j in range(d)])


def squared_norm(v: Vector) -> arb:
    """The square of the Euclidean norm of a column."""
    return sum((x * x for x in entries(v)), arb(0))


def norm(v: Vector) -> arb:
    """Euclidean norm.

    >>> norm(column([3.0, 4.0])) == 5
    True
    """
    return root(squared_norm(v))


def root(x: arb) -> arb:
    """Square root of a non-negative number whose ball may reach below 0 by rounding.

    >>> root(arb(0)) == 0
    True
    """
    if x > 0 or x == 0:
        return x.sqrt()
    top = x.upper().sqrt().upper()
    return arb(top / 2, top / 2)


def mean(values: Sequence[Vector]) -> Vector:
    """The average of columns."""
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total * (arb(1) / len(values))


def float_below(x: arb) -> float:
    """The ball itself when it is a float, else a float below it within two ulps of its middle."""
    value = float(x.mid())
    return value if arb(value) == x else math.nextafter(float(x.lower()), -math.inf)


def float_above(x: arb) -> float:
    """The ball itself when it is a float, else a float above it within two ulps of its middle."""
    value = float(x.mid())
    return value if arb(value) == x else math.nextafter(float(x.upper()), math.inf)


def bounds(x: arb) -> tuple[Fraction, Fraction]:
    """Both ends of a ball as exact fractions.

    >>> bounds(arb(3) / 2)
    (Fraction(3, 2), Fraction(3, 2))
    """
    return _fraction(x.lower()), _fraction(x.upper())


def _fraction(x: arb) -> Fraction:
    if not x.is_finite():
        raise ValueError(f"ball: {x} is not finite; the working precision of {flint.ctx.prec} bits does not suffice")
    mantissa, exponent = x.mid().man_exp()
    return Fraction(int(mantissa)) * (Fraction(2) ** int(exponent))


def _map(function: Callable[[arb], arb], v: Vector) -> list[arb]:
    return [function(x) for x in entries(v)]


def _weighted(weights: Sequence[arb], v: Vector) -> Vector:
    return arb_mat(v.nrows(), 1, [a * b for a, b in zip(weights, entries(v), strict=True)])


class BallLoss(ABC):
    """The loss of one agent in balls: value, gradient and Hessian-vector product at a point."""

    @abstractmethod
    def loss(self, w: Vector) -> arb:
        """The loss f_i at a column w."""

    @abstractmethod
    def gradient(self, w: Vector) -> Vector:
        """The gradient of f_i at w, a column."""

    @abstractmethod
    def hvp(self, w: Vector, v: Vector) -> Vector:
        """The Hessian of f_i at w times v."""


@final
@dataclass(frozen=True)
class BallQuadratic(BallLoss):
    """f(w) = (w - c)^T A (w - c) / 2 + e."""

    A: arb_mat
    c: Vector
    e: arb

    def loss(self, w: Vector) -> arb:
        """The loss at a column w."""
        r = w - self.c
        return (r.transpose() * (self.A * r))[0, 0] / 2 + self.e

    def gradient(self, w: Vector) -> Vector:
        """A (w - c)."""
        return self.A * (w - self.c)

    def hvp(self, w: Vector, v: Vector) -> Vector:
        """The constant Hessian A times v."""
        return self.A * v


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


@final
@dataclass(frozen=True)
class BallMeta:
    """Fine-tuning, meta-loss and the deterministic meta-gradients of one agent: the definitions, line by line."""

    f: BallLoss
    alpha: arb
    nu: int

    def trajectory(self, w: Vector) -> list[Vector]:
        """The fine-tuning points w^0 = w, ..., w^nu."""
        points = [w]
        for _ in range(self.nu):
            points.append(points[-1] - self.f.gradient(points[-1]) * self.alpha)
        return points

    def loss(self, w: Vector) -> arb:
        """The meta loss F_i(w) = f_i(w^nu)."""
        return self.f.loss(self.trajectory(w)[-1])

    def exact(self, w: Vector) -> Vector:
        """P^0 ... P^{nu-1} grad f(w^nu)."""
        points = self.trajectory(w)
        v = self.f.gradient(points[-1])
        for point in reversed(points[:-1]):
            v = v - self.f.hvp(point, v) * self.alpha
        return v

    def first_order(self, w: Vector) -> Vector:
        """The gradient of f at w^nu."""
        return self.f.gradient(self.trajectory(w)[-1])

    def hessian_free(self, w: Vector, delta: arb) -> Vector:
        """Each P^l v through a central difference of gradients with probe w^l +- delta v."""
        points = self.trajectory(w)
        v = self.f.gradient(points[-1])
        for point in reversed(points[:-1]):
            ahead, behind = self.f.gradient(point + v * delta), self.f.gradient(point - v * delta)
            v = v - (ahead - behind) * (self.alpha / (2 * delta))
        return v

    def meta_gradient(self, w: Vector, mode: Mode, delta: float | None = None) -> Vector:
        """That of a mode without batches."""
        if mode.probes:
            assert delta is not None
            return self.hessian_free(w, ball(delta))
        return self.exact(w) if mode.curved else self.first_order(w)


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


def matrix(x: np.ndarray) -> arb_mat:
    """A float64 matrix as an exact ball matrix."""
    return arb_mat(x.shape[0], x.shape[1], [arb(float(v)) for v in x.ravel()])


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
