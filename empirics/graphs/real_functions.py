"""Recording a function so that every operation of the graph is one of real analysis, read by any arithmetic.

Where a library shifts by a maximum or folds by an absolute value against overflow, the shift cancels in real numbers
but not in interval arithmetic, and its kink would appear in derivatives. Such functions (softmax and its kin, the
logarithm of a sigmoid) stay whole; compound layers become sums, products and elementary functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule

from empirics.graphs.decompositions import Decompositions, elementary_decompositions
from empirics.graphs.passes import cleaned
from empirics.graphs.recording import Parts, UntraceableError, traced
from empirics.numerics.memory import out_of_memory

aten = torch.ops.aten

# One smooth function or one product each: taken apart they would get kinks, or products would become sums.
_WHOLE = (
    *(aten._log_softmax, aten._softmax, aten._safe_softmax, aten.logsumexp, aten.log_sigmoid_forward, aten.gelu),
    *(aten.mv, aten.dot, aten.addmv),
)
# Taken apart by torch's own rules, beside those of `elementary_decompositions`.
_APART = (
    *(aten.celu, aten._prelu_kernel, aten.hardswish, aten.hardsigmoid, aten.threshold, aten.softshrink, aten.glu),
    *(aten.binary_cross_entropy, aten.mse_loss, aten.soft_margin_loss, aten.xlogy, aten._weight_norm_interface),
    *(aten.unsafe_split, aten.unsafe_split_with_sizes, aten._adaptive_avg_pool2d, aten.std, aten.norm, aten.lerp),
    *(aten.trace, aten.pixel_shuffle, aten.upsample_nearest2d, aten.linspace, aten.nan_to_num),
)
_BRANCH = "_local_scalar_dense"


@torch.no_grad()
def recorded_function(
    function: Callable[..., Tensor], arguments: Parts, parts: Decompositions | None = None
) -> GraphModule:
    """The cleaned graph of one tensor as a function of the arguments; writes in place become new tensors.

    Args:
        function: tensors to one tensor; it runs on the arguments.
        arguments: what it is recorded on. The graph serves others of these shapes.
        parts: what is taken apart, `real_parts` by default.

    Raises:
        UntraceableError: it does not run, branches on a value, or draws random numbers.

    >>> graph = recorded_function(lambda x: (x * 1).exp().sum(), (torch.zeros(3),))
    >>> [node.target.__name__ for node in graph.graph.nodes if node.op == "call_function"], graph(torch.zeros(2))[0]
    (['exp.default', 'sum.default'], tensor(2.))
    """

    def flat(*given: Tensor) -> Parts:
        return (function(*given),)

    parts = real_parts() if parts is None else parts
    try:
        graph = traced(flat, arguments, parts)
        if any(_writes(node) for node in graph.graph.nodes):
            # What a decomposition itself writes in place is seen by a second recording only.
            graph = traced(graph, arguments, parts)
    except Exception as error:
        if out_of_memory(error):
            raise
        # An arbitrary function may raise anything here.
        raise UntraceableError(_reason(error)) from error
    for node in graph.graph.nodes:
        if _random(node):
            raise UntraceableError(f"it draws random numbers ({node.target}), so it is not a function of its arguments")
        if _writes(node):
            raise UntraceableError(f"it writes in place ({node.target}) in a way that cannot be removed")
    return cleaned(graph)


@cache
def real_parts() -> Decompositions:
    """Compound operations as sums, products and elementary functions; what is one smooth function stays whole."""
    from torch._decomp import get_decompositions

    kept = {getattr(packet, name) for packet in _WHOLE for name in packet.overloads()}
    apart = {key: value for key, value in elementary_decompositions().items() if key not in kept}
    gelu = get_decompositions([aten.gelu])[aten.gelu.default]
    return {
        **get_decompositions(_APART),
        **apart,
        aten.gelu.default: lambda x, approximate="none": (
            NotImplemented if approximate == "none" else gelu(x, approximate=approximate)
        ),
        aten.avg_pool2d.default: _mean_pool,
        aten.avg_pool3d.default: _mean_pool,
        aten.max_pool2d_with_indices.default: _largest_pool,
        aten.native_group_norm.default: _group_norm,
        aten.native_batch_norm.default: _batch_norm,
        aten._native_batch_norm_legit.no_stats: lambda x, weight, bias, training, momentum, eps: _batch_norm(
            x, weight, bias, None, None, training, momentum, eps
        ),
    }


def _group_norm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    count: int,
    channels: int,
    places: int,
    groups: int,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    rows = x.reshape(count, groups, -1)
    mean, scale, scaled = _standardised(rows, [2], eps)
    result = _affine(scaled.reshape(x.shape), weight, bias)
    return result, mean.reshape(count, groups), scale.reshape(count, groups)


def _batch_norm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_variance: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> Any:
    if not training or running_mean is not None or running_variance is not None:
        return NotImplemented
    mean, scale, scaled = _standardised(x, [0, *range(2, x.dim())], eps)
    return _affine(scaled, weight, bias), mean.flatten(), scale.flatten()


def _standardised(x: Tensor, axes: Sequence[int], eps: float) -> tuple[Tensor, Tensor, Tensor]:
    mean = x.mean(list(axes), keepdim=True)
    offset = x - mean
    scale = (offset.square().mean(list(axes), keepdim=True) + eps).rsqrt()
    return mean, scale, offset * scale


def _affine(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """Channels lie on axis 1."""
    shape = [1, -1, *(1 for _ in range(x.dim() - 2))]
    x = x if weight is None else x * weight.reshape(shape)
    return x if bias is None else x + bias.reshape(shape)


def _mean_pool(
    x: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] | int = 0,
    ceiling: bool = False,
    counted: bool = True,
    divisor: int | None = None,
) -> Tensor:
    if ceiling:
        return NotImplemented
    sums = _windows(x, kernel, stride, padding).sum(list(range(-len(kernel), 0)))
    if divisor is not None:
        return sums / divisor
    if counted:
        return sums / math.prod(kernel)
    return sums / _windows(torch.ones_like(x), kernel, stride, padding).sum(list(range(-len(kernel), 0)))


def _largest_pool(
    x: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] | int = 0,
    dilation: Sequence[int] | int = 1,
    ceiling: bool = False,
) -> Any:
    if ceiling or any(_repeated(padding, 1)) or set(_repeated(dilation, 1)) != {1}:
        return NotImplemented
    largest = _windows(x, kernel, stride, padding).amax(list(range(-len(kernel), 0)))
    # nobody reads where the largest entries are
    return largest, torch.zeros_like(largest, dtype=torch.int64)


def _windows(x: Tensor, kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int] | int) -> Tensor:
    """(..., places along each axis, kernel entries along each axis), padded with zeros."""
    rank = len(kernel)
    pads, lead = _repeated(padding, rank), x.dim() - rank
    if any(pads):
        x = torch.nn.functional.pad(x, [number for pad in reversed(pads) for number in (pad, pad)])
    for axis, (size, step) in enumerate(zip(kernel, stride or kernel, strict=True)):
        x = x.unfold(lead + axis, size, step)
    return x


def _repeated(value: Sequence[int] | int, rank: int) -> list[int]:
    values = [value] if isinstance(value, int) else list(value)
    return values * rank if len(values) == 1 else values


def _writes(node: Any) -> bool:
    return isinstance(node.target, torch._ops.OpOverload) and node.target._schema.is_mutable


def _random(node: Any) -> bool:
    return isinstance(node.target, torch._ops.OpOverload) and torch.Tag.nondeterministic_seeded in node.target.tags


def _reason(error: Exception) -> str:
    if _BRANCH in str(error):
        return "it branches on a value of its arguments, or turns one into a Python number"
    return str(error)
