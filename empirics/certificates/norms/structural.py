"""Operations that only move numbers: views, permutations, slices, gathers, joins; and what selects entries of w."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from empirics.certificates.norms.bounds import MOST, ONE, TWO, Ball, Bound
from empirics.certificates.norms.majorants import INFLATION
from empirics.certificates.norms.rule import Rule, Site

aten = torch.ops.aten


def selected(places: np.ndarray, value: np.ndarray, block_of: np.ndarray, ball: Ball) -> Bound:
    r"""Entries of w: entry e is w[places[e]].

    A coordinate met m times has derivative norm sqrt(m) in l_2; by Cauchy-Schwarz sum_j m_j |u_j| <= norm(m) in l_1.
    """
    table = ball.table
    count, d = len(places), len(block_of)
    majorants = np.zeros((3, count, table.width))
    met = np.stack([np.bincount(row.ravel(), minlength=d) for row in places.reshape(count, -1)])
    for block in range(table.blocks):
        own = met[:, block_of == block]
        majorants[ONE, :, 1 + block] = np.sqrt(np.square(own).sum(axis=1)) * INFLATION
        majorants[TWO, :, 1 + block] = np.sqrt(own.max(axis=1, initial=0)) * INFLATION
        majorants[MOST, :, 1 + block] = own.any(axis=1)
    majorants[..., 0] = np.inf
    infinite = np.full(count, np.inf)
    return Bound(value, majorants, -infinite, infinite, places=places)


def moved(data: int = 0) -> Rule:
    """One tensor, the argument at place `data`, rearranged; the operation itself shows how, run on numbered entries."""

    def rule(site: Site) -> Bound:
        inner = site.bound(data)
        numbers = _numbers(site, data, inner)
        repeats = np.array([np.bincount(row.ravel(), minlength=1).max(initial=0) for row in numbers], dtype=np.float64)
        factors = np.stack([repeats, np.sqrt(repeats) * INFLATION, np.minimum(repeats, 1.0)])
        majorants = inner.majorants * factors[:, :, None]
        count = max(len(numbers), len(inner.value))
        low, high = np.broadcast_to(inner.low, count), np.broadcast_to(inner.high, count)
        places = None
        if inner.places is not None:
            source = inner.places.reshape(len(inner.places), -1)
            places = np.stack([source[n % len(source)][numbers[n % len(numbers)]] for n in range(count)])
        return Bound(site.value, majorants, low, high, places)

    return rule


def _numbers(site: Site, data: int, inner: Bound) -> np.ndarray:
    """Which entry of the tensor each entry of the result is, (N, ...)."""
    shape = inner.value.shape[1:]
    entries = torch.arange(inner.entries).reshape(shape)
    others = [bound for bound in _tensors(site.arguments) if bound is not inner]
    count = max([1, *(len(bound.value) for bound in others)])
    rows = []
    for n in range(count):
        given = [_concrete(argument, n) for argument in site.arguments]
        given[data] = entries
        rows.append(site.target(*given).numpy())
    return np.stack(rows)


def _tensors(arguments: Any) -> list[Bound]:
    if isinstance(arguments, Bound):
        return [arguments]
    if isinstance(arguments, (list, tuple)):
        return [bound for argument in arguments for bound in _tensors(argument)]
    return []


def _concrete(argument: Any, n: int) -> Any:
    if isinstance(argument, Bound):
        return torch.as_tensor(argument.value[min(n, len(argument.value) - 1)])
    if isinstance(argument, (list, tuple)):
        return [_concrete(part, n) for part in argument]
    return argument


def padded(site: Site) -> Bound:
    """Zeros around a tensor change no norm."""
    inner = site.bound()
    if site.argument(2, 0) != 0:
        raise site.refusal(f"padding with {site.argument(2)}")
    return Bound(site.value, inner.majorants, np.minimum(inner.low, 0.0), np.maximum(inner.high, 0.0))


def joined(site: Site) -> Bound:
    """Tensors side by side: l_1 norms add, squares of l_2 norms add, the largest l_inf norm counts."""
    parts: list[Bound] = list(site.argument(0))
    count = max(len(part.value) for part in parts)
    own = [np.broadcast_to(part.majorants, (3, count, site.table.width)) for part in parts]
    majorants = np.stack(
        [
            sum(part[ONE] for part in own),
            np.sqrt(sum(np.square(part[TWO]) for part in own)),
            np.maximum.reduce([part[MOST] for part in own]),
        ]
    )
    low = np.minimum.reduce([np.broadcast_to(part.low, count) for part in parts])
    high = np.maximum.reduce([np.broadcast_to(part.high, count) for part in parts])
    return Bound(site.value, majorants * INFLATION, low, high)


MOVING = (
    *(aten.view.default, aten._unsafe_view.default, aten.reshape.default, aten.alias.default, aten.clone.default),
    *(aten.detach.default, aten.expand.default, aten.permute.default, aten.transpose.int, aten.t.default),
    *(aten.unsqueeze.default, aten.squeeze.default, aten.squeeze.dim, aten.squeeze.dims, aten.slice.Tensor),
    *(aten.select.int, aten.gather.default, aten.index.Tensor, aten.index_select.default, aten.flip.default),
    *(aten.roll.default, aten.diagonal.default, aten.repeat.default, aten.unfold.default),
)
TABLE: dict[Any, Rule] = {
    **dict.fromkeys(MOVING, moved()),
    aten.embedding.default: moved(),
    aten.constant_pad_nd.default: padded,
    aten.cat.default: joined,
    aten.stack.default: joined,
}
