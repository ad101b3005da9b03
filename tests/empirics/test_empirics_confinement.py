"""Confinement proofs: never violated by adversarial signs, honest when they fail."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import torch

from empirics import MODES, Batch, InputError, MetaFedAvg, Noise, QuadraticTask, SplineTask
from empirics.algorithm.meta_gradients import Batches, evaluate, fine_tuning
from empirics.certificates import closed_form, confinement
from empirics.certificates.round_map import round_map
from empirics.certificates.round_map import rounding as round_map_error
from empirics.tasks.factories import small_quadratic
from tests.empirics.cases import task, unit_noise


def _settings(mode: str, **changes):
    stochastic = {"D": 1, "D_prime": 1, "D_H": 1} if mode.endswith("stochastic") else {}
    delta = {"delta": 0.1} if mode.startswith("hessian_free") else {}
    base = {"alpha": 0.5, "nu": 1, "beta": 0.4, "tau": 3, "mode": mode, **stochastic, **delta}
    return MetaFedAvg(**{**base, **changes})


def _noisy_quadratic(mu=0.25):
    return small_quadratic(
        3, 4, mu=mu, radius=60.0, noise=unit_noise(3, 4, gradient=0.4, amplitude=0.02, frequency=1.5)
    )


def _corners(n, count):
    """All sign combinations of `count` one-sample batches, one a replica, the same for every agent."""
    signs = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=2 * count)), dtype=torch.float64)
    return signs.reshape(-1, count, 1, 2).expand(-1, -1, n, -1)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("mu", "rounds"), [(0.25, None), (-0.25, 4)])
def test_adversarial_signs_never_leave_the_balls(mode, mu, rounds):
    """At every local step each agent meets the sign combination that leads it furthest out."""
    subject, settings = _noisy_quadratic(mu), _settings(mode)
    start = np.array([1.0, -1.0, 2.0, 0.0])
    found = confinement.ball(subject, settings, start, rounds=rounds)
    assert found.holds, found.reason
    signs = _corners(3, 3) if mode.endswith("stochastic") else torch.zeros(1, 3, 3, 2, dtype=torch.float64)
    w, furthest, deepest = torch.as_tensor(start), 0.0, 0.0
    for _ in range(rounds or 30):
        local = w.expand(3, 4)
        for _ in range(settings.tau):
            points = local.expand(len(signs), 3, 4)
            drawn = [Batch(1, signs[:, place]) for place in range(3)]
            batches = Batches((drawn[0],), drawn[1], (drawn[2],))
            gradient = evaluate(subject, points, 0.5, 1, mode, delta=settings.delta, batches=batches)
            after = points - settings.beta * gradient
            worst = after.norm(dim=-1).argmax(dim=0)
            deepest = max(deepest, float(fine_tuning(subject, points, 0.5, 1, batches=batches)[1].norm(dim=-1).max()))
            local = after[worst, torch.arange(3)]
            furthest = max(furthest, float(local.norm(dim=-1).max()))
        # The server may average any subset: the most distant agent alone is the worst one.
        w = local[local.norm(dim=-1).argmax()]
    assert furthest <= found.radius_W0
    assert deepest <= found.radius_W <= subject.radius
    # The proof is not vacuous: within a factor of six of what an adversary reaches.
    assert found.radius_W0 <= 6 * furthest


def test_radii_are_exact_for_one_agent_in_one_dimension():
    # f = w^2/2 with noise +-1: w -> w - (w +- 1)/2 keeps |w| <= 1, starting from 1/4; fine-tuning w -> w/2 +- 1/2.
    subject = QuadraticTask([[[1.0]]], [[0.0]], radius=1.5, noise=Noise.coordinate(1, 1, gradient=1.0))
    settings = MetaFedAvg(0.0, 0, 0.5, 2, mode="stochastic", D=1, D_prime=1, D_H=1)
    found = confinement.ball(subject, settings, [0.25])
    assert found.holds
    assert found.radius_W0 == pytest.approx(1.0, rel=1e-12)
    assert found.radius_W0 >= 1.0
    horizon = confinement.ball(subject, settings, [0.25], rounds=1)
    # two local steps: |w| <= 1/4 -> 5/8 -> 13/16
    assert horizon.radius_W0 == pytest.approx(13 / 16, rel=1e-12)
    assert "horizon" in horizon.reason


def test_fine_tuning_and_probes_enlarge_w():
    # f = w^2/2 - one step of alpha = 1/2 from |w| <= 1: stays within 1; probes v = w^1 reach delta further.
    subject = QuadraticTask([[[1.0]]], [[0.0]], radius=3.0)
    plain = confinement.ball(subject, MetaFedAvg(0.5, 1, 0.5, 1), [1.0])
    probing = confinement.ball(subject, MetaFedAvg(0.5, 1, 0.5, 1, mode="hessian_free", delta=0.25), [1.0])
    assert confinement.ball(subject, MetaFedAvg(0.5, 1, 0.5, 1), np.ones((3, 1))).holds
    assert plain.radius_W == pytest.approx(1.0, rel=1e-12)
    assert probing.radius_W == pytest.approx(1.25, rel=1e-12)


def test_probes_count_even_without_fine_tuning_steps_of_any_length():
    # alpha = 0: |w| -> |w|/2 + 3/2 keeps |w| <= 3, where the gradient is at most 6; probes reach 6/4 further.
    subject = QuadraticTask([[[1.0]]], [[3.0]], radius=9.0)
    found = confinement.ball(subject, MetaFedAvg(0.0, 1, 0.5, 1, mode="hessian_free", delta=0.25), [0.0])
    assert found.radius_W0 == pytest.approx(3.0, rel=1e-12)
    assert found.radius_W == pytest.approx(3.0 + 0.25 * 6, rel=1e-12)


def test_hessian_noise_enters_the_radius_as_stated():
    # f = w^2/2, alpha = 1/2, nu = 1: M = 1/4, norm(A P) = 1/2. With s_G = a k = 1/64 and s_H = a k^2 = 1/4 one local
    # step of beta = 1 from |w| <= 1 ends within 3/4 + (1/2) s_G' + (s_H/2)(1/2 + s_G'), s_G' = (1 + 1/2) s_G.
    noise = Noise.coordinate(1, 1, amplitude=2.0**-10, frequency=16.0)
    subject = QuadraticTask([[[1.0]]], [[0.0]], radius=3.0, noise=noise)
    settings = MetaFedAvg(0.5, 1, 1.0, 1, mode="stochastic", D=1, D_prime=1, D_H=1)
    outer = 1.5 / 64
    expected = 0.75 + 0.5 * outer + 0.125 * (0.5 + outer)
    form, sure = subject.quadratic(), subject.sampler.almost_sure_noise(subject)
    step = confinement._worst_step(subject, form, settings, sure)
    assert float(step.factor[0] + step.shift[0]) == pytest.approx(expected, rel=1e-12)
    assert float(step.factor[0] + step.shift[0]) >= expected


def test_a_ball_that_is_too_small_is_said_so_in_numbers():
    subject = QuadraticTask([[[1.0]]], [[0.0]], radius=1.0)
    found = confinement.ball(subject, MetaFedAvg(0.5, 1, 0.5, 1), [2.0])
    assert not found.holds
    assert found.radius_W0 == pytest.approx(2.0, rel=1e-12)
    assert "radius 1" in found.reason


def test_expanding_steps_need_a_horizon():
    subject = QuadraticTask([[[-1.0]]], [[0.0]], radius=100.0)
    settings = MetaFedAvg(0.5, 1, 0.1, 2)
    assert not confinement.ball(subject, settings, [1.0]).holds
    assert confinement.ball(subject, settings, [1.0]).radius_W0 == math.inf
    found = confinement.ball(subject, settings, [1.0], rounds=3)
    # M = -(3/2)^2, six local steps of factor 1 + 0.1 * 9/4
    assert found.holds
    assert found.radius_W0 == pytest.approx(1.225**6, rel=1e-12)
    assert not confinement.ball(subject, settings, [1.0], rounds=100_000).holds


def test_tasks_with_global_constants_are_confined_trivially():
    found = confinement.ball(task("cosine"), MetaFedAvg(0.5, 1, 0.1, 2), np.zeros(3))
    assert found.holds
    assert found.radius_W == math.inf


def test_a_task_without_a_radius_gets_radii_to_choose_from():
    subject = QuadraticTask([[[1.0]]], [[0.0]])
    found = confinement.ball(subject, MetaFedAvg(0.5, 1, 0.5, 1), [2.0])
    assert found.holds
    assert math.isfinite(found.radius_W)
    assert "no radius" in found.reason


def test_a_start_of_another_dimension_is_refused():
    with pytest.raises(InputError, match=r"w0 has shape \(3,\): expected \(4,\)"):
        confinement.ball(task("quadratic"), MetaFedAvg(0.5, 1, 0.5, 1), np.ones(3))


def test_an_interval_without_a_proof_is_not_claimed():
    subject = SplineTask([-1.0, 1.0], [[1.0, 1.0]], [0.0])
    assert not confinement.ball(subject, MetaFedAvg(0.5, 1, 0.1, 2), [0.0]).holds


def test_sizes_of_a_step_are_above_also_where_it_nearly_vanishes() -> None:
    """1 - 3 alpha is 2^-54 for the float next to 1/3, and 0 in float64: the bound is above it; norm(A c) = 3 sqrt 2."""
    form = QuadraticTask([[[3.0, 0.0], [0.0, 3.0]]], [[1.0, 1.0]]).quadratic()
    assert form is not None
    q, norm, pull, far = (Fraction(float(part[0])) for part in confinement.fine_tuning_sizes(form, 1 / 3))
    assert q >= abs(1 - 3 * Fraction(1 / 3)) > 0
    assert norm >= 3
    assert pull**2 >= 18
    assert far**2 >= 2
    assert max(q, norm - 3, pull**2 - 18, far**2 - 2) < 1e-12


def test_a_round_that_contracts_keeps_the_server_where_its_path_is() -> None:
    # agent 2 is concave, so no local step contracts, and over 5000 rounds no horizon is finite
    task = QuadraticTask(A=[[[1.0]], [[-0.5]]], c=[[1.0], [0.0]])
    settings = MetaFedAvg(alpha=0.0, nu=0, beta=0.25, tau=4)
    found = confinement.ball(task, settings, [0.0], rounds=5000)
    points = closed_form.trajectory(task, settings, [0.0], 5000)
    assert "rest" in found.reason
    # the fixed point is as far from 0 as from the start, and four local steps grow by less than 1.125^4 + 1/4
    assert float(points.abs().max()) <= found.radius_W0 <= 2 * (1.125**4 + 0.25) * float(points.abs().max())


def test_a_round_that_is_not_proved_to_contract_is_left_to_the_other_proofs() -> None:
    start = torch.zeros(1, 1, dtype=torch.float64)
    growing = QuadraticTask(A=[[[1.0]], [[-1.0]]], c=[[1.0], [0.0]])
    assert round_map(growing, MetaFedAvg(alpha=0.0, nu=0, beta=0.25, tau=4), start) is None
    drawn = MetaFedAvg(alpha=0.0, nu=0, beta=0.25, tau=4, participants=1)
    assert round_map(QuadraticTask(A=[[[1.0]], [[0.5]]], c=[[1.0], [0.0]]), drawn, start) is None


def test_a_step_that_is_large_beside_the_update_matrix_is_rounded_by_its_own_size() -> None:
    # fine-tuning flattens the meta losses: beta L_F is about 1/2 and beta L 200, so an error of U counts 200 times in T
    generator = np.random.default_rng(0)
    basis = np.linalg.qr(generator.standard_normal((4, 4)))[0]
    A = np.stack([basis @ np.diag(levels) @ basis.T for levels in ([1.0, 0.999, 1.001, 1.0], [0.998, 1.0, 1.0, 1.002])])
    task = QuadraticTask(A=(A + A.transpose(0, 2, 1)) / 2, c=generator.standard_normal((2, 4)))
    mild = MetaFedAvg(alpha=0.95, nu=1, beta=200.0, tau=2)
    steep = MetaFedAvg(alpha=0.95, nu=1, beta=2.0, tau=2)
    assert round_map_error(task, mild) > 50 * round_map_error(task, steep)
    with mpmath.workdps(40):
        matrices = [mpmath.matrix(own.tolist()) for own in task.arrays()["A"]]
        steps = [(mpmath.eye(4) - mild.beta * m * (mpmath.eye(4) - mild.alpha * m) ** 2) ** mild.tau for m in matrices]
        true = np.array(((steps[0] + steps[1]) / 2).tolist(), dtype=object)
        apart = max(
            float(abs(a - mpmath.mpf(b)))
            for a, b in zip(true.ravel(), closed_form.affine_map(task, mild)[0].numpy().ravel(), strict=True)
        )
    assert 4 * apart <= round_map_error(task, mild)  # the spectral norm is at most d times the largest entry
