"""Identical iterates first, then paired runs: every implementation in turn, one at a time, repeat after repeat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from statistics import median

import numpy as np

from benchmarks.machine import describe
from benchmarks.options import Say
from benchmarks.peak import peak_flops
from benchmarks.peers import OURS, Peer, Setting
from benchmarks.worker import Job, Measurement, UnavailableError, Worker
from benchmarks.workloads import Tables, Workload
from reports.pages.speed_records import SpeedTable, Timing

SAME_ITERATES = 1e-12  # relative, in float64
# 2 nu + 1 products in each of K tau local steps, each rounded at 6e-8, in another order of summation
SAME_TIMED_RESULT = {"float64": SAME_ITERATES, "float32": 1e-3}

Hire = Callable[[Job], AbstractContextManager[Worker]]


class Crew(ExitStack):
    """Processes that stay: one for each implementation, handed from job to job, all ended on leaving the context.

    Where many short measurements follow one another, starting the libraries would take most of the time.
    """

    def __init__(self, patience: Callable[[], float] | None = None) -> None:
        """`patience`: seconds that an answer may take."""
        super().__init__()
        self._workers, self._patience = {}, patience

    def hire(self, job: Job) -> AbstractContextManager[Worker]:
        """The process of the job's implementation, with that job."""
        known = self._workers.get(job.peer)
        if known is None or not known.alive:
            known = self._workers[job.peer] = self.enter_context(Worker(job, self._patience))
        return nullcontext(known.take(job))


class DifferentIteratesError(Exception):
    """A peer computes something else, so its time means nothing."""


def relative_difference(theirs: np.ndarray, ours: np.ndarray) -> float:
    """Largest deviation over the common rounds, relative to the largest entry; infinite where something is not finite.

    >>> relative_difference(np.array([[1.0, 2.0]]), np.array([[1.0, 4.0], [9.0, 9.0]]))
    0.5
    """
    common = min(len(theirs), len(ours))
    gap = np.abs(theirs[:common].astype(float) - ours[:common]).max()
    return float(gap / np.abs(ours[:common]).max()) if np.isfinite(gap) else float("inf")


def check(
    workload: Workload, peers: Sequence[Peer], tables: Tables, setting: Setting, say: Say, hire: Hire | None = None
) -> tuple[dict[str, float], list[str]]:
    """The relative difference of each peer from ours in float64, and why others were left out; one after another.

    Raises:
        DifferentIteratesError: a peer's iterates are not ours within 1e-12.
    """
    missing: list[str] = []
    found: dict[str, float] = {}
    reference: np.ndarray | None = None
    for peer in peers:
        short = _checked(workload, peer)
        with (hire or Worker)(Job(peer.name, short, "float64", tables, setting)) as worker:
            try:
                iterates: np.ndarray = worker.ask("iterates")
            except UnavailableError as error:
                missing.append(str(error))
                say(f"  {peer.name}: {error}")
                continue
        if reference is None:
            reference = iterates
        difference = relative_difference(iterates, reference)
        if not difference <= SAME_ITERATES:
            raise DifferentIteratesError(
                f"{peer.name} differs from ours on {workload.name} by {difference:.2g} over {short.rounds} rounds in "
                f"float64: expected at most {SAME_ITERATES:g}; nothing was timed"
            )
        found[peer.name] = difference
        say(f"  {peer.name}: the same iterates within {difference:.1g} over {short.rounds} rounds")
    return found, list(dict.fromkeys(missing))


def _checked(workload: Workload, peer: Peer) -> Workload:
    """The workload with the rounds that are compared."""
    return peer.timed(workload).shortened(workload.checked_rounds)


def measure(
    workload: Workload,
    peers: Sequence[Peer],
    tables: Tables,
    setting: Setting,
    repeat: int,
    scale: int,
    say: Say,
    hire: Hire | None = None,
) -> SpeedTable:
    """The table of one workload; `peers` begins with ours, and each works in a process that `hire` gives.

    Raises:
        DifferentIteratesError: a peer's iterates are not ours.
        WorkerError: an implementation failed.
    """
    differences, missing = check(workload, peers, tables, setting, say, hire)
    present = [peer for peer in peers if peer.name in differences]
    with ExitStack() as stack:
        workers, first = {}, {}
        for peer in present:
            job = Job(peer.name, peer.timed(workload), workload.dtype, tables, setting)
            workers[peer.name] = stack.enter_context((hire or Worker)(job))
            first[peer.name] = workers[peer.name].ask("first")
        say(f"  {repeat} turns of {len(workers)}")
        turns, peak = _turns(workload, workers, setting, repeat)
        memory = {name: worker.ask("memory") for name, worker in workers.items()}
        backends = {name: worker.ask("backend") for name, worker in workers.items()}
    # of all rounds, of which a slow peer ran the first ones only
    parts = {peer.name: workload.rounds / peer.timed(workload).rounds for peer in present}
    whole = [{name: one.seconds * parts[name] for name, one in turn.items()} for turn in turns]
    timings = [
        Timing(
            peer=peer.name,
            title=peer.title,
            seconds=[turn[peer.name] for turn in whole],
            ratios=[turn[peer.name] / turn[OURS] for turn in whole],
            timed_rounds=peer.timed(workload).rounds,
            first_call_extra_seconds=max(0.0, first[peer.name] - median(turn[peer.name].seconds for turn in turns)),
            memory_bytes=memory[peer.name],
            difference=differences[peer.name],
            checked_rounds=_checked(workload, peer).rounds,
            backend=backends[peer.name],
        )
        for peer in present
    ]
    return _table(workload, scale, setting, timings, peak, missing)


def _turns(
    workload: Workload, workers: Mapping[str, Worker], setting: Setting, repeat: int
) -> tuple[list[dict[str, Measurement]], float]:
    """`repeat` turns of one measurement each, every second turn in reverse order, and the peak measured beside."""
    ours = workers[OURS].ask("iterates")
    order, turns, peak = list(workers.items()), [], 0.0
    for _ in range(repeat):
        peak = max(peak, peak_flops(workload.dtype, setting.device, setting.threads))
        turn = {name: worker.ask("time") for name, worker in order}
        for name, one in turn.items():
            place = workers[name].job.workload.rounds
            difference = relative_difference(one.last[None], ours[place][None])
            if not difference <= SAME_TIMED_RESULT[workload.dtype]:
                raise DifferentIteratesError(
                    f"{name} ended {difference:.2g} from ours on {workload.name} in {workload.dtype} while it was timed"
                )
        turns.append(turn)
        order.reverse()
    return turns, peak


def _table(
    workload: Workload, scale: int, setting: Setting, timings: list[Timing], peak: float, missing: list[str]
) -> SpeedTable:
    return SpeedTable(
        workload=workload.name,
        title=workload.title,
        device=setting.device,
        scale=scale,
        dtype=workload.dtype,
        mode=workload.mode,
        agents=workload.agents,
        participants=workload.participants,
        d=workload.d,
        nu=workload.nu,
        tau=workload.tau,
        rounds=workload.rounds,
        flops=workload.flops(),
        counted=workload.counted,
        peak_flops=peak,
        machine=describe(setting.threads, setting.device),
        timings=timings,
        missing=missing,
    )
