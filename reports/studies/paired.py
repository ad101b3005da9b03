"""Seed by seed comparisons: Student's t on independent differences, and Holm's rule for many of them.

A seed is an independent split and initialisation, so the unit of every statement is the seed: two arms share a seed's
split and start, and their difference on it is one observation. The intervals assume that these differences are about
normal, as means over agents are; they decide no verdict about a bound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its two-sided Student interval; the limits are NaN for a single seed."""

    mean: float
    low: float
    high: float
    seeds: int


@dataclass(frozen=True)
class Paired:
    """A mean difference over seeds, its interval, and the two-sided p-value of 'the mean difference is zero'."""

    difference: Interval
    p: float


def mean_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Mean of independent values, one a seed, and its two-sided Student interval.

    >>> found = mean_interval([1.0, 2.0, 3.0])
    >>> round(found.mean, 3), round(found.low, 3), round(found.high, 3)  # 2 -+ 4.303 / sqrt(3)
    (2.0, -0.484, 4.484)

    Raises:
        ValueError: no value, one that is not finite, or a confidence outside (0, 1).
    """
    return _student(_finite(values), confidence, 0.0)


def paired(first: ArrayLike, second: ArrayLike, resolution: float = 0.0, confidence: float = CONFIDENCE) -> Paired:
    """First minus second, seed by seed, by the paired t-test.

    resolution: the step between values that can be told apart (one sample, of an accuracy). The spread of the
    differences counts as at least that much, since a few equal multiples of it are no evidence of a spread of zero.
    With one seed there is no test (p = NaN). Without a resolution, differences that are all equal have p = 1 when they
    are zero and p = 0 otherwise.

    >>> found = paired([2.0, 3.0, 5.0], [1.0, 1.0, 2.0])  # differences 1, 2, 3: t = 2 sqrt(3)
    >>> round(found.difference.mean, 3), round(found.p, 4)
    (2.0, 0.0742)
    >>> round(paired([0.3, 0.4, 0.5], [0.2, 0.3, 0.4], resolution=0.1).p, 4)  # t = sqrt(3), not infinite
    0.2254

    Raises:
        ValueError: the two sides have different seeds, or a value is not finite.
    """
    x, y = _finite(first), _finite(second)
    if x.shape != y.shape:
        raise ValueError(f"paired: {x.size} values against {y.size}; expected the same seeds on both sides")
    differences = x - y
    interval = _student(differences, confidence, resolution)
    if x.size == 1:
        return Paired(interval, math.nan)
    error = max(float(differences.std(ddof=1)), resolution) / math.sqrt(x.size)
    if error == 0.0:
        return Paired(interval, float(interval.mean == 0.0))
    return Paired(interval, 2.0 * float(stdtr(x.size - 1, -abs(interval.mean / error))))


def holm_adjusted(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values: comparing each with a level keeps the family-wise error at that level.

    The k-th smallest of n is multiplied by n - k + 1 and never falls below an earlier one. NaN (no test was possible)
    counts as a member of the family and stays NaN.

    >>> holm_adjusted([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda i: (math.isnan(p_values[i]), p_values[i]))
    adjusted, running = [math.nan] * len(p_values), 0.0
    for rank, index in enumerate(order):
        if math.isnan(p_values[index]):
            break
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted


def _student(x: np.ndarray, confidence: float, resolution: float) -> Interval:
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence: {confidence} is not in (0, 1)")
    mean = float(x.mean())
    if x.size == 1:
        return Interval(mean, math.nan, math.nan, 1)
    spread = max(float(x.std(ddof=1)), resolution)
    reach = float(stdtrit(x.size - 1, 0.5 + confidence / 2)) * spread / math.sqrt(x.size)
    return Interval(mean, mean - reach, mean + reach, x.size)


def _finite(values: ArrayLike) -> np.ndarray:
    x = np.asarray(values, dtype=np.float64).ravel()
    if x.size == 0 or not np.isfinite(x).all():
        raise ValueError(f"values: expected at least one, all finite, got {x.tolist()}")
    return x
