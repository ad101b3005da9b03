"""The textbook program: a Python loop over agents, autograd through each one's unrolled fine-tuning."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmarks.peers import Run, Setting
from benchmarks.peers.torch_vmap import agent_loss
from benchmarks.torch_rounds import Batched, rounds
from benchmarks.workloads import Data, Tables, Workload


def prepare(workload: Workload, data: Data, tables: Tables, setting: Setting) -> Run:
    """In stochastic mode a reverse sweep, each Hessian-vector product by double backward."""
    loss, alpha = agent_loss(workload), workload.alpha

    def gradient(w: Tensor, arrays: tuple[Tensor, Tensor], *, create_graph: bool) -> Tensor:
        return torch.autograd.grad(loss(w, *arrays), w, create_graph=create_graph)[0]

    def unrolled(w: Tensor, batched: Batched, agent: int) -> Tensor:
        start = point = w.detach().requires_grad_()
        for one, other in batched.inner:
            point = point - alpha * gradient(point, (one[agent], other[agent]), create_graph=True)
        return torch.autograd.grad(loss(point, *(part[agent] for part in batched.outer)), start)[0]

    def swept(w: Tensor, batched: Batched, agent: int) -> Tensor:
        points = [w.detach().requires_grad_()]
        for one, other in batched.inner:
            step = alpha * gradient(points[-1], (one[agent], other[agent]), create_graph=False)
            points.append((points[-1].detach() - step).requires_grad_())
        outer, other = batched.outer
        v = gradient(points.pop(), (outer[agent], other[agent]), create_graph=False)
        for point, (one, other) in zip(reversed(points), reversed(batched.hessian), strict=True):
            slope = gradient(point, (one[agent], other[agent]), create_graph=True)
            v = v - alpha * torch.autograd.grad(slope, point, v)[0]
        return v

    of_one = unrolled if workload.mode == "exact" else swept

    def meta_gradients(w: Tensor, batched: Batched) -> Tensor:
        return torch.stack([of_one(row, batched, agent) for agent, row in enumerate(w)])

    return rounds(workload, data, tables, setting, meta_gradients)
