"""All agents stacked, eager torch: autograd through the unrolled fine-tuning, in stochastic mode Hv by autograd."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmarks.peers import Run, Setting
from benchmarks.torch_rounds import Batched, batched_losses, rounds
from benchmarks.workloads import Data, Tables, Workload


def prepare(workload: Workload, data: Data, tables: Tables, setting: Setting) -> Run:
    """One graph for all agents; the sum of their losses has each agent's gradient in its own row."""
    losses = batched_losses(workload)

    def gradient(w: Tensor, arrays: tuple[Tensor, Tensor], *, create_graph: bool) -> Tensor:
        return torch.autograd.grad(losses(w, *arrays).sum(), w, create_graph=create_graph)[0]

    def unrolled(w: Tensor, batched: Batched) -> Tensor:
        start = point = w.detach().requires_grad_()
        for arrays in batched.inner:
            point = point - workload.alpha * gradient(point, arrays, create_graph=True)
        return torch.autograd.grad(losses(point, *batched.outer).sum(), start)[0]

    def swept(w: Tensor, batched: Batched) -> Tensor:
        points = [w.detach().requires_grad_()]
        for arrays in batched.inner:
            step = workload.alpha * gradient(points[-1], arrays, create_graph=False)
            points.append((points[-1].detach() - step).requires_grad_())
        v = gradient(points.pop(), batched.outer, create_graph=False)
        for point, arrays in zip(reversed(points), reversed(batched.hessian), strict=True):
            slope = gradient(point, arrays, create_graph=True)
            v = v - workload.alpha * torch.autograd.grad(slope, point, v)[0]
        return v

    return rounds(workload, data, tables, setting, unrolled if workload.mode == "exact" else swept)
