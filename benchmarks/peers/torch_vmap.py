"""One agent's meta-gradient by `torch.func.grad` of the unrolled loss, all agents by `torch.func.vmap`, eager."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import grad, jvp, vmap
from torch.nn import functional

from benchmarks.peers import Run, Setting
from benchmarks.torch_rounds import Arrays, Batched, network_parts, rounds
from benchmarks.workloads import Data, NetworkWorkload, Tables, Workload

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


def agent_loss(workload: Workload) -> Loss:
    """The loss of one agent, w (d,)."""
    if not isinstance(workload, NetworkWorkload):
        return lambda w, A, c: (w - c) @ A @ (w - c) / 2
    widths = workload.widths

    def loss(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        for weight, bias, last in network_parts(w, widths):
            x = functional.linear(x, weight, bias)
            x = x if last else torch.tanh(x)
        return functional.cross_entropy(x, y)

    return loss


def prepare(workload: Workload, data: Data, tables: Tables, setting: Setting) -> Run:
    """In stochastic mode a reverse sweep, each Hessian-vector product a forward derivative of the batch gradient."""
    gradient = grad(agent_loss(workload))

    def fine_tuned(w: Tensor, A: Tensor, c: Tensor) -> Tensor:
        for _ in range(workload.nu):
            w = w - workload.alpha * gradient(w, A, c)
        return agent_loss(workload)(w, A, c)

    def product(w: Tensor, v: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return jvp(lambda point: gradient(point, x, y), (w,), (v,))[1]

    unrolled, gradients, products = vmap(grad(fine_tuned)), vmap(gradient), vmap(product)

    def swept(w: Tensor, batched: Batched) -> Tensor:
        points = [w]
        for arrays in batched.inner:
            points.append(points[-1] - workload.alpha * gradients(points[-1], *arrays))
        v = gradients(points.pop(), *batched.outer)
        for point, arrays in zip(reversed(points), reversed(batched.hessian), strict=True):
            v = v - workload.alpha * products(point, v, *arrays)
        return v

    def exact(w: Tensor, batched: Batched) -> Tensor:
        outer: Arrays = batched.outer
        return unrolled(w, *outer)

    return rounds(workload, data, tables, setting, exact if workload.mode == "exact" else swept)
