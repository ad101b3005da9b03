"""One-sided statements about a mean that are valid at the sample size used: betting bounds, e-values, Holm's rule.

Source: I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by betting" (JRSS B 2024);
V. Vovk and R. Wang, "E-values: calibration, combination and applications" (Annals of Statistics 2021).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FAMILY_WISE_LEVEL = 1e-3
REFUTATION_LEVEL = FAMILY_WISE_LEVEL / 2
SUPPORT_LEVEL = FAMILY_WISE_LEVEL / 2

_LARGEST_BET = 0.95  # below 1, so that one observation can never bankrupt the capital
_E_VALUE_BETS = 1.0 - np.geomspace(0.002, 0.98, 24)
# float64 rounding of a log-capital summed over N terms is below N * 2^-50; the bound is widened by far more than that
_ROUNDING = 1e-9


def _bets(x: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Predictable plug-in bets: the t-th depends on x[..., :t] only, so capital stays a martingale under the mean."""
    size = x.shape[-1]
    count = np.arange(1, size + 1)
    mean = (0.5 + np.cumsum(x, axis=-1)) / (count + 1)
    variance = (0.25 + np.cumsum((x - mean) ** 2, axis=-1)) / (count + 1)
    past_variance = np.concatenate((np.full((*x.shape[:-1], 1), 0.25), variance[..., :-1]), axis=-1)
    return np.minimum(np.sqrt(2.0 * math.log(1.0 / level) / (past_variance * size)), _LARGEST_BET)


def level_of_look(level: float, look: int) -> float:
    """The level of the k-th look at a growing sample, level / (k (k + 1)), where all looks together have `level`.

    Independent observations X_1, X_2, ... have the mean m, and before anything is drawn the sizes N_1 < N_2 < ... of
    the looks are fixed. Let U_k be an upper confidence bound for m from X_1, ..., X_{N_k} that is wrong with
    probability at most level / (k (k + 1)). Let K be the last look, chosen in any way: by what these and other samples
    have shown so far, by a clock, by a wish. The event m > min(U_1, ..., U_K) is part of the union over all k of
    m > U_k, so

        P(m > min(U_1, ..., U_K)) <= sum_k level / (k (k + 1)) = level sum_k (1/k - 1/(k + 1)) = level.

    Refutation pays nothing: for a true bound the e-value of the first N observations is a non-negative supermartingale
    in N that begins at 1, and by Ville's inequality it ever reaches 1/a with probability at most a. Hence one over the
    largest e-value so far is a p-value whatever K is, and Holm's rule needs no more.

    Raises ValueError for a look < 1.

    >>> [round(level_of_look(0.12, look), 3) for look in (1, 2, 3)]
    [0.06, 0.02, 0.01]
    """
    if look < 1:
        raise ValueError(f"look: {look} is not a number >= 1")
    return level / (look * (look + 1))


def betting_upper_bound(values: Sequence[float] | NDArray, low: float, high: float, level: float) -> float:
    """Upper confidence bound for the mean of independent values in [low, high], wrong with probability <= level.

    The capital prod_t (1 + lambda_t (m - X_t)) is a non-negative martingale when the mean is m and increases in m, so
    by Markov the largest m at which it stays below 1/level is an upper bound, at any sample size and for any law.

    Raises ValueError if a value lies outside [low, high] or the level is not in (0, 1).

    >>> round(betting_upper_bound([0.0] * 1000, 0.0, 1.0, 0.05), 4)  # (1 + 0.95 m)^1000 = 20
    0.0032
    """
    return float(betting_upper_bounds(np.asarray(values, dtype=np.float64)[None], low, high, level)[0])


def betting_upper_bounds(rows: NDArray[np.float64], low: float, high: float, level: float) -> NDArray[np.float64]:
    """The upper confidence bound of every row of independent values (C, N): (C,), each as `betting_upper_bound`."""
    x = _scaled(rows, low, high, level)
    bets = _bets(x, level)
    target = math.log(1.0 / level)

    def enough(mean: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.log1p(bets * (mean[:, None] - x)).sum(axis=-1) >= target

    below, above = np.zeros(len(x)), np.ones(len(x))
    bounded = enough(above)
    for _ in range(60):
        middle = 0.5 * (below + above)
        reached = enough(middle)
        below, above = np.where(reached, below, middle), np.where(reached, middle, above)
    return np.where(bounded, np.minimum(high, low + (above + _ROUNDING) * (high - low)), high)


def betting_lower_bound(values: Sequence[float] | NDArray, low: float, high: float, level: float) -> float:
    """Lower confidence bound for the mean of independent values in [low, high]: the mirrored upper bound.

    >>> betting_lower_bound([1.0] * 1000, 0.0, 1.0, 0.05) > 0.99
    True
    """
    return float(betting_lower_bounds(np.asarray(values, dtype=np.float64)[None], low, high, level)[0])


def betting_lower_bounds(rows: NDArray[np.float64], low: float, high: float, level: float) -> NDArray[np.float64]:
    """The lower confidence bound of every row of independent values (C, N): (C,), each as `betting_lower_bound`."""
    mirrored = low + high - rows
    return low + high - betting_upper_bounds(np.clip(mirrored, low, high), low, high, level)


def e_value(values: Sequence[float] | NDArray, bound: float) -> float:
    """Evidence against "the mean of these non-negative values is at most bound": its expectation is <= 1 if that is so.

    The mixture over bets lambda of prod_t (1 + lambda (X_t / bound - 1)). No upper bound on X is needed.

    Raises ValueError for a negative value or bound <= 0.

    >>> e_value([2.0] * 40, 1.0) > 1e6
    True
    >>> e_value([0.9] * 40, 1.0) < 1
    True
    """
    x = np.asarray(values, dtype=np.float64)
    if x.size == 0 or x.min() < 0 or not bound > 0:
        raise ValueError(
            f"e_value: needs non-negative values and bound > 0, got min {x.min(initial=np.inf)}, bound {bound}"
        )
    logs = np.log1p(_E_VALUE_BETS[:, None] * (x[None, :] / bound - 1.0)).sum(axis=1)
    return _mixture(logs)


def bounded_e_value(values: Sequence[float] | NDArray, low: float, high: float, bound: float) -> float:
    """Evidence against "the mean of these values in [low, high] is at most bound", for variables of either sign.

    >>> bounded_e_value([0.5] * 200, -1.0, 1.0, 0.0) > 1e6
    True
    """
    return e_value(np.clip(np.asarray(values, dtype=np.float64) - low, 0.0, high - low), bound - low)


def holm_rejections(e_values: Sequence[float], level: float) -> list[bool]:
    """Which null hypotheses Holm's step-down rule rejects at a family-wise level, each with p-value min(1, 1/e).

    >>> holm_rejections([1e6, 10.0, 0.5], 0.001)
    [True, False, False]
    """
    order = sorted(range(len(e_values)), key=lambda i: -e_values[i])
    rejected = [False] * len(e_values)
    for rank, index in enumerate(order):
        if e_values[index] < (len(e_values) - rank) / level:
            break
        rejected[index] = True
    return rejected


def _mixture(logs: NDArray[np.float64]) -> float:
    top = float(logs.max())
    if top > 700.0:  # exp would overflow; the evidence is overwhelming either way
        return math.inf
    return float(np.exp(logs).mean())


def _scaled(values: Sequence[float] | NDArray, low: float, high: float, level: float) -> NDArray[np.float64]:
    x = np.asarray(values, dtype=np.float64)
    if not 0.0 < level < 1.0:
        raise ValueError(f"level: {level} is not in (0, 1)")
    if x.size == 0 or not low < high or x.min() < low or x.max() > high:
        raise ValueError(
            f"values: needs at least one value and all in [{low}, {high}], "
            f"got [{x.min(initial=np.inf)}, {x.max(initial=-np.inf)}]"
        )
    return (x - low) / (high - low)
