"""Ours: a workload's settings and task, the draws of a run as tables for the others, and the run itself."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.peers import Run, Setting
from benchmarks.workloads import Data, NetworkWorkload, Tables, Workload
from empirics import MetaFedAvg, QuadraticTask
from empirics.algorithm.meta_gradients import draw_batches
from empirics.numerics.randomness import Draws, participants
from empirics.runs import fedavg
from empirics.tasks.networks.architectures import multilayer_perceptron
from empirics.tasks.task import Task

SEED = 0


def settings(workload: Workload) -> MetaFedAvg:
    """The settings of a workload."""
    return MetaFedAvg(
        alpha=workload.alpha,
        nu=workload.nu,
        beta=workload.beta,
        tau=workload.tau,
        participants=None if workload.participants == workload.agents else workload.participants,
        mode=workload.mode,
        D=workload.batch,
        D_prime=workload.batch,
        D_H=workload.batch,
    )


class Unknown(nn.Module):
    """The same network as a module of a user's own, which the engine can only trace."""

    def __init__(self, known: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(known.children())

    def forward(self, x: Tensor) -> Tensor:
        """Logits of samples (samples, inputs)."""
        for layer in self.layers:
            x = layer(x)
        return x


class UnknownQuadratics(Task):
    """The same quadratics as a task of a user's own, of which the engine knows two functions."""

    def __init__(self, A: np.ndarray, c: np.ndarray) -> None:
        super().__init__(d=A.shape[-1], parameters={"A": A, "c": c})

    def raw_loss(self, w: Tensor) -> Tensor:
        """Half the quadratic form."""
        offset = w - self.parameter("c")
        return (self.raw_hvp(w, offset) * offset).sum(-1) / 2

    def raw_gradient(self, w: Tensor) -> Tensor:
        """A_i times the distance from the centre c_i."""
        return self.raw_hvp(w, w - self.parameter("c"))

    def raw_hvp(self, w: Tensor, v: Tensor) -> Tensor:
        """A_i times v, whatever w is."""
        return (self.parameter("A") @ v.unsqueeze(-1)).squeeze(-1)


def task(workload: Workload, data: Data, device: str = "cpu", *, unknown: bool = False) -> Task:
    """The task of a workload; `unknown` makes it one of a user's own, whose inside the engine does not know."""
    if not isinstance(workload, NetworkWorkload):
        return (UnknownQuadratics if unknown else QuadraticTask)(*data.arrays).to(device)
    from empirics.tasks.networks.network import NetworkTask

    known = multilayer_perceptron(workload.widths)
    module = Unknown(known) if unknown else known
    return NetworkTask(module, *data.arrays, nn.functional.cross_entropy, smooth=True).to(device)


def tables(workload: Workload) -> Tables:
    """The participants and batches that a run of ours draws, made outside of all timing."""
    replica, every = torch.zeros(1, dtype=torch.int64), range(workload.rounds)
    chosen = None
    if workload.participants < workload.agents:
        drawn = [participants(Draws(SEED, k, 0, replica), workload.agents, workload.participants)[0] for k in every]
        chosen = torch.stack(drawn).numpy().astype(np.int32)
    if workload.batch is None:
        return Tables(chosen)
    own, given = task(workload, workload.data(workload.dtype)), settings(workload)
    assert given.sizes is not None
    runs = [
        draw_batches(own, Draws(SEED, k, step, replica), given.mode, workload.nu, given.sizes)
        for k in every
        for step in range(workload.tau)
    ]
    inner, outer, hessian = (
        [[batch.values[0].numpy() for batch in one.inner] for one in runs],
        [one.outer.values[0].numpy() for one in runs],
        [[batch.values[0].numpy() for batch in one.hessian] for one in runs],
    )
    leading = (workload.rounds, workload.tau)
    stacked = (np.asarray(part, dtype=np.int32) for part in (inner, outer, hessian))
    return Tables(chosen, *(part.reshape(*leading, *part.shape[1:]) for part in stacked))


class OurRun:
    """Runs, and remembers what computed the rounds and what the engine notes of them."""

    def __init__(self, workload: Workload, own: Task, start: np.ndarray, backend: str | None) -> None:
        """`backend` is a name, or None for the engine's own choice."""
        self.backend: str | None = None
        self._run = partial(
            fedavg.run, settings(workload), own, torch.from_numpy(start), workload.rounds, seed=SEED, replicas=1,
            backend=backend,
        )  # fmt: skip

    def __call__(self) -> np.ndarray:
        """The iterates (K + 1, d); participants and batches are drawn on the way."""
        made = self._run()
        self.backend = "; ".join((made.backend, *made.notes))
        return made.iterates[0].numpy()


def prepare(name: str, workload: Workload, data: Data, tables: Tables, setting: Setting) -> Run:
    """The run of the peer of that name.

    On torch a network is wrapped in a module whose inside the engine does not know, so that nothing is by hand.
    """
    on_torch = name == "ours_torch"
    unknown = name == "ours_recorded" or (on_torch and isinstance(workload, NetworkWorkload))
    own = task(workload, data, setting.device, unknown=unknown)
    return OurRun(workload, own, data.w0, "torch" if on_torch else None)
