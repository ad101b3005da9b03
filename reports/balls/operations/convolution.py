"""Convolutions of any dimension, stride, padding, dilation and groups, as one product of matrices.

A list of places says which entry of the input meets which entry of the kernel for each place of the output, so that
transposed convolutions are the same operation with another list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from reports.balls.arrays import ZERO, Array, constant
from reports.balls.jets import Jet, Part, mapped, total
from reports.balls.operations.operation import Call, Operation, Site, bilinear
from reports.balls.operations.products import product

aten = torch.ops.aten


@dataclass(frozen=True)
class _Plan:
    """Sizes of a convolution, and `places` (outputs, kernel entries): places of the input along all axes, or -1."""

    count: int
    groups: int
    inputs: int
    outputs: int
    places: np.ndarray
    space: int
    transposed: bool


def _list(value: Any, rank: int) -> list[int]:
    values = [value] if isinstance(value, int) else list(value)
    return values * rank if len(values) == 1 else values


def window_places(
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    out: tuple[int, ...],
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    transposed: bool,
) -> np.ndarray:
    """For every output and kernel place, the flat place of the input that they meet at, or -1 outside."""
    axes = []
    for n, k, m, s, p, d in zip(size, kernel, out, stride, padding, dilation, strict=True):
        o, j = np.arange(m)[:, None], np.arange(k)[None, :]
        reach = o + p - j * d if transposed else o * s - p + j * d
        place = reach // s if transposed else reach
        outside = (place < 0) | (place >= n) | ((reach % s != 0) if transposed else False)
        axes.append(np.where(outside, -1, place))
    found = np.zeros((1, 1), dtype=np.int64)
    for n, axis in zip(size, axes, strict=True):
        grid = found[:, None, :, None] * n + axis[None, :, None, :]
        grid = np.where((found[:, None, :, None] < 0) | (axis[None, :, None, :] < 0), -1, grid)
        found = grid.reshape(found.shape[0] * axis.shape[0], -1)
    return found


def _prepare(site: Site) -> _Plan:
    _, _, _, stride, padding, dilation, transposed, _, groups = site.arguments
    (count, channels, *size), weight = site.shapes[0], site.shapes[1]
    rank = len(size)
    places = window_places(
        tuple(size),
        tuple(weight[2:]),
        tuple(site.shape[2:]),
        _list(stride, rank),
        _list(padding, rank),
        _list(dilation, rank),
        bool(transposed),
    )
    return _Plan(
        count,
        int(groups),
        channels // int(groups),
        site.shape[1] // int(groups),
        places,
        int(np.prod(size, dtype=int)),
        bool(transposed),
    )


def _windows(x: Array, plan: _Plan) -> Array:
    """(count, groups inputs, ...) -> (groups, count outputs' places, inputs kernel places)."""
    flat = x.reshape(plan.count, plan.groups, plan.inputs, plan.space)
    flat = np.concatenate([flat, constant(ZERO, (*flat.shape[:-1], 1))], axis=-1)
    met = flat[..., plan.places]
    return met.transpose(1, 0, 3, 2, 4).reshape(plan.groups, plan.count * len(plan.places), -1)


def _onto(windows: Array, plan: _Plan, shape: tuple[int, ...]) -> Array:
    """The transpose of `_windows`."""
    outs, kernel = plan.places.shape
    parts = windows.reshape(plan.groups, plan.count, outs, plan.inputs, kernel).transpose(1, 0, 3, 2, 4)
    parts = parts.reshape(plan.count * plan.groups * plan.inputs, outs * kernel)
    back = constant(ZERO, (len(parts), plan.space + 1))
    places = plan.places.ravel()
    order = np.argsort(places, kind="stable")
    used, heads = np.unique(places[order], return_index=True)
    back[:, used] = np.add.reduceat(parts[:, order], heads, axis=1)
    return back[:, : plan.space].reshape(shape)


def _kernel(weight: Array, plan: _Plan) -> Array:
    """(groups, inputs kernel places, outputs)."""
    if plan.transposed:
        parts = weight.reshape(plan.groups, plan.inputs, plan.outputs, -1).transpose(0, 1, 3, 2)
    else:
        parts = weight.reshape(plan.groups, plan.outputs, plan.inputs, -1).transpose(0, 2, 3, 1)
    return parts.reshape(plan.groups, -1, plan.outputs)


def _kernel_back(parts: Array, plan: _Plan, shape: tuple[int, ...]) -> Array:
    parts = parts.reshape(plan.groups, plan.inputs, -1, plan.outputs)
    return parts.transpose((0, 1, 3, 2) if plan.transposed else (0, 3, 1, 2)).reshape(shape)


def _rows(part: Array, plan: _Plan) -> Array:
    """(count, groups outputs, ...) -> (groups, count places, outputs)."""
    parts = part.reshape(plan.count, plan.groups, plan.outputs, len(plan.places))
    return parts.transpose(1, 0, 3, 2).reshape(plan.groups, -1, plan.outputs)


def _image(rows: Array, plan: _Plan, shape: tuple[int, ...]) -> Array:
    parts = rows.reshape(plan.groups, plan.count, len(plan.places), plan.outputs)
    return parts.transpose(1, 0, 3, 2).reshape(shape)


def _factors(call: Call, order: int) -> tuple[Jet, Jet]:
    plan = call.site.note
    x = call.helper("windows", lambda one, k: mapped(lambda p: _windows(p, plan), one.inputs[0][k]), order)
    return x, call.helper("kernel", lambda one, k: mapped(lambda p: _kernel(p, plan), one.inputs[1][k]), order)


def _forms(plan: _Plan) -> tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]:
    rows, inner = plan.count * len(plan.places), plan.inputs * plan.places.shape[1]
    return (
        (plan.groups, rows, inner),
        (plan.groups, inner, plan.outputs),
        (plan.groups, rows, plan.outputs),
    )


def _bias(call: Call, order: int) -> Part:
    if len(call.inputs) < 3:
        return None
    rank = len(call.site.shape) - 2
    return mapped(lambda x: x.reshape(1, -1, *([1] * rank)), call.inputs[2][order])


def _convolution(call: Call, order: int) -> Part:
    plan, (x, w) = call.site.note, _factors(call, order)
    left, right, out = _forms(plan)
    rows = product(x, w, (left, right), (False, False), order, out)
    image, bias = mapped(lambda part: _image(part, plan, call.site.shape), rows), _bias(call, order)
    if bias is not None and image is None:
        return np.broadcast_to(bias, call.site.shape)
    return total([image, bias])


def _convolution_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    site, plan, (x, w) = call.site, call.site.note, _factors(call, order)
    rows = call.helper("rows", lambda one, k: mapped(lambda p: _rows(p, plan), adjoint[k]), order)
    left, right, out = _forms(plan)
    found: list[Part] = [None, None]
    if site.wanted[0]:
        windows = product(rows, w, (out, right), (False, True), order, left)
        found[0] = mapped(lambda part: _onto(part, plan, site.shapes[0]), windows)
    if site.wanted[1]:
        kernel = product(x, rows, (left, out), (True, False), order, right)
        found[1] = mapped(lambda part: _kernel_back(part, plan, site.shapes[1]), kernel)
    if len(call.inputs) == 3:
        axes = (0, *range(2, len(site.shape)))
        found.append(mapped(lambda part: part.sum(axis=axes), adjoint[order]) if site.wanted[2] else None)
    return found


def _degree(degrees: list[float], site: Site) -> float:
    return max(bilinear(degrees[:2], site), *degrees[2:], 0.0)


TABLE = {
    aten.convolution.default: Operation(
        _convolution, _convolution_back, operands=(0, 1, 2), degree=_degree, prepare=_prepare
    )
}
