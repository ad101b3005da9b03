"""Extreme eigenvalues by Lanczos: never outside of the spectrum, and missed no more often than its bound says."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from empirics import QuadraticTask
from empirics.estimation import (
    lanczos,
    miss_probability,
    point_curvature,
    relative_gap,
)


def random_symmetric(batch: int, d: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    matrices = torch.randn(batch, d, d, generator=generator, dtype=torch.float64)
    return (matrices + matrices.mT) / 2


def times(matrices: torch.Tensor):
    return lambda v: (matrices @ v.unsqueeze(-1)).squeeze(-1)


def test_all_steps_give_the_whole_spectrum():
    matrices = random_symmetric(6, 12, 0)
    found = lanczos(times(matrices), matrices[..., 0], 12, seed=1)
    values = torch.linalg.eigvalsh(matrices)
    assert torch.allclose(found.low, values[:, 0], atol=1e-12)
    assert torch.allclose(found.high, values[:, -1], atol=1e-12)
    image = times(matrices)(found.high_vector)
    assert torch.allclose(image, found.high[:, None] * found.high_vector, atol=1e-11)


@pytest.mark.parametrize("levels", [[2.0] * 6, [0.0] * 6, [1.0, 1.0, 1.0, 5.0, 5.0, -3.0]])
def test_few_distinct_eigenvalues_bring_no_spurious_ones(levels):
    matrix = torch.diag(torch.tensor(levels, dtype=torch.float64))
    found = lanczos(times(matrix), matrix[0], 6, seed=0)
    assert float(found.low) == pytest.approx(min(levels), abs=1e-12)
    assert float(found.high) == pytest.approx(max(levels), abs=1e-12)


def test_ritz_values_stay_inside_and_residuals_are_true():
    matrices = random_symmetric(20, 60, 2)
    found = lanczos(times(matrices), matrices[..., 0], 9, seed=5)
    values = torch.linalg.eigvalsh(matrices)
    assert bool((found.high <= values[:, -1] + 1e-12).all())
    assert bool((found.low >= values[:, 0] - 1e-12).all())
    residual = (times(matrices)(found.high_vector) - found.high[:, None] * found.high_vector).norm(dim=-1)
    assert torch.allclose(residual, found.high_residual, atol=1e-10)


@pytest.mark.parametrize("steps", [3, 6, 10])
def test_the_probability_bound_holds_over_random_starts(steps):
    """5 000 starts on a spectrum of Chebyshev points, which is hard for Lanczos; misses are counted."""
    d, trials = 40, 5_000
    below = torch.cos(torch.linspace(0, math.pi, d - 1, dtype=torch.float64)) * 0.45 + 0.45
    spectrum = torch.cat([below, torch.ones(1, dtype=torch.float64)])
    found = lanczos(lambda v: v * spectrum, spectrum.expand(trials, d), steps, seed=7)
    width = float(spectrum.max() - spectrum.min())
    for gap in (0.01, 0.03, 0.1, 0.3):
        rate = float((1 - found.high > gap * width).double().mean())
        bound = miss_probability(gap, steps, d)
        assert rate <= bound + 4 * math.sqrt(bound / trials)  # four standard deviations of a frequency
    assert relative_gap(0.01, steps, d) < 1


@pytest.mark.parametrize("d", [2, 3, 10, 771, 10**5])
@pytest.mark.parametrize("steps", [1, 5, 50])
def test_the_bound_is_within_the_published_one(d, steps):
    """Kuczynski and Wozniakowski 1992, Theorem 4.2: 1.648 sqrt(d) exp(-sqrt(eps) (2k - 1))."""
    for gap in (1e-4, 1e-2, 0.1, 0.5, 0.9):
        published = 1.648 * math.sqrt(d) * math.exp(-math.sqrt(gap) * (2 * steps - 1))
        assert miss_probability(gap, steps, d) <= published


@pytest.mark.parametrize(("d", "gap"), [(771, 0.0072), (10**5, 0.0120), (10**7, 0.0177)])
def test_fifty_steps_reach_the_tabulated_accuracy(d, gap):
    """The published bound at 99 %: eps solves 1.648 sqrt(d) exp(-99 sqrt(eps)) = 0.01."""
    assert 0.9 * gap < relative_gap(0.01, 50, d) <= gap


def test_one_point_is_enclosed_with_both_ends():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(4, 80, 80))
    task = QuadraticTask(A + A.transpose(0, 2, 1), rng.normal(size=(4, 80)))
    values = torch.linalg.eigvalsh(task.hessian(np.zeros(80)))
    misses = 0
    for seed in range(20):
        largest, least = point_curvature(task, np.zeros(80), steps=16, probability=0.9, seed=seed)
        assert largest.side == least.side == "interval"
        assert largest.value <= float(values.abs().max()) + 1e-10
        assert least.value >= float(values.min()) - 1e-10
        misses += largest.upper < float(values.abs().max()) or least.upper > float(values.min())
        assert "one point" in largest.constant().note
    assert misses <= 6  # at most 2 expected; more than 6 of 20 has probability below 0.005
