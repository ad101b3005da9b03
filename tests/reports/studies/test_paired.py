"""Paired differences, their intervals and adjusted p-values, against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from reports.studies.paired import holm_adjusted, mean_interval, paired


@pytest.mark.parametrize("seed", range(5))
def test_paired_differences_are_the_t_test_of_scipy(seed: int) -> None:
    generator = np.random.default_rng(seed)
    x, y = generator.normal(size=(2, 4 + seed)) + np.array([[0.3], [0.0]])
    found, theirs = paired(x, y), stats.ttest_rel(x, y)
    limits = theirs.confidence_interval(0.95)
    # two evaluations of Student's law, each accurate to about 1e-13
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-10)
    assert (found.difference.low, found.difference.high) == pytest.approx((limits.low, limits.high), rel=1e-10)
    assert mean_interval(x).mean == pytest.approx(x.mean(), rel=1e-14)


def test_swapping_the_sides_swaps_the_sign_and_nothing_else() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 6))
    one, other = paired(x, y), paired(y, x)
    assert (one.p, one.difference.low) == pytest.approx((other.p, -other.difference.high), rel=1e-12)


def test_a_resolution_keeps_a_lattice_from_being_evidence() -> None:
    x, y = np.array([0.5, 0.6, 0.7]), np.array([0.4, 0.5, 0.6])
    assert paired(x, y).p < 1e-10  # equal differences: no spread at all
    assert paired(x, y, resolution=0.1).p == pytest.approx(2 * stats.t.sf(np.sqrt(3), 2), rel=1e-10)
    wide = np.array([1.0, 2.0, 4.0])
    assert paired(wide, 0 * wide, resolution=0.1) == paired(wide, 0 * wide), "a larger spread is used as it is"


def test_one_seed_gives_a_mean_and_nothing_more() -> None:
    found = paired([0.5], [0.25])
    assert found.difference.mean == 0.25
    assert math.isnan(found.p)
    assert math.isnan(found.difference.low)


@pytest.mark.parametrize(("x", "y"), [([1.0, 2.0], [1.0]), ([math.nan], [1.0]), ([], [])])
def test_values_that_cannot_be_compared_are_refused(x: list[float], y: list[float]) -> None:
    with pytest.raises(ValueError, match=r"values|paired"):
        paired(x, y)


@pytest.mark.parametrize("seed", range(4))
def test_adjusted_p_values_reject_what_the_step_down_rule_rejects(seed: int) -> None:
    p = list(np.random.default_rng(seed).uniform(size=6) ** 3)
    adjusted = holm_adjusted(p)
    for level in (0.01, 0.05, 0.2, 0.5):
        rejected = set()
        for rank, index in enumerate(sorted(range(6), key=lambda i: p[i])):
            if p[index] > level / (6 - rank):
                break
            rejected.add(index)
        assert {i for i in range(6) if adjusted[i] <= level} == rejected


def test_an_impossible_test_still_counts_in_its_family() -> None:
    assert holm_adjusted([0.01, math.nan]) == pytest.approx([0.02, math.nan], nan_ok=True)
