"""The four workloads in sizes that run at once; everything else as it is."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.workloads import W1, W2, W3, W4, Workload

TINY: dict[str, Workload] = {
    "W1": replace(W1, agents=4, participants=4, size=3, nu=2, tau=2, rounds=3),
    "W2": replace(W2, agents=4, participants=4, widths=(3, 5, 4, 2), samples=6, nu=2, tau=2, rounds=2),
    "W3": replace(W3, agents=4, participants=4, widths=(3, 5, 4, 2), samples=6, batch=4, nu=2, tau=2, rounds=2),
    "W4": replace(W4, agents=20, participants=4, size=3, nu=2, tau=2, rounds=3),
}
