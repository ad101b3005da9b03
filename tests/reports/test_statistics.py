"""The statistics decide verdicts, so their error rates are measured on laws that defeat the t-interval."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binomtest

from reports.judging.statistics import (
    betting_lower_bound,
    betting_lower_bounds,
    betting_upper_bound,
    betting_upper_bounds,
    bounded_e_value,
    e_value,
    holm_rejections,
)

Law = Callable[[np.random.Generator, int], np.ndarray]
LAWS: dict[str, tuple[Law, float]] = {
    "beta(1/2, 5)": (lambda rng, n: rng.beta(0.5, 5.0, n), 0.5 / 5.5),
    "one per cent spike": (lambda rng, n: (rng.random(n) < 0.01).astype(float), 0.01),
    "fair coin": (lambda rng, n: (rng.random(n) < 0.5).astype(float), 0.5),
}
LEVEL = 0.05
DRAWS = 600


@pytest.mark.parametrize("law", LAWS)
def test_bounds_of_many_rows_are_those_of_each(law: str) -> None:
    rows = np.stack([LAWS[law][0](np.random.default_rng(seed), 50) for seed in range(5)])
    above, below = betting_upper_bounds(rows, 0.0, 1.0, LEVEL), betting_lower_bounds(rows, 0.0, 1.0, LEVEL)
    assert above.tolist() == [betting_upper_bound(row, 0.0, 1.0, LEVEL) for row in rows]
    assert below.tolist() == [betting_lower_bound(row, 0.0, 1.0, LEVEL) for row in rows]


@pytest.mark.parametrize("n", [20, 200])
@pytest.mark.parametrize("law", LAWS)
def test_betting_bound_covers_at_its_level(law: str, n: int) -> None:
    draw, mean = LAWS[law]
    rng = np.random.default_rng(20)
    misses = sum(betting_upper_bound(draw(rng, n), 0.0, 1.0, LEVEL) < mean for _ in range(DRAWS))
    # rejected only if the data contradict "miss probability <= level" at 1e-6
    assert binomtest(misses, DRAWS, LEVEL, alternative="greater").pvalue > 1e-6


@pytest.mark.parametrize("law", LAWS)
def test_lower_bound_covers_at_its_level(law: str) -> None:
    draw, mean = LAWS[law]
    rng = np.random.default_rng(21)
    misses = sum(betting_lower_bound(draw(rng, 50), 0.0, 1.0, LEVEL) > mean for _ in range(DRAWS))
    assert binomtest(misses, DRAWS, LEVEL, alternative="greater").pvalue > 1e-6


@pytest.mark.parametrize("law", LAWS)
def test_e_value_rarely_rejects_a_true_bound(law: str) -> None:
    draw, mean = LAWS[law]
    rng = np.random.default_rng(22)
    alarms = sum(e_value(draw(rng, 50), mean) >= 1 / LEVEL for _ in range(DRAWS))
    assert binomtest(alarms, DRAWS, LEVEL, alternative="greater").pvalue > 1e-6


def test_e_value_is_valid_without_an_upper_bound() -> None:
    rng = np.random.default_rng(23)
    alarms = sum(e_value(rng.lognormal(0.0, 1.5, 50), math.exp(1.125)) >= 1 / LEVEL for _ in range(DRAWS))
    assert binomtest(alarms, DRAWS, LEVEL, alternative="greater").pvalue > 1e-6


def test_e_value_has_power_against_a_mean_twice_the_bound() -> None:
    rng = np.random.default_rng(24)
    rejected = sum(e_value(rng.beta(0.5, 5.0, 100), 0.5 / 11.0) >= 1 / LEVEL for _ in range(100))
    assert rejected >= 90


def test_betting_bound_tightens_with_the_sample() -> None:
    rng = np.random.default_rng(25)
    widths = [betting_upper_bound(rng.beta(0.5, 5.0, n), 0.0, 1.0, LEVEL) - 0.5 / 5.5 for n in (50, 500, 5000)]
    assert widths[0] > widths[1] > widths[2] > 0
    assert widths[2] < 0.01


def test_betting_bounds_are_equivariant_under_affine_maps() -> None:
    x = np.random.default_rng(26).random(100)
    plain = betting_upper_bound(x, 0.0, 1.0, LEVEL)
    # the bisection stops at 2^-60 and the bound is widened by 1e-9 of the range
    assert betting_upper_bound(3.0 * x - 7.0, -7.0, -4.0, LEVEL) == pytest.approx(3.0 * plain - 7.0, abs=1e-8)
    assert betting_lower_bound(1.0 - x, 0.0, 1.0, LEVEL) == pytest.approx(1.0 - plain, abs=1e-8)


def test_no_data_can_push_the_bounds_outside_the_range() -> None:
    assert betting_upper_bound([1.0], 0.0, 1.0, LEVEL) == 1.0
    assert betting_lower_bound([0.0], 0.0, 1.0, LEVEL) == 0.0


def test_bounded_e_value_sees_a_positive_mean_of_a_signed_variable() -> None:
    rng = np.random.default_rng(27)
    assert bounded_e_value(rng.choice([-0.2, 0.6], 400), -1.0, 1.0, 0.0) > 1e3
    assert bounded_e_value(rng.choice([-0.4, 0.4], 400), -1.0, 1.0, 0.0) < 1e3


def test_holm_steps_down_and_stops_at_the_first_failure() -> None:
    level = 0.01
    assert holm_rejections([250.0, 150.0, 350.0], level) == [True, True, True]
    assert holm_rejections([250.0, 99.0, 350.0], level) == [True, False, True]
    assert holm_rejections([250.0, 150.0, 299.0], level) == [False, False, False]


@pytest.mark.parametrize(
    ("values", "low", "high", "level"),
    [([1.5], 0.0, 1.0, 0.05), ([], 0.0, 1.0, 0.05), ([0.5], 1.0, 0.0, 0.05), ([0.5], 0.0, 1.0, 1.5)],
)
def test_bad_samples_are_refused(values: list[float], low: float, high: float, level: float) -> None:
    with pytest.raises(ValueError, match=r"values|level"):
        betting_upper_bound(values, low, high, level)
