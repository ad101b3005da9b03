"""Estimated constants: never beyond the certified ones, and close to them where the supremum lies inside the set."""

from __future__ import annotations

import numpy as np
import pytest

from empirics.estimation import (
    Ball,
    Budget,
    all_constants,
    ascent,
    estimate,
    heterogeneity,
    krylov,
    looseness,
    noise,
    third_derivative,
)
from empirics.tasks.factories import small_cosine, small_logcosh, small_logistic, small_quadratic
from tests.empirics.estimation.certified import ATTAINED, ROUNDING, beyond, missed, orthogonal_logcosh, sign_noise

GENERIC = {
    "quadratic": (lambda: small_quadratic(radius=2.0, noise=sign_noise(5, 4)), 4, 2.0),
    "cosine": (lambda: small_cosine(noise=sign_noise(5, 3)), 3, 8.0),
    "log-cosh": (lambda: small_logcosh(noise=sign_noise(5, 3)), 3, 8.0),
    "logistic": (small_logistic, 4, 8.0),
}


@pytest.mark.parametrize("family", GENERIC)
@pytest.mark.parametrize("seed", [0, 1])
def test_no_estimate_exceeds_the_certified_constant(family, seed):
    make, d, radius = GENERIC[family]
    task = make()
    found = estimate(task, Ball(np.zeros(d), radius), seed=seed)
    assert set(found) == {"L", "mu", "rho", "B", "sigma_G", "sigma_H", "gamma_G", "gamma_H"}
    assert not beyond(task, found)


@pytest.mark.parametrize("case", ATTAINED)
def test_a_supremum_inside_the_set_is_reached_within_ten_percent(case):
    make, d, radius, names = ATTAINED[case]
    task = make()
    found = estimate(task, Ball(np.zeros(d), radius), seed=0)
    assert not beyond(task, found)
    assert not missed(task, found, names)


def test_convex_losses_have_small_least_curvature():
    task = orthogonal_logcosh()
    found = estimate(task, Ball(np.zeros(2), 6.0), names=["mu"])["mu"]
    assert found.side == "upper"
    assert 0 <= found.value < 1e-3  # sech^2 decays like 4 exp(-2 t) towards the certified infimum 0


WRONG = {
    "a quotient over half its step": (
        third_derivative, "along", lambda right: lambda task, w, v: 2 * right(task, w, v), "cosine", "rho",
    ),
    "the spread about 0 instead of the mean": (
        heterogeneity, "gradient_spread",
        lambda right: lambda task: lambda w: (
            task.raw_gradient(ascent.for_all(w, task)).square().sum(-1).mean(-1).sqrt(), right(task)(w)[1]
        ), "cosine, spreads", "gamma_G",
    ),
    "the sum over agents instead of their mean": (
        heterogeneity, "hessian_spread",
        lambda right: lambda task, *rest: lambda w: tuple(task.n * part for part in right(task, *rest)(w)),
        "quadratic", "gamma_H",
    ),
    "a variance for a standard deviation": (
        noise, "gradient_noise", lambda right: lambda *given: lambda w: (right(*given)(w)[0] ** 2, right(*given)(w)[1]),
        "quadratic", "sigma_G",
    ),
    "noise of a mean of two samples": (
        noise, "hessian_noise",
        lambda right: lambda *given: lambda w: tuple(part / 2**0.5 for part in right(*given)(w)), "cosine", "sigma_H",
    ),
    "the trace for the largest eigenvalue": (
        krylov, "_ritz",
        lambda right: lambda basis, diagonal, beside: right(
            basis[..., :1, :], diagonal.sum(-1, keepdim=True), beside[..., -1:]
        ), "quadratic", "L",
    ),
    "one point instead of a climb": (
        all_constants, "_ESTIMATORS",
        lambda right: {
            **right,
            "B": lambda task, over, *, seed, budget: right["B"](
                task, over, seed=seed, budget=Budget(screened=1, starts=1, steps=0)
            ),
        }, "quadratic", "B",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_estimator_is_caught(mistake, monkeypatch):
    module, name, wrong, case, constant = WRONG[mistake]
    make, d, radius, attained = ATTAINED[case]
    assert constant in attained
    task, over = make(), Ball(np.zeros(d), radius)
    right = estimate(task, over, names=[constant])
    assert not beyond(task, right)
    assert not missed(task, right, [constant])
    monkeypatch.setattr(module, name, wrong(getattr(module, name)))
    found = estimate(task, over, names=[constant])
    assert beyond(task, found) or missed(task, found, [constant])


def test_looseness_is_the_ratio_of_both_sides():
    task = small_cosine()
    ratios = looseness(task.constants(), estimate(task, Ball(np.zeros(3), 8.0)))
    assert all(ratio >= 1 - ROUNDING for ratio in ratios.values())
    assert ratios["L"] < 1.1
