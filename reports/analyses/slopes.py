"""Exponents (T5): the slope of the bound and of what is measured, on windows fixed here before anything is run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.special import stdtrit

import theory
from empirics.algorithm.modes import Mode
from reports.cells.cell import TaskPlan
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.judging.measurement import Enclosed
from reports.records.execution import measured
from reports.records.seeded_cell import SeededCell
from reports.sections import Section, SectionTable

LEVEL = 0.95
# a measured slope this far beyond the bound's is called a finding
_FASTER = 0.1
_SMALL = ("alpha", "beta", "delta")
Points = list[tuple[float, float, float]]  # variable, measured, predicted


@dataclass(frozen=True)
class Slope:
    """A fitted exponent with its interval: of the measured values, beside that of the bound on the same window."""

    statement: str
    what: str
    variable: str
    window: tuple[float, float]
    points: int
    predicted: float
    measured: float
    low: float
    high: float
    quantity: str
    exponential: bool
    values: tuple[tuple[float, float, float], ...]  # (variable, measured, predicted)

    @property
    def finding(self) -> str:
        """Where the truth falls faster, or grows slower, than the bound says."""
        below, above = self.high < self.predicted - _FASTER, self.low > self.predicted + _FASTER
        if self.variable in _SMALL:  # a larger exponent of a small quantity is a faster fall
            below, above = above, below
        if below:
            return (
                "the truth grows slower than the bound"
                if self.predicted > 0 and self.variable not in _SMALL
                else ("the truth falls faster than the bound")
            )
        return "the truth falls slower than the bound on this window" if above else "as the bound says"


@dataclass(frozen=True)
class Series:
    """A window chosen before looking, and how its points are made.

    quantity: the right side whose unit the points have. exponential: the slope is taken per step of the variable.
    """

    statement: str
    quantity: str
    what: str
    variable: str
    xs: tuple[int | Fraction, ...]
    points: Callable[[Sequence[int | Fraction]], Points]
    exponential: bool = False


def fit(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float, float]:
    """Least-squares slope of log y against x with its two-sided Student interval.

    >>> fit([0.0, 1.0, 2.0], [1.0, 10.0, 100.0])[0] / math.log(10)
    1.0...
    """
    x, y = np.asarray(xs, float), np.log(np.asarray(ys, float))
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    residual = y - y.mean() - slope * centred
    freedom = len(x) - 2
    error = math.sqrt(float(residual @ residual) / max(freedom, 1) / float(centred @ centred))
    half = float(stdtrit(max(freedom, 1), 0.5 + LEVEL / 2)) * error
    return slope, slope - half, slope + half


def measure(series: Series) -> Slope:
    """The slopes of one series."""
    points = series.points(series.xs)
    x = [point[0] if series.exponential else math.log(point[0]) for point in points]
    slope, low, high = fit(x, [point[1] for point in points])
    predicted, _, _ = fit(x, [point[2] for point in points])
    window = (float(min(series.xs)), float(max(series.xs)))
    return Slope(
        series.statement, series.what, series.variable, window, len(points), predicted, slope, low, high,
        series.quantity, series.exponential, tuple(points),
    )  # fmt: skip


# --- how the points are made: cells measured in balls or by enumeration, and closed forms (Q4, Q5)

_COSINE = TaskPlan(
    name="slope-cosine",
    factory="cosine",
    arguments={"noise": {"gradient": 0.25, "amplitude": 0.0625, "frequency": 2.0}},
)
_DIMENSION = 3  # of the reference cosine task
_CONCAVE = TaskPlan(name="slope-concave", factory="explicit-quadratic", arguments={"A": [[[-1.0]]], "c": [[0.0]]})
_PULLING = TaskPlan(
    name="slope-pulling", factory="explicit-quadratic", arguments={"A": [[[1.0]], [[0.25]]], "c": [[-1.0], [4.0]]}
)
_BOWL = TaskPlan(name="slope-bowl", factory="explicit-quadratic", arguments={"A": [[[1.0]]], "c": [[0.0]]})


def _found(task: TaskPlan, cell: PointsCell | NoiseCell | RunCell, quantity: str) -> tuple[float, float]:
    measurements = measured(SeededCell(cell, task, 0, 1, "cpu", 1e-6))
    one = next(measurement for measurement in measurements if measurement.quantity == quantity)
    assert isinstance(one.evidence, Enclosed)
    return float((one.evidence.lower + one.evidence.upper) / 2), theory.quantity(quantity).value(**one.inputs)


def _batch_sizes(xs: Sequence[int | Fraction], quantity: str, statement: str, nu: int = 1) -> Points:
    return [
        (float(D), *_found(_COSINE, NoiseCell(
            task=_COSINE.name, alpha_L=Fraction(1, 4), nu=nu, statements=[statement],
            D=int(D), D_prime=1, D_H=1,
            method="enumerate", at=[Fraction(1, 2)] * _DIMENSION,
        ), quantity))
        for D in xs
    ]  # fmt: skip


def _at_points(
    task: TaskPlan, quantity: str, statement: str, d: int, **fields: Any
) -> Callable[[Sequence[int | Fraction]], Points]:
    def points(xs: Sequence[int | Fraction]) -> Points:
        key = next(name for name, value in fields.items() if value is None)
        rows = []
        for x in xs:
            cell = PointsCell(
                task=task.name,
                statements=[statement],
                at=[Fraction(1, 2)] * d,
                pair=[Fraction(1, 4)] * d,
                **{**fields, key: x},
            )
            rows.append((float(x), *_found(task, cell, quantity)))
        return rows

    return points


def _rounds(xs: Sequence[int | Fraction]) -> Points:
    rows = []
    for K in xs:
        cell = RunCell(
            task=_BOWL.name, alpha=Fraction(1, 2), nu=0, statements=["T2"], mode=Mode.EXACT, tau=1, beta=Fraction(1, 4),
            rounds=int(K), start=[Fraction(1)],
        )  # fmt: skip
        rows.append((float(K), *_found(_BOWL, cell, "T2")))
    return rows


def _local_steps(xs: Sequence[int | Fraction]) -> Points:
    rows = []
    for tau in xs:
        cell = RunCell(
            task=_PULLING.name, alpha=Fraction(1, 2), nu=0, statements=["T4"], mode=Mode.EXACT, tau=int(tau),
            beta=Fraction(1, 256), rounds=1, start=[Fraction(0)],
        )  # fmt: skip
        rows.append((float(tau), *_found(_PULLING, cell, "T4")))
    return rows


def _floor(h: Fraction, **more: object) -> float:
    common = {"alpha": 0, "L": 1, "rho": 0, "B": 1, "nu": 0, "tau": 1, "beta": h, "L_F": 1}
    inputs = {**common, "gamma_F": 0, "n": 1, "m": 1, **more}
    return theory.quantity("N").value(**inputs) / theory.quantity("A").value(**inputs)


def _server_steps(xs: Sequence[int | Fraction]) -> Points:
    """F = w^2/2 with unit noise: E w^2 tends to beta/(2 - beta) (Q4)."""
    rows = []
    for x in xs:
        beta = Fraction(x)
        predicted = _floor(beta, mode="stochastic", b=0, sigma2=1)
        rows.append((float(beta), float(beta / (2 - beta)), predicted))
    return rows


def _agents(xs: Sequence[int | Fraction]) -> Points:
    """64 agents F_i = w^2/2 +- w, m of them a round: E w^2 tends to kappa beta/(2 - beta) (Q5)."""
    beta, n, rows = Fraction(1, 16), 64, []
    for m in xs:
        kappa = Fraction(n - int(m), int(m) * (n - 1))
        predicted = _floor(beta, n=n, m=int(m), gamma_F=1)
        rows.append((float(m), float(kappa * beta / (2 - beta)), predicted))
    return rows


def _powers(*exponents: int) -> tuple[Fraction, ...]:
    return tuple(Fraction(2) ** exponent for exponent in exponents)


SERIES: tuple[Series, ...] = (
    Series("T2", "T2", "optimisation term", "K", (64, 128, 256, 512, 1024), _rounds),
    Series("T1c", "T4", "stochastic floor", "beta", _powers(-10, -9, -8, -7, -6, -5), _server_steps),
    Series("T4", "T4", "drift floor", "tau", (4, 8, 16, 32), _local_steps),
    Series("T1c", "T4", "sampling floor", "m", (1, 2, 4, 8), _agents),
    Series("S5", "b_sto", "bias, first order", "D", (2, 4, 8, 16), lambda xs: _batch_sizes(xs, "b_sto", "S5")),
    Series("S5p", "b_sto_2", "bias, second order", "D", (2, 4, 8, 16), lambda xs: _batch_sizes(xs, "b_sto_2", "S5p")),
    Series("S5s", "b_sto_3", "bias, third order, two steps", "D", (2, 3, 4, 5),
           lambda xs: _batch_sizes(xs, "b_sto_3", "S5s", 2)),
    Series("S9", "b_HF", "Hessian-free error", "delta", _powers(-8, -7, -6, -5, -4),
           _at_points(_COSINE, "b_HF", "S9", _DIMENSION, alpha_L=Fraction(1, 4), nu=2, delta=None)),
    Series("S8", "b_FO", "first-order error", "alpha", _powers(-10, -9, -8, -7),
           _at_points(_COSINE, "b_FO", "S8", _DIMENSION, nu=2, alpha_L=None)),
    Series("S4", "L_F", "smoothness, per step", "nu", (1, 2, 3, 4, 5, 6),
           _at_points(_CONCAVE, "L_F", "S4", 1, alpha=Fraction(1, 2), nu=None), exponential=True),
    Series("S8", "b_FO", "first-order error, per step", "nu", (4, 5, 6, 7, 8),
           _at_points(_CONCAVE, "b_FO", "S8", 1, alpha=Fraction(1, 2), nu=None), exponential=True),
)  # fmt: skip


def slopes_section(found: Sequence[Slope]) -> Section:
    """The table of the page."""
    return Section(
        "slopes",
        "Exponents",
        (
            "Slopes in doubly logarithmic scale (for nu: of the logarithm per step), fitted by least squares on "
            "windows fixed in the source before anything was run, with "
            f"{100 * LEVEL:.0f} % Student intervals that measure departure from a "
            "power law: the points themselves are exact. The bound's exponent is an upper bound; where the truth falls "
            "faster, that is a finding about the bound.",
        ),
        (
            SectionTable(
                "Exponent of the bound and of what is measured.",
                ("Statement", "term", "in", "from", "to", "points", "bound", "measured", "lower", "upper", "finding"),
                [
                    [
                        s.statement, s.what, s.variable, *s.window, s.points, s.predicted, s.measured, s.low, s.high,
                        s.finding,
                    ]
                    for s in found
                ],
            ),
        ),
    )  # fmt: skip
