"""Stage f: populations on demand; time and memory of a round must not grow with the number of agents."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.gpu.stage import Bench, Finding, Stage
from benchmarks.growth import AGENTS, measured
from benchmarks.machine import processors
from benchmarks.peers import Setting

_REAL, _REHEARSED = (10**6, 10**7, 10**8), (10**4, 10**5, 10**6)
_ALLOWED_BYTES = 2**23  # pages that a process gets in blocks, on the CPU
_ALLOWED_FACTOR, _ALLOWED_SECONDS = 3.0, 0.5  # of time: for what a machine does beside


class Scale(Stage):
    """A thousand participants of 10^6, 10^7 and 10^8 agents, each in a process of its own, made and run."""

    name, title, share, rehearsal_share = "scale", "populations on demand", 0.06, 0.1

    def findings(self, bench: Bench) -> Iterator[Finding]:
        """One finding a size, and whether memory and time are flat."""
        setting, used, taken = Setting(bench.device, processors()), [], []
        for agents in _REHEARSED if bench.rehearsal else _REAL:
            bench.need_time(f"n = {agents} and more were not run")
            size, seconds = measured(AGENTS, agents, setting, bench.left)
            used.append(size)
            taken.append(seconds)
            yield Finding(f"20 rounds of n = {agents} agents", {"peak bytes": size, "seconds": seconds})
        growth = max(used) - min(used)
        facts = {"growth in bytes": growth, "allowed": _ALLOWED_BYTES}
        yield Finding("memory is flat in n", facts, agrees=growth <= _ALLOWED_BYTES)
        allowed = _ALLOWED_FACTOR * min(taken) + _ALLOWED_SECONDS
        facts = {"longest in seconds": max(taken), "allowed": allowed}
        yield Finding("time is flat in n", facts, agrees=max(taken) <= allowed)
