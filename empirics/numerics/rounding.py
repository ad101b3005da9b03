"""Outward rounding: float64 numbers that are proved to lie on the safe side."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

EPS = 2.0**-52


def up(value: float, operations: int = 64) -> float:
    """At least the exact result, when `value` >= 0 is the float64 result of `operations` or fewer roundings.

    Sums, products, quotients and roots of non-negative numbers have a relative error of at most
    operations * 2^-53 * (1 + 1e-6); the factor 1 + (operations + 2) 2^-52 is more than that. A difference of exactly
    known numbers may enter too (one rounding). Underflow is out of scope: results below 1e-290 are rounded to 1e-290.

    >>> up(1.0) > 1.0, up(0.0)
    (True, 0.0)
    """
    if value == 0:
        return 0.0
    return max(value * (1 + (operations + 2) * EPS), 1e-290)


def add_up(value: float, error: float) -> float:
    """At least value + error, for value of any sign and error >= 0.

    >>> add_up(-1.0, 0.0)
    -1.0
    """
    return value if error == 0 else math.nextafter(value + error, math.inf)


def root_up(square: Fraction) -> float:
    """The least float that is proved to be >= sqrt(square), exact when the root is a float.

    >>> root_up(Fraction(9, 16)), root_up(Fraction(2)) >= 2**0.5
    (0.75, True)
    """
    root = math.sqrt(float(square))
    while Fraction(root) ** 2 < square:
        root = math.nextafter(root, math.inf)
    return root


def float_up(value: Fraction) -> float:
    """The least float >= value."""
    number = float(value)
    return number if Fraction(number) >= value else math.nextafter(number, math.inf)


def row_norms_up(rows: np.ndarray) -> np.ndarray:
    """At least the Euclidean norms of the vectors on the last axis.

    Scaling by a power of two is exact and keeps the squares away from underflow; the sum of d squares and its root
    take at most 2 d + 2 roundings.
    """
    rows = np.asarray(rows, dtype=np.float64)
    largest = np.abs(rows).max(axis=-1, keepdims=True)
    scale = np.ldexp(1.0, np.frexp(np.where(largest > 0, largest, 1.0))[1])
    norms = np.sqrt(np.square(rows / scale).sum(axis=-1)) * scale[..., 0]
    return norms * (1 + (2 * rows.shape[-1] + 8) * EPS)


def mean_up(values: np.ndarray) -> float:
    """At least the mean of non-negative numbers (fsum rounds once)."""
    return up(math.fsum(np.ravel(values)) / np.size(values), 4)


def root_mean_square_up(values: np.ndarray) -> float:
    """At least the root mean square of numbers; their squares may overflow.

    >>> root_mean_square_up(np.array([3e300, 4e300])) >= math.sqrt(12.5) * 1e300
    True
    """
    return up(float(row_norms_up(np.ravel(values))) / math.sqrt(np.size(values)), 4)


def step_factor_up(step: float, low: float, high: float) -> float:
    """At least |1 - step x| for every x in [low, high], step >= 0.

    >>> step_factor_up(0.5, -1.0, 1.0)
    1.5
    """
    if Fraction(step) == 0:
        return 1.0
    exact = max(abs(1 - Fraction(step) * Fraction(end)) for end in (low, high))
    return float_up(exact)


def product_error(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Elementwise bound on the rounding error of the matrix product left @ right in float64, any summation order."""
    inner = left.shape[-1]
    return (np.abs(left) @ np.abs(right)) * ((inner + 2) * EPS)


def frobenius_up(matrix: np.ndarray) -> float:
    """At least the Frobenius norm of one matrix."""
    return float(row_norms_up(np.ravel(matrix)))
