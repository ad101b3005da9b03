"""Blocks, chunks, recordings, precision: how a run is computed changes nothing about what it is."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
import torch

from empirics import DivergedError, Divergence, InputError, MetaFedAvg, QuadraticTask
from empirics.backends.backend import Backend, TorchBackend
from empirics.backends.choice import chosen, named
from empirics.numerics.memory import CPU_BYTES, largest_chunk, memory_budget, out_of_memory, peak_bytes
from empirics.numerics.precision import products
from empirics.runs import fedavg
from empirics.runs.recorder import Kept
from tests.empirics.cases import noisy, settings_options, task

CPU = torch.device("cpu")
SETTINGS = MetaFedAvg(0.4, 2, 0.2, 2, participants=2, mode="stochastic", D=2, D_prime=2, D_H=2)


def _run(settings=SETTINGS, subject=None, rounds=7, replicas=3, **options):
    subject = noisy("quadratic") if subject is None else subject
    return fedavg.run(settings, subject, np.ones(subject.d), rounds, seed=3, replicas=replicas, **options)


@pytest.mark.parametrize(("last", "every"), list(itertools.product([0, 1, 6, 7], [1, 2, 3, 7, 100])))
def test_kept_rounds_are_counted_without_listing_them(last, every):
    kept = Kept(last, every)
    expected = sorted({*range(0, last + 1, every), last})
    assert list(kept.rounds) == expected
    assert len(kept) == len(expected)
    assert [kept.until(k) for k in range(last + 1)] == [sum(e <= k for e in expected) for k in range(last + 1)]


@pytest.mark.parametrize("values", [1, 24, 60, 2**22])
@pytest.mark.parametrize("keep", [1, 2, 3, 7, 50])
def test_thinning_and_blocks_change_no_iterate(keep, values, monkeypatch, tmp_path):
    whole = _run(backend="torch")
    monkeypatch.setattr(fedavg, "_VALUES_PER_BLOCK", values)
    thin = _run(backend="torch", keep=keep)
    assert thin.rounds == 7
    assert torch.equal(thin.iterates, whole.iterates[:, list(thin.kept)])
    disk = _run(backend="torch", keep=keep, path=tmp_path / "w.npy")
    assert torch.equal(disk.iterates, thin.iterates)
    np.testing.assert_array_equal(np.load(tmp_path / "w.npy"), thin.iterates.numpy())


def test_a_streamed_run_is_a_copy_of_its_file(tmp_path):
    run = _run(path=tmp_path / "w.npy")
    run.iterates[:] = 0
    assert not (np.load(tmp_path / "w.npy") == 0).any()


@pytest.mark.parametrize("path", ["w.txt", "missing/w.npy"])
def test_a_path_that_cannot_hold_iterates_is_refused(path, tmp_path):
    with pytest.raises(InputError, match=r"expected the name of a \.npy file in a folder that exists"):
        _run(path=tmp_path / path)


@pytest.mark.parametrize("option", [{"keep": 0}, {"precision": "fast"}, {"backend": "abacus"}])
def test_unknown_options_are_refused(option):
    with pytest.raises(InputError, match=next(iter(option))):
        _run(**option)


@pytest.mark.parametrize("what", ["rounds", "replicas"])
def test_memory_is_flat(what, monkeypatch, tmp_path):
    monkeypatch.setattr(fedavg, "_VALUES_PER_BLOCK", 64)
    subject, settings = noisy("quadratic"), MetaFedAvg(0.4, 2, 0.2, 2, chunk=4)

    def peak(factor):
        count = {"rounds": 6, "replicas": 8, what: 24 * factor}
        return peak_bytes(lambda: _run(settings, subject, **count, path=tmp_path / "w.npy", backend="torch"), CPU)

    assert peak(4) == peak(1)


@pytest.mark.parametrize("mode", ["exact", "stochastic", "hessian_free"])
@pytest.mark.parametrize("participants", [None, 2])
def test_a_chunk_fills_the_budget_and_no_more(mode, participants, monkeypatch):
    subject, allowed = noisy("cosine"), 2**20
    settings = MetaFedAvg(0.5, 2, 0.2, 1, participants=participants, mode=mode, **settings_options(mode))
    monkeypatch.setattr(fedavg, "memory_budget", lambda device: allowed)
    engine = TorchBackend()
    chunk = fedavg.default_chunk(settings, subject, 10**6, engine)

    def peak(size):
        w = torch.zeros((size, subject.d), dtype=torch.float64)
        return peak_bytes(lambda: engine.rounds(settings, subject, w, 0, 1, 0, torch.arange(size)), CPU)

    # Small batches carry a constant part that the line through 2 and 4 replicas may misplace by a replica or two.
    assert peak(chunk) <= 1.05 * allowed
    assert peak(chunk + chunk // 8) > allowed


def test_a_chunk_is_found_from_few_measurements():
    asked = []

    def peak(size):
        asked.append(size)
        return 50 + 10 * size

    assert largest_chunk(10**6, 1050, peak) == 100
    assert asked == [1, 2, 4]
    assert largest_chunk(1, 0, peak) == 1
    assert largest_chunk(5, 10**9, peak) == 5
    assert largest_chunk(100, 60, peak) == 1
    assert largest_chunk(100, 125, peak) == 7
    assert asked == [1, 2, 4, 1, 1, 1, 2]


def test_results_that_live_together_add_up_and_views_are_free():
    given = torch.zeros(1000)
    assert peak_bytes(lambda: given.view(10, 100)[2:].T, CPU) == 0
    assert peak_bytes(lambda: [torch.zeros(10, dtype=torch.float64) for _ in range(5)], CPU) == 400
    assert peak_bytes(lambda: [float(torch.zeros(10).sum()) for _ in range(5)], CPU) == 44


def test_the_budget_of_the_cpu_does_not_depend_on_the_moment():
    assert memory_budget(CPU) == CPU_BYTES == 2**28


class Cramped(QuadraticTask):
    """Runs out of memory when more than `fits` replicas share a batch."""

    def __init__(self, error, fits):
        super().__init__(np.tile(np.eye(2), (3, 1, 1)), [[0.0, 1.0], [2.0, 0.0], [1.0, 1.0]])
        self.error, self.fits = error, fits

    def raw_gradient(self, w):
        if len(w) > self.fits:
            raise self.error
        return super().raw_gradient(w)


OUT = [
    torch.OutOfMemoryError("CUDA out of memory"),
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: can't allocate memory"),
]


@pytest.mark.parametrize("error", OUT, ids=lambda error: type(error).__name__)
def test_out_of_memory_halves_the_chunk_and_says_so(error):
    settings = MetaFedAvg(0.4, 1, 0.2, 2, chunk=10)
    run = _run(settings, Cramped(error, 3), replicas=10, backend="torch")
    assert run.chunk == 2
    assert [note.split(":")[1] for note in run.notes] == [" went on with 5", " went on with 2"]
    plain = _run(MetaFedAvg(0.4, 1, 0.2, 2, chunk=2), Cramped(error, 99), replicas=10, backend="torch")
    assert torch.equal(run.iterates, plain.iterates)
    assert plain.notes == ()


@pytest.mark.parametrize("error", OUT, ids=lambda error: type(error).__name__)
def test_one_replica_that_does_not_fit_is_an_error_with_advice(error):
    with pytest.raises(type(error)) as caught:
        _run(MetaFedAvg(0.4, 1, 0.2, 2, chunk=4), Cramped(error, 0), replicas=4, backend="torch")
    assert "one replica alone does not fit" in caught.value.__notes__[-1]


def test_other_errors_are_no_matter_of_memory():
    wrong = RuntimeError("shapes differ")
    assert not out_of_memory(wrong)
    with pytest.raises(RuntimeError, match="shapes differ"):
        _run(MetaFedAvg(0.4, 1, 0.2, 2, chunk=4), Cramped(wrong, 0), replicas=4, backend="torch")


@pytest.mark.parametrize("values", [1, 5, 2**22])
def test_a_divergence_is_placed_alike_whatever_the_block(values, monkeypatch):
    monkeypatch.setattr(fedavg, "_VALUES_PER_BLOCK", values)
    subject = QuadraticTask([[[-1.0]], [[-1e80]]], [[0.0], [0.0]])
    with pytest.raises(DivergedError) as caught:
        _run(MetaFedAvg(0.0, 0, 1.0, 1), subject, 9, replicas=2, backend="torch")
    # An agent multiplies by 1e80 a round, their mean by half as much: 1e240/8 after three rounds, then overflow.
    assert caught.value.divergence == Divergence(1, 0, 3, 0, "outer gradient")
    assert caught.value.partial.iterates.shape == (2, 4, 1)
    assert caught.value.partial.kept == (0, 1, 2, 3)


class Overflowing(Backend):
    """Sums in an order that overflows where torch's does not."""

    name = "overflowing"

    def rounds(self, settings, task, w, first, count, seed, replicas):
        values = torch.zeros((len(w), count, task.d), dtype=task.dtype)
        values[-1, 1:] = torch.inf
        return values


def test_a_divergence_that_torch_cannot_repeat_is_blamed_on_the_average():
    with pytest.raises(DivergedError) as caught:
        _run(MetaFedAvg(0.1, 1, 0.1, 1), backend=Overflowing(), replicas=3)
    assert caught.value.divergence == Divergence(None, 2, 1, None, "average")
    assert caught.value.partial.backend == "overflowing"


def test_nothing_is_computed_from_an_iterate_that_is_not_finite():
    class Wary(QuadraticTask):
        def raw_gradient(self, w):
            assert bool(torch.isfinite(w).all())
            return super().raw_gradient(w)

    subject = Wary([[[1e200]]], [[0.0]])
    with pytest.raises(DivergedError):
        _run(MetaFedAvg(0.0, 0, 1.0, 1), subject, 50, replicas=1, backend="torch")


def test_a_run_names_its_backend_and_can_be_repeated_with_it():
    run = _run()
    assert run.backend == chosen(SETTINGS, noisy("quadratic")).name
    again = _run(MetaFedAvg(**{**vars(SETTINGS), "chunk": run.chunk}), backend=run.backend)
    assert torch.equal(again.iterates, run.iterates)
    assert isinstance(named("torch", SETTINGS, noisy("quadratic")), TorchBackend)


def test_float32_runs_carry_their_distance_to_float64():
    narrow = _run(MetaFedAvg(0.4, 2, 0.2, 2), task("quadratic").to(dtype=torch.float32), keep=3)
    wide = _run(MetaFedAvg(0.4, 2, 0.2, 2), task("quadratic"), keep=3)
    assert narrow.error_estimate == float((narrow.iterates[0].double() - wide.iterates[0]).norm(dim=-1).max())
    # Rounding of a contraction of size 1: above 1e-9, far below 1e-5.
    assert 1e-9 < narrow.error_estimate < 1e-5
    assert wide.error_estimate is None


def test_an_error_estimate_survives_the_way_between_processes_once_asked_for():
    run = _run(MetaFedAvg(0.4, 2, 0.2, 2), task("quadratic").to(dtype=torch.float32))
    assert pickle.loads(pickle.dumps(run)).error_estimate is None
    value = run.error_estimate
    again = pickle.loads(pickle.dumps(run))
    assert again.error_estimate == value
    assert torch.equal(again.iterates, run.iterates)


def test_products_are_full_float32_during_a_run_whatever_was_chosen_before():
    seen = []

    class Looking(QuadraticTask):
        def raw_gradient(self, w):
            seen.append((torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32))
            return super().raw_gradient(w)

    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    subject = Looking([[[1.0]]], [[0.0]])
    with products("tf32"):
        plain = _run(MetaFedAvg(0.1, 0, 0.1, 1), subject, 1, replicas=1, backend="torch")
        asked = _run(MetaFedAvg(0.1, 0, 0.1, 1), subject, 1, replicas=1, backend="torch", precision="tf32")
    assert seen == [("highest", False), ("high", True)]
    assert (plain.precision, asked.precision) == ("ieee", "tf32")
    assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == before
