"""Exponents: the fit is exact on powers, the windows give what T5 predicts, and faster truths are called findings."""

from __future__ import annotations

import math

import pytest

from reports.analyses.slopes import SERIES, Slope, fit, measure, slopes_section

# variable and statement -> exponents of bound and truth, from T5 and the closed forms of the series
EXPECTED = {
    ("T2", "K"): (-1.0, -1.0), ("T1c", "beta"): (1.0, 1.0), ("S5", "D"): (-0.5, -1.0), ("S5p", "D"): (-1.0, -1.0),
    ("S5s", "D"): (-1.0, -1.0),
    ("S9", "delta"): (1.0, 2.0), ("S8", "alpha"): (1.0, 1.0),
    ("S4", "nu"): (2 * math.log(1.5), 2 * math.log(1.5)),
}  # fmt: skip
FASTER = {("S5", "D"), ("S9", "delta")}


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], Slope]:
    return {(series.statement, series.variable): measure(series) for series in SERIES}


@pytest.mark.parametrize("key", EXPECTED)
def test_bound_and_truth_have_the_exponents_of_the_theory(found, key) -> None:
    predicted, measured = EXPECTED[key]
    # the windows are finite, so a power law with its first correction is off by a few thousandths
    assert found[key].predicted == pytest.approx(predicted, abs=0.01)
    assert found[key].measured == pytest.approx(measured, abs=0.01)


def test_the_sampling_floor_follows_kappa_and_drift_its_square(found) -> None:
    assert found["T1c", "m"].measured == pytest.approx(
        found["T1c", "m"].predicted, abs=1e-9
    )  # both are kappa times a constant
    assert found["T4", "tau"].low <= found["T4", "tau"].predicted <= found["T4", "tau"].high


def test_a_faster_truth_is_a_finding(found) -> None:
    assert {key for key, slope in found.items() if slope.finding == "the truth falls faster than the bound"} == FASTER
    assert all(slope.finding == "as the bound says" for key, slope in found.items() if key not in FASTER)


def test_every_variable_of_the_theory_has_a_series() -> None:
    assert {series.variable for series in SERIES} == {"K", "beta", "tau", "m", "D", "delta", "nu", "alpha"}
    assert all(len(series.xs) >= 4 for series in SERIES)


def test_the_interval_is_that_of_least_squares() -> None:
    slope, low, high = fit([0, 1, 2, 3], [math.exp(x) for x in (0, 2, 4, 6)])
    assert slope == pytest.approx(2, abs=1e-12)
    assert high - low < 1e-12
    slope, low, high = fit([0, 1, 2], [1, math.e, 1])  # y = 0, 1, 0: slope 0, residual variance 2/3, error sqrt(1/3)
    assert slope == pytest.approx(0, abs=1e-12)
    assert high == pytest.approx(12.706204736 * math.sqrt(1 / 3), rel=1e-6)  # Student's 0.975 quantile with one degree


def test_the_section_has_one_line_a_series(found) -> None:
    assert len(slopes_section(list(found.values())).tables[0].lines) == len(found)
