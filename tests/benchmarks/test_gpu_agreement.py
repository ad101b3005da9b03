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

from benchmarks.gpu import stages
from benchmarks.gpu.__main__ import main
from benchmarks.gpu.agreement import Agreement, compared, drawn, memory
from benchmarks.gpu.backends import backends, played_back
from benchmarks.gpu.subjects import REPLICAS, SUBJECTS, Case, cases, subject
from empirics import MODES
from empirics.backend import Backend, TorchBackend
from empirics.cuda_graphs import CudaGraphBackend, capture
from empirics.precision import products


def faulty(make: Callable[[], Backend]) -> Agreement:
    """The stage with one backend that has a fault, on two tasks."""
    return Agreement(made=lambda _: {"planted": make}, names=("quadratics", "dense network"))


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
TELLING = tuple(mode for mode in MODES if not mode.startswith("hessian_free"))
PLANTED = {
    "wrong cell": (lambda: CudaGraphBackend(wrong_cell(played_back)), 2, MODES, "from the CPU's"),
    "stale buffer": (lambda: CudaGraphBackend(stale), 1, MODES, "from the CPU's"),
    "TF32": (Rounded, 1, TELLING, "from the CPU's"),
    "order of a sum": (Undecided, 2, MODES, "differ in their bits"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_error_ends_with_1_and_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make, round_, modes, said = PLANTED[name]
    monkeypatch.setattr(stages, "STAGES", (faulty(make),))
    assert main(["--device", "cpu", "--minutes", "1", "--json", str(tmp_path / "out.json")]) == 1
    stage = json.loads((tmp_path / "out.json").read_text())["stages"][0]
    wrong = [finding for finding in stage["findings"] if finding["agrees"] is False and "round" in finding["facts"]]
    assert {finding["facts"]["mode"] for finding in wrong} >= set(modes)
    assert min(finding["facts"]["round"] for finding in wrong) == round_
    assert all(f"mode {one['facts']['mode']}" in one["what"] and said in one["what"] for one in wrong)
    assert "DISAGREES: planted, quadratics, mode" in capsys.readouterr().err


def test_cases_meet_in_all_pairs() -> None:
    names = list(SUBJECTS)
    every = [case for shift in (0, 1) for case in cases(names, shift * len(names))]
    assert len(every) == 2 * len(names) * len(MODES) * 2
    steps = {(case.nu, case.tau, case.chunk) for case in every}
    assert len(steps) == 12
    assert all({(c.nu, c.tau, c.chunk) for c in every if c.subject == name} == steps for name in names)
    assert len({(c.mode, c.dtype, c.nu, c.tau, c.chunk) for c in every}) == 144


# recording takes some seconds
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if "recorded" in name else []) for name in SUBJECTS]
)
def test_backends_of_a_rehearsal_agree(name: str) -> None:
    case = Case(name, "stochastic", 1, 1, torch.float32, 2)
    for backend, offered in itertools.product(backends("cpu"), [backends("cpu")]):
        assert compared(backend, offered, case, "cpu").agrees


def test_every_way_of_evaluating_a_network_is_compared() -> None:
    paths = {getattr(subject(name, torch.float64, "cpu"), "path", None) for name in SUBJECTS}
    assert paths == {None, "dense", "traced", "eager"}


def test_draws_that_differ_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn("quadratics", "stochastic", "cpu").agrees
    from benchmarks.gpu import agreement

    right, turns = agreement._draws, itertools.count()

    def wrong(case, index, device):  # type: ignore[no-untyped-def]
        found = right(case, index, device)
        return found if next(turns) < 3 else [found[0], -found[1], *found[2:]]

    monkeypatch.setattr(agreement, "_draws", wrong)
    found = drawn("quadratics", "stochastic", "cpu")
    assert found.agrees is False
    assert "mode stochastic" in found.what
    assert "round 2" in found.what


def test_memory_that_grows_with_rounds_is_named() -> None:
    class Hoarding(TorchBackend):
        kept: list[Tensor] = []  # noqa: RUF012

        def rounds(self, settings, task, w, first, count, seed, replicas):  # type: ignore[no-untyped-def]
            self.kept += [w + place for place in range(100 * count)]
            return super().rounds(settings, task, w, first, count, seed, replicas)

    assert memory("torch", {"torch": TorchBackend}, "exact", "cpu").agrees
    found = memory("planted", {"planted": Hoarding}, "exact", "cpu")
    assert found.agrees is False
    assert "planted, mode exact, between rounds 4 and 16" in found.what


def test_float32_may_not_be_worse_than_it_is_on_the_cpu() -> None:
    case = Case("dense network", "exact", 3, 5, torch.float32, None)
    exact = compared("torch", {"torch": TorchBackend}, replace(case, dtype=torch.float64), "cpu")
    single = compared("torch", {"torch": TorchBackend}, case, "cpu")
    assert exact.facts["largest distance"] <= 1e-13
    assert 0 < single.facts["largest distance"] < single.facts["allowed there"] < 1e-4
    assert REPLICAS > 1


@pytest.mark.gpu
@pytest.mark.parametrize("make", [lambda: CudaGraphBackend(wrong_cell(capture)), Enhanced], ids=["wrong cell", "TF32"])
def test_a_planted_error_is_seen_on_a_gpu(make: Callable[[], Backend]) -> None:
    found = [compared("planted", {"planted": make}, case, "cuda") for case in cases(["dense network"], 0)]
    wrong = [finding for finding in found if finding.agrees is False]
    assert wrong
    assert all("mode" in finding.facts and "round" in finding.facts for finding in wrong)
