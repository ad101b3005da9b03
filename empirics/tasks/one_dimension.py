"""Quadratics in one dimension: every constant in rational arithmetic, exact whenever it is a float."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from empirics.numerics.constants import Constant, rational_up
from empirics.numerics.rounding import root_up


def line_constants(arrays: dict[str, np.ndarray], radius: float | None) -> dict[str, Constant]:
    """gamma_H and, with a radius r, B and gamma_G of f_i = a_i (w - c_i)^2 / 2 + e_i on |w| <= r.

    B = max_i |a_i| (r + |c_i|). The mean square of a_i (w - c_i) about its mean is convex in w, so its largest value on
    the interval is the one at an end.

    >>> arrays = {"A": np.array([[[1.0]], [[-1.0]]]), "c": np.array([[0.5], [0.0]])}
    >>> line_constants(arrays, 1.0)["B"]
    Constant(value=1.5, side='exact', note='max_i |a_i| (r + |c_i|)')
    """
    slopes, centres = _column(arrays["A"]), _column(arrays["c"])
    constants = {"gamma_H": _root(_spread(slopes), "root mean square of a_i - mean a")}
    if radius is None:
        return constants
    r = Fraction(radius)
    reach = max(abs(a) * (r + abs(c)) for a, c in zip(slopes, centres, strict=True))
    constants["B"] = rational_up(reach, "max_i |a_i| (r + |c_i|)")
    ends = (_spread([a * (w - c) for a, c in zip(slopes, centres, strict=True)]) for w in (-r, r))
    constants["gamma_G"] = _root(max(ends), "root mean square spread at the worse end of the interval")
    return constants


def line_smoothness(arrays: dict[str, np.ndarray], alpha: float, power: int) -> Constant:
    """max_i |a_i (1 - alpha a_i)^power|.

    >>> line_smoothness({"A": np.array([[[1.0]]])}, 0.5, 2)
    Constant(value=0.25, side='exact', note='max_i norm(M_i)')
    """
    return rational_up(max(map(abs, _updates(arrays, alpha, power))), "max_i norm(M_i)")


def line_mean_curvature(arrays: dict[str, np.ndarray], alpha: float, power: int) -> Constant:
    """(1/n) sum_i a_i (1 - alpha a_i)^power, exact or rounded down."""
    updates = _updates(arrays, alpha, power)
    return _down(sum(updates, Fraction(0)) / len(updates), "mean of the M_i")


def line_curvature_floor(arrays: dict[str, np.ndarray], alpha: float, power: int) -> Constant:
    """min_i a_i (1 - alpha a_i)^power, exact or rounded down.

    >>> line_curvature_floor({"A": np.array([[[1.0]], [[-1.0]]])}, 0.5, 2)
    Constant(value=-2.25, side='exact', note='smallest of the M_i')
    """
    return _down(min(_updates(arrays, alpha, power)), "smallest of the M_i")


def _down(exact: Fraction, note: str) -> Constant:
    number = float(exact)
    if Fraction(number) == exact:
        return Constant(number, "exact", note)
    return Constant(number if Fraction(number) < exact else math.nextafter(number, -math.inf), "lower", note)


def _updates(arrays: dict[str, np.ndarray], alpha: float, power: int) -> list[Fraction]:
    return [a * (1 - Fraction(alpha) * a) ** power for a in _column(arrays["A"])]


def _column(x: np.ndarray) -> list[Fraction]:
    return [Fraction(float(value)) for value in np.ravel(x)]


def _spread(values: Sequence[Fraction]) -> Fraction:
    mean = sum(values, Fraction(0)) / len(values)
    return sum(((value - mean) ** 2 for value in values), Fraction(0)) / len(values)


def _root(square: Fraction, note: str) -> Constant:
    number = root_up(square)
    return Constant(number, "exact" if Fraction(number) ** 2 == square else "upper", note)
