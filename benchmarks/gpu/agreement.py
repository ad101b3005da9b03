"""Stage c: every backend on the device computes what the CPU does, from the same draws, the same again every time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache

import torch
from torch import Tensor

from benchmarks.gpu.backends import Backends, backends
from benchmarks.gpu.facts import full_products
from benchmarks.gpu.stage import Bench, Finding, Stage
from benchmarks.gpu.subjects import REPLICAS, ROUNDS, SEED, SUBJECTS, Case, cases
from empirics import DivergedError, MetaFedAvg
from empirics.algorithm.meta_gradients import draw_batches
from empirics.algorithm.modes import Mode
from empirics.numerics.memory import peak_bytes
from empirics.numerics.randomness import Draws, participants
from empirics.runs.fedavg import run
from empirics.runs.run import Run
from empirics.tasks.factories import small_quadratic

FLOAT64_TOLERANCE = 1e-10  # times 1 + norm: what runs on different devices promise
_CPU_FLOAT32_ERRORS = 8  # a device may be so many times as far from float64 as float32 on the CPU is
_UNIT = 2.0**-24
_D, _FEW, _MANY = 64, 2, 16  # dimension, and the rounds and replicas whose memory is compared


@dataclass(frozen=True)
class Agreement(Stage):
    """Draws, memory, iterates and repetitions; a disagreement names backend, mode and round."""

    made: Callable[[str], Backends] = field(default=backends)
    names: tuple[str, ...] = tuple(SUBJECTS)

    name, title, share, rehearsal_share = "agreement", "iterates against the CPU's", 0.2, 0.4

    def findings(self, bench: Bench) -> Iterator[Finding]:
        """Draws and memory, then one finding a run."""
        yield full_products(bench.device)
        offered = self.made(bench.kind)
        yield from (drawn(name, mode, bench.device) for name in self.names for mode in Mode)
        yield from (memory(name, offered, mode, bench.device) for name in offered for mode in Mode)
        yield from (blocks(name, offered, mode, bench.device) for name in offered for mode in Mode)
        # what no graph can hold comes last
        names = sorted(self.names, key=lambda one: not SUBJECTS[one].graphs)
        todo = [
            (name, case)
            for case in cases(names)
            for name in offered
            if name == "torch" or SUBJECTS[case.subject].graphs
        ]
        for index, (name, case) in enumerate(todo):
            bench.need_time(f"{len(todo) - index} of {len(todo)} runs were not compared")
            yield compared(name, offered, case, bench.device)


def compared(name: str, offered: Backends, case: Case, device: str) -> Finding:
    """Two runs of a backend against the CPU and against each other; a run that fails or diverges disagrees as well."""
    try:
        first, again = (_run(case, device, offered[name]()) for _ in range(2))
    except DivergedError as error:
        return _wrong(name, case, error.divergence.round + 1, f"it left the finite numbers: {error.divergence}")
    except (RuntimeError, MemoryError) as error:
        return _wrong(name, case, 0, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
    exact = on_cpu(replace(case, dtype=torch.float64, chunk=None)).iterates
    allowed, distances = _allowed(case, exact), _distances(first.iterates, exact)
    if first.notes or not first.device.startswith(device.partition(":")[0]):
        return _wrong(name, case, 0, f"ran on {first.device}: {'; '.join(first.notes)}")
    if _path(case, device) != _path(case, "cpu"):
        return _wrong(name, case, 0, f"the network is {_path(case, device)} there, {_path(case, 'cpu')} on the CPU")
    far = ~(distances <= allowed)
    if bool(far.any()):
        place = int(far.int().argmax())
        said = f"iterates are {float(distances[place]):.3g} from the CPU's, {float(allowed[place]):.3g} is allowed"
        return _wrong(name, case, place, said)
    differing = (first.iterates != again.iterates).flatten(2).any(-1).any(0)
    if bool(differing.any()):
        return _wrong(name, case, int(differing.int().argmax()), "two runs of the same settings differ in their bits")
    worst = int((distances / allowed)[1:].argmax()) + 1
    facts = {"backend": name, "mode": case.mode, "ran as": first.backend}
    facts |= {"distance": float(distances[worst]), "allowed there": float(allowed[worst])}
    return Finding(f"{name}, {case}", facts, agrees=True)


def _wrong(name: str, case: Case, place: int, said: str) -> Finding:
    return Finding(
        f"{name}, {case}, round {place}: {said}", {"backend": name, "mode": case.mode, "round": place}, agrees=False
    )


def _run(case: Case, device: str, backend: object = None) -> Run:
    given = {"seed": SEED, "replicas": REPLICAS, "backend": backend}
    return run(case.settings, case.task(device), case.start, ROUNDS, **given)  # type: ignore[arg-type]


@cache
def on_cpu(case: Case) -> Run:
    """The run of a case on the CPU, with the backend that the engine chooses there."""
    return _run(case, "cpu")


@cache
def _path(case: Case, device: str) -> str | None:
    network = case.task(device).network()
    return None if network is None else network.path


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
    """The largest distance over the replicas in each round (K + 1,)."""
    return (iterates.double() - exact).norm(dim=-1).amax(0)


def drawn(subject: str, mode: Mode, device: str) -> Finding:
    """Participants and batches of some rounds and local steps, bit for bit."""
    case = Case(subject, mode, 2, 2, torch.float64, None, True)
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
    found = [chosen.cpu()]
    if settings.sizes is None:
        return found
    for step in range(settings.tau):
        draws = Draws(SEED, index, step, replicas)
        batches = draw_batches(task.select(chosen), draws, settings.mode, settings.nu, settings.sizes)
        found += [one.values.cpu() for one in (*batches.inner, batches.outer, *batches.hessian)]
    return found


def _plain(mode: Mode, **more: object) -> MetaFedAvg:
    """Settings of runs on quadratics of dimension 64."""
    return replace(Case("quadratics", mode, 1, 2, torch.float64, None, False).settings, **more)


def blocks(name: str, offered: Backends, mode: Mode, device: str) -> Finding:
    """Rounds 0 to 2, then 3 to 6 from there: bit for bit what rounds 0 to 6 at once give, with the same engine."""
    settings, task = _plain(mode, participants=2), small_quadratic(4, _D).to(device)
    replicas, engine = torch.arange(3, device=device), offered[name]()
    w = torch.ones((3, _D), dtype=torch.float64, device=device)
    whole = engine.rounds(settings, task, w, 0, 7, SEED, replicas)
    head = engine.rounds(settings, task, w, 0, 3, SEED, replicas)
    tail = engine.rounds(settings, task, head[:, -1].contiguous(), 3, 4, SEED, replicas)
    differing = (torch.cat([head, tail], dim=1) != whole).any(-1).any(0)
    what, facts = f"rounds in two blocks, {name}, mode {mode}", {"backend": name, "mode": mode}
    if not bool(differing.any()):
        return Finding(what, facts, agrees=True)
    place = int(differing.int().argmax()) + 1
    return Finding(f"{what}, round {place}: they are not those of one block", {**facts, "round": place}, agrees=False)


def memory(name: str, offered: Backends, mode: Mode, device: str) -> Finding:
    """Peak memory over rounds and over replicas: beyond the iterates that are handed over, it is the same."""
    settings, task = _plain(mode, chunk=2), small_quadratic(4, _D).to(device)
    keys = 3 * 2 * 8 * (settings.tau * (2 * settings.nu + 1) + 1)  # a round's keys, on their way and in their table

    def peak(rounds: int, replicas: int) -> int:
        # one backend for all: what it keeps from the first run on must not count as growth
        def work() -> None:
            run(settings, task, torch.ones(_D), rounds, seed=SEED, replicas=replicas, backend=engine, keep=rounds)

        work()
        return peak_bytes(work, torch.device(device))

    engine = offered[name]()
    few, long, many = peak(_FEW, 2), peak(_MANY, 2), peak(_FEW, _MANY)
    # two replicas' iterates of a round in their block, on the CPU their copy as well; two kept iterates of a replica;
    # a quarter of an iterate for bookkeeping
    copies = 1 if torch.device(device).type == "cuda" else 2
    allowed = [(_MANY - _FEW) * (2 * _D * 8 * (4 * copies + 1) // 4 + keys), (_MANY - 2) * (2 * _D * 8 * 5 // 4)]
    found = [long - few, many - few]
    facts = {"backend": name, "mode": mode, "growth in bytes": found, "allowed": allowed}
    for grown, most, what in zip(found, allowed, ("rounds", "replicas"), strict=True):
        if grown > most:
            said = f"memory over {what}, {name}, mode {mode}, between {_FEW} and {_MANY}: it grows by {grown} bytes"
            return Finding(said, facts, agrees=False)
    return Finding(f"memory over rounds and replicas, {name}, mode {mode}", facts, agrees=True)
