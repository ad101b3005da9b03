"""Recording torch.func: one run becomes a graph of plain tensor operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.func import functionalize, vmap
from torch.fx import GraphModule

from empirics.decompositions import Decompositions
from empirics.graphs import cleaned
from empirics.sweeps import AgentModel

Parts = tuple[Tensor, ...]
Program = Callable[..., Parts]


class UntraceableError(RuntimeError):
    """The module cannot be recorded, or the cleaned record does not reproduce it."""


@dataclass(frozen=True)
class Recording:
    """A cleaned graph, the arguments that it was recorded with, and what torch.func found for them.

    Where strides matter, the graph serves arguments laid out as these.
    """

    graph: GraphModule
    arguments: Parts
    expected: Parts


def derivatives(model: AgentModel, point: Tensor, x: Tensor, y: Tensor, taken_apart: Decompositions) -> Recording:
    """(w parts, x, y, v parts) -> (gradient parts, Hessian-vector product parts) at points (A, d).

    Forward over reverse or, where an operation has no forward derivative, reverse over reverse.

    Raises:
        UntraceableError: the module cannot be recorded.
    """
    try:
        return _derivatives_by(model.tangent, model, point, x, y, taken_apart)
    except UntraceableError:
        return _derivatives_by(model.cotangent, model, point, x, y, taken_apart)


def _derivatives_by(
    derivative: Callable[..., Any],
    model: AgentModel,
    point: Tensor,
    x: Tensor,
    y: Tensor,
    taken_apart: Decompositions,
) -> Recording:
    parts = len(model.sizes)

    def flat(*arguments: Tensor) -> Parts:
        gradient, product = vmap(derivative)(arguments[:parts], *arguments[parts : parts + 2], arguments[parts + 2 :])
        return (*gradient, *product)

    # The vectors are cut out of one tensor, as w is.
    v = torch.cos(torch.arange(point.numel(), dtype=point.dtype, device=point.device)).view_as(point)
    return recorded(flat, (*model.split(point), x, y, *model.split(v)), taken_apart)


@torch.no_grad()
def recorded(flat: Callable[..., Parts], arguments: Parts, taken_apart: Decompositions) -> Recording:
    """Record what runs on these arguments; writes in place become new tensors.

    Raises:
        UntraceableError: it does not run, or cannot be recorded.
    """
    # Recording loads most of torch's compiler, which a user of other tasks never needs.
    from torch.fx.experimental.proxy_tensor import make_fx

    try:
        # Some operations without a forward derivative raise when they run, but crash when they are recorded.
        expected = flat(*arguments)
        # Fake tensors would be quicker to record with, but forward derivatives bring zeros without a device.
        graph = make_fx(functionalize(flat), taken_apart, tracing_mode="real")(*arguments)
    except Exception as error:
        # Whatever an arbitrary module raises here, torch.func itself is tried next and raises it again if need be.
        raise UntraceableError(str(error)) from error
    return Recording(cleaned(graph), arguments, expected)
