"""Recording torch.func: one run becomes a graph of plain tensor operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import functionalize
from torch.fx import GraphModule
from torch.nn import Parameter

from empirics.graphs.decompositions import Decompositions
from empirics.graphs.passes import cleaned
from empirics.numerics.memory import out_of_memory

Parts = tuple[Tensor, ...]
Flat = Callable[..., Parts]
"""A function of tensors, one after another, whose result is a tuple of tensors."""


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


@torch.no_grad()
def recorded(flat: Flat, arguments: Parts, taken_apart: Decompositions) -> Recording:
    """Record what runs on these arguments; writes in place become new tensors.

    Raises:
        UntraceableError: it does not run, or cannot be recorded.
    """
    try:
        # Some operations without a forward derivative raise when they run, but crash when they are recorded.
        expected = flat(*arguments)
        graph = traced(flat, arguments, taken_apart)
    except Exception as error:
        if out_of_memory(error):
            raise
        # Whatever an arbitrary module raises here, torch.func itself is tried next and raises it again if need be.
        raise UntraceableError(str(error)) from error
    return Recording(cleaned(graph), arguments, expected)


def traced(flat: Flat, arguments: Parts, taken_apart: Decompositions) -> GraphModule:
    """The graph of what runs on these arguments, as torch records it; writes in place become new tensors.

    Its constants are copies, so that it stays the same function whatever becomes of the tensors that it read; trainable
    and frozen parameters, which may be large, are those of the module.

    >>> graph = traced(lambda x: (x.exp().add_(1),), (torch.zeros(3),), {})
    >>> [node.target.__name__ for node in graph.graph.nodes if node.op == "call_function"]
    ['exp.default', 'add.Tensor']
    """
    # Recording loads most of torch's compiler, which a user of other tasks never needs.
    from torch._guards import TracingContext, tracing
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.proxy_tensor import make_fx

    # torch describes every value by a fake tensor of this mode; without one around it makes a mode for each, which
    # takes longer than all the rest.
    with tracing(TracingContext(FakeTensorMode(allow_fallback_kernels=True))):
        # Fake tensors would be quicker to record with, but forward derivatives bring zeros without a device.
        graph = make_fx(functionalize(flat), taken_apart, tracing_mode="real")(*arguments)
    for name in {str(node.target) for node in graph.graph.nodes if node.op == "get_attr"}:
        constant = getattr(graph, name)
        if isinstance(constant, Tensor) and not isinstance(constant, Parameter):
            setattr(graph, name, constant.clone())
    return graph
