"""Meta-losses and meta-gradients in Arb balls: what exact arithmetic would have produced.

Nothing here calls the engine: a loss is read from its recording, or is a quadratic of stored matrices. Every result
encloses the exact value for the task as stored (its float64 arrays taken as exact), whatever the rounding inside.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
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


class NotEnclosedError(ValueError, OverflowError):
    """A ball that is not finite, where its ends are asked for."""


def _fraction(x: arb) -> Fraction:
    if not x.is_finite():
        bits = flint.ctx.prec
        raise NotEnclosedError(f"ball: {x} is not finite; the working precision of {bits} bits does not suffice")
    mantissa, exponent = x.mid().man_exp()
    return Fraction(int(mantissa)) * (Fraction(2) ** int(exponent))


def matrix(x: np.ndarray) -> arb_mat:
    """A float64 matrix as an exact ball matrix."""
    return arb_mat(x.shape[0], x.shape[1], [arb(float(v)) for v in x.ravel()])


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
