"""The Lipschitz constant of the Hessians, by third derivatives and by pairs of points."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from empirics import CosineTask, SplineTask
from empirics.estimation import (
    Ball,
    Budget,
    Hull,
    ascent,
    estimate,
    hessian_quotient,
    third_derivative,
)
from empirics.estimation.regions import Pairs
from empirics.tasks.factories import small_cosine
from tests.empirics.estimation.certified import ROUNDING, orthogonal_cosine


def test_the_third_derivative_is_that_of_one_ridge():
    """f = s cos(a . w + phi): T = s sin(.) a x a x a, of norm |s sin| norm(a)^3."""
    task = CosineTask([[1.0, 2.0, 2.0]], [[0.5]], [[0.0]])
    w = torch.tensor([[0.1, 0.2, 0.3]], dtype=torch.float64)
    norms, _ = third_derivative.power_method(task, w[:, None], budget=Budget(), seed=0)
    assert float(norms) == pytest.approx(0.5 * math.sin(1.1) * 27, rel=1e-5)  # truncation: (3 2^-13)^2 / 6


def test_quotients_of_hessians_are_below_the_certified_rho():
    task = small_cosine()
    generator = torch.Generator().manual_seed(3)
    w, u = torch.randn(2, 40, 3, generator=generator, dtype=torch.float64)
    quotients = hessian_quotient(task, w, u, steps=3, seed=0)
    assert float(quotients.max()) <= task.constants()["rho"].value
    dense = torch.linalg.matrix_norm(
        task.hessian(w[:, None].expand(-1, 5, -1)) - task.hessian(u[:, None].expand(-1, 5, -1)), ord=2
    )
    assert torch.allclose(quotients, dense.amax(1) / (w - u).norm(dim=-1), rtol=1e-9)


def test_ascent_over_pairs_of_points_agrees_with_the_power_method():
    """Quotients of Hessians tend to the third derivative's norm as a pair closes up; both ascents stay below rho."""
    task = orthogonal_cosine()
    over, budget, rho = Ball(np.zeros(2), 4.0), Budget(), task.constants()["rho"].value
    pairs = ascent.climb(third_derivative.pair_quotient(task, budget, 0, 1e-2), Pairs(over), seed=0, budget=budget)
    local = ascent.climb(third_derivative.third_norm(task, budget, 0), over, seed=0, budget=budget)
    for peak in (pairs, local):
        assert 0.9 * rho <= peak.value <= rho * (1 + ROUNDING)
    w, u = pairs.at.chunk(2)
    assert float((w - u).norm()) >= 1e-2
    assert float(hessian_quotient(task, w[None], u[None], steps=2, seed=1)) == pytest.approx(pairs.value, rel=1e-9)


def test_pairs_see_a_kink_where_there_is_no_third_derivative():
    """The second derivative is |x| near 0: its Lipschitz constant is 1 although it is not differentiable at 0."""
    task = SplineTask(knots=[-1.0, 0.0, 1.0], curvature=[[1.0, 0.0, 1.0]], slope=[0.0], at=0)
    found = estimate(task, Ball([0.0], 0.9), names=["rho"])["rho"]
    assert found.value == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize(
    ("over", "rho"), [(Hull([[0.0]]), 0.0), (Ball([0.0], 1e-6), 0.0), (Hull([[0.0], [0.1]]), 64e3)]
)
def test_rho_of_a_wave_is_a_quotient_between_points_of_the_set(over, rho):
    """f = cos(40 w - pi/2): f''' = -64000 at 0, which a set smaller than every difference does not show."""
    task = CosineTask(a=[[40.0]], s=[[1.0]], phi=[[-math.pi / 2]])
    found = estimate(task, over, names=["rho"])["rho"]
    assert rho * (1 - 1e-3) <= found.value <= rho * (1 + ROUNDING)
