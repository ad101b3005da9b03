"""The compiled engine against the torch engine: same draws bit for bit, same iterates up to rounding."""

from __future__ import annotations

import ctypes
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from empirics import MODES, DivergedError, MetaFedAvg, Noise, QuadraticTask
from empirics.backends.backend import TorchBackend
from empirics.backends.choice import chosen
from empirics.backends.native import library as library_module
from empirics.backends.native.engine import NativeBackend, native_backend
from empirics.backends.native.library import library
from empirics.runs.fedavg import run
from empirics.tasks.networks.network import NetworkTask

pytestmark = pytest.mark.skipif(library() is None, reason="the package was installed without a C++ compiler")

CROSS_ENTROPY, SQUARES = nn.functional.cross_entropy, nn.functional.mse_loss


def quadratic(n: int, d: int, *, noisy: bool, dtype: type = np.float64) -> QuadraticTask:
    draws = np.random.default_rng(n + d)
    A = draws.normal(size=(n, d, d)) / np.sqrt(d)
    noise = Noise.coordinate(n, d, gradient=0.3, amplitude=0.2, frequency=1.5) if noisy else None
    task = QuadraticTask((A + A.transpose(0, 2, 1)) / 2, draws.normal(size=(n, d)), noise=noise)
    return task.to(dtype=torch.float32) if dtype is np.float32 else task


def network(
    n: int, samples: int, widths: tuple[int, ...], loss, *, scale: float = 1.0, dtype=torch.float64
) -> NetworkTask:
    draws = torch.Generator().manual_seed(sum(widths))
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        linear = nn.Linear(inputs, outputs).to(dtype)
        for parameter in linear.parameters():
            parameter.data = torch.randn(parameter.shape, generator=draws, dtype=dtype) * scale / inputs**0.5
        layers += [linear, nn.Tanh()]
    x = torch.randn(n, samples, widths[0], generator=draws, dtype=dtype)
    if loss is CROSS_ENTROPY:
        y = torch.randint(0, widths[-1], (n, samples), generator=draws)
    else:
        y = torch.randn(n, samples, widths[-1], generator=draws, dtype=dtype)
    return NetworkTask(nn.Sequential(*layers[:-1]), x, y, loss)


def settings(
    mode: str, nu: int, participants: int, sizes: tuple[int, int, int] = (3, 5, 2), *, alpha: float = 0.1
) -> MetaFedAvg:
    options: dict = {}
    if mode.endswith("stochastic"):
        options = {"D": sizes[0], "D_prime": sizes[1], "D_H": None if mode.startswith("first") else sizes[2]}
    if mode.startswith("hessian_free"):
        options["delta"] = 2.0**-7
    return MetaFedAvg(alpha, nu, alpha / 2, tau=3, participants=participants, mode=mode, **options)


def both(
    task, chosen_settings: MetaFedAvg, w0, *, rounds: int = 4, replicas: int = 3
) -> tuple[torch.Tensor, torch.Tensor]:
    backend = native_backend(chosen_settings, task)
    assert isinstance(backend, NativeBackend)
    ours = run(chosen_settings, task, w0, rounds, seed=3, replicas=replicas, backend=backend)
    torchs = run(chosen_settings, task, w0, rounds, seed=3, replicas=replicas, backend=TorchBackend())
    assert ours.backend == "native"
    return ours.iterates, torchs.iterates


def assert_close(ours: torch.Tensor, theirs: torch.Tensor, tolerance: float) -> None:
    gap = (ours - theirs).norm(dim=-1) / (1 + theirs.norm(dim=-1))
    assert float(gap.max()) <= tolerance


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("nu", [0, 1, 3])
@pytest.mark.parametrize(
    ("n", "d", "m", "noisy"),
    [
        (5, 3, 5, True),  # several agents at a time, rows padded
        (7, 4, 3, True),  # a minority takes part
        (9, 8, 7, True),  # a majority takes part: the complement is drawn
        (6, 17, 2, False),  # no noise
        (3, 70, 3, True),  # rows wider than eight vectors
    ],
)
def test_quadratics_agree_with_torch(mode: str, nu: int, n: int, d: int, m: int, noisy: bool) -> None:
    # the contract's tolerance between engines in float64; D' = 70 needs two counter blocks of signs
    task = quadratic(n, d, noisy=noisy)
    assert_close(*both(task, settings(mode, nu, m, (3, 70, 2)), np.ones(d)), 1e-10)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("nu", [0, 1, 3])
@pytest.mark.parametrize(
    ("n", "samples", "widths", "loss", "m"),
    [
        (5, 9, (3, 4, 2), CROSS_ENTROPY, 5),
        (4, 33, (20, 17, 10), CROSS_ENTROPY, 3),
        (6, 16, (7, 9, 6, 3), SQUARES, 4),
        (3, 8, (5, 3), CROSS_ENTROPY, 3),  # one layer: softmax regression
        (4, 20, (1, 40, 40, 1), SQUARES, 4),
    ],
)
def test_dense_networks_agree_with_torch(mode: str, nu: int, n: int, samples: int, widths, loss, m: int) -> None:
    # steps short enough that local steps do not amplify rounding: alpha L is below one for all of these
    task = network(n, samples, widths, loss)
    assert_close(*both(task, settings(mode, nu, m, alpha=0.01), task.start), 1e-10)


@pytest.mark.parametrize("scale", [1e-6, 1e-2, 30.0])
def test_activations_agree_from_tiny_to_saturated(scale: float) -> None:
    task = network(3, 12, (4, 6, 5, 3), CROSS_ENTROPY, scale=scale)
    assert_close(*both(task, settings("exact", 2, 3, alpha=1e-3), task.start), 1e-10)


@pytest.mark.parametrize("mode", ["exact", "stochastic", "hessian_free"])
def test_single_precision_stays_within_single_rounding(mode: str) -> None:
    # 12 local steps of about 10^3 roundings of 6e-8 each, on quantities of order one
    task = network(4, 16, (6, 8, 3), CROSS_ENTROPY, dtype=torch.float32)
    ours, theirs = both(task, settings(mode, 2, 4), task.start)
    assert ours.dtype == torch.float32
    # central differences divide the rounding by 2 delta = 2^-6
    assert_close(ours, theirs, 1e-3 if mode == "hessian_free" else 1e-5)


def test_primals_are_remade_when_they_do_not_fit_the_cache() -> None:
    # (nu + 1) slots of 3 * (64 + 64 + 16) * 64 doubles exceed three megabytes at nu = 14
    task = network(2, 64, (8, 64, 64, 10), CROSS_ENTROPY)
    assert 15 * 3 * (64 + 64 + 16) * 64 * 8 > 3 << 20
    assert_close(*both(task, settings("exact", 14, 2), task.start, rounds=1, replicas=1), 1e-10)


@pytest.fixture
def torch_threads() -> Iterator[Callable[[int], None]]:
    """Sets the number of threads, which is put back when the test ends."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def rounds_in_bits(chosen_settings: MetaFedAvg, task: QuadraticTask, rounds: int, replicas: int) -> torch.Tensor:
    """All iterates of the compiled engine as integers: equal only when every bit is, those that are no numbers too."""
    backend = native_backend(chosen_settings, task)
    assert backend is not None
    w0 = torch.ones(replicas, task.d, dtype=task.dtype)
    return backend.rounds(chosen_settings, task, w0, 0, rounds, 1, torch.arange(replicas)).view(torch.int64)


# Eight threads are more than most machines have processors to spare, so that threads are kept away in the middle of
# their work and others do it again; rounds are many and short, so that those kept away come back in a later one.
@pytest.mark.parametrize("threads", [2, 3, 8])
@pytest.mark.parametrize(
    ("n", "m", "replicas", "rounds"),
    [
        (256, 256, 1, 400),  # all agents: nothing is drawn
        (900, 200, 1, 400),  # a minority: drawn during the round before
        (40, 33, 4, 300),  # a majority, for several replicas
        (5, 1, 1, 1000),  # one block of agents a round: fewer than threads
    ],
)
def test_iterates_do_not_depend_on_threads(
    torch_threads: Callable[[int], None], n: int, m: int, replicas: int, rounds: int, threads: int
) -> None:
    task, chosen_settings = quadratic(n, 5, noisy=True), settings("stochastic", 1, m)
    torch_threads(1)
    one = rounds_in_bits(chosen_settings, task, rounds, replicas)
    torch_threads(threads)
    assert torch.equal(rounds_in_bits(chosen_settings, task, rounds, replicas), one)


@pytest.mark.parametrize("threads", [2, 3, 8])
@pytest.mark.parametrize("m", [200, 60])
def test_where_a_run_stops_being_finite_does_not_depend_on_threads(
    torch_threads: Callable[[int], None], m: int, threads: int
) -> None:
    task = quadratic(200, 5, noisy=False)
    wild = MetaFedAvg(alpha=0.1, nu=1, beta=1e3, tau=2, participants=m)
    torch_threads(1)
    one = rounds_in_bits(wild, task, 400, 2)
    finite = one.view(torch.float64).isfinite().all(dim=-1).all(dim=0)
    ended = int(finite.sum())
    assert 0 < ended < 399
    untouched = torch.tensor(torch.nan, dtype=torch.float64).view(torch.int64)  # what the rows held before the run
    assert (one[:, ended + 1 :] == untouched).all()
    torch_threads(threads)
    assert torch.equal(rounds_in_bits(wild, task, 400, 2), one)


def test_replicas_do_not_depend_on_their_chunk() -> None:
    task = quadratic(6, 4, noisy=True)
    whole = run(settings("stochastic", 1, 4), task, np.ones(4), 3, seed=2, replicas=5).iterates
    part = run(
        MetaFedAvg(**{**settings("stochastic", 1, 4).__dict__, "chunk": 2}), task, np.ones(4), 3, seed=2, replicas=5
    )
    assert torch.equal(whole, part.iterates)


def test_a_diverging_run_names_where_as_the_torch_engine_does() -> None:
    task = quadratic(3, 2, noisy=False)
    wild = MetaFedAvg(alpha=1e3, nu=3, beta=1e30, tau=2)
    caught = []
    for backend in (native_backend(wild, task), TorchBackend()):
        with pytest.raises(DivergedError) as error:
            run(wild, task, [1.0, 1.0], 50, seed=0, replicas=2, backend=backend)
        caught.append(str(error.value))
    assert caught[0] == caught[1]


def test_the_engine_is_chosen_for_what_it_knows_and_nothing_else() -> None:
    known, unknown = quadratic(2, 3, noisy=False), network(2, 5, (3, 4, 2), CROSS_ENTROPY)
    assert chosen(settings("exact", 1, 2), known).name == "native"
    assert chosen(settings("exact", 1, 2), unknown).name == "native"

    class Tilted(QuadraticTask):
        def raw_gradient(self, w: torch.Tensor) -> torch.Tensor:
            return super().raw_gradient(w) + 1

    tilted = Tilted([[[1.0]]], [[0.0]])
    assert chosen(settings("exact", 1, 1), tilted).name == "torch"
    soft = nn.Sequential(nn.Linear(2, 3), nn.Softplus(), nn.Linear(3, 2))
    other = NetworkTask(soft, torch.ones(1, 4, 2), torch.zeros(1, 4, dtype=torch.int64), CROSS_ENTROPY)
    assert chosen(settings("exact", 1, 1), other).name == "torch"


def test_without_the_library_torch_takes_over_and_says_so_once(monkeypatch, tmp_path, caplog) -> None:
    monkeypatch.setattr(library_module, "__file__", str(tmp_path / "library.py"))
    library_module.library.cache_clear()
    try:
        with caplog.at_level(logging.WARNING, logger="empirics"):
            first = run(settings("exact", 1, 2), quadratic(2, 3, noisy=False), np.ones(3), 2, seed=0, replicas=1)
            run(settings("exact", 1, 2), quadratic(2, 3, noisy=False), np.ones(3), 2, seed=0, replicas=1)
        assert first.backend == "torch"
        assert [record.getMessage().split(":")[0] for record in caplog.records] == [
            "the compiled engine is not installed (no C++ compiler when the package was installed?)"
        ]
    finally:
        monkeypatch.undo()
        library_module.library.cache_clear()


@pytest.mark.parametrize("changed", ["STRUCTURES", "digest"])
def test_a_library_of_another_version_is_refused(monkeypatch, changed: str) -> None:
    class Job(ctypes.Structure):
        _fields_ = (("more", ctypes.c_int64),)

    monkeypatch.setattr(library_module, changed, (Job,) if changed == "STRUCTURES" else lambda: 1)
    library_module.library.cache_clear()
    try:
        with pytest.raises(ImportError, match="another version"):
            library()
    finally:
        monkeypatch.undo()
        library_module.library.cache_clear()


def test_the_header_of_the_library_needs_no_torch() -> None:
    """An isolated build has the standard library only."""
    source = "import sys; from empirics.backends.native.header import header; header(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_selection_of_agents_runs_on_its_own_agents() -> None:
    """The engine reads whole arrays; a task that speaks for some of its agents must not be handed to it as if whole."""
    task = quadratic(6, 3, noisy=False)
    few = task.select(torch.tensor([[4, 1]]))
    alone = QuadraticTask(task.arrays()["A"][[4, 1]], task.arrays()["c"][[4, 1]])
    theirs = run(settings("exact", 2, 2), alone, np.ones(3), 3, seed=0, replicas=1)
    assert theirs.backend == "native"
    assert_close(run(settings("exact", 2, 2), few, np.ones(3), 3, seed=0, replicas=1).iterates, theirs.iterates, 1e-10)
