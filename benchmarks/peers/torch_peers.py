"""Eager torch: all agents stacked, agents by `torch.func.vmap`, and the textbook program, a loop over agents."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import grad, jvp, vmap
from torch.nn import functional

from benchmarks.peers import Run, Setting
from benchmarks.peers.algorithm import Arrays, Batched, Loss, MetaGradient, agent_loss, from_the_loss, layers, sweep
from benchmarks.peers.torch_rounds import rounds
from benchmarks.workloads import Data, NetworkWorkload, Tables, Workload


def prepare(name: str, workload: Workload, data: Data, tables: Tables, setting: Setting) -> Run:
    """The run of the peer of that name."""
    return rounds(workload, data, tables, setting, _META_GRADIENTS[name](workload))


def batched_losses(workload: Workload) -> Loss:
    """The losses (m,) of all agents at once: w (m, d) and the agents' arrays."""
    if not isinstance(workload, NetworkWorkload):
        return _quadratics
    widths = workload.widths

    def losses(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        *hidden, (weight, bias) = layers(w, widths)
        for inner, shift in hidden:
            x = torch.tanh(torch.baddbmm(shift.unsqueeze(1), x, inner.transpose(1, 2)))
        x = torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))
        return functional.cross_entropy(x.transpose(1, 2), y, reduction="none").mean(1)

    return losses


def _quadratics(w: Tensor, A: Tensor, c: Tensor) -> Tensor:
    offset = (w - c).unsqueeze(1)
    return (torch.bmm(offset, A) * offset).sum((1, 2)) / 2


def _loss(workload: Workload) -> Loss:
    return agent_loss(workload, functional.linear, torch.tanh, functional.cross_entropy)


def _by_autograd(workload: Workload, loss: Loss) -> MetaGradient:
    """Of a loss that is one number: back through unrolled fine-tuning; on batches the sweep, Hv by double backward."""
    alpha = workload.alpha

    def gradient(w: Tensor, arrays: Arrays, *, create_graph: bool) -> Tensor:
        return torch.autograd.grad(loss(w, *arrays), w, create_graph=create_graph)[0]

    def unrolled(w: Tensor, batched: Batched) -> Tensor:
        start = point = w.detach().requires_grad_()
        for arrays in batched.inner:
            point = point - alpha * gradient(point, arrays, create_graph=True)
        return torch.autograd.grad(loss(point, *batched.outer), start)[0]

    def product(w: Tensor, v: Tensor, arrays: Arrays) -> Tensor:
        point = w.detach().requires_grad_()
        return torch.autograd.grad(gradient(point, arrays, create_graph=True), point, v)[0]

    def slope(w: Tensor, arrays: Arrays) -> Tensor:
        return gradient(w.detach().requires_grad_(), arrays, create_graph=False)

    return unrolled if workload.batch is None else sweep(alpha, slope, product)


def _stacked(workload: Workload) -> MetaGradient:
    """One graph for all agents; the sum of their losses has each agent's gradient in its own row."""
    losses = batched_losses(workload)
    return _by_autograd(workload, lambda w, one, other: losses(w, one, other).sum())


def _looped(workload: Workload) -> MetaGradient:
    """One agent after another."""
    of_one = _by_autograd(workload, _loss(workload))

    def meta_gradients(w: Tensor, batched: Batched) -> Tensor:
        owned = (batched.mapped(lambda pair, i=agent: (pair[0][i], pair[1][i])) for agent in range(len(w)))
        return torch.stack([of_one(row, own) for row, own in zip(w, owned, strict=True)])

    return meta_gradients


def _vmapped(workload: Workload) -> MetaGradient:
    """One agent's by `torch.func`, mapped over all agents."""
    return vmap(from_the_loss(workload, _loss(workload), grad, jvp))


_META_GRADIENTS = {"torch_bmm": _stacked, "torch_vmap": _vmapped, "python_loop": _looped}
