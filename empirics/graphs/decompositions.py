"""Operations that a recording takes apart, because their parts are faster or simpler than the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Decompositions = dict[Any, Callable[..., Any]]

_SMALL_SOFTMAX = 64

aten = torch.ops.aten


def small_softmax_decompositions() -> Decompositions:
    """torch's softmax spends its time on setting up rows; over few classes, operations on all rows are faster."""

    def log_softmax(x: Tensor, dim: int, half_to_float: bool) -> Tensor:
        return _log_softmax(x, dim) if x.shape[dim] <= _SMALL_SOFTMAX else NotImplemented

    def log_softmax_backward(error: Tensor, output: Tensor, dim: int, dtype: torch.dtype) -> Tensor:
        return _log_softmax_backward(error, output, dim) if output.shape[dim] <= _SMALL_SOFTMAX else NotImplemented

    return {
        aten._log_softmax.default: log_softmax,
        aten._log_softmax_backward_data.default: log_softmax_backward,
    }


def elementary_decompositions() -> Decompositions:
    """Compound operations as sums, products and elementary functions, for a machine that knows little else."""
    from torch._decomp import get_decompositions

    compound = (
        *(aten.gelu, aten.gelu_backward, aten.softplus, aten.softplus_backward, aten.silu, aten.silu_backward),
        *(aten.sigmoid_backward, aten.elu, aten.elu_backward, aten.native_layer_norm_backward, aten.slice_backward),
        *(aten.log_sigmoid_forward, aten.log_sigmoid_backward, aten.nll_loss_forward, aten.nll_loss_backward),
        *(aten.select_backward, aten.huber_loss, aten.huber_loss_backward, aten.smooth_l1_loss, aten.leaky_relu),
        *(aten.smooth_l1_loss_backward, aten.addcmul, aten.addcdiv, aten.rsub, aten.dot, aten.mv, aten.addmv),
        *(aten.hardtanh, aten.mish, aten.stack, aten.logsumexp, aten._softmax_backward_data),
    )
    return {
        **get_decompositions(compound),
        aten._log_softmax.default: lambda x, dim, half_to_float: _log_softmax(x, dim),
        aten._log_softmax_backward_data.default: lambda error, output, dim, dtype: _log_softmax_backward(
            error, output, dim
        ),
        aten._softmax.default: lambda x, dim, half_to_float: _softmax(x, dim),
        aten._safe_softmax.default: lambda x, dim, dtype=None: _softmax(x, dim),
        aten.native_layer_norm.default: _layer_norm,
        aten.var.correction: _variance,
        aten.var_mean.correction: lambda x, dim=None, correction=1, keepdim=False: (
            _variance(x, dim, correction=correction, keepdim=keepdim),
            x.mean(_axes(x, dim), keepdim=keepdim),
        ),
        aten.linalg_vector_norm.default: _norm,
    }


def _log_softmax(x: Tensor, dim: int) -> Tensor:
    shifted = x - x.amax(dim, keepdim=True)
    return shifted - shifted.exp().sum(dim, keepdim=True).log()


def _log_softmax_backward(error: Tensor, output: Tensor, dim: int) -> Tensor:
    return error - output.exp() * error.sum(dim, keepdim=True)


def _softmax(x: Tensor, dim: int) -> Tensor:
    powers = (x - x.amax(dim, keepdim=True)).exp()
    return powers / powers.sum(dim, keepdim=True)


def _layer_norm(
    x: Tensor, shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    axes = list(range(x.dim() - len(shape), x.dim()))
    mean = x.mean(axes, keepdim=True)
    offset = x - mean
    scale = (offset.square().mean(axes, keepdim=True) + eps).rsqrt()
    result = offset * scale
    result = result if weight is None else result * weight
    return result if bias is None else result + bias, mean, scale


def _variance(x: Tensor, dim: Any = None, *, correction: Any = 1, keepdim: bool = False) -> Tensor:
    axes, count = _axes(x, dim), 1
    for axis in axes:
        count *= x.shape[axis]
    squares = (x - x.mean(axes, keepdim=True)).square().sum(axes, keepdim=keepdim)
    return squares / max(0, count - (1 if correction is None else correction))


def _norm(x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    return x.square().sum(_axes(x, dim), keepdim=keepdim).sqrt() if ord == 2 and dtype is None else NotImplemented


def _axes(x: Tensor, dim: Any) -> list[int]:
    chosen = range(x.dim()) if dim is None or dim == [] else [dim] if isinstance(dim, int) else dim
    return [axis % x.dim() for axis in chosen]
