"""A network whose replicas together are too much for a CPU, and a small one to rehearse with."""

from __future__ import annotations

from dataclasses import dataclass, replace

from benchmarks.peers.ours_peers import task
from benchmarks.workloads import W2, NetworkWorkload
from empirics import Task


@dataclass(frozen=True)
class Size:
    """The network with its agents, and the replicas of its run; `factory` makes its task."""

    network: NetworkWorkload
    replicas: int
    factory: str

    @property
    def bytes_of_a_vector(self) -> int:
        """Float64 bytes of one vector for every participant of every replica; a meta-gradient holds nu + 1 and more."""
        return 8 * self.network.d * self.network.participants * self.replicas


# 1.2 GB a vector, so that a local step with nu = 3 takes some 12 GB: 40 times what a batch gets on the CPU
REAL = Size(replace(W2, samples=32, participants=32), 512, f"{__name__}:real")
REHEARSED = Size(replace(W2, widths=(8, 4, 3), agents=4, samples=8, participants=2), 4, f"{__name__}:rehearsed")


def real() -> Task:
    """The one for a GPU."""
    return task(REAL.network, REAL.network.data("float64"))


def rehearsed() -> Task:
    """The one for a CPU."""
    return task(REHEARSED.network, REHEARSED.network.data("float64"))
