"""Operations that move entries: views, permutations, cuts, look-ups, copies, padding with zeros.

None does arithmetic, so torch itself, run on the places 1, 2, 3, ... of the entries, says where each entry of the
result comes from (0: it is zero). That list of places is both rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from reports.balls.arrays import ZERO, Array, constant
from reports.balls.jets import Jet, Part
from reports.balls.operations.operation import ANY, Call, Operation, Site, linear

aten = torch.ops.aten


@dataclass(frozen=True)
class _Moves:
    """Where entries come from: `source` (result size,) among all operands' entries, `starts` of the operands.

    `straight`: the entries of the only operand in their order. Otherwise `order` lists the result's places by source,
    `used` the sources that occur and `heads` where each one's group begins in `order`.
    """

    straight: bool
    source: np.ndarray
    sizes: list[int]
    order: np.ndarray
    used: np.ndarray
    heads: np.ndarray
    zeros: bool
    once: bool


def _prepare(site: Site) -> _Moves:
    sizes = [int(np.prod(shape, dtype=np.int64)) for shape in site.shapes]
    starts = np.cumsum([1, *sizes])
    places = iter(
        torch.arange(start, start + size).reshape(shape)
        for start, size, shape in zip(starts, sizes, site.shapes, strict=False)
    )
    schema, arguments = site.target._schema.arguments, _with(site.arguments, places)
    plain = [value for value, argument in zip(arguments, schema, strict=True) if not argument.kwarg_only]
    named = {argument.name: value for value, argument in zip(arguments, schema, strict=True) if argument.kwarg_only}
    found = site.target(*plain, **named)
    found = found if site.component is None else found[site.component]
    return _moves(found.to(torch.int64).flatten().numpy(), sizes)


def after(first: Any, second: Any) -> Any:
    """Both rearrangements in turn as one; None where either is no rearrangement of one operand.

    >>> turn = _moves(np.array([2, 1]), [2])
    >>> after(turn, turn).straight
    True
    """
    if not (isinstance(first, _Moves) and isinstance(second, _Moves) and len(first.sizes) == len(second.sizes) == 1):
        return None
    return _moves(np.concatenate([[0], first.source])[second.source], first.sizes)


def _moves(source: np.ndarray, sizes: list[int]) -> _Moves:
    order = np.argsort(source, kind="stable")
    used, heads = np.unique(source[order], return_index=True)
    zeros = bool(len(used)) and used[0] == 0
    straight = len(sizes) == 1 and len(source) == sizes[0] and bool((source == np.arange(1, len(source) + 1)).all())
    return _Moves(straight, source, sizes, order, used, heads, bool(zeros), len(used) == len(source))


def _with(arguments: list[Any], places: Iterator[Any]) -> list[Any]:
    """The schema's arguments with the operands' places where operands were taken out."""
    return [
        next(places) if part is OPERAND else _with(part, places) if isinstance(part, list) else part
        for part in arguments
    ]


class _Operand:
    """Marks an argument that was taken out."""


OPERAND = _Operand()


def _forward(call: Call, order: int) -> Part:
    moves: _Moves = call.site.note
    parts = [jet[order] for jet in call.inputs]
    if all(part is None for part in parts):
        return None
    if moves.straight:
        return parts[0].reshape(call.site.shape)
    flat = [
        constant(ZERO, (size,)) if part is None else part.ravel() for part, size in zip(parts, moves.sizes, strict=True)
    ]
    if len(flat) == 1 and not moves.zeros:
        return flat[0][moves.source - 1].reshape(call.site.shape)
    return np.concatenate([constant(ZERO, (1,)), *flat])[moves.source].reshape(call.site.shape)


def _reverse(call: Call, order: int, adjoint: Jet) -> list[Part]:
    moves, part = call.site.note, adjoint[order]
    if part is None:
        return [None] * len(call.inputs)
    if moves.straight:
        return [part.reshape(call.site.shapes[0])]
    back = _gathered(part.ravel(), moves)
    cuts = np.cumsum(moves.sizes)[:-1]
    return [piece.reshape(shape) for piece, shape in zip(np.split(back, cuts), call.site.shapes, strict=True)]


def _gathered(part: Array, moves: _Moves) -> Array:
    """For every source, the sum of what flows back from where it went."""
    sums = part[moves.order]
    if not moves.once:
        sums = np.add.reduceat(sums, moves.heads)
    back = constant(ZERO, (1 + sum(moves.sizes),))
    back[moves.used] = sums
    return back[1:]


REARRANGING = Operation(_forward, _reverse, operands=ANY, degree=linear, prepare=_prepare)

TABLE = {
    target: REARRANGING
    for target in (
        *(aten.view.default, aten._unsafe_view.default, aten.reshape.default, aten.unsqueeze.default),
        *(aten.squeeze.default, aten.squeeze.dim, aten.squeeze.dims, aten.clone.default, aten.detach.default),
        *(aten.alias.default, aten.lift_fresh_copy.default, aten._to_copy.default, aten.copy.default),
        *(aten.t.default, aten.transpose.int, aten.permute.default, aten.expand.default, aten.repeat.default),
        *(aten.slice.Tensor, aten.select.int, aten.narrow.default, aten.split.Tensor),
        *(aten.split_with_sizes.default, aten.unbind.int, aten.cat.default, aten.stack.default),
        *(aten.slice_scatter.default, aten.select_scatter.default, aten.flip.default, aten.roll.default),
        *(aten.diagonal.default, aten.tril.default, aten.triu.default, aten.unfold.default),
        *(aten.gather.default, aten.embedding.default, aten.index.Tensor, aten.index_select.default),
    )
}


def _padding(site: Site) -> _Moves:
    if site.arguments[2] != 0:
        raise site.unknown(f"with value = {site.arguments[2]}: expected 0")
    return _prepare(site)


TABLE[aten.constant_pad_nd.default] = Operation(_forward, _reverse, operands=ANY, degree=linear, prepare=_padding)
