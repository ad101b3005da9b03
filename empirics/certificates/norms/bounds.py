r"""What is known about one tensor of a recorded loss over a ball: its value at the centre, three majorants, a range.

Every derivative is a multilinear map from blocks of w (Euclidean norm) to the tensor's entries, whose norm is taken in
l_1, l_2 and l_inf: `majorants` has these three rows. A sum over samples reads the first, products of matrices the
second, products entry by entry all three (norm(x y)_1 <= norm(x)_2 norm(y)_2, norm(x y)_2 <= norm(x)_inf norm(y)_2).
The coefficient of degree 0 bounds the norm of the value itself on the ball.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from empirics.certificates.norms.majorants import INFLATION, Monomials, times
from empirics.numerics.errors import InputError

ONE, TWO, MOST = 0, 1, 2
"""Rows of a majorant: the l_1, l_2 and l_inf norm."""
LOCAL = 2.0**-40
"""Relative rounding error of one operation in the norm of its result, for sums of up to 2^10 terms."""


class NoRuleError(InputError):
    """A recorded loss uses an operation for which no bound is known; the message names it."""


class UnboundedError(InputError):
    """A function may meet a point where it is not smooth on this ball: the logarithm of a range with 0, say."""


@dataclass(frozen=True)
class Ball:
    """norm(w - centre) <= radius, for the table of its blocks; the radius may be infinite."""

    table: Monomials
    radius: float


@dataclass(frozen=True, eq=False)
class Bound:
    """One tensor over the ball, for N samples or agents at once (N = 1 where it is the same for all).

    Args:
        value: at the centre as computed, (N, ...).
        majorants: (3, N, width).
        low, high: every entry lies between them on the ball, (N,).
        places: which entry of w each entry is, where it is a selection of w.
    """

    value: np.ndarray
    majorants: np.ndarray
    low: np.ndarray
    high: np.ndarray
    places: np.ndarray | None = None

    @property
    def moves(self) -> bool:
        """Whether it depends on w."""
        return bool(self.majorants[..., 1:-1].any())

    @property
    def entries(self) -> int:
        """Numbers of one sample."""
        return int(np.prod(self.value.shape[1:], dtype=np.int64))

    def drift(self, ball: Ball, row: int) -> np.ndarray:
        """How far the tensor can be from the computed value at the centre, in that norm, (N,)."""
        slope = ball.table.slope(self.majorants[row])
        moved = np.where(slope > 0, ball.radius * np.where(slope > 0, slope, 1.0), 0.0)
        return (moved + self.majorants[row, :, -1]) * INFLATION

    def around(self, ball: Ball) -> tuple[np.ndarray, np.ndarray]:
        """Ends of an interval for every entry, (N, ...)."""
        reach = over(self.drift(ball, MOST), self.value)
        low, high = over(self.low, self.value), over(self.high, self.value)
        return np.maximum(self.value - reach, low), np.minimum(self.value + reach, high)


def over(numbers: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Numbers (N,) with as many axes as `like`."""
    return numbers.reshape(-1, *([1] * (like.ndim - 1)))


def flat_norms(value: np.ndarray) -> np.ndarray:
    """At least the three norms (3, N) of tensors (N, ...), rounding included."""
    rows = np.abs(value.reshape(len(value), -1))
    slack = 1 + (rows.shape[1] + 8) * 2.0**-52
    if not rows.shape[1]:
        return np.zeros((3, len(value)))
    largest = rows.max(axis=1)
    safe = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)[:, None]
    squares = np.sqrt(np.square(rows / safe).sum(axis=1)) * safe[:, 0]
    return np.stack([rows.sum(axis=1) * slack, squares * slack, largest])


def constant(value: np.ndarray, table: Monomials) -> Bound:
    """A tensor that does not depend on w and is known exactly, (N, ...)."""
    value = value.astype(np.float64) if np.issubdtype(value.dtype, np.floating) else value
    majorants = np.zeros((3, len(value), table.width))
    majorants[..., 0] = flat_norms(value)
    flat = value.reshape(len(value), -1)
    empty = np.zeros(len(value))
    return Bound(value, majorants, flat.min(1) if flat.size else empty, flat.max(1) if flat.size else empty)


def closed(majorants: np.ndarray, entries: int) -> np.ndarray:
    """The same bounds, each the least that the relations between the norms allow.

    norm_inf <= norm_2 <= norm_1 <= sqrt(m) norm_2 <= m norm_inf, norm_2^2 <= norm_1 norm_inf, for m entries.

    >>> closed(np.array([[[9.0]], [[2.0]], [[3.0]]]), 4).ravel().tolist()
    [4.0..., 2.0, 2.0]
    """
    one, two, most = majorants
    root = math.sqrt(entries) * INFLATION
    two = np.minimum(two, np.minimum(one, root * most))
    most = np.minimum(most, two)
    two = np.minimum(two, np.sqrt(times(one, most)) * INFLATION)
    one = np.minimum(one, np.minimum(root * two, entries * most))
    return np.stack([one, two, most])


def finished(ball: Ball, value: np.ndarray, rough: Bound, *, terms: int = 0, exact: bool = False) -> Bound:
    """A rule's result with its own rounding error added and the norms of its value refined around the centre.

    Args:
        ball: the ball.
        value: the tensor as computed at the centre.
        rough: what the rule found, the norms of its value by composition.
        terms: numbers that enter an entry at most, 0 for those of the tensor itself.
        exact: whether the operation only moves numbers and does not round.
    """
    majorants = np.broadcast_to(rough.majorants, (3, max(len(value), rough.majorants.shape[1]), ball.table.width))
    majorants = closed(majorants, rough.entries)
    at_centre = flat_norms(value)
    if not exact:
        # by composition the value's norm counts every term of a sum; where that is unknown, the value itself has to do
        size = np.where(np.isfinite(majorants[..., 0]), majorants[..., 0], at_centre)
        majorants[..., -1] += size * max(LOCAL, max(terms, rough.entries) * 2.0**-50)
    bound = replace(rough, value=value, majorants=majorants)
    for row in (ONE, TWO, MOST):
        near = at_centre[row] + bound.drift(ball, row)
        majorants[row, :, 0] = np.minimum(majorants[row, :, 0], near * INFLATION)
    majorants = closed(majorants, rough.entries)
    low = np.maximum(np.broadcast_to(rough.low, majorants.shape[1]), -majorants[MOST, :, 0])
    high = np.minimum(np.broadcast_to(rough.high, majorants.shape[1]), majorants[MOST, :, 0])
    return replace(bound, majorants=majorants, low=low, high=high)


def hadamard(table: Monomials, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Majorants (3, N, width) of the product entry by entry of two tensors of one shape."""
    return np.stack(
        [
            table.product((a[TWO], b[TWO]), (a[ONE], b[MOST]), (a[MOST], b[ONE])),
            table.product((a[TWO], b[MOST]), (a[MOST], b[TWO])),
            table.product((a[MOST], b[MOST])),
        ]
    )


def composed(table: Monomials, inner: np.ndarray, slopes: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Majorants of g(z), entry by entry or row by row, from those of z and sup norm(g^(k)), k = 1, 2, ...

    Faa di Bruno: sum_k sup norm(g^(k)) / k! (P - P_0)^k.

    Args:
        table: of the blocks.
        inner: majorants of z, (3, N, width).
        slopes: (order, N).
        value: norms of g(z) over the ball, (3, N).
    """
    moving = inner.copy()
    moving[..., 0] = 0.0
    result, power = times(moving, slopes[0][:, None]), moving
    for k in range(2, table.order + 1):
        power = hadamard(table, power, moving)
        result = result + times(power, slopes[k - 1][:, None]) / math.factorial(k)
    result = result * INFLATION
    result[..., 0] = value
    return result


def rows_of(bound: Bound, rows: int, length: int) -> np.ndarray:
    """Majorants of the Euclidean norms of `rows` rows of that length: a tensor of one entry a row.

    Its l_2 norm is that of the whole; an entry is at most sqrt(length) times the largest entry of its row.
    """
    one, two, most = bound.majorants
    root = math.sqrt(length) * INFLATION
    return closed(np.stack([one, two, np.minimum(two, root * most)]), rows)
