"""Sampling, weights and the server step (C3, C6): closed forms, enumeration, a slow twin, and every backend alike."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from empirics import MODES, DivergedError, InputError, MetaFedAvg, Noise, QuadraticPopulation, QuadraticTask
from empirics.algorithm.one_round import one_round, round_with
from empirics.algorithm.sampling import Sampling, exact_weights
from empirics.backends.backend import Backend, TorchBackend
from empirics.backends.choice import chosen
from empirics.backends.cuda_graphs import CudaGraphBackend
from empirics.backends.native.library import library
from empirics.certificates import closed_form, confinement
from empirics.numerics.randomness import Draws, drawn_with_replacement
from empirics.runs import fedavg
from empirics.tasks.networks.network import NetworkTask
from empirics.tasks.task import Task
from tests.empirics import oracles
from tests.empirics.cases import noisy, settings_options, task
from tests.empirics.test_recorded_programs import Layers

FULL: tuple[dict[str, Any], ...] = ({}, {"sampling": "full"}, {"participants": 4}, {"server_step": 1})
UNEVEN = ("1/8", "1/2", "1/4", "1/8")  # of four agents
NEW: dict[str, dict[str, Any]] = {
    "replacement": {"sampling": "replacement"},
    "more draws than agents": {"sampling": "replacement", "participants": 9, "weights": UNEVEN},
    "one weighted draw": {"sampling": "replacement", "participants": 1, "weights": UNEVEN},
    "weights": {"weights": UNEVEN},
    "short server step": {"server_step": 0.5, "participants": 2},
    "long server step": {"server_step": 1.75, "sampling": "full", "weights": UNEVEN},
}


def settings(mode: str = "exact", *, nu: int = 2, tau: int = 2, step: float = 0.2, **more: Any) -> MetaFedAvg:
    return MetaFedAvg(step, nu, step, tau, mode=mode, **settings_options(mode), **more)


# --- closed forms


@pytest.mark.parametrize("mode", ["exact", "first_order"])
@pytest.mark.parametrize("server_step", [1.0, 0.25, 1.5])
@pytest.mark.parametrize("weights", [None, UNEVEN])
def test_a_quadratic_run_follows_the_affine_map_of_its_weights_and_server_step(mode, server_step, weights) -> None:
    subject, tau, alpha, beta, nu = task("quadratic"), 3, 0.4, 0.3, 2
    own = MetaFedAvg(alpha, nu, beta, tau, mode=mode, server_step=server_step, weights=weights)
    arrays, eye = subject.arrays(), np.eye(subject.d)
    p = np.full(4, 0.25) if weights is None else np.array([float(Fraction(x)) for x in weights])
    T, t = (1 - server_step) * eye, np.zeros(subject.d)  # T = I - beta_s (I - sum p_i (I - beta M_i)^tau)
    for share, A, c in zip(p, arrays["A"], arrays["c"], strict=True):
        M = A @ np.linalg.matrix_power(eye - alpha * A, 2 * nu if mode == "exact" else nu)
        R = np.linalg.matrix_power(eye - beta * M, tau)
        T, t = T + server_step * share * R, t + server_step * share * (eye - R) @ c
    w, path = np.array([1.0, -2.0, 0.5, 3.0]), []
    for _ in range(8):
        w = T @ w + t
        path.append(w)
    run = own.run(subject, [1.0, -2.0, 0.5, 3.0], 8)
    np.testing.assert_allclose(run.iterates[0, 1:], path, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(run.iterates[0], closed_form.trajectory(subject, own, [1.0, -2.0, 0.5, 3.0], 8))


def test_the_limit_does_not_depend_on_the_server_step() -> None:
    subject = task("quadratic")
    one, half = (closed_form.limit(subject, MetaFedAvg(0.4, 1, 0.3, 2, server_step=s)) for s in (1.0, 0.5))
    torch.testing.assert_close(one, half)


def test_weights_change_the_limit() -> None:
    subject = task("quadratic")
    plain, weighed = (closed_form.limit(subject, MetaFedAvg(0.4, 1, 0.3, 2, weights=p)) for p in (None, UNEVEN))
    assert float((plain - weighed).norm()) > 1e-3


# --- draws with replacement against the enumeration of all tuples


def test_draws_with_replacement_have_the_moments_of_all_tuples() -> None:
    """E w_1 and E w_1 w_1^T over all 3^2 tuples of draws, beside the mean of many replicas."""
    subject = QuadraticTask(A=[[[1.0]], [[0.5]], [[2.0]]], c=[[1.0], [-3.0], [0.5]])
    p, start, replicas = [0.5, 0.2, 0.3], 2.0, 40_000
    own = MetaFedAvg(0.0, 0, 0.25, 2, participants=2, sampling="replacement", weights=p)
    ends = [c + (1 - 0.25 * a) ** 2 * (start - c) for a, c in ((1.0, 1.0), (0.5, -3.0), (2.0, 0.5))]
    tuples = list(itertools.product(range(3), repeat=2))
    chances = np.array([p[i] * p[j] for i, j in tuples])
    values = np.array([(ends[i] + ends[j]) / 2 for i, j in tuples])
    seen = own.run(subject, [start], 1, replicas=replicas, seed=4).iterates[:, 1, 0].numpy()
    for power in (1, 2):
        mean = float(chances @ values**power)
        spread = float(np.sqrt(chances @ values ** (2 * power) - mean**2))
        assert abs((seen**power).mean() - mean) < 4 * spread / replicas**0.5
    # C6 at full participation's mean: kappa = 1/m
    own_mean, spread = np.dot(p, ends), np.dot(p, np.square(ends)) - np.dot(p, ends) ** 2
    assert chances @ values**2 == pytest.approx(own_mean**2 + spread / 2, rel=1e-14)


def test_every_draw_is_the_inverse_of_the_exact_cumulative_weights() -> None:
    weights = exact_weights([Fraction(1, 3), Fraction(1, 3), Fraction(1, 3)])
    drawn = drawn_with_replacement(Draws(5, 2, 0, torch.arange(50)), 3, 7, weights.thresholds(torch.device("cpu")))
    for replica in range(50):
        keys = oracles.keys63(5, 2, 0, "participants", 0, replica, 7)
        wanted = [sum(Fraction(key, 2**63) >= Fraction(i, 3) for i in (1, 2)) for key in keys]
        assert drawn[replica].tolist() == wanted
    plain = drawn_with_replacement(Draws(5, 2, 0, torch.arange(50)), 3, 7)
    assert plain[9].tolist() == [key % 3 for key in oracles.keys63(5, 2, 0, "participants", 0, 9, 7)]


def test_thresholds_leave_every_agent_its_probability() -> None:
    weights = exact_weights(["0.1", "0.2", "0.7"])
    below, above = weights.thresholds(torch.device("cpu")).tolist()
    # keys below a threshold are those with key/2^63 < p_1 + ... + p_i, and there is no other
    assert Fraction(below - 1, 2**63) < Fraction(1, 10) <= Fraction(below, 2**63)
    assert Fraction(above - 1, 2**63) < Fraction(3, 10) <= Fraction(above, 2**63)


def test_an_agent_that_is_drawn_twice_gets_batches_of_its_own() -> None:
    """One agent, two draws, noise +-g on the gradient: w_1 = w_0 - beta (s + s')/2 g, of variance beta^2 g^2/2."""
    one = QuadraticTask(A=[[[1.0]]], c=[[0.0]], noise=Noise.coordinate(1, 1, gradient=0.5))
    own = {"mode": "first_order_stochastic", "D": 1, "D_prime": 1}

    def ends(m: int, backend: str) -> np.ndarray:
        twice = MetaFedAvg(0.0, 0, 0.5, 1, participants=m, sampling="replacement", **own)
        run = fedavg.run(twice, one, [0.0], 1, seed=1, replicas=4096, backend=backend)
        return run.iterates[:, 1, 0].numpy()

    for backend in ("torch", chosen(settings(), one).name):
        values, counts = np.unique(ends(2, backend), return_counts=True)
        assert values.tolist() == [-0.25, 0.0, 0.25]  # with the same batch twice: -1/4 and 1/4 alone
        # 1/4, 1/2, 1/4 of 4096, each within four standard deviations
        assert np.all(np.abs(counts - [1024, 2048, 1024]) < 4 * np.sqrt([768, 1024, 768]))
        assert np.unique(ends(1, backend)).tolist() == [-0.25, 0.25]


# --- a slow twin


def _twin(subject: Task, own: MetaFedAvg, w0: np.ndarray, rounds: int, seed: int, replica: int) -> np.ndarray:
    """Draw by draw, step by step, in NumPy and exact rationals."""
    arrays, n, w, path = subject.arrays(), subject.n, w0, [w0]
    weights = [Fraction(x) for x in own.weights] if own.weights is not None else [Fraction(1, n)] * n
    for index in range(rounds):
        m = own.participants or n
        if own.sampling == Sampling.REPLACEMENT:
            keys = oracles.keys63(seed, index, 0, "participants", 0, replica, m)
            if own.weights is None:
                chosen_agents = [key % n for key in keys]
            else:
                ends = list(itertools.accumulate(weights))[:-1]
                chosen_agents = [sum(Fraction(key, 2**63) >= end for end in ends) for key in keys]
            shares = [1.0 / m] * m
        else:
            chosen_agents = oracles.participants(seed, index, replica, n, m)
            shares = [float(p) for p in weights] if m == n else [1.0 / m] * m
        results = []
        for draw, agent in enumerate(chosen_agents):
            slot = draw if own.sampling == Sampling.REPLACEMENT else 0
            local = np.tile(w, (n, 1))
            for step in range(own.tau):

                def signs(purpose: str, size: int, agent=agent, slot=slot, step=step, index=index) -> np.ndarray:
                    at = (seed, index, step, purpose, agent, replica, size)
                    return np.array([oracles.sign_pair(*at, slot=slot)] * n)

                drawn: dict = {}
                if own.sizes is not None:
                    drawn = {
                        "inner": [signs(f"inner:{level}", own.sizes[0]) for level in range(own.nu)],
                        "outer": signs("outer", own.sizes[1]),
                        "hessian": [signs(f"hessian:{level}", own.sizes[2]) for level in range(own.nu)],
                    }
                local = local - own.beta * oracles.dense_meta_gradient(
                    subject.family, arrays, local, own.alpha, own.nu, own.mode, own.delta, **drawn
                )
            results.append(local[agent])
        w = w + own.server_step * (np.array(shares) @ np.array(results) - w)
        path.append(w)
    return np.array(path)


@pytest.mark.parametrize("mode", ["exact", "stochastic", "hessian_free_stochastic"])
@pytest.mark.parametrize("name", NEW)
def test_runs_are_those_of_a_slow_loop_twin(name: str, mode: str) -> None:
    subject, own = noisy("quadratic"), settings(mode, **NEW[name])
    w0 = np.linspace(-1, 1, 2 * subject.d).reshape(2, subject.d)
    run = own.run(subject, w0, 2, seed=21, replicas=2)
    for replica in range(2):
        # 4 local steps; the Hessian-free quotient magnifies roundings by 1/delta = 1e3
        np.testing.assert_allclose(
            run.iterates[replica], _twin(subject, own, w0[replica], 2, 21, replica), 1e-10, 1e-11
        )


# --- every backend


def _network(module: nn.Module) -> NetworkTask:
    draws = torch.Generator().manual_seed(2)
    x = torch.randn(4, 7, 4, generator=draws, dtype=torch.float64)
    y = torch.randint(0, 3, (4, 7), generator=draws)
    for parameter in module.double().parameters():
        parameter.data = torch.randn(parameter.shape, generator=draws, dtype=torch.float64) / 2
    return NetworkTask(module, x, y, nn.functional.cross_entropy, smooth=True)


@cache
def _subject(name: str) -> Task:
    if name == "quadratic":
        return noisy("quadratic")
    dense = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
    return _network(dense if name == "dense network" else Layers(torch.sigmoid))


# recording a network's batches takes seconds
_CASES = [
    *itertools.product(("quadratic", "dense network"), MODES),
    ("recorded network", "exact"),
    *(pytest.param("recorded network", mode, marks=pytest.mark.slow) for mode in MODES if mode != "exact"),
]


@pytest.mark.skipif(library() is None, reason="the package was installed without a C++ compiler")
@pytest.mark.parametrize(("subject", "mode"), _CASES)
def test_the_compiled_engine_agrees_with_torch(subject: str, mode: str) -> None:
    one = _subject(subject)
    for name, more in NEW.items():
        own = settings(mode, step=0.05, **more)
        fast = chosen(own, one)
        assert fast.name == "native"
        ours, theirs = (_iterates(own, one, backend) for backend in (fast, TorchBackend()))
        gap = (ours - theirs).norm(dim=-1) / (1 + theirs.norm(dim=-1))
        assert float(gap.max()) <= 1e-10, name


def _iterates(own: MetaFedAvg, one: Task, backend: Backend, replicas: int = 3) -> torch.Tensor:
    return fedavg.run(own, one, [0.1] * one.d, 3, seed=3, replicas=replicas, backend=backend).iterates


@pytest.mark.parametrize("name", NEW)
def test_recorded_rounds_replay_the_new_settings(name: str) -> None:
    """A CUDA graph is a round recorded once and replayed with other keys: rehearsed here by calling it again."""

    def record(work):
        after = work()
        return lambda: after.copy_(work()), after

    one, own = noisy("cosine"), settings("stochastic", **NEW[name])
    assert torch.equal(_iterates(own, one, CudaGraphBackend(record)), _iterates(own, one, TorchBackend()))


@pytest.mark.parametrize("mode", ["exact", "stochastic"])
@pytest.mark.parametrize("name", NEW)
def test_nothing_in_a_round_asks_the_device_for_a_number(name: str, mode: str) -> None:
    # tensors of the meta device hold none: whatever asked for one would raise
    one, own = noisy("cosine").to("meta"), settings(mode, **NEW[name])
    w, replicas = torch.zeros((4, one.d), dtype=torch.float64, device="meta"), torch.arange(4, device="meta")
    assert one_round(own, one, w, 3, 0, replicas).shape == (4, one.d)


@pytest.mark.gpu
@pytest.mark.parametrize("mode", ["exact", "stochastic"])
@pytest.mark.parametrize("name", NEW)
def test_a_gpu_records_the_new_settings_and_agrees(name: str, mode: str) -> None:
    one, own = noisy("cosine"), settings(mode, **NEW[name])
    near = own.run(one, [0.1] * one.d, 3, seed=3, replicas=3)
    far = own.run(one.to("cuda"), [0.1] * one.d, 3, seed=3, replicas=3)
    assert (far.backend, far.notes) == ("cuda graphs", ())
    torch.testing.assert_close(far.iterates, near.iterates, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("more", [{}, {"server_step": 0.5}])
def test_populations_are_drawn_with_replacement_on_demand(more: dict) -> None:
    population = QuadraticPopulation(10**6, 3, seed=1)
    own = MetaFedAvg(0.1, 1, 0.2, 2, participants=6, sampling="replacement", **more)
    fast = chosen(own, population)
    torch.testing.assert_close(_iterates(own, population, fast), _iterates(own, population, TorchBackend()))


def test_a_population_with_weights_is_served_by_both() -> None:
    population = QuadraticPopulation(5, 3, seed=1)
    own = MetaFedAvg(0.1, 1, 0.2, 2, participants=6, sampling="replacement", weights=[0.5, 0.2, 0.1, 0.1, 0.1])
    fast = chosen(own, population)
    torch.testing.assert_close(_iterates(own, population, fast), _iterates(own, population, TorchBackend()))


# --- old settings, chunks, threads


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("backend", [None, "torch"])
def test_full_participation_by_name_changes_no_bit(mode: str, backend: str | None) -> None:
    one = noisy("quadratic")
    runs = [
        fedavg.run(settings(mode, **more), one, [0.3] * one.d, 3, seed=2, replicas=2, backend=backend).iterates
        for more in FULL
    ]
    assert all(torch.equal(runs[0], other) for other in runs[1:])


@pytest.mark.parametrize("mode", ["exact", "stochastic"])
@pytest.mark.parametrize("name", NEW)
def test_chunks_and_threads_do_not_matter(name: str, mode: str) -> None:
    for subject in ("quadratic", "cosine"):
        one, own = noisy(subject), settings(mode, **NEW[name])
        whole = own.run(one, [0.3] * one.d, 3, seed=2, replicas=5).iterates
        parts = replace(own, chunk=2).run(one, [0.3] * one.d, 3, seed=2, replicas=5).iterates
        torch.testing.assert_close(whole, parts, rtol=1e-10, atol=1e-10)
        threads = torch.get_num_threads()
        try:
            torch.set_num_threads(3)
            assert torch.equal(whole, own.run(one, [0.3] * one.d, 3, seed=2, replicas=5).iterates)
        finally:
            torch.set_num_threads(threads)


# --- averages over local steps


@pytest.mark.parametrize("mode", ["exact", "stochastic"])
@pytest.mark.parametrize("participants", [None, 2])
def test_local_averages_are_means_of_all_agents(mode: str, participants: int | None) -> None:
    """Against runs of t local steps in which everybody takes part: the batches of a step do not depend on tau."""
    one, own = noisy("quadratic"), settings(mode, tau=3, participants=participants)
    run = own.run(one, [0.3] * one.d, 4, seed=2, replicas=3, local_averages=True)
    assert run.local_averages is not None
    assert run.local_averages.shape == (3, 4, 3, one.d)
    assert torch.equal(run.local_averages[:, :, 0], run.iterates[:, :-1])
    for index in range(4):
        for steps in (1, 2):
            short = replace(own, tau=steps, participants=None)
            wanted = round_with(short, one, run.iterates[:, index], lambda s, k=index: Draws(2, k, s, torch.arange(3)))
            assert torch.equal(run.local_averages[:, index, steps], wanted)
    assert torch.equal(run.iterates, own.run(one, [0.3] * one.d, 4, seed=2, replicas=3).iterates)
    assert own.run(one, [0.3] * one.d, 4).local_averages is None


def test_local_averages_have_weights_keep_every_round_and_ignore_the_server_step() -> None:
    subject = QuadraticTask(A=[[[1.0]], [[1.0]]], c=[[1.0], [-1.0]])
    own = MetaFedAvg(0.0, 0, 0.5, 2, weights=["3/4", "1/4"], server_step=0.5)
    run = fedavg.run(own, subject, [8.0], 3, seed=0, replicas=1, keep=3, local_averages=True)
    assert run.local_averages is not None
    assert run.local_averages.shape == (1, 3, 2, 1)
    assert run.local_averages[0, 0].flatten().tolist() == [8.0, 4.25]  # 8 - (8 - 1/2)/2


def test_local_averages_end_where_a_run_diverges() -> None:
    subject = QuadraticTask(A=[[[1.0]]], c=[[0.0]])
    with pytest.raises(DivergedError) as caught:
        MetaFedAvg(0.0, 0, 1e60, 2).run(subject, [1.0], 9, local_averages=True)
    partial = caught.value.partial
    assert partial.local_averages is not None
    assert partial.local_averages.shape == (1, partial.rounds, 2, 1)
    assert bool(torch.isfinite(partial.local_averages).all())


def test_a_divergence_names_the_agent_that_was_drawn() -> None:
    subject = QuadraticTask(A=[[[1.0]], [[1e200]]], c=[[0.0], [0.0]])
    own = MetaFedAvg(0.0, 0, 1e160, 1, participants=1, sampling="replacement", weights=["1/1000", "999/1000"])
    with pytest.raises(DivergedError) as caught:
        own.run(subject, [1.0], 1)
    assert caught.value.divergence.agent == 1


# --- confinement


def test_an_overshooting_server_is_followed() -> None:
    """One agent at 0, beta M = 1: the mean is 0, and w_{k+1} = -w_k at beta_s = 2, -2 w_k at 3."""
    subject = QuadraticTask(A=[[[1.0]]], c=[[0.0]], radius=100.0)
    plain = MetaFedAvg(0.0, 0, 1.0, 1)
    assert confinement.ball(subject, plain, [1.0]).radius_W0 == pytest.approx(1.0)
    assert not confinement.ball(subject, replace(plain, server_step=2.0), [1.0]).holds
    for step, growth in ((2.0, 1.0), (3.0, 2.0)):
        own = replace(plain, server_step=step)
        found = confinement.ball(subject, own, [1.0], rounds=5)
        assert found.holds
        assert found.radius_W0 == pytest.approx(growth**5)
        assert float(own.run(subject, [1.0], 5).iterates.abs().max()) <= found.radius_W0


# --- bad input


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"sampling": "bootstrap"}, "sampling = 'bootstrap': expected one of subset, replacement, full"),
        ({"server_step": 0}, "server_step = 0: expected a finite number > 0"),
        ({"weights": [0.5, 0.6, 0.1, 0.1]}, "weights sum to 1.3: expected 1"),
        ({"weights": [0.5, 0.5, 0.0, 0.0]}, r"weights\[2\] = 0.0: expected a number > 0"),
        ({"weights": [1.5, -0.5, 0.5, -0.5]}, r"weights\[1\] = -0.5: expected a number > 0"),
        ({"weights": ["1/2", "half", "1/4", "1/4"]}, r"weights\[1\] = 'half': expected a finite number > 0"),
        ({"weights": [float("nan")] * 4}, r"weights\[0\] = nan: expected a finite number > 0"),
        ({"weights": "1/4"}, "weights = '1/4': expected a sequence"),
        ({"weights": 0.25}, "weights = 0.25: expected a sequence"),
        ({"weights": [0.5, 0.5]}, "weights has 2 entries: expected 4"),
        ({"weights": UNEVEN, "participants": 2}, "a subset is drawn with equal weights"),
        ({"sampling": "full", "participants": 2}, "sampling = 'full' takes all 4 agents"),
        ({"participants": 5}, "participants = 5: expected at most the task's 4 agents"),
    ],
)
def test_bad_settings_are_refused(more: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        settings(**more).run(task("quadratic"), [0.0] * 4, 1)


def test_weights_are_kept_exactly() -> None:
    assert exact_weights([0.5, 0.25, 0.25]) == (Fraction(1, 2), Fraction(1, 4), Fraction(1, 4))
    thirds = exact_weights(np.full(3, 1 / 3))
    assert sum(thirds) == 1
    assert max(abs(p - Fraction(1, 3)) for p in thirds) < Fraction(1, 10**15)
    own = settings(weights=UNEVEN)
    assert replace(own, chunk=1).weights is own.weights
    assert own == settings(weights=[Fraction(x) for x in UNEVEN])
