"""What the torch peers have in common: tensors where they are needed, losses, and the rounds around a meta-gradient."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.peers import Run, Setting
from benchmarks.workloads import Data, NetworkWorkload, Quadratics, Tables, Workload

Arrays = tuple[Tensor, Tensor]  # (A, c) or (x, y), one row an agent


@dataclass(frozen=True, eq=False)
class Batched:
    """The arrays on which one meta-gradient is evaluated: nu inner ones, the outer one, and nu for the Hessians."""

    inner: Sequence[Arrays]
    outer: Arrays
    hessian: Sequence[Arrays]


MetaGradient = Callable[[Tensor, Batched], Tensor]


def quadratic_losses(w: Tensor, A: Tensor, c: Tensor) -> Tensor:
    """(w - c)^T A (w - c) / 2 for each agent: w, c (m, d), A (m, d, d)."""
    offset = (w - c).unsqueeze(1)
    return (torch.bmm(offset, A) * offset).sum((1, 2)) / 2


def network_losses(widths: tuple[int, ...]) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Mean cross-entropy of each agent's own network: w (m, d), x (m, samples, inputs), y (m, samples)."""

    def losses(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        for weight, bias, last in network_parts(w, widths):
            x = torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))
            x = x if last else torch.tanh(x)
        return functional.cross_entropy(x.transpose(1, 2), y, reduction="none").mean(1)

    return losses


def network_parts(w: Tensor, widths: tuple[int, ...]) -> Iterator[tuple[Tensor, Tensor, bool]]:
    """Weight (..., out, in), bias (..., out) of each layer of w (..., d), and whether it is the last."""
    first = 0
    for place, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        middle, end = first + fan_out * fan_in, first + fan_out * fan_in + fan_out
        yield w[..., first:middle].unflatten(-1, (fan_out, fan_in)), w[..., middle:end], place == len(widths) - 2
        first = end


def batched_losses(workload: Workload) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Losses of all agents at once."""
    return network_losses(workload.widths) if isinstance(workload, NetworkWorkload) else quadratic_losses


def arrays(data: Data, device: str) -> Arrays:
    """The agents' arrays as tensors."""
    pair = (data.A, data.c) if isinstance(data, Quadratics) else (data.x, data.y)
    return torch.from_numpy(pair[0]).to(device), torch.from_numpy(pair[1]).to(device)


def rounds(workload: Workload, data: Data, tables: Tables, setting: Setting, meta_gradient: MetaGradient) -> Run:
    """The whole run around a meta-gradient of all participants at once."""
    whole = arrays(data, setting.device)
    start = torch.from_numpy(data.w0).to(setting.device)
    drawn = {name: _places(table, setting.device) for name, table in vars(tables).items()}

    def run() -> np.ndarray:
        w, iterates = start, [start]
        for index in range(workload.rounds):
            chosen = drawn["participants"]
            taking_part = whole if chosen is None else (whole[0][chosen[index]], whole[1][chosen[index]])
            local = w.expand(workload.participants, workload.d)
            for step in range(workload.tau):
                batched = _batches(workload, taking_part, drawn, index, step)
                local = local - workload.beta * meta_gradient(local, batched)
            w = local.mean(0)
            iterates.append(w)
        return torch.stack(iterates).cpu().numpy()

    return run


def _places(table: np.ndarray | None, device: str) -> Tensor | None:
    return None if table is None else torch.from_numpy(table.astype(np.int64)).to(device)


def _batches(workload: Workload, own: Arrays, drawn: dict[str, Tensor | None], index: int, step: int) -> Batched:
    if drawn["outer"] is None:
        return Batched([own] * workload.nu, own, [own] * workload.nu)
    inner, outer, hessian = (drawn[name][index, step] for name in ("inner", "outer", "hessian"))  # type: ignore[index]
    return Batched(
        [_gathered(own, places) for places in inner],
        _gathered(own, outer),
        [_gathered(own, places) for places in hessian],
    )


def _gathered(own: Arrays, places: Tensor) -> Arrays:
    agents = torch.arange(len(places), device=places.device).unsqueeze(1)
    return own[0][agents, places], own[1][agents, places]
