"""Constants of losses whose second derivative is a broken line."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from empirics.numerics.constants import Constant, rational_up, spread_up
from empirics.numerics.rounding import EPS, root_mean_square_up, up


def spline_constants(arrays: dict[str, np.ndarray], where: str) -> dict[str, Constant]:
    """L, mu, rho, gamma_H of the broken lines f_i'', and B, gamma_G on the set that `where` names.

    gamma_H is the largest spread at a knot: between knots the mean square of linear functions is convex.
    """
    knots, heights, slopes, error = _read(arrays)
    gamma_h, gamma_g = 0.0, 0.0
    if not _equal(heights):
        gamma_h = max(_spread(column) for column in heights.T)
    if not (_equal(heights) and _equal(slopes)):
        gamma_g = _slope_spread(knots, heights, slopes, error)
    return {
        "B": Constant(up(_largest_slope(heights, slopes, np.diff(knots)) + error), "upper", where),
        "L": Constant(float(np.abs(heights).max()), "exact", "largest |f''|, at a knot"),
        "mu": Constant(float(heights.min()), "exact", "smallest f'', at a knot"),
        "rho": _steepest(knots, heights),
        "gamma_G": spread_up(gamma_g, where),
        "gamma_H": spread_up(gamma_h, "root mean square spread at a knot"),
    }


def lower_bound(arrays: dict[str, np.ndarray]) -> Constant:
    """(1/n) sum_i inf f_i over the knots' interval, less what rounding may do: f_i is least at a knot or at a dip.

    At the dip of a piece f' = 0 and f'' = sqrt(b^2 - 2 s j), s, b, j being f', f'', f''' at its left end.
    """
    knots, heights, slopes, _ = _read(arrays)
    values, jerks = (arrays[name].astype(np.float64)[:, 1:] for name in ("values", "jerks"))
    s, b, j, width = slopes[:, :-1], heights[:, :-1], jerks[:, :-1], np.diff(knots)
    bend = np.sqrt(np.maximum(b * b - 2 * s * j, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        dip = np.where(b >= 0, -2 * s / (b + bend), (bend - b) / j)
    t = np.clip(np.nan_to_num(dip), 0.0, width)  # without a dip it is any other point of the piece
    lows = np.minimum(values.min(axis=1), (values[:, :-1] + t * (s + t * (b / 2 + t * j / 6))).min(axis=1))
    reach = float(knots[-1] - knots[0])
    scale = float(np.abs(values).max()) + reach * (float(np.abs(slopes).max()) + reach * float(np.abs(heights).max()))
    # Values come from J sums of such terms, each rounded a few times in the task's own precision; that of the dip
    # itself changes the value there by its square only, or by its cube where f'' = 0 too.
    slack = scale * 16 * (len(knots) + 4) * float(np.finfo(arrays["values"].dtype).eps)
    return Constant(math.fsum(lows) / len(lows) - slack, "lower", "the least values at the knots and the dips")


def _read(arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Knots, f'' and f' at the knots, and how far f' can be from its table: rounding of integration and evaluation."""
    knots = arrays["knots"].astype(np.float64)
    heights, slopes = (arrays[name].astype(np.float64)[:, 1:] for name in ("bends", "slopes"))
    travel = float(np.abs(heights).max()) * float(knots[-1] - knots[0])
    scale = float(np.finfo(arrays["slopes"].dtype).eps)
    return knots, heights, slopes, (float(np.abs(slopes).max()) + 2 * travel) * 4 * (len(knots) + 4) * scale


def _largest_slope(heights: np.ndarray, slopes: np.ndarray, width: np.ndarray) -> float:
    """The largest |f'|: at a knot, or at the vertex of a piece on which f'' changes sign."""
    left, right = heights[:, :-1], heights[:, 1:]
    turns = left * right < 0
    # The vertex lies left/(left - right) of the way along the piece; f' changes by left * way * width / 2 up to it.
    way = np.divide(left, left - right, out=np.zeros_like(left), where=turns)
    vertex = np.where(turns, np.abs(slopes[:, :-1] + left * way * width / 2), 0.0)
    return max(float(np.abs(slopes).max()), float(vertex.max()))


def _steepest(knots: np.ndarray, heights: np.ndarray) -> Constant:
    points = [Fraction(float(knot)) for knot in knots]
    lines = [[Fraction(float(height)) for height in own] for own in np.unique(heights, axis=0)]
    exact = max(abs(own[j + 1] - own[j]) / (points[j + 1] - points[j]) for own in lines for j in range(len(points) - 1))
    return rational_up(exact, "steepest slope of f''")


def _slope_spread(knots: np.ndarray, heights: np.ndarray, slopes: np.ndarray, error: float) -> float:
    """Spread of f' over a piece: its ends, plus the spread of f''' times an eighth of the squared width."""
    at_knots = np.array([_spread(column) for column in slopes.T])
    jerks = np.diff(heights, axis=1) / np.diff(knots)
    # A slope of f'' has three roundings, relative to heights that may cancel against one another.
    rounding = np.abs(heights).max() / np.diff(knots) * 8 * EPS
    bulge = (np.array([_spread(column) for column in jerks.T]) + rounding) * np.square(np.diff(knots)) / 8
    return up(float((np.maximum(at_knots[1:], at_knots[:-1]) + bulge).max()) + error)


def _spread(column: np.ndarray) -> float:
    """At least the root mean square distance from the mean; any centre serves."""
    return 0.0 if bool((column == column[0]).all()) else root_mean_square_up(column - column.mean())


def _equal(rows: np.ndarray) -> bool:
    return bool((rows == rows[0]).all())
