r"""Smooth functions of one number: bounds on their first four derivatives over intervals.

A function whose derivatives are bounded on the whole line has, on an interval with midpoint m and half-width h,

    sup |phi^(k)| <= min{ G_k,  |phi^(k)(m)| + h G_{k+1} },     G_k >= sup over R of |phi^(k)|.

For the others (exp, log, powers) |phi^(k)| is monotone on each side of 0, so its supremum is at an end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import erf, expit

from empirics.certificates.norms.bounds import UnboundedError

Array = np.ndarray
_SLACK = 2.0**-40
ORDER = 4


@dataclass(frozen=True)
class Smooth:
    """phi with bounded derivatives.

    Args:
        derivatives: x -> phi'(x), ..., phi''''(x).
        suprema: of |phi'|, ..., |phi^(5)| over the real line, not below the truth.
        at_zero: at least |phi(0)|.
        low, high: phi lies between them.
    """

    derivatives: Callable[[Array], Sequence[Array]]
    suprema: tuple[float, ...]
    at_zero: float = 0.0
    low: float = -math.inf
    high: float = math.inf

    def slopes(self, low: Array, high: Array) -> Array:
        """Suprema of |phi^(k)|, k = 1 ... 4, over all intervals [low, high] of a sample, (4, N).

        >>> TANH.slopes(np.array([[-9.0]]), np.array([[9.0]])).ravel().round(4).tolist()
        [1.0, 0.7698, 2.0, 4.0859]
        """
        count = len(low)
        best = np.repeat(np.array(self.suprema[:ORDER])[:, None], count, axis=1)
        if not (np.isfinite(low).all() and np.isfinite(high).all() and low.size):
            return best
        middle, half = (low + high) / 2, (high - low) / 2
        half = half * (1 + _SLACK) + np.abs(middle) * _SLACK
        for k, values in enumerate(self.derivatives(middle)):
            near = np.abs(values) + half * self.suprema[k + 1] + _SLACK * self.suprema[k]
            best[k] = np.minimum(best[k], near.reshape(count, -1).max(axis=1))
        return best


def _tanh(x: Array) -> Sequence[Array]:
    t = np.tanh(x)
    s = 1 - t * t
    return s, -2 * t * s, s * (6 * t * t - 2), s * t * (16 - 24 * t * t)


def _sigmoid(x: Array) -> Sequence[Array]:
    return tuple(part / 2 ** (k + 2) for k, part in enumerate(_tanh(x / 2)))


def _softplus(x: Array) -> Sequence[Array]:
    return expit(x), *_sigmoid(x)[:3]


def _log_sigmoid(x: Array) -> Sequence[Array]:
    first, second, third, fourth = _softplus(-x)
    return first, -second, third, -fourth


def _density(x: Array) -> Array:
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _gelu(x: Array) -> Sequence[Array]:
    p = _density(x)
    return (
        (1 + erf(x / math.sqrt(2))) / 2 + x * p,
        p * (2 - x * x),
        p * x * (x * x - 4),
        p * (7 * x * x - x**4 - 4),
    )


def _silu(x: Array) -> Sequence[Array]:
    value, (first, second, third, fourth) = expit(x), _sigmoid(x)
    return value + x * first, 2 * first + x * second, 3 * second + x * third, 4 * third + x * fourth


def _erf(x: Array) -> Sequence[Array]:
    bell = 2 / math.sqrt(math.pi) * np.exp(-x * x)
    return bell, -2 * x * bell, (4 * x * x - 2) * bell, (12 * x - 8 * x**3) * bell


def _atan(x: Array) -> Sequence[Array]:
    q = 1 / (1 + x * x)
    return q, -2 * x * q**2, (6 * x * x - 2) * q**3, 24 * x * (1 - x * x) * q**4


_ROOT3 = math.sqrt(3.0)
# t = tanh: |phi''| is largest at t^2 = 1/3, |phi'''| and |phi^(5)| at 0, phi'''' = (1 - t^2) t (16 - 24 t^2) where
# 15 t^4 - 15 t^2 + 2 = 0 (4.08588). The others' numbers are maxima found to eight digits and rounded upwards.
TANH = Smooth(_tanh, (1.0, 0.769801, 2.0, 4.0859, 16.0), low=-1.0, high=1.0)
SIGMOID = Smooth(_sigmoid, (0.25, 0.0962251, 0.125, 0.127685, 0.25), 0.5, 0.0, 1.0)
SOFTPLUS = Smooth(_softplus, (1.0, 0.25, 0.0962251, 0.125, 0.127685), 0.6932, low=0.0)
LOG_SIGMOID = Smooth(_log_sigmoid, SOFTPLUS.suprema, 0.6932, high=0.0)
GELU = Smooth(_gelu, (1.12891, 0.797885, 0.77878, 1.59577, 2.84253), low=-0.17)
SILU = Smooth(_silu, (1.09984, 0.5, 0.308182, 0.5, 0.65803), low=-0.2785)
ERF = Smooth(_erf, (1.12838, 0.967884, 2.25676, 4.40471, 13.5406), low=-1.0, high=1.0)
ATAN = Smooth(_atan, (1.0, 0.64952, 2.0, 4.66856, 24.0), low=-1.5708, high=1.5708)
SINE = Smooth(lambda x: (np.cos(x), -np.sin(x), -np.cos(x), np.sin(x)), (1.0,) * 5, low=-1.0, high=1.0)
COSINE = Smooth(lambda x: (-np.sin(x), -np.cos(x), np.sin(x), np.cos(x)), (1.0,) * 5, 1.0, -1.0, 1.0)


@dataclass(frozen=True)
class Monotone:
    """A function whose derivatives are largest at an end of an interval: their sizes from that end.

    Args:
        sizes: (low, high) -> suprema of |phi|, |phi'|, ..., |phi''''| for every entry, (5, N, ...).
        positive: whether the range has to be positive.
        sign: 1 where phi is never negative on its domain.
    """

    sizes: Callable[[Array, Array], Sequence[Array]]
    positive: bool = False
    sign: int = 0

    def suprema(self, name: str, low: Array, high: Array) -> Array:
        """Of |phi|, |phi'|, ..., over all entries of a sample, (5, N)."""
        if self.positive and not bool((low > 0).all()):
            raise UnboundedError(f"{name}: its argument may reach {float(low.min()):.3g} on the ball: expected > 0")
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            parts = self.sizes(low, high)
        found = [np.abs(np.broadcast_to(part, low.shape)).reshape(len(low), -1) for part in parts]
        suprema = np.stack([part.max(axis=1, initial=0.0) for part in found]) * (1 + _SLACK)
        # an end that is no number (inf - inf) bounds nothing
        return np.where(np.isnan(suprema), np.inf, suprema)


def power(exponent: float) -> Callable[[Array, Array], Sequence[Array]]:
    """Sizes of x^p and its derivatives on intervals; for p that is no whole number >= 0 the low end must be positive.

    >>> [float(part[0]) for part in power(2)(np.array([-1.0]), np.array([3.0]))]
    [9.0, 6.0, 2.0, 0.0, 0.0]
    """

    def sizes(low: Array, high: Array) -> Sequence[Array]:
        least, most = low, np.maximum(np.abs(low), np.abs(high))
        parts, factor = [], 1.0
        for k in range(ORDER + 1):
            left = exponent - k
            end = most if left >= 0 else least
            parts.append(np.zeros_like(low) if factor == 0 else abs(factor) * np.abs(end) ** left)
            factor *= left
        return parts

    return sizes


def _log(low: Array, high: Array) -> Sequence[Array]:
    largest = np.maximum(np.abs(np.log(low)), np.abs(np.log(high)))
    return largest, 1 / low, 1 / low**2, 2 / low**3, 6 / low**4


def _log1p(low: Array, high: Array) -> Sequence[Array]:
    if not bool((low > -1).all()):
        raise UnboundedError(f"log1p: its argument may reach {float(low.min()):.3g} on the ball: expected > -1")
    return _log(1 + low - np.abs(low) * 2.0**-50, 1 + high)


EXP = Monotone(lambda low, high: [np.exp(high)] * 5, sign=1)
EXPM1 = Monotone(lambda low, high: [np.exp(high) + 1] + [np.exp(high)] * 4)
LOG, LOG1P = Monotone(_log, positive=True), Monotone(_log1p)
SQRT, RSQRT = Monotone(power(0.5), positive=True, sign=1), Monotone(power(-0.5), positive=True, sign=1)
COSH = Monotone(lambda low, high: [np.cosh(np.maximum(np.abs(low), np.abs(high)))] * 5, sign=1)
