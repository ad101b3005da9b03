"""Stage c: every backend on the device computes what the CPU does, from the same draws, the same again every time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache

import torch
from torch import Tensor

from benchmarks.gpu.backends import Backends, backends
from benchmarks.gpu.facts import tf32_finding
from benchmarks.gpu.stage import Bench, Finding, Stage
from benchmarks.gpu.subjects import REPLICAS, ROUNDS, SEED, SUBJECTS, Case, cases
from empirics import MODES
from empirics.chunking import peak_bytes
from empirics.fedavg import Run, run
from empirics.meta_gradients import draw_batches
from empirics.randomness import Draws, participants

FLOAT64_TOLERANCE = 1e-10  # times 1 + norm: what runs on different devices promise
_CPU_FLOAT32_ERRORS = 8  # a device may be so many times as far from float64 as float32 on the CPU is
_UNIT = 2.0**-24
_FEW, _MANY = 4, 16  # rounds whose memory is compared


@dataclass(frozen=True)
class Agreement(Stage):
    """Iterates, draws, repetitions and memory; a disagreement names backend, mode and round."""

    made: Callable[[str], Backends] = field(default=backends)
    names: tuple[str, ...] = tuple(SUBJECTS)

    name, title, share, rehearsal_share, judges = "agreement", "iterates against the CPU's", 0.2, 0.24, True

    def findings(self, bench: Bench) -> Iterator[Finding]:
        """One finding a run, then draws and memory."""
        yield tf32_finding()
        offered = self.made(bench.kind)
        todo = [
            (name, case)
            for shift, name in enumerate(offered)
            for case in cases(list(self.names), shift * len(self.names))
        ]
        for index, (name, case) in enumerate(todo):
            bench.need_time(f"{len(todo) - index} of {len(todo)} runs were not compared")
            yield compared(name, offered, case, bench.device)
        yield from (drawn(name, mode, bench.device) for name in self.names for mode in MODES)
        for name in offered:
            for mode in MODES:
                bench.need_time("memory over rounds was not measured for all backends and modes")
                yield memory(name, offered, mode, bench.device)


def compared(name: str, offered: Backends, case: Case, device: str) -> Finding:
    """Two runs of a backend against the CPU and against each other."""
    task = case.task(device)
    first, again = (
        run(case.settings, task, case.start, ROUNDS, seed=SEED, replicas=REPLICAS, backend=offered[name]())
        for _ in range(2)
    )
    exact = on_cpu(replace(case, dtype=torch.float64, chunk=None)).iterates
    allowed = _allowed(case, exact)
    distances = _distances(first.iterates, exact)
    facts = {
        "backend": name,
        "ran as": first.backend,
        "mode": case.mode,
        "notes": list(first.notes),
        "largest distance": float(distances.max()),
        "allowed there": float(allowed[int(distances.argmax())]),
    }
    far = ~(distances <= allowed)
    if bool(far.any()):
        place = int(far.int().argmax())
        said = f"iterates are {float(distances[place]):.3g} from the CPU's, {float(allowed[place]):.3g} is allowed"
        return Finding(f"{name}, {case}, round {place}: {said}", {**facts, "round": place}, agrees=False)
    differing = (first.iterates != again.iterates).flatten(2).any(-1).any(0)
    if bool(differing.any()):
        place = int(differing.int().argmax())
        said = "two runs of the same settings differ in their bits"
        return Finding(f"{name}, {case}, round {place}: {said}", {**facts, "round": place}, agrees=False)
    return Finding(f"{name}, {case}", facts, agrees=True)


@cache
def on_cpu(case: Case) -> Run:
    """The run of a case on the CPU, with the backend that the engine chooses there."""
    return run(case.settings, case.task(), case.start, ROUNDS, seed=SEED, replicas=REPLICAS)


def _allowed(case: Case, exact: Tensor) -> Tensor:
    """How far a run may be from float64 on the CPU in each round (K + 1,).

    float64: 1e-10 (1 + norm). float32: 8 times as far as float32 on the CPU is over the whole run, and one rounding
    of 2^-24 (1 + norm) for each product of the rounds so far, which Hessian-free probes divide by delta.
    """
    sizes = 1 + exact.norm(dim=-1).amax(0)
    if case.dtype == torch.float64:
        return FLOAT64_TOLERANCE * sizes
    settings = case.settings
    own = float(_distances(on_cpu(replace(case, chunk=None)).iterates, exact).max())
    products = torch.arange(len(sizes)) * settings.tau * (2 * settings.nu + 1)
    magnified = 1.0 if settings.delta is None or settings.nu == 0 else 1 / settings.delta
    return _CPU_FLOAT32_ERRORS * own + _UNIT * magnified * products * sizes


def _distances(iterates: Tensor, exact: Tensor) -> Tensor:
    """The largest distance over the replicas in each round (K + 1,); infinite where something is not finite."""
    return (iterates.double() - exact).norm(dim=-1).amax(0).nan_to_num(nan=torch.inf)


def drawn(subject: str, mode: str, device: str) -> Finding:
    """Participants and batches, bit for bit."""
    case = Case(subject, mode, 2, 1, torch.float64, None)
    for index in range(ROUNDS):
        near, far = (_draws(case, index, where) for where in ("cpu", device))
        if not all(torch.equal(one, other) for one, other in zip(near, far, strict=True)):
            said = f"draws, mode {mode}, {subject}, round {index + 1}: they differ from the CPU's"
            return Finding(said, {"mode": mode, "round": index + 1}, agrees=False)
    return Finding(f"draws, mode {mode}, {subject}", {"tensors a round": len(near)}, agrees=True)


def _draws(case: Case, index: int, device: str) -> list[Tensor]:
    task, settings = case.task(device), case.settings
    replicas = torch.arange(REPLICAS, device=device)
    chosen = participants(Draws(SEED, index, 0, replicas), task.n, 2)
    if settings.sizes is None:
        return [chosen.cpu()]
    there = task.select(chosen)
    batches = draw_batches(there, Draws(SEED, index, 0, replicas), settings.mode, settings.nu, settings.sizes)
    return [chosen.cpu(), *(one.values.cpu() for one in (*batches.inner, batches.outer, *batches.hessian))]


def memory(name: str, offered: Backends, mode: str, device: str) -> Finding:
    """Peak memory of more and of fewer rounds: beyond the block of iterates that a run hands over, it is the same."""
    case = Case("quadratics", mode, 1, 2, torch.float64, None)
    task, settings = case.task(device), case.settings

    def peak(rounds: int) -> int:
        # one backend for both: what it keeps from the first run on must not count as growth
        def work() -> None:
            run(settings, task, case.start, rounds, seed=SEED, replicas=REPLICAS, backend=backend, keep=rounds)

        work()
        return peak_bytes(work, torch.device(device))

    backend = offered[name]()
    few, many = peak(_FEW), peak(_MANY)
    keys = 2 * 8 * (settings.tau * (2 * settings.nu + 1) + 1)
    # a round's iterate in the block and in its finite-or-not test, and the round's keys on their way
    allowed = (_MANY - _FEW) * (3 * REPLICAS * task.d * 8 + 2 * keys)
    facts = {"backend": name, "mode": mode, "peak bytes": {_FEW: few, _MANY: many}, "allowed growth": allowed}
    flat = many - few <= allowed
    grown = "" if flat else f", between rounds {_FEW} and {_MANY}: it grows by {many - few} bytes"
    return Finding(f"memory over rounds, {name}, mode {mode}{grown}", facts, agrees=flat)
