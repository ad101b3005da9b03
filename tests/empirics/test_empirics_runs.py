"""Meta-FedAvg against Q2, Q3, a slow loop twin, and its own other chunkings."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from empirics import MODES, MetaFedAvg, QuadraticTask
from empirics.certificates import closed_form
from empirics.tasks.factories import small_quadratic
from tests.empirics import oracles
from tests.empirics.cases import noisy, points, settings_options, task, unit_noise


@pytest.mark.parametrize("tau", [1, 4])
@pytest.mark.parametrize("nu", [0, 1, 3])
@pytest.mark.parametrize(("mode", "delta"), [("exact", None), ("first_order", None), ("hessian_free", 0.25)])
def test_iterates_follow_the_closed_trajectory(mode, delta, nu, tau):
    subject = task("quadratic")
    settings = MetaFedAvg(0.4, nu, 0.3, tau, mode=mode, delta=delta)
    w0 = np.array([1.0, -2.0, 0.5, 3.0])
    run = settings.run(subject, w0, 12)
    expected = closed_form.trajectory(subject, settings, w0, 12)
    # 12 rounds of a contraction: roundings of size 1e-15 do not pile up.
    torch.testing.assert_close(run.iterates[0], expected, rtol=1e-12, atol=1e-13)


def _twin(subject, settings, w0, rounds, seed, replica):
    """One agent, one local step, one batch at a time, in NumPy."""
    arrays, w, path = subject.arrays(), np.array(w0), [np.array(w0)]
    n, sizes = subject.n, settings.sizes
    count = settings.participants or n
    for index in range(rounds):
        chosen = oracles.participants(seed, index, replica, n, count)
        results = []
        for agent in chosen:
            local = np.tile(w, (n, 1))
            for step in range(settings.tau):
                signs: dict = {}
                if sizes is not None:

                    def draw(purpose, size, agent=agent, index=index, step=step):
                        return np.array([oracles.sign_pair(seed, index, step, purpose, agent, replica, size)] * n)

                    signs = {
                        "inner": [draw(f"inner:{level}", sizes[0]) for level in range(settings.nu)],
                        "outer": draw("outer", sizes[1]),
                        "hessian": [draw(f"hessian:{level}", sizes[2]) for level in range(settings.nu)],
                    }
                gradient = oracles.dense_meta_gradient(
                    subject.family, arrays, local, settings.alpha, settings.nu, settings.mode, settings.delta, **signs
                )
                local = local - settings.beta * gradient
            results.append(local[agent])
        w = np.mean(results, axis=0)
        path.append(w)
    return np.array(path)


@pytest.mark.parametrize("participants", [None, 2])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["quadratic", "cosine"])
def test_runs_are_those_of_a_slow_loop_twin(name, mode, participants):
    subject = noisy(name)
    settings = MetaFedAvg(0.5, 2, 0.2, 3, participants=participants, mode=mode, **settings_options(mode))
    w0 = np.linspace(-1, 1, 2 * subject.d).reshape(2, subject.d)
    run = settings.run(subject, w0, 3, seed=21, replicas=2)
    for replica in range(2):
        twin = _twin(subject, settings, w0[replica], 3, 21, replica)
        # 9 local steps; the Hessian-free quotient magnifies roundings by 1/delta = 1e3.
        np.testing.assert_allclose(run.iterates[replica], twin, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("mode", MODES)
def test_chunked_is_whole(mode):
    subject = noisy("cosine")

    def run(chunk):
        settings = MetaFedAvg(0.5, 2, 0.2, 2, participants=3, mode=mode, chunk=chunk, **settings_options(mode))
        return settings.run(subject, np.ones(3), 4, seed=2, replicas=7)

    whole = run(None)
    assert whole.chunk == 7
    again = run(7)
    assert torch.equal(whole.iterates, again.iterates)
    for chunk in (1, 3):
        part = run(chunk)
        assert part.chunk == chunk
        error = (part.iterates - whole.iterates).norm(dim=-1)
        assert bool((error <= 1e-10 * (1 + whole.iterates.norm(dim=-1))).all())


def test_minibatch_runs_do_not_depend_on_chunking():
    subject = task("logistic")
    runs = [
        MetaFedAvg(2.0, 2, 1.0, 2, participants=2, mode="stochastic", D=4, D_prime=12, D_H=1, chunk=chunk).run(
            subject, np.zeros(4), 5, seed=1, replicas=6
        )
        for chunk in (6, 2)
    ]
    torch.testing.assert_close(runs[0].iterates, runs[1].iterates, rtol=0, atol=1e-12)


def test_replicas_are_those_of_a_larger_run():
    subject = noisy("quadratic")
    settings = MetaFedAvg(0.4, 1, 0.2, 2, participants=2, mode="stochastic", D=2, D_prime=2, D_H=2)
    few = settings.run(subject, np.ones(4), 5, seed=3, replicas=2)
    many = settings.run(subject, np.ones(4), 5, seed=3, replicas=5)
    torch.testing.assert_close(few.iterates, many.iterates[:2], rtol=0, atol=1e-12)


def test_more_rounds_extend_a_run():
    subject = noisy("quadratic")
    settings = MetaFedAvg(0.4, 1, 0.2, 2, mode="stochastic", D=2, D_prime=2, D_H=2)
    short = settings.run(subject, np.ones(4), 3, seed=3)
    assert torch.equal(short.iterates, settings.run(subject, np.ones(4), 6, seed=3).iterates[:, :4])


def test_all_participants_asked_for_by_number_is_full_participation():
    subject = task("quadratic")
    runs = [MetaFedAvg(0.4, 2, 0.2, 2, participants=m).run(subject, np.ones(4), 5) for m in (None, 4)]
    assert torch.equal(runs[0].iterates, runs[1].iterates)


def test_partial_participation_moves_by_the_mean_of_the_participants():
    subject = task("quadratic")
    settings = MetaFedAvg(0.0, 0, 0.5, 1, participants=1)
    run = settings.run(subject, np.zeros(4), 1, replicas=200)
    moves = (-0.5 * subject.gradient(np.zeros(4))).numpy()
    distance = np.abs(run.iterates[:, 1].numpy()[:, None] - moves).max(axis=-1).min(axis=-1)
    assert distance.max() <= 1e-15
    assert len(np.unique(run.iterates[:, 1].numpy(), axis=0)) == 4


def test_a_start_per_replica_is_used():
    subject = task("quadratic")
    w0 = points(subject, 3)[:, 0]
    run = MetaFedAvg(0.4, 1, 0.2, 2).run(subject, w0, 0, replicas=3)
    assert run.iterates.shape == (3, 1, 4)
    assert torch.equal(run.iterates[:, 0], torch.as_tensor(w0))


def test_a_run_says_all_that_repeats_it():
    subject = task("quadratic")
    run = MetaFedAvg(0.4, 1, 0.2, 2).run(subject, np.ones(4), 3, seed=5, replicas=2)
    assert (run.seed, run.chunk, run.device, run.rounds, run.replicas, run.diverged) == (5, 2, "cpu", 3, 2, None)
    again = run.settings.run(subject, run.iterates[:, 0], run.rounds, seed=run.seed, replicas=run.replicas)
    assert torch.equal(again.iterates, run.iterates)


def test_float32_runs_stay_near_float64():
    subject = task("quadratic")
    settings = MetaFedAvg(0.4, 2, 0.2, 2)
    narrow = settings.run(subject.to(dtype=torch.float32), np.ones(4), 10).iterates
    assert narrow.dtype == torch.float32
    # A contraction: one step's rounding of about 1e-6 does not pile up.
    torch.testing.assert_close(narrow.double(), settings.run(subject, np.ones(4), 10).iterates, rtol=0, atol=1e-5)


def test_many_agents_and_few_participants_cost_the_participants_only():
    n, d = 20_000, 4
    rng = np.random.default_rng(0)
    subject = QuadraticTask(np.tile(np.eye(d), (n, 1, 1)), rng.normal(size=(n, d)))
    run = MetaFedAvg(0.5, 2, 0.5, 2, participants=50).run(subject, np.zeros(d), 3)
    assert bool(torch.isfinite(run.iterates).all())
    assert list(subject._cache) == ["ids"]


def test_relabelling_agents_changes_no_full_run():
    subject = small_quadratic(5)
    arrays, order = subject.arrays(), [3, 0, 4, 2, 1]
    relabelled = QuadraticTask(arrays["A"][order], arrays["c"][order])
    settings = MetaFedAvg(0.5, 2, 0.3, 3)
    one, other = (settings.run(t, np.ones(4), 8).iterates for t in (subject, relabelled))
    torch.testing.assert_close(one, other, rtol=1e-13, atol=1e-14)


def test_doubling_every_agent_changes_no_full_run():
    arrays = task("quadratic").arrays()
    doubled = QuadraticTask(np.repeat(arrays["A"], 2, axis=0), np.repeat(arrays["c"], 2, axis=0))
    settings = MetaFedAvg(0.5, 2, 0.3, 3)
    one, other = (settings.run(t, np.ones(4), 8).iterates for t in (task("quadratic"), doubled))
    torch.testing.assert_close(one, other, rtol=1e-13, atol=1e-14)


def test_shifting_the_problem_shifts_the_run():
    arrays, shift = task("quadratic").arrays(), np.array([1.0, -2.0, 4.0, 0.5])
    moved = QuadraticTask(arrays["A"], arrays["c"] + shift, noise=unit_noise(4, 4, amplitude=0.0))
    plain = QuadraticTask(arrays["A"], arrays["c"], noise=unit_noise(4, 4, amplitude=0.0))
    settings = MetaFedAvg(0.5, 2, 0.3, 3, mode="stochastic", D=2, D_prime=2, D_H=2)
    one = settings.run(plain, np.zeros(4), 8, seed=1).iterates + torch.as_tensor(shift)
    torch.testing.assert_close(one, settings.run(moved, shift, 8, seed=1).iterates, rtol=0, atol=1e-13)


@pytest.mark.gpu
@pytest.mark.parametrize("mode", MODES)
def test_cuda_runs_agree_with_the_cpu(mode):
    subject = noisy("cosine")
    settings = MetaFedAvg(0.5, 2, 0.2, 2, participants=3, mode=mode, **settings_options(mode))
    near = settings.run(subject, np.ones(3), 5, seed=2, replicas=4).iterates
    far = settings.run(subject.to("cuda"), np.ones(3), 5, seed=2, replicas=4).iterates
    torch.testing.assert_close(near, far, rtol=0, atol=1e-10)
