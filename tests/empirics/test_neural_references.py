"""Reference networks: heterogeneity set and measured back, sinusoids after their formula, digits that can be learnt."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from empirics import (
    InputError,
    MetaFedAvg,
    digits_network,
    sinusoid_data,
    sinusoid_regression,
    small_cnn,
    teacher_student,
)
from empirics.tasks.networks.architectures import multilayer_perceptron


def heterogeneity(task, w):
    """gamma_G and gamma_H at w by their definition, from full gradients and Hessians."""
    gradients, hessians = task.gradient(w), task.hessian(w)
    spread = (gradients - gradients.mean(0)).square().sum(-1).mean()
    norms = torch.linalg.eigvalsh(hessians - hessians.mean(0)).abs().amax(-1)
    return float(spread.sqrt()), float(norms.square().mean().sqrt())


@pytest.mark.parametrize(("gamma_G", "gamma_H"), [(0.25, 1.0), (0.0, 0.5), (0.0, 0.0), (1.0, 40.0)])
@pytest.mark.parametrize("n", [4, 12])
def test_heterogeneity_is_what_was_set(n, gamma_G, gamma_H):
    task = teacher_student(n, inputs=2, hidden=(3,), samples=24, gamma_G=gamma_G, gamma_H=gamma_H, seed=n)
    found = heterogeneity(task, task.start)
    # Sums of 24 terms through a network of 13 parameters, divided by differences of Hessians of size about one.
    assert found == pytest.approx((gamma_G, gamma_H), rel=1e-10, abs=1e-12)


def test_the_teacher_is_stationary_for_the_average_and_exact_without_heterogeneity():
    task = teacher_student(8)
    assert float(task.gradient(task.start).mean(0).norm()) < 1e-14
    assert float(task.gradient(task.start).norm()) > 0.1
    same = teacher_student(8, gamma_G=0.0, gamma_H=0.0)
    assert float(same.loss(same.start).max()) == 0.0


def test_hessian_heterogeneity_alone_leaves_all_gradients_at_zero():
    task = teacher_student(8, gamma_G=0.0, gamma_H=2.0)
    assert float(task.gradient(task.start).abs().max()) < 1e-12


def test_impossible_heterogeneity_is_refused_with_the_least_possible():
    with pytest.raises(InputError, match="gamma_H = 0: expected at least") as refusal:
        teacher_student(4, gamma_G=1.0, gamma_H=0.0)
    least = float(str(refusal.value).split("at least ")[1].split(",")[0])
    # Six digits are printed.
    task = teacher_student(4, gamma_G=1.0, gamma_H=least * (1 + 1e-5))
    assert heterogeneity(task, task.start) == pytest.approx((1.0, least), rel=1e-4)
    with pytest.raises(InputError, match="samples = 10: expected more than the 21 parameters"):
        teacher_student(4, samples=10)
    with pytest.raises(InputError, match="n = 6: expected a multiple of 4"):
        teacher_student(6)


def test_sinusoids_follow_their_formula():
    data = sinusoid_data(40, 10, 20, seed=3)
    for agent in range(40):
        x = np.concatenate([data.x[agent], data.held_x[agent]])[:, 0]
        y = np.concatenate([data.y[agent], data.held_y[agent]])[:, 0]
        # a sin(x - p) = (a cos p) sin x - (a sin p) cos x: two coefficients fit all thirty samples.
        design = np.stack([np.sin(x), -np.cos(x)], axis=1)
        coefficients, *_ = np.linalg.lstsq(design, y, rcond=None)
        assert np.abs(design @ coefficients - y).max() < 1e-12
        amplitude, phase = np.hypot(*coefficients), np.arctan2(coefficients[1], coefficients[0])
        assert 0.1 <= amplitude <= 5
        assert 0 <= phase <= np.pi
        assert np.abs(x).max() <= 5


def test_more_agents_or_held_out_samples_change_no_agent():
    small, large = sinusoid_data(3, 5, 2, seed=1), sinusoid_data(8, 5, 9, seed=1)
    assert np.array_equal(small.x, large.x[:3])
    assert np.array_equal(small.y, large.y[:3])
    assert not np.array_equal(small.x, sinusoid_data(3, 5, 2, seed=2).x)


def test_fine_tuning_improves_a_sinusoid_network_on_held_out_samples():
    data, task = sinusoid_data(6, 10, 30), sinusoid_regression(6, hidden=(20, 20))
    held = data.held_out_task(task.module, nn.functional.mse_loss)
    w = task.start.expand(6, task.d)
    before = held.loss(w).mean()
    for _ in range(40):
        w = w - 0.02 * task.gradient(w)
    assert float(held.loss(w).mean()) < float(before)


def test_architectures_depend_on_their_seed_alone():
    state = torch.get_rng_state()
    one, two, other = (nn.utils.parameters_to_vector(small_cnn(seed=s).parameters()) for s in (1, 1, 2))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    assert torch.equal(state, torch.get_rng_state())
    assert all(p.dtype == torch.float64 for p in multilayer_perceptron((2, 2)).parameters())


@pytest.mark.parametrize("architecture", ["mlp", "cnn"])
def test_meta_training_learns_digits(architecture):
    task = digits_network(3, architecture=architecture, labels_per_agent=2, samples=24, hidden=16)
    assert task.smooth
    assert task.path == ("dense" if architecture == "mlp" else "traced")
    run = MetaFedAvg(0.2, 1, 0.5, 2).run(task, task.start, 8)
    before, after = (float(task.loss(run.iterates[0, k]).mean()) for k in (0, -1))
    assert after < 0.9 * before


def test_one_kind_of_split_at_a_time():
    with pytest.raises(InputError, match="expected only one of them"):
        digits_network(concentration=0.5, labels_per_agent=2)
    with pytest.raises(InputError, match="architecture = 'rnn': expected one of mlp, cnn"):
        digits_network(architecture="rnn")
