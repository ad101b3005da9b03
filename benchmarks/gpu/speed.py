"""Stage e: the workloads beside JAX and torch.func on the same device, at their own size and larger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from statistics import median
from typing import Any

from benchmarks.gpu.stage import Bench, Finding, Stage
from benchmarks.machine import processors
from benchmarks.peers import OURS, PEERS, Setting
from benchmarks.peers.ours_peers import tables
from benchmarks.timing import Crew, DifferentIteratesError, measure
from benchmarks.worker import WorkerError
from benchmarks.workloads import W1, W2, W3, W4, Workload
from reports.pages.speed_records import SpeedTable

_PEERS = (OURS, "ours_recorded", "jax_plain", "jax_explicit", "jax_by_hand", "torch_vmap")
_REHEARSED_PEERS = (OURS, "jax_by_hand", "torch_vmap")
_WIDE = replace(W2, name="MLP 784-256-256-10", widths=(784, 256, 256, 10))
_SCALES = (8, 64)
_ON_A_GPU = "cuda graphs"  # without a note that there was none
_REHEARSED: tuple[Workload, ...] = (
    replace(W1, agents=8, participants=8, size=8, rounds=4),
    replace(W2, agents=4, participants=4, widths=(8, 6, 3), samples=8, rounds=2),
    replace(W3, agents=4, participants=4, widths=(8, 6, 3), samples=8, batch=4, rounds=2),
    replace(W4, agents=1000, participants=10, size=4, rounds=4),
)


class Speed(Stage):
    """Identical iterates first, then all in turn; medians, ranges, our time over the fastest peer's, share of peak."""

    name, title, share, rehearsal_share = "speed", "beside JAX and torch.func", 0.33, 0.2

    def findings(self, bench: Bench) -> Iterator[Finding]:
        """One finding a workload and size; a peer that fails is left out of it, and said.

        The workloads at their own size must be done; larger ones are done as far as time goes.
        """
        setting, todo = Setting(bench.device, processors()), workloads(bench)
        with Crew(lambda: bench.left) as crew:
            for place, (workload, scale) in enumerate(todo):
                undone = ", ".join(f"{one.name} x {factor}" for one, factor in todo[place:])
                if bench.left <= 0 and scale > 1:
                    yield Finding("left undone", {"workloads": undone})
                    return
                bench.need_time(f"not timed: {undone}")
                yield from timed(workload, scale, setting, crew, _REHEARSED_PEERS if bench.rehearsal else _PEERS)


def timed(workload: Workload, scale: int, setting: Setting, crew: Crew, names: tuple[str, ...]) -> Iterator[Finding]:
    """Its table, after a finding for each peer that failed.

    Raises:
        WorkerError: an implementation of ours failed.
    """
    what = f"{workload.name}, {scale} times its agents"
    drawn = tables(workload)
    peers = [PEERS[name] for name in names if PEERS[name].serves(workload)]
    while True:
        try:
            table = measure(workload, peers, drawn, setting, 3, scale, lambda _: None, crew.hire)
        except DifferentIteratesError as error:
            yield Finding(f"{what}: {error}", agrees=False)
            return
        except WorkerError as error:
            if error.peer is None or PEERS[error.peer].library == "ours":
                raise
            yield Finding(f"{what}: left out, {error}")
            peers = [peer for peer in peers if peer.name != error.peer]
        else:
            told = summary(table)
            yield Finding(what, told, agrees=told["ours ran as"] == _ON_A_GPU or not setting.device.startswith("cuda"))
            return


def workloads(bench: Bench) -> list[tuple[Workload, int]]:
    """What is timed, the most telling first: sizes of their own, a wide network, more agents."""
    if bench.rehearsal:
        return [(workload, 1) for workload in _REHEARSED]
    own = (W1, W2, W3, W4)
    larger = [(workload.scaled(scale), scale) for scale in _SCALES for workload in own]
    return [*((workload, 1) for workload in own), (_WIDE, 1), *larger]


def summary(table: SpeedTable) -> dict[str, Any]:
    """The table with what a reader asks of it first."""
    typical = {timing.peer: median(timing.seconds) for timing in table.timings}
    others = {peer: seconds for peer, seconds in typical.items() if PEERS[peer].library != "ours"}
    fastest = min(others, key=others.__getitem__) if others else None
    return {
        "median seconds": typical,
        "ours ran as": next(timing.backend for timing in table.timings if timing.peer == OURS),
        "fastest peer": fastest,
        "ours / fastest peer": None if fastest is None else typical[OURS] / others[fastest],
        "share of the measured peak": table.flops / typical[OURS] / table.peak_flops,
        "largest difference of float64 iterates": max(timing.difference for timing in table.timings),
        "table": asdict(table),
    }
