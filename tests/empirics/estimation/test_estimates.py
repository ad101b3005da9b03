"""What an estimate says of itself: method, place, side, standard error; and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from empirics import InputError
from empirics.estimation import (
    QUICK,
    Ball,
    Budget,
    as_constants,
    estimate,
    hull_of_run,
)
from empirics.tasks.factories import small_logistic, small_quadratic
from empirics.tasks.noise import NoisySamples
from tests.empirics.estimation.certified import sign_noise


def test_every_estimate_says_how_and_where():
    task = small_logistic()
    over = Ball(np.ones(4), 1.0)
    for name, one in estimate(task, over, budget=QUICK).items():
        assert one.name == name
        assert one.points > 1
        assert one.at.shape == (4,)
        assert float((one.at - 1).norm()) <= 1.0
        assert one.side == ("upper" if name == "mu" else "lower")
        assert one.method
        if name in ("L", "mu", "rho", "sigma_H", "gamma_H"):
            assert one.residual is not None
            assert one.residual < 1e-6
    assert {constant.side for constant in as_constants(estimate(task, over, budget=QUICK)).values()} == {
        "lower",
        "upper",
    }


def test_estimates_at_one_point_agree_with_dense_linear_algebra():
    """A ball of radius 2^-30 is one point: dense Hessians of every agent and of every sample tell the answer."""
    task, w = small_logistic(n=3, d=3, samples=6), torch.tensor([0.3, -1.0, 0.5], dtype=torch.float64)
    found = estimate(task, Ball(w, 2.0**-30), budget=Budget(screened=1, starts=1, steps=0))
    hessians, gradients = task.hessian(w), task.gradient(w)
    z = task.whole("a")
    s = torch.sigmoid(-(z @ w))
    sample_gradients = -s[..., None] * z
    sample_hessians = (s * (1 - s))[..., None, None] * z[..., :, None] * z[..., None, :]
    spectral = torch.linalg.matrix_norm(sample_hessians - hessians[:, None], ord=2).square().mean(1).max().sqrt()
    spread = (gradients - gradients.mean(0)).square().sum(-1).mean().sqrt()
    expected = {
        "L": torch.linalg.eigvalsh(hessians).max(),
        "mu": torch.linalg.eigvalsh(hessians).min(),
        "B": gradients.norm(dim=-1).max(),
        "sigma_G": (sample_gradients - gradients[:, None]).square().sum(-1).mean(1).max().sqrt(),
        "sigma_H": spectral,
        "gamma_G": spread,
        "gamma_H": torch.linalg.matrix_norm(hessians - hessians.mean(0), ord=2).square().mean().sqrt(),
    }
    for name, value in expected.items():
        assert found[name].value == pytest.approx(float(value), rel=1e-8), name  # points differ by 2^-30


def test_samples_that_cannot_be_enumerated_come_with_a_standard_error(monkeypatch):
    task, one = small_quadratic(noise=sign_noise(5, 4)), Budget(screened=1, steps=0)
    exact = estimate(task, Ball(np.zeros(4), 2.0**-20), names=["sigma_G"], budget=one)["sigma_G"]
    assert exact.standard_error is None
    monkeypatch.setattr(NoisySamples, "outcomes", lambda *_: None)  # its samples are no longer known to be four
    sampled = estimate(task, Ball(np.zeros(4), 2.0**-20), names=["sigma_G"], budget=one)["sigma_G"]
    assert sampled.standard_error is not None
    assert "512 draws" in sampled.method
    # the cross term of the two signs makes the squared norms vary; five standard errors, and rounding
    assert abs(sampled.value - exact.value) <= 5 * sampled.standard_error + 1e-6


def test_bad_requests_are_refused_before_any_work():
    task = small_quadratic()
    with pytest.raises(InputError, match="3 numbers: expected 4"):
        estimate(task, Ball(np.zeros(3), 1.0))
    with pytest.raises(InputError, match="float32"):
        estimate(task.to(dtype=torch.float32), Ball(np.zeros(4), 1.0))
    with pytest.raises(InputError, match="names"):
        estimate(task, Ball(np.zeros(4), 1.0), names=["nu"])
    with pytest.raises(InputError, match="radius"):
        Ball(np.zeros(4), 0.0)
    with pytest.raises(InputError, match="screened"):
        Budget(screened=0)
    with pytest.raises(InputError, match="iterates"):
        hull_of_run(task, np.zeros((0, 4)), 0.1, 1)
