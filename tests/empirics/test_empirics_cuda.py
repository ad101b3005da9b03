"""The GPU path, with the CPU as device: nothing waits for the device, and a recorded round is every round."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from empirics import MODES, MetaFedAvg
from empirics.algorithm.one_round import one_round
from empirics.backends.cuda_graphs import CudaGraphBackend
from empirics.numerics.randomness import Draws, _candidates, participants
from empirics.runs import fedavg
from empirics.tasks.populations import QuadraticPopulation
from tests.empirics.cases import noisy, settings_options, task


def replayed(work):
    """A recording without a GPU: each replay runs the same closure again into the same tensor."""
    result = work()
    return lambda: result.copy_(work()), result


def _subject(name):
    if name == "population":
        return QuadraticPopulation(10**9, 3, mu=0.25, seed=1)
    return task(name) if name == "logistic" else noisy(name)


def _settings(mode, count, subject, **options):
    batches = {"D": 2, "D_prime": 3, "D_H": 1} if mode.endswith("stochastic") else {}
    return MetaFedAvg(0.3, 2, 0.2, 3, participants=count, mode=mode, **{**settings_options(mode), **batches}, **options)


SUBJECTS = ["quadratic", "cosine", "logistic", "population"]
CASES = [(name, count) for name in SUBJECTS for count in (None, 2, 3) if count or name != "population"]


@pytest.mark.parametrize(("name", "count"), CASES)
@pytest.mark.parametrize("mode", MODES)
def test_a_recorded_round_replays_every_round_bit_for_bit(mode, name, count):
    subject = _subject(name)
    settings = _settings(mode, count, subject, chunk=3)
    runs = [
        fedavg.run(settings, subject, np.ones(subject.d), 5, seed=11, replicas=7, backend=backend)
        for backend in ("torch", CudaGraphBackend(replayed))
    ]
    assert torch.equal(runs[0].iterates, runs[1].iterates)
    assert (runs[1].backend, runs[1].notes) == ("cuda graphs", ())


def test_a_round_is_recorded_once_for_each_number_of_replicas():
    recorded = []

    def record(work):
        recorded.append(1)
        return replayed(work)

    settings = _settings("stochastic", 2, noisy("cosine"), chunk=3)
    fedavg.run(settings, noisy("cosine"), np.ones(3), 50, seed=0, replicas=7, backend=CudaGraphBackend(record))
    assert len(recorded) == 2


def test_what_cannot_be_recorded_runs_plainly_and_says_so():
    def refuse(work):
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    subject, settings = noisy("cosine"), _settings("exact", 2, noisy("cosine"))
    run = fedavg.run(settings, subject, np.ones(3), 4, seed=0, replicas=3, backend=CudaGraphBackend(refuse))
    plain = fedavg.run(settings, subject, np.ones(3), 4, seed=0, replicas=3, backend="torch")
    assert torch.equal(run.iterates, plain.iterates)
    assert run.notes == (
        "no CUDA graph could be recorded (operation not permitted when stream is capturing): "
        "rounds ran as plain torch operations",
    )


def test_a_recording_that_does_not_fit_halves_the_chunk():
    def cramped(work):
        if len(work()) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return replayed(work)

    subject, settings = noisy("cosine"), _settings("exact", None, noisy("cosine"), chunk=7)
    run = fedavg.run(settings, subject, np.ones(3), 4, seed=0, replicas=7, backend=CudaGraphBackend(cramped))
    assert run.chunk == 1
    assert len(run.notes) == 2


@pytest.mark.parametrize(("name", "count"), CASES)
@pytest.mark.parametrize("mode", MODES)
def test_nothing_in_a_round_asks_the_device_for_a_number(mode, name, count):
    # Tensors of the meta device hold no numbers: whatever asked one for a number, or for a shape that depends on
    # numbers, would raise.
    subject = _subject(name).to("meta")
    settings = _settings(mode, count, subject)
    w, replicas = torch.zeros((4, subject.d), dtype=torch.float64, device="meta"), torch.arange(4, device="meta")
    assert one_round(settings, subject, w, 3, 0, replicas).shape == (4, subject.d)


@pytest.mark.parametrize(("agents", "count"), [(11, 3), (11, 8), (2**32, 5)])
def test_participants_have_the_shape_that_a_device_without_numbers_can_give(agents, count):
    draws = Draws(0, 0, 0, torch.arange(4, device="meta"))
    assert participants(draws, agents, count).shape == (4, count)


@pytest.mark.parametrize(("agents", "count"), [(2, 1), (3, 1), (4, 2), (9, 4), (64, 32), (1000, 500)])
def test_the_candidates_of_a_gpu_always_suffice(agents, count):
    # No look at the outcome is possible there. The law of the number of distinct candidates, step by step: from k
    # distinct ones the next candidate is new with probability 1 - k / agents.
    law, known = np.zeros(count), np.arange(count) / agents
    law[0] = 1.0
    for _ in range(_candidates(agents, count, 12.0, 64)):
        law = law * known + np.concatenate([[0.0], law[:-1] * (1 - known[:-1])])
    # What is left of `law` is the chance of fewer than `count`; sums of positive numbers lose no digits.
    assert law.sum() < 2.0**-60


@pytest.mark.gpu
@pytest.mark.parametrize(("name", "count"), CASES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_graphs_agree_with_plain_torch_and_with_the_cpu(mode, name, count, dtype):
    near = _subject(name).to(dtype=dtype)
    far = near.to("cuda")
    settings = _settings(mode, count, near)
    runs = [
        fedavg.run(settings, subject, np.ones(near.d), 5, seed=2, replicas=4, backend=backend)
        for subject, backend in ((near, "torch"), (far, "torch"), (far, None))
    ]
    assert runs[2].backend == "cuda graphs"
    assert runs[2].notes == ()
    # 15 local steps on numbers of size one; the Hessian-free quotient magnifies roundings by 1/delta = 1e3.
    tolerance = (1e-10 if dtype == torch.float64 else 1e-1) if "free" in mode else (1e-12 if near.d else 0)
    tolerance = max(tolerance, 1e-5) if dtype == torch.float32 else tolerance
    torch.testing.assert_close(runs[1].iterates, runs[0].iterates, rtol=0, atol=tolerance)
    torch.testing.assert_close(runs[2].iterates, runs[1].iterates, rtol=0, atol=tolerance)


@pytest.mark.gpu
def test_draws_are_the_same_on_a_gpu():
    for agents, count in ((11, 3), (11, 8), (10**6, 50)):
        near, far = (participants(Draws(3, 1, 0, torch.arange(200, device=d)), agents, count) for d in ("cpu", "cuda"))
        assert torch.equal(near, far.cpu())


@pytest.mark.gpu
def test_out_of_memory_on_a_gpu_halves_the_chunk():
    subject = noisy("cosine").to("cuda")
    settings = _settings("exact", None, subject, chunk=2**20)
    torch.cuda.set_per_process_memory_fraction(0.002)
    try:
        run = fedavg.run(settings, subject, np.ones(3), 1, seed=0, replicas=2**20)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert run.chunk < 2**20
    assert run.notes
