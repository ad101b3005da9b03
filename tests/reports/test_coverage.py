"""Error rates of the verdicts' statistics at their nominal levels, by simulation at fixed seeds.

An exact binomial test asks whether the misses contradict the nominal level; it would reject a statistic whose miss
rate were one and a half times the level with overwhelming probability at these numbers of draws.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binomtest

from reports.judging.statistics import betting_upper_bound, bounded_e_value, e_value, holm_rejections

pytestmark = pytest.mark.slow

Law = Callable[[np.random.Generator, int], np.ndarray]
BOUNDED: dict[str, tuple[Law, float]] = {
    "rare spike": (lambda rng, n: (rng.random(n) < 0.01).astype(float), 0.01),
    "beta(.5, 5)": (lambda rng, n: rng.beta(0.5, 5.0, n), 0.5 / 5.5),
}
UNBOUNDED: dict[str, tuple[Law, float]] = {
    **BOUNDED,
    "lognormal": (lambda rng, n: rng.lognormal(0.0, 1.5, n), float(np.exp(1.125))),
}
SIZES = (20, 100, 1000)
LEVEL = 0.05
DRAWS = 20_000
BETTING_DRAWS = 4_000


def not_contradicted(misses: int, draws: int, level: float) -> bool:
    return binomtest(misses, draws, level, alternative="greater").pvalue > 1e-3


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("law", BOUNDED)
def test_betting_bound(law: str, n: int) -> None:
    draw, mean = BOUNDED[law]
    rng = np.random.default_rng([1, n])
    misses = sum(betting_upper_bound(draw(rng, n), 0.0, 1.0, LEVEL) < mean for _ in range(BETTING_DRAWS))
    assert not_contradicted(misses, BETTING_DRAWS, LEVEL)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("law", UNBOUNDED)
def test_e_value(law: str, n: int) -> None:
    draw, mean = UNBOUNDED[law]
    rng = np.random.default_rng([2, n])
    alarms = sum(e_value(draw(rng, n), mean) >= 1 / LEVEL for _ in range(DRAWS))
    assert not_contradicted(alarms, DRAWS, LEVEL)


@pytest.mark.parametrize("n", SIZES)
def test_signed_e_value(n: int) -> None:
    rng = np.random.default_rng([3, n])
    alarms = sum(
        bounded_e_value(rng.choice([-0.9, 0.1], n, p=[0.1, 0.9]), -1.0, 1.0, 0.0) >= 1 / LEVEL for _ in range(DRAWS)
    )
    assert not_contradicted(alarms, DRAWS, LEVEL)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("law", UNBOUNDED)
def test_no_family_of_true_bounds_is_refuted_more_often_than_its_level(law: str, n: int) -> None:
    """Twenty true bounds at their boundary, dependent in pairs (one sample serves two rows)."""
    draw, mean = UNBOUNDED[law]
    rng = np.random.default_rng([4, n])
    families = 1500
    wrong = 0
    for _ in range(families):
        values = [e_value(draw(rng, n), mean) for _ in range(10)]
        wrong += any(holm_rejections([*values, *values], LEVEL))
    assert not_contradicted(wrong, families, LEVEL)


@pytest.mark.parametrize("law", BOUNDED)
def test_bonferroni_support_keeps_the_family_level(law: str) -> None:
    """Ten rows whose bound is violated by a hair: supporting any of them is an error, at most at the family's level."""
    draw, mean = BOUNDED[law]
    rng = np.random.default_rng(5)
    families, rows = 800, 10
    wrong = sum(
        any(betting_upper_bound(draw(rng, 100), 0.0, 1.0, LEVEL / rows) < mean for _ in range(rows))
        for _ in range(families)
    )
    assert not_contradicted(wrong, families, LEVEL)
