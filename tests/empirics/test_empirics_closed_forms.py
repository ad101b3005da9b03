"""Q1-Q3 against eigenvalues by hand, numerical optimisation and long runs."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from empirics import InputError, MetaFedAvg, QuadraticTask, meta_gradient, meta_loss
from empirics.certificates import closed_form
from empirics.tasks.factories import small_quadratic
from tests.empirics.cases import points, task

LEVELS = [Fraction(1, 4), Fraction(7, 16), Fraction(13, 16), Fraction(1)]


@pytest.mark.parametrize("nu", range(5))
def test_smoothness_is_the_largest_eigenvalue_of_the_closed_form(nu):
    # All agents have the spectrum LEVELS, so max norm(M_i) = max x (1 - x/2)^{2 nu}, computed in rationals.
    exact = max(x * (1 - x / 2) ** (2 * nu) for x in LEVELS)
    constant = closed_form.smoothness(task("quadratic"), 0.5, nu)
    assert constant.side == "upper"
    assert exact <= Fraction(constant.value) <= exact * (1 + Fraction(1, 10**12))
    first_order = max(x * (1 - x / 2) ** nu for x in LEVELS)
    value = Fraction(closed_form.smoothness(task("quadratic"), 0.5, nu, "first_order").value)
    assert first_order <= value <= first_order * (1 + Fraction(1, 10**12))


@pytest.mark.parametrize("nu", range(4))
def test_pl_constant_is_below_and_near_the_smallest_eigenvalue(nu):
    subject = task("quadratic")
    computed = float(torch.linalg.eigvalsh(closed_form.meta_matrices(subject, 0.5, nu).mean(dim=0))[0])
    constant = closed_form.pl_constant(subject, 0.5, nu)
    assert constant.side == "lower"
    assert computed * (1 - 1e-10) <= constant.value <= computed


@pytest.mark.parametrize("nu", range(4))
def test_minimum_is_stationary_and_its_bound_is_below_it(nu):
    subject = task("quadratic")
    best = closed_form.minimiser(subject, 0.5, nu)
    # mean grad F_i at the minimiser is rounding: numbers of size 1.
    assert float(meta_gradient(subject, best, 0.5, nu).mean(dim=0).norm()) < 1e-13
    value = closed_form.minimum(subject, 0.5, nu)
    assert float(meta_loss(subject, best, 0.5, nu).mean()) == pytest.approx(value, rel=1e-13)
    bound = closed_form.minimum_bound(subject, 0.5, nu)
    assert bound.side == "lower"
    assert value - 1e-9 < bound.value < value


def test_objective_and_gap_are_the_mean_meta_loss():
    subject = task("quadratic")
    w = np.random.default_rng(0).normal(size=(6, 4))
    direct = torch.stack([meta_loss(subject, x, 0.5, 2).mean() for x in w])
    torch.testing.assert_close(closed_form.objective(subject, 0.5, 2, w), direct, rtol=1e-12, atol=1e-13)
    gap = closed_form.gap(subject, 0.5, 2, w)
    torch.testing.assert_close(gap, direct - closed_form.minimum(subject, 0.5, 2), rtol=1e-11, atol=1e-12)
    gradients = torch.stack([meta_gradient(subject, x, 0.5, 2).mean(dim=0) for x in w])
    torch.testing.assert_close(closed_form.objective_gradient(subject, 0.5, 2, w), gradients, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("mode", ["exact", "first_order"])
def test_long_runs_reach_the_limit(mode):
    subject = task("quadratic")
    settings = MetaFedAvg(0.3, 1, 0.5, 3, mode=mode)
    run = settings.run(subject, np.ones(4), 400)
    torch.testing.assert_close(run.iterates[0, -1], closed_form.limit(subject, settings), rtol=0, atol=1e-12)


def test_the_limit_is_optimal_for_one_local_step_and_generically_not_for_more():
    subject = task("quadratic")
    one, many = (closed_form.limit(subject, MetaFedAvg(0.3, 1, 0.5, tau)) for tau in (1, 5))
    assert float(closed_form.gap(subject, 0.3, 1, one)) < 1e-28
    assert float(closed_form.gap(subject, 0.3, 1, many)) > 1e-6


def test_first_order_limit_is_off_the_optimum_even_for_one_local_step():
    subject = task("quadratic")
    limit = closed_form.limit(subject, MetaFedAvg(0.3, 2, 0.5, 1, mode="first_order"))
    assert float(closed_form.gap(subject, 0.3, 2, limit)) > 1e-8


def test_equal_update_matrices_leave_no_floor():
    A = np.tile(np.diag([1.0, 0.5]), (3, 1, 1))
    subject = QuadraticTask(A, points(task("quadratic"), 1)[0][:3, :2])
    limit = closed_form.limit(subject, MetaFedAvg(0.3, 2, 0.5, 5))
    assert float(closed_form.gap(subject, 0.3, 2, limit)) < 1e-28


def test_bounds_hold_for_random_spectra_with_exact_arithmetic():
    # d = 1: M = a (1 - alpha a)^{2 nu} in rationals.
    rng = np.random.default_rng(1)
    for _ in range(50):
        a, alpha, nu = rng.normal(size=3), float(rng.uniform(0, 1.5)), int(rng.integers(0, 6))
        subject = QuadraticTask(a.reshape(3, 1, 1), np.zeros((3, 1)))
        exact = [Fraction(float(x)) * (1 - Fraction(alpha) * Fraction(float(x))) ** (2 * nu) for x in a]
        assert Fraction(closed_form.smoothness(subject, alpha, nu).value) >= max(abs(x) for x in exact)
        mean = sum(exact) / 3
        if mean > Fraction(1, 10**6):
            assert Fraction(closed_form.pl_constant(subject, alpha, nu).value) <= mean


def test_what_has_no_closed_form_is_refused():
    subject = small_quadratic()
    with pytest.raises(InputError, match="expected quadratics"):
        closed_form.meta_matrices(task("cosine"), 0.1, 1)
    with pytest.raises(InputError, match="participants = 2"):
        closed_form.trajectory(subject, MetaFedAvg(0.1, 1, 0.1, 1, participants=2), np.ones(4), 3)
    with pytest.raises(InputError, match="mode = 'stochastic'"):
        closed_form.limit(subject, MetaFedAvg(0.1, 1, 0.1, 1, mode="stochastic", D=1, D_prime=1, D_H=1))
    with pytest.raises(InputError, match="spectral radius"):
        closed_form.limit(subject, MetaFedAvg(0.1, 1, 100.0, 1))
    hollow = QuadraticTask([[[1.0]], [[-2.0]]], [[0.0], [0.0]])
    with pytest.raises(InputError, match="positive definite"):
        closed_form.minimiser(hollow, 0.0, 0)
    with pytest.raises(InputError, match="positive definite"):
        closed_form.pl_constant(hollow, 0.0, 0)
