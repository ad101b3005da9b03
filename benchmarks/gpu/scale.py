"""Stage f: populations on demand; time and memory of a round must not grow with the number of agents."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.gpu.stage import Bench, Finding, Stage
from benchmarks.growth import PROBES, measured
from benchmarks.machine import processors
from benchmarks.peers import Setting

_REAL, _REHEARSED = (10**6, 10**7, 10**8), (10**4, 10**5, 10**6)
_ALLOWED_BYTES = 2**23  # pages that a process gets in blocks, on the CPU


class Scale(Stage):
    """A thousand participants of 10^6, 10^7 and 10^8 agents, each in a process of its own."""

    name, title, share, rehearsal_share, judges = "scale", "populations on demand", 0.06, 0.1, True

    def findings(self, bench: Bench) -> Iterator[Finding]:
        """One finding a size, and whether memory is flat."""
        (probe,) = (one for one in PROBES if one.quantity.startswith("agents n"))
        setting, used = Setting(bench.device, processors()), {}
        for agents in _REHEARSED if bench.rehearsal else _REAL:
            bench.need_time(f"n = {agents} and more were not run")
            used[agents], seconds = measured(probe, agents, setting)
            yield Finding(f"20 rounds of n = {agents} agents", {"peak bytes": used[agents], "seconds": seconds})
        growth = max(used.values()) - min(used.values())
        facts = {"growth in bytes": growth, "allowed": _ALLOWED_BYTES}
        yield Finding("memory is flat in n", facts, agrees=growth <= _ALLOWED_BYTES)
