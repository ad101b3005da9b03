"""One setting of the scaling study: its operations counted, its seconds and its memory measured."""

from __future__ import annotations

import ctypes
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirics import MetaFedAvg
from empirics.algorithm.modes import Mode
from empirics.backends.backend import TorchBackend
from empirics.runs.fedavg import run
from empirics.tasks.populations import Population, QuadraticPopulation
from reports.plans.studies import ScalingPlan
from reports.records.seeds import child_seed
from reports.studies.counted import CountingBackend, Counts, counting
from reports.studies.execution import Made, StudyCell, code_version

ALPHA, BETA = 0.25, 0.125  # with L = 1: fine-tuning and server steps at which every mode stays bounded
WIDE_AGENTS, WIDE_DIMENSION = 8, 250_000  # so that one vector of every agent is 16 MB, far above everything else
_REPEATS = 3  # of which the fastest counts: whatever else the machine does only ever adds time
_MODE_SIZES = ("D", "D_prime", "D_H")


class Bowls(Population):
    """f_i(w) = norm(w - c_i (1, ..., 1))^2 / 2 with c_i in [-1, 1]: an agent is one number, so memory is points."""

    family = "bowls"

    def materialise(self, agents: Tensor) -> dict[str, Tensor]:
        """Centres (R, m, 1)."""
        return {"c": self.uniforms("bowls", agents, 1)}

    def raw_loss(self, w: Tensor) -> Tensor:
        """Half the squared distance."""
        return (w - self.parameter("c")).square().sum(-1) / 2

    def raw_gradient(self, w: Tensor) -> Tensor:
        """grad f_i(w) = w - c_i, every component less the agent's one number."""
        return w - self.parameter("c")

    def raw_hvp(self, w: Tensor, v: Tensor) -> Tensor:
        """The Hessian is the identity."""
        return v.clone()


@dataclass(frozen=True)
class Cost(StudyCell):
    """A run on n agents made on demand: counted with the torch engine, timed with the one that runs choose."""

    n: int
    mode: Mode
    nu: int
    plan: ScalingPlan
    root: int
    device: str

    @property
    def m(self) -> int:
        """Agents that take part in a round."""
        return min(self.n, self.plan.participants)

    @property
    def settings(self) -> MetaFedAvg:
        """The settings of the run: all agents take part where the plan's participants are as many."""
        sizes = dict(zip(_MODE_SIZES, self.plan.sizes, strict=True)) if self.mode.draws else {}
        if not self.mode.curved:
            sizes.pop("D_H", None)
        return MetaFedAvg(
            ALPHA, self.nu, BETA, self.plan.tau, participants=None if self.m == self.n else self.m, mode=self.mode,
            delta=self.plan.delta if self.mode.probes else None, chunk=1, **sizes,
        )  # fmt: skip

    def description(self) -> dict[str, Any]:
        """Everything that decides the record."""
        used = {"participants", "d", "sizes", "delta", "tau", "rounds"}
        cell = {
            "task": f"quadratics, n = {self.n}",
            "statements": ["T7"],
            "mode": self.mode,
            "nu": self.nu,
            "n": self.n,
        }
        cell |= {"alpha": ALPHA, "beta": BETA, "root": self.root, **self.plan.model_dump(mode="json", include=used)}
        return {"kind": "cost", "cell": cell, "device": self.device, "code": code_version()}

    @property
    def weight(self) -> float:
        """Gradients and products of a local step of all participants."""
        return float(self.m * (2 * self.nu + 1))

    def make(self) -> Made:
        """Count a run, then time and weigh runs in which nothing is counted."""
        seed = child_seed(self.root, "scaling", self.n)
        counts, start = Counts(), np.zeros(self.plan.d)
        counted = counting(self._population(seed), counts)
        run(self.settings, counted, start, self.plan.rounds, seed=0, replicas=1, backend=CountingBackend(counts))
        seconds, processor = [], []
        for _ in range(_REPEATS):
            fresh, started, busy = self._population(seed), time.perf_counter(), time.process_time()
            done = run(self.settings, fresh, start, self.plan.rounds, seed=0, replicas=1)
            seconds.append(time.perf_counter() - started)
            processor.append(time.process_time() - busy)
        with Memory() as memory:
            run(self.settings, self._population(seed), start, self.plan.rounds, seed=0, replicas=1)
        own = {name: value for name, value in asdict(counts).items() if name not in ("beginning", "inside")}
        facts = {"counts": own, "seconds": min(seconds), "processor": min(processor)}
        facts |= {"grown": memory.grown, "backend": done.backend}
        return facts, {"iterates": done.iterates.numpy()}

    def _population(self, seed: int) -> QuadraticPopulation:
        return QuadraticPopulation(self.n, self.plan.d, seed=seed).to(self.device)


@dataclass(frozen=True)
class Weight(StudyCell):
    """How much memory one local step of wide agents takes on the torch engine."""

    mode: Mode
    nu: int
    plan: ScalingPlan
    root: int
    device: str

    @property
    def vectors(self) -> int:
        """Bytes of one vector of every agent."""
        return 8 * WIDE_AGENTS * WIDE_DIMENSION

    def description(self) -> dict[str, Any]:
        """Everything that decides the record."""
        cell = {"task": "bowls", "statements": ["T7"], "mode": self.mode, "nu": self.nu, "delta": self.plan.delta}
        cell |= {"n": WIDE_AGENTS, "d": WIDE_DIMENSION, "root": self.root}
        return {"kind": "weight", "cell": cell, "device": self.device, "code": code_version()}

    @property
    def weight(self) -> float:
        """Fine-tuning steps, since all of these cells have equally many agents."""
        return float(self.nu)

    def make(self) -> Made:
        """One round of one local step."""
        task = Bowls(WIDE_AGENTS, WIDE_DIMENSION, seed=child_seed(self.root, "scaling", "bowls")).to(self.device)
        settings = MetaFedAvg(
            ALPHA, self.nu, BETA, 1, mode=self.mode, chunk=1,
            delta=self.plan.delta if self.mode.probes else None,
        )  # fmt: skip
        start = torch.zeros((1, WIDE_DIMENSION), dtype=task.dtype, device=task.device)
        replicas = torch.arange(1, device=task.device)
        task.parameter("c")
        with Memory() as memory:
            TorchBackend().rounds(settings, task, start, 0, 1, 0, replicas)
        return {"grown": memory.grown}, {}


class Memory:
    """By how many bytes the resident memory of this process rose at its peak; None where the system does not tell.

    Linux alone lets a process reset its own peak. Meanwhile glibc maps every block apart and gives it back at once, so
    that what is measured is what is held, and not what an allocator keeps for later.
    """

    grown: int | None = None

    def __enter__(self) -> Memory:
        """Give back what is free and reset the peak."""
        _map_apart(_APART)
        self._before = _reset_peak()
        return self

    def __exit__(self, *_: object) -> None:
        """Read the peak, let glibc allocate as usual, and set `grown`."""
        after = _status("VmHWM")
        _map_apart(_USUAL)
        if self._before is not None and after is not None:
            self.grown = max(0, after - self._before)


_APART, _USUAL = 2**16, 2**25  # bytes: the second is where glibc's own threshold ends up
_M_MMAP_THRESHOLD = -3


def _map_apart(size: int) -> None:
    """Let blocks of at least so many bytes have mappings of their own, where the C library is glibc."""
    try:
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, size)
        library.malloc_trim(0)
    except (OSError, AttributeError, TypeError):  # another C library: memory is measured as it is
        return


def _reset_peak() -> int | None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return _status("VmRSS")


def _status(name: str) -> int | None:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    found = [line for line in lines if line.startswith(f"{name}:")]
    return 1024 * int(found[0].split()[1]) if found else None
