"""Implementations of the same runs, ours and others; one module for each library has the function `prepare`.

    prepare(peer's name, workload, data, tables, setting) -> run,  run() -> iterates (K + 1, d) as a NumPy array

Nothing of a peer is imported before it is asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np

from benchmarks.workloads import Data, Tables, Workload

Run = Callable[[], np.ndarray]
OURS = "ours"


@dataclass(frozen=True)
class Setting:
    """Where a peer runs: device ("cpu" or "cuda") and number of threads or host devices."""

    device: str
    threads: int


@dataclass(frozen=True)
class Peer:
    """One implementation: with which library, on which devices, and how many rounds of a workload are timed.

    Without `batches` it is the program of another peer where batches are drawn. `rounds` names the workloads on which
    it is slow; its times are scaled to the whole run, marked so.
    """

    name: str
    title: str
    library: Literal["ours", "torch", "jax"]
    batches: bool = True
    devices: tuple[str, ...] = ("cpu", "cuda")
    rounds: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def serves(self, workload: Workload) -> bool:
        """Whether it has the workload."""
        return self.batches or workload.batch is None

    def prepare(self, workload: Workload, data: Data, tables: Tables, setting: Setting) -> Run:
        """A function that runs the workload; data is where it is needed already, nothing is compiled yet."""
        module = importlib.import_module(f"benchmarks.peers.{self.library}_peers")
        return module.prepare(self.name, workload, data, tables, setting)

    def timed(self, workload: Workload) -> Workload:
        """The workload with the rounds that are timed."""
        return workload.shortened(self.rounds.get(workload.name, workload.rounds))


PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        Peer(OURS, "ours", "ours"),
        Peer("ours_recorded", "ours, a task or module of a user's own", "ours"),
        Peer("ours_torch", "ours, general torch path", "ours", rounds={"W1": 40, "W2": 5, "W3": 5}),
        Peer("jax_plain", "JAX jit + vmap + scan, from the loss", "jax"),
        Peer("jax_sharded", "JAX from the loss, sharded over host devices", "jax", devices=("cpu",)),
        Peer("jax_map", "JAX from the loss, sharded, lax.map over agents", "jax", devices=("cpu",)),
        Peer("jax_explicit", "JAX sharded, reverse sweep with Hv by jvp", "jax", batches=False),
        Peer("jax_by_hand", "JAX sharded, gradient and Hv by hand", "jax"),
        Peer("jax_by_hand_map", "JAX sharded, by hand, lax.map over agents", "jax", devices=("cpu",)),
        Peer("torch_bmm", "torch bmm, autograd", "torch", rounds={"W1": 40, "W2": 5, "W3": 5, "W4": 10}),
        Peer("torch_vmap", "torch.func vmap", "torch", rounds={"W1": 8, "W2": 2, "W3": 4, "W4": 10}),
        Peer(
            "python_loop",
            "Python loop over agents, autograd",
            "torch",
            devices=("cpu",),
            rounds={"W1": 2, "W2": 1, "W3": 1, "W4": 1},
        ),
    )
}
