"""Estimated constants of the meta loss, against closed forms and enumeration."""

from __future__ import annotations

import math

import numpy as np
import pytest

from empirics import CosineTask, Noise, QuadraticTask
from empirics.certificates import closed_form
from empirics.estimation import (
    QUICK,
    Ball,
    Budget,
    Hull,
    estimate_meta,
)
from empirics.tasks.factories import small_cosine, small_quadratic
from tests.empirics.estimation.certified import ROUNDING


def test_the_smoothness_of_a_quadratic_meta_loss_is_its_closed_form():
    task = small_quadratic(mu=-0.5, L=1.0)
    found = estimate_meta(task, Ball(np.zeros(4), 1.0), 0.5, 2, budget=QUICK)
    assert found["L_F"].value == pytest.approx(closed_form.smoothness(task, 0.5, 2).value, rel=1e-6)
    assert found["L_F"].side == "lower"


def test_the_spread_of_the_witness_of_S7_is_attained():
    """f_i = -w^2/2 +- w/2: gamma_F = q^nu gamma_G (1 + alpha L S_nu(q)) = q^{2 nu}/2."""
    task = QuadraticTask([[[-1.0]], [[-1.0]]], [[0.5], [-0.5]])
    found = estimate_meta(task, Ball([0.0], 1.0), 0.5, 2, budget=QUICK)
    assert found["gamma_F"].value == pytest.approx(1.5**4 / 2, rel=1e-9)


def test_the_first_order_bias_of_a_concave_quadratic_is_attained_on_the_sphere():
    """f = -w^2/2: grad F - g_FO = (1.5^2 - 1.5) w at nu = 1 up to sign."""
    task = QuadraticTask([[[-1.0]]], [[0.0]])
    found = estimate_meta(task, Ball([0.0], 2.0), 0.5, 1, "first_order", budget=QUICK)
    assert found["b"].value == pytest.approx(2 * (1.5**2 - 1.5), rel=1e-9)


def test_hessian_free_has_no_bias_on_quadratics_and_little_on_cosines():
    free = {"delta": 1e-2, "budget": QUICK}
    flat = estimate_meta(small_quadratic(), Ball(np.zeros(4), 1.0), 0.5, 1, "hessian_free", **free)
    assert flat["b"].value < 1e-12
    curved = estimate_meta(small_cosine(), Ball(np.zeros(3), 1.0), 0.5, 1, "hessian_free", **free)
    assert 0 < curved["b"].value < 1e-5  # delta^2 on smooth losses


def test_additive_noise_has_the_known_mean_squared_error_and_no_bias():
    """f = -w^2/2, alpha = 1/2: the error is 3/2 (xi' + xi/2), so its mean square 9/4 (1/D' + 1/(4 D)) sigma_G^2."""
    task = QuadraticTask([[[-1.0]]], [[0.0]], noise=Noise.coordinate(1, 1, gradient=1.0))
    found = estimate_meta(
        task, Ball([0.0], 1.0), 0.5, 1, "stochastic", batches=(2, 3, 1), budget=Budget(screened=4, draws=4096)
    )
    expected = math.sqrt(9 / 4 * (1 / 3 + 1 / 8))
    assert abs(found["sigma_F"].value - expected) <= 5 * found["sigma_F"].standard_error
    # an unbiased estimate of 0 through a root: of the order of its standard error
    assert found["b"].value <= 4 * found["b"].standard_error


def test_a_cosine_biases_the_stochastic_meta_gradient_as_enumeration_says():
    """f = cos w at nu = 1 with two-point inner noise of scale g: E g - grad F is a mean over two signs."""
    task = CosineTask([[1.0]], [[1.0]], [[0.0]], noise=Noise.coordinate(1, 1, gradient=1.0))
    at, alpha = -0.7, 0.5
    found = estimate_meta(
        task, Ball([at], 2.0**-20), alpha, 1, "stochastic", batches=(1, 1, 1), budget=Budget(screened=1, draws=20_000)
    )
    factor = 1 + alpha * math.cos(at)
    ends = [at + alpha * math.sin(at) + sign * alpha for sign in (-1, 0, 1)]
    exact = factor * abs(-(math.sin(ends[0]) + math.sin(ends[2])) / 2 + math.sin(ends[1]))
    assert abs(found["b"].value - exact) <= 5 * found["b"].standard_error


def test_the_smoothness_over_a_segment_is_found_from_pairs_of_its_points():
    """alpha = 0: L_F is the Lipschitz constant of f' = 40 cos(40 w) on [0, 0.1], 1600 at w = pi/80."""
    task = CosineTask(a=[[40.0]], s=[[1.0]], phi=[[-math.pi / 2]])
    found = estimate_meta(task, Hull([[0.0], [0.1]]), 0.0, 0)["L_F"]
    assert 1600 * (1 - 1e-3) <= found.value <= 1600 * (1 + ROUNDING)
