"""A workload through the public interface of `empirics`, and the draws that it makes, as tables for the peers."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.workloads import Data, NetworkWorkload, Quadratics, Tables, Workload
from empirics import MetaFedAvg, QuadraticTask
from empirics.algorithm.meta_gradients import draw_batches
from empirics.numerics.randomness import Draws, participants
from empirics.tasks.task import Task

SEED = 0


def settings(workload: Workload) -> MetaFedAvg:
    """The settings of a workload."""
    batch = workload.batch if isinstance(workload, NetworkWorkload) else None
    return MetaFedAvg(
        alpha=workload.alpha,
        nu=workload.nu,
        beta=workload.beta,
        tau=workload.tau,
        participants=None if workload.participants == workload.agents else workload.participants,
        mode=workload.mode,
        D=batch,
        D_prime=batch,
        D_H=batch,
    )


def layers(widths: tuple[int, ...]) -> list[nn.Module]:
    """Linear layers with tanh between them."""
    modules: list[nn.Module] = []
    for fan_in, fan_out in itertools.pairwise(widths):
        modules += [nn.Linear(fan_in, fan_out), nn.Tanh()]
    return modules[:-1]


class Unknown(nn.Module):
    """The same network as a module of a user's own, which the engine can only trace."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers(widths))

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
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
        """A_i (w - c_i)."""
        return self.raw_hvp(w, w - self.parameter("c"))

    def raw_hvp(self, w: Tensor, v: Tensor) -> Tensor:
        """A_i v."""
        return (self.parameter("A") @ v.unsqueeze(-1)).squeeze(-1)


def task(workload: Workload, data: Data, device: str, *, unknown: bool = False) -> Task:
    """The task of a workload; `unknown` makes it one of a user's own, whose inside the engine does not know."""
    if isinstance(data, Quadratics):
        return (UnknownQuadratics if unknown else QuadraticTask)(data.A, data.c).to(device)
    assert isinstance(workload, NetworkWorkload)
    from empirics.tasks.networks.network import NetworkTask

    module = Unknown(workload.widths) if unknown else nn.Sequential(*layers(workload.widths))
    return NetworkTask(module, data.x, data.y, nn.functional.cross_entropy, smooth=True).to(device)


def tables(workload: Workload, data: Data) -> Tables:
    """The participants and batches that a run of ours draws, made outside of all timing."""
    replica = torch.zeros(1, dtype=torch.int64)
    chosen = None
    if workload.participants < workload.agents:
        rows = [
            participants(Draws(SEED, index, 0, replica), workload.agents, workload.participants)[0].numpy()
            for index in range(workload.rounds)
        ]
        chosen = np.stack(rows).astype(np.int32)
    if not isinstance(workload, NetworkWorkload) or workload.batch is None:
        return Tables(chosen)
    own, sizes = task(workload, data, "cpu"), (workload.batch, workload.batch, workload.batch)
    inner, outer, hessian = [], [], []
    for index in range(workload.rounds):
        for step in range(workload.tau):
            drawn = draw_batches(own, Draws(SEED, index, step, replica), workload.mode, workload.nu, sizes)
            inner.append([batch.values[0].numpy() for batch in drawn.inner])
            outer.append(drawn.outer.values[0].numpy())
            hessian.append([batch.values[0].numpy() for batch in drawn.hessian])
    leading = (workload.rounds, workload.tau)
    inner, outer, hessian = (
        np.asarray(part, dtype=np.int32).reshape(*leading, *np.shape(part)[1:]) for part in (inner, outer, hessian)
    )
    return Tables(chosen, inner, outer, hessian)
