"""Errors of a GPU, planted on the CPU: the stage names backend, mode and round, and the command ends with 1."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks.gpu import agreement, stages
from benchmarks.gpu.__main__ import main
from benchmarks.gpu.agreement import Agreement, blocks, compared, drawn, memory
from benchmarks.gpu.backends import backends, played_back
from benchmarks.gpu.subjects import REPLICAS, SUBJECTS, Case, cases, subject
from empirics.algorithm.modes import Mode
from empirics.backends.backend import Backend, TorchBackend
from empirics.backends.cuda_graphs import CudaGraphBackend, capture
from empirics.numerics.precision import products


def faulty(make: Callable[[], Backend]) -> Agreement:
    """The stage with one backend that has a fault, on one task."""
    return Agreement(made=lambda _: {"planted": make}, names=("quadratics",))


def wrong_cell(record: Callable) -> Callable:
    """A captured graph with one wrong cell, from its second replay on."""

    def recorded(work: Callable[[], Tensor]) -> tuple[Callable[[], None], Tensor]:
        replay, result = record(work)
        turns = itertools.count(1)

        def once() -> None:
            replay()
            if next(turns) > 1:
                result[0, 1] += 1e-6

        return once, result

    return recorded


def stale(work: Callable[[], Tensor]) -> tuple[Callable[[], None], Tensor]:
    """A graph that hands over what it made of the round before."""
    result = work().clone()
    before = [result.clone()]

    def replay() -> None:
        now = work().clone()
        result.copy_(before[0])
        before[0] = now

    return replay, result


class Rounded(TorchBackend):
    """Float32 numbers enter each round with the 10 bits that TF32 leaves them."""

    def rounds(self, settings, task, w, first, count, seed, replicas):  # type: ignore[no-untyped-def]
        if w.dtype == torch.float64:
            return super().rounds(settings, task, w, first, count, seed, replicas)
        made = []
        for place in range(count):
            short = ((w.contiguous().view(torch.int32) + 2**12) & ~(2**13 - 1)).view(torch.float32)
            made.append(super().rounds(settings, task, short, first + place, 1, seed, replicas))
            w = made[-1][:, 0]
        return torch.cat(made, dim=1)


class Undecided(TorchBackend):
    """A sum whose order changes from call to call: a last digit of the second round is one way or the other."""

    turns = itertools.count()

    def rounds(self, settings, task, w, first, count, seed, replicas):  # type: ignore[no-untyped-def]
        made = super().rounds(settings, task, w, first, count, seed, replicas)
        if count > 1 and next(self.turns) % 2:
            made[0, 1, 0] = torch.nextafter(made[0, 1, 0], made.new_tensor(torch.inf))
        return made


class Enhanced(TorchBackend):
    """TF32 left on, where there is a GPU."""

    def rounds(self, *arguments, **options):  # type: ignore[no-untyped-def]
        with products("tf32"):
            return super().rounds(*arguments, **options)


# In float32, probes of 2^-10 magnify roundings by as much as TF32 has lost: there it cannot be told.
TELLING = [mode for mode in Mode if not mode.probes]
PLANTED = {
    "wrong cell": (lambda: CudaGraphBackend(wrong_cell(played_back)), 1, Mode, "from the CPU's"),
    "stale buffer": (lambda: CudaGraphBackend(stale), 1, Mode, "from the CPU's"),
    "TF32": (Rounded, 1, TELLING, "from the CPU's"),
    "order of a sum": (Undecided, 2, Mode, "differ in their bits"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_error_ends_with_1_and_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make, round_, modes, said = PLANTED[name]
    monkeypatch.setattr(stages, "STAGES", (faulty(make),))
    assert main(["--device", "cpu", "--minutes", "1", "--json", str(tmp_path / "out.json")]) == 1
    stage = json.loads((tmp_path / "out.json").read_text())["stages"][0]
    wrong = [
        finding
        for finding in stage["findings"]
        if finding["agrees"] is False and "round" in finding["facts"] and "quadratics" in finding["what"]
    ]
    assert {finding["facts"]["mode"] for finding in wrong} >= set(modes)
    assert min(finding["facts"]["round"] for finding in wrong) == round_
    assert all(f"mode {one['facts']['mode']}" in one["what"] and said in one["what"] for one in wrong)
    assert "DISAGREES: planted, quadratics, mode" in capsys.readouterr().err


def test_every_backend_is_compared_where_most_can_go_wrong() -> None:
    every = list(cases(list(SUBJECTS)))
    assert len(every) == 3 * len(SUBJECTS) * len(Mode)
    for name, mode in itertools.product(SUBJECTS, Mode):
        own = [case for case in every if (case.subject, case.mode) == (name, mode)]
        # chunks of several replicas, a last one that is smaller, sampled agents, and steps that are taken
        assert any(c.dtype == torch.float64 and c.chunk == 2 and c.sampled and c.nu for c in own)
        assert {c.dtype for c in own if c.nu} == {torch.float32, torch.float64}
    assert REPLICAS % 2 == 1
    assert {(c.nu, c.tau) for c in every} == set(itertools.product((0, 1, 3), (1, 5)))
    for name in SUBJECTS:
        assert {c.nu for c in every if c.subject == name} == {0, 1, 3}


SLOW = ("recorded network", "eager network")  # recording takes some seconds, and so does one agent after another


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in SUBJECTS]
)
def test_backends_of_a_rehearsal_agree(name: str) -> None:
    case = Case(name, Mode.STOCHASTIC, 1, 1, torch.float32, 2, True)
    for backend in backends("cpu") if SUBJECTS[name].graphs else ["torch"]:
        found = compared(backend, backends("cpu"), case, "cpu")
        assert found.agrees, found.what


def test_every_way_of_evaluating_a_network_is_compared() -> None:
    networks = [subject(name, torch.float64, "cpu").network() for name in SUBJECTS]
    assert {network and network.path for network in networks} == {None, "dense", "traced", "eager"}


def test_draws_that_differ_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn("quadratics", Mode.STOCHASTIC, "cpu").agrees
    right, turns = agreement._draws, itertools.count()

    def wrong(case, index, device):  # type: ignore[no-untyped-def]
        found = right(case, index, device)
        return found if next(turns) < 3 else [found[0], -found[1], *found[2:]]

    monkeypatch.setattr(agreement, "_draws", wrong)
    found = drawn("quadratics", Mode.STOCHASTIC, "cpu")
    assert found.agrees is False
    assert "mode stochastic" in found.what
    assert "round 2" in found.what


class Hoarding(TorchBackend):
    """Keeps two iterates a round that nobody reads."""

    def __init__(self) -> None:
        self.kept: list[Tensor] = []

    def rounds(self, settings, task, w, first, count, seed, replicas):  # type: ignore[no-untyped-def]
        found = super().rounds(settings, task, w, first, count, seed, replicas)
        self.kept += [found[:, place].clone() for place in range(count) for _ in range(2)]
        return found


def test_memory_that_grows_is_named() -> None:
    assert memory("torch", {"torch": TorchBackend}, Mode.EXACT, "cpu").agrees
    found = memory("planted", {"planted": Hoarding}, Mode.EXACT, "cpu")
    assert found.agrees is False
    assert "memory over rounds, planted, mode exact, between 2 and 16" in found.what


class Late(TorchBackend):
    """Every block of rounds draws as if the run began with it."""

    def rounds(self, settings, task, w, first, count, seed, replicas):  # type: ignore[no-untyped-def]
        return super().rounds(settings, task, w, 0, count, seed, replicas)


def test_a_block_that_forgets_its_rounds_is_named() -> None:
    assert blocks("torch", {"torch": TorchBackend}, Mode.STOCHASTIC, "cpu").agrees
    found = blocks("planted", {"planted": Late}, Mode.STOCHASTIC, "cpu")
    assert found.agrees is False
    assert "planted, mode stochastic, round 4" in found.what


class FirstReplicas(TorchBackend):
    """A buffer of replica numbers that is filled once."""

    def rounds(self, settings, task, w, first, count, seed, replicas):  # type: ignore[no-untyped-def]
        kept = replicas - replicas[:1]
        return super().rounds(settings, task, w, first, count, seed, kept)


class NotANumber(TorchBackend):
    """One cell is no number."""

    def rounds(self, *arguments, **options):  # type: ignore[no-untyped-def]
        made = super().rounds(*arguments, **options)
        made[0, 1, 0] = torch.nan
        return made


class Raising(TorchBackend):
    """What a driver says."""

    def rounds(self, *arguments, **options):  # type: ignore[no-untyped-def]
        raise RuntimeError("CUDA error: an illegal memory access was encountered\nCompile with ...")


def unrecorded(work: Callable[[], Tensor]) -> tuple[Callable[[], None], Tensor]:
    """A GPU on which no graph can be made."""
    raise RuntimeError("operation not permitted when stream is capturing")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (FirstReplicas, "from the CPU's"),
        (NotANumber, "round 2: it left the finite numbers"),
        (Raising, "RuntimeError: CUDA error: an illegal memory access was encountered"),
        (lambda: CudaGraphBackend(unrecorded), "no CUDA graph could be recorded"),
    ],
)
def test_a_backend_that_breaks_is_named(make: Callable[[], Backend], said: str) -> None:
    case = Case("quadratics", Mode.STOCHASTIC, 1, 1, torch.float64, 2, True)
    found = compared("planted", {"planted": make}, case, "cpu")
    assert found.agrees is False
    assert said in found.what


def test_float32_may_not_be_worse_than_it_is_on_the_cpu() -> None:
    case = Case("dense network", Mode.EXACT, 3, 3, torch.float32, None, False)
    exact = compared("torch", {"torch": TorchBackend}, replace(case, dtype=torch.float64), "cpu")
    single = compared("torch", {"torch": TorchBackend}, case, "cpu")
    assert exact.facts["distance"] <= 1e-13
    assert 0 < single.facts["distance"] < single.facts["allowed there"] < 1e-4


@pytest.mark.gpu
@pytest.mark.parametrize("make", [lambda: CudaGraphBackend(wrong_cell(capture)), Enhanced], ids=["wrong cell", "TF32"])
def test_a_planted_error_is_seen_on_a_gpu(make: Callable[[], Backend]) -> None:
    found = [compared("planted", {"planted": make}, case, "cuda") for case in cases(["dense network"])]
    wrong = [finding for finding in found if finding.agrees is False]
    assert wrong
    assert all("mode" in finding.facts and "round" in finding.facts for finding in wrong)
