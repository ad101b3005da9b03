"""Sums and means over axes, and running sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from reports.balls.arrays import Array, boxed
from reports.balls.jets import Jet, Part, mapped
from reports.balls.operations.operation import Call, Operation, Site, linear

aten = torch.ops.aten


def axes_of(site: Site) -> tuple[int, ...]:
    """The axes of the operand that an operation with arguments (x, dim, ...) reduces; all when none is named."""
    rank = len(site.shapes[0])
    dim: Any = site.arguments[1] if len(site.arguments) > 1 else None
    # sum.default's second argument is a type of numbers
    if dim is None or isinstance(dim, torch.dtype) or dim == []:
        return tuple(range(rank))
    return tuple(axis % rank for axis in ([dim] if isinstance(dim, int) else dim)) if rank else ()


def kept_shape(site: Site, axes: tuple[int, ...]) -> tuple[int, ...]:
    """The operand's shape with reduced axes of length 1."""
    return tuple(1 if axis in axes else size for axis, size in enumerate(site.shapes[0]))


def _count(site: Site) -> int:
    return int(np.prod([site.shapes[0][axis] for axis in axes_of(site)], dtype=np.int64))


def summed_over(part: Array, axes: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    """Sums over the axes, as an array of this shape."""
    if part.size == 1 or not axes:
        return part.reshape(shape)
    return boxed(part.sum(axis=axes)).reshape(shape)


def _sum(call: Call, order: int) -> Part:
    return mapped(lambda x: summed_over(x, call.site.note, call.site.shape), call.inputs[0][order])


def _sum_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    site = call.site
    kept = kept_shape(site, site.note)
    return [mapped(lambda x: np.broadcast_to(x.reshape(kept), site.shapes[0]), adjoint[order])]


def _mean(call: Call, order: int) -> Part:
    count = _count(call.site)
    return mapped(lambda x: x / count, _sum(call, order))


def _mean_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    site, count = call.site, _count(call.site)
    kept = kept_shape(site, site.note)
    return [mapped(lambda x: np.broadcast_to(boxed(x / count).reshape(kept), site.shapes[0]), adjoint[order])]


def _running(call: Call, order: int) -> Part:
    return mapped(lambda x: np.cumsum(x, axis=call.site.arguments[1]), call.inputs[0][order])


def _running_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    axis = call.site.arguments[1]
    return [mapped(lambda x: np.flip(np.cumsum(np.flip(x, axis), axis=axis), axis), adjoint[order])]


SUM = Operation(_sum, _sum_back, degree=linear, prepare=axes_of)
MEAN = Operation(_mean, _mean_back, degree=linear, prepare=axes_of)

TABLE = {
    **dict.fromkeys((aten.sum.default, aten.sum.dim_IntList), SUM),
    **dict.fromkeys((aten.mean.default, aten.mean.dim), MEAN),
    aten.cumsum.default: Operation(_running, _running_back, degree=linear),
}
