"""Conditions and choices: comparisons, where, clamp, relu, abs, maxima. What is not decided gives the hull of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from flint import arb

from reports.balls.arrays import ONE, UNIT, ZERO, Array, boxed, constant, each, filled, pairs, unbroadcast
from reports.balls.jets import Jet, Part, convolved
from reports.balls.operations.operation import INFINITE, Call, Operation, Site, no_reverse, numbers
from reports.balls.operations.reductions import axes_of

aten = torch.ops.aten
FALSE, TRUE, OPEN = 0, 1, 2
Truth = np.ndarray


def _decided(yes: bool, no: bool) -> int:
    return TRUE if yes else FALSE if no else OPEN


def _compared(yes: Callable[[arb, arb], bool], no: Callable[[arb, arb], bool]) -> Operation:
    def forward(call: Call, order: int) -> Any:
        if order:
            return None
        a, b = np.broadcast_arrays(call.inputs[0].first, call.inputs[1].first)
        found = [_decided(yes(x, y), no(x, y)) for x, y in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)]
        return np.array(found, dtype=np.int8).reshape(a.shape)

    return Operation(forward, no_reverse, operands=(0, 1))


def _logical(table: Callable[[Truth, Truth], Truth]) -> Operation:
    def forward(call: Call, order: int) -> Any:
        return None if order else table(*np.broadcast_arrays(*call.inputs))

    return Operation(forward, no_reverse, operands=(0, 1), conditions=(0, 1))


def _and(a: Truth, b: Truth) -> Truth:
    return np.where((a == FALSE) | (b == FALSE), FALSE, np.where((a == TRUE) & (b == TRUE), TRUE, OPEN)).astype(np.int8)


def _not(a: Truth) -> Truth:
    return np.asarray(np.array([TRUE, FALSE, OPEN], dtype=np.int8)[a])


def _or(a: Truth, b: Truth) -> Truth:
    return _not(_and(_not(a), _not(b)))


def _hull(truth: Truth, a: Part, b: Part, shape: tuple[int, ...]) -> Part:
    """a where true, b where false, and the hull of both where it is not decided."""
    if a is None and b is None:
        return None
    truth = np.broadcast_to(truth, shape)
    first = constant(ZERO, shape) if a is None else np.broadcast_to(a, shape)
    second = constant(ZERO, shape) if b is None else np.broadcast_to(b, shape)
    chosen = np.where(truth == TRUE, first, second)
    for place in map(tuple, np.argwhere(truth == OPEN)):
        side: Any = first[place]
        chosen[place] = side.union(second[place])
    return chosen


def _where(call: Call, order: int) -> Part:
    truth, a, b = call.inputs
    return _hull(truth, a[order], b[order], call.site.shape)


def _chosen_back(call: Call, order: int, adjoint: Jet, truth: Truth, places: tuple[int, int]) -> list[Part]:
    part, site = adjoint[order], call.site
    found: list[Part] = []
    for place, weight in zip(places, (truth, _not(truth)), strict=True):
        if part is None or not site.wanted[place]:
            found.append(None)
            continue
        flow = (
            boxed(part * numbers(weight))
            if (weight == OPEN).any()
            else np.where(weight == TRUE, part, constant(ZERO, ()))
        )
        found.append(unbroadcast(boxed(flow), site.shapes[place]))
    return found


def _where_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    return [None, *_chosen_back(call, order, adjoint, call.inputs[0], (1, 2))]


def _masked(call: Call, order: int) -> Part:
    """x where the mask is false, else a number."""
    truth, x = call.inputs[1], call.inputs[0]
    value = call.inputs[2]
    return _hull(truth, value[order], x[order], call.site.shape)


def _masked_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    value, x = _chosen_back(call, order, adjoint, call.inputs[1], (2, 0))
    return [x, None, value]


def _where_degree(degrees: list[float], site: Site) -> float:
    condition = site.note
    rest = [degree for place, degree in enumerate(degrees) if place != condition]
    return max(rest) if degrees[condition] == 0 else INFINITE


# Functions of one entry that are straight but for kinks: the slope is one of three arrays of 0, 1, -1 and hulls.
def _bent(value: Callable[[arb, Site], arb], slope: Callable[[arb, Site], arb]) -> Operation:
    def weights(call: Call, order: int) -> Part:
        return each(lambda x: slope(x, call.site), call.inputs[0].first) if order == 0 else None

    def forward(call: Call, order: int) -> Part:
        if order == 0:
            return each(lambda x: value(x, call.site), call.inputs[0].first)
        part = call.inputs[0][order]
        return None if part is None else boxed(part * call.helper("weights", weights, 0).first)

    def reverse(call: Call, order: int, adjoint: Jet) -> list[Part]:
        return [convolved(adjoint, call.helper("weights", weights, 0), order)]

    def kinked(call: Call) -> bool:
        return any(not slope(x, call.site).is_exact() for x in call.inputs[0].first.ravel().tolist())

    return Operation(forward, reverse, kinked=kinked)


def _relu(x: arb, site: Site) -> arb:
    return larger(x, ZERO)


def _relu_slope(x: arb, site: Site) -> arb:
    return ONE if x > 0 else ZERO if x < 0 else UNIT


def _abs(x: arb, site: Site) -> arb:
    return x if x >= 0 else -x if x <= 0 else x.abs_lower().union(x.abs_upper())


def _abs_slope(x: arb, site: Site) -> arb:
    return ONE if x > 0 else -ONE if x < 0 else arb(0, 1)


def _ends(site: Site) -> tuple[arb | None, arb | None]:
    low, high = (*site.arguments[1:3], None, None)[:2]
    return None if low is None else arb(low), None if high is None else arb(high)


def _clamp(x: arb, site: Site) -> arb:
    low, high = _ends(site)
    x = x if low is None else larger(x, low)
    return x if high is None else smaller(x, high)


def _clamp_slope(x: arb, site: Site) -> arb:
    low, high = _ends(site)
    if (low is not None and x < low) or (high is not None and x > high):
        return ZERO
    return ONE if (low is None or x > low) and (high is None or x < high) else UNIT


def larger(x: arb, y: arb) -> arb:
    """max(x, y), itself where it is decided, else from both ends.

    >>> larger(arb(2), arb(1)) == 2
    True
    """
    if x >= y:
        return x
    if y >= x:
        return y
    if x.is_nan() or y.is_nan():
        return arb.nan()
    # ends have no radius, so that they compare
    low = x.lower() if x.lower() >= y.lower() else y.lower()
    return low.union(x.upper() if x.upper() >= y.upper() else y.upper())


def smaller(x: arb, y: arb) -> arb:
    """min(x, y)."""
    return -larger(-x, -y)


def _pairwise(pick: Callable[[arb, arb], arb], sign: int) -> Operation:
    """The larger (sign 1) or smaller (-1) of two."""

    def truth(call: Call) -> Truth:
        a, b = np.broadcast_arrays(call.inputs[0].first, call.inputs[1].first)
        found = [
            _decided(sign * (x - y) > 0, sign * (x - y) < 0)
            for x, y in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)
        ]
        return np.array(found, dtype=np.int8).reshape(a.shape)

    def forward(call: Call, order: int) -> Part:
        a, b = call.inputs
        if order == 0:
            return pairs(pick, a.first, b.first)
        return _hull(truth(call), a[order], b[order], call.site.shape)

    def reverse(call: Call, order: int, adjoint: Jet) -> Sequence[Part]:
        return _chosen_back(call, order, adjoint, truth(call), (0, 1))

    return Operation(forward, reverse, operands=(0, 1), kinked=lambda call: bool((truth(call) == OPEN).any()))


# Extremes along axes: candidates that may be the largest share what flows.
def _candidates(row: list[arb], sign: int) -> list[int]:
    """For every entry whether it is surely (1), possibly (2) or surely not (0) the extreme one."""
    found = []
    for place, x in enumerate(row):
        others = [y for k, y in enumerate(row) if k != place]
        beaten = any(sign * (y - x) > 0 for y in others)
        found.append(_decided(all(sign * (x - y) > 0 for y in others), beaten))
    return found


def _extreme(sign: int) -> Operation:
    def rows(x: Array, axes: tuple[int, ...]) -> Array:
        rest = [axis for axis in range(x.ndim) if axis not in axes]
        return x.transpose([*rest, *axes]).reshape(int(np.prod([x.shape[axis] for axis in rest], dtype=int)), -1)

    def truth(call: Call) -> Truth:
        found = [_candidates(row, sign) for row in rows(call.inputs[0].first, call.site.note).tolist()]
        return np.array(found, dtype=np.int8)

    def forward(call: Call, order: int) -> Part:
        part = call.inputs[0][order]
        if part is None:
            return None
        lines, found = rows(part, call.site.note).tolist(), []
        if order == 0:
            pick = larger if sign > 0 else smaller
            for line in lines:
                best = line[0]
                for x in line[1:]:
                    best = pick(best, x)
                found.append(best)
        else:
            for line, marks in zip(lines, truth(call), strict=True):
                kept = [x for x, mark in zip(line, marks, strict=True) if mark != FALSE]
                hull = kept[0]
                for x in kept[1:]:
                    hull = hull.union(x)
                found.append(hull)
        return filled(found, call.site.shape)

    def reverse(call: Call, order: int, adjoint: Jet) -> list[Part]:
        part, site, axes = adjoint[order], call.site, call.site.note
        if part is None:
            return [None]
        flow = boxed(part.reshape(-1, 1) * numbers(truth(call)))
        shape = site.shapes[0]
        rest = [axis for axis in range(len(shape)) if axis not in axes]
        moved = [shape[axis] for axis in (*rest, *axes)]
        return [flow.reshape(moved).transpose(np.argsort([*rest, *axes]))]

    return Operation(forward, reverse, prepare=_reduced, kinked=lambda call: bool((truth(call) == OPEN).any()))


def _reduced(site: Site) -> tuple[int, ...]:
    if site.component == 1:
        raise site.unknown("for the places of extremes, which depend on w")
    return axes_of(site)


def _condition(place: int) -> Callable[[Site], int]:
    return lambda site: place


def _step(call: Call, order: int) -> Part:
    """The sign, which does not move."""
    if order:
        return None
    signs = lambda x: ONE if x > 0 else -ONE if x < 0 else ZERO if x == 0 else arb(0, 1)  # noqa: E731
    return each(signs, call.inputs[0].first)


def _jumps(call: Call) -> bool:
    return any(x.contains(0) for x in call.inputs[0].first.ravel().tolist())


def _unlimited(x: Array) -> Truth:
    found = [FALSE if value.is_finite() else OPEN for value in x.ravel().tolist()]
    return np.array(found, dtype=np.int8).reshape(x.shape)


_GREATER = _compared(lambda x, y: x > y, lambda x, y: x <= y)
_AT_LEAST = _compared(lambda x, y: x >= y, lambda x, y: x < y)
_LESS = _compared(lambda x, y: x < y, lambda x, y: x >= y)
_AT_MOST = _compared(lambda x, y: x <= y, lambda x, y: x > y)
_EQUAL = _compared(lambda x, y: x == y, lambda x, y: x != y)
_UNEQUAL = _compared(lambda x, y: x != y, lambda x, y: x == y)
_NOT = Operation(
    lambda call, order: None if order else _not(call.inputs[0]), no_reverse, operands=(0,), conditions=(0,)
)
# A ball that is finite stands for numbers, none of them infinite.
_NEVER = Operation(
    lambda call, order: None if order else _unlimited(call.inputs[0].first),
    no_reverse,
)
_CLAMP = _bent(_clamp, _clamp_slope)
_MASKED = Operation(
    _masked, _masked_back, operands=(0, 1, 2), conditions=(1,), degree=_where_degree, prepare=_condition(1)
)

TABLE = {
    **dict.fromkeys((aten.gt.Tensor, aten.gt.Scalar), _GREATER),
    **dict.fromkeys((aten.ge.Tensor, aten.ge.Scalar), _AT_LEAST),
    **dict.fromkeys((aten.lt.Tensor, aten.lt.Scalar), _LESS),
    **dict.fromkeys((aten.le.Tensor, aten.le.Scalar), _AT_MOST),
    **dict.fromkeys((aten.eq.Tensor, aten.eq.Scalar), _EQUAL),
    **dict.fromkeys((aten.ne.Tensor, aten.ne.Scalar), _UNEQUAL),
    **dict.fromkeys((aten.logical_and.default, aten.bitwise_and.Tensor), _logical(_and)),
    **dict.fromkeys((aten.logical_or.default, aten.bitwise_or.Tensor), _logical(_or)),
    **dict.fromkeys((aten.logical_not.default, aten.bitwise_not.default), _NOT),
    **dict.fromkeys((aten.isnan.default, aten.isinf.default), _NEVER),
    aten.where.self: Operation(
        _where, _where_back, operands=(0, 1, 2), conditions=(0,), degree=_where_degree, prepare=_condition(0)
    ),
    **dict.fromkeys((aten.masked_fill.Scalar, aten.masked_fill.Tensor), _MASKED),
    aten.relu.default: _bent(_relu, _relu_slope),
    aten.abs.default: _bent(_abs, _abs_slope),
    **dict.fromkeys((aten.clamp.default, aten.hardtanh.default), _CLAMP),
    aten.clamp_min.default: _bent(
        lambda x, site: larger(x, arb(site.arguments[1])),
        lambda x, site: ONE if x > arb(site.arguments[1]) else ZERO if x < arb(site.arguments[1]) else UNIT,
    ),
    aten.clamp_max.default: _bent(
        lambda x, site: smaller(x, arb(site.arguments[1])),
        lambda x, site: ONE if x < arb(site.arguments[1]) else ZERO if x > arb(site.arguments[1]) else UNIT,
    ),
    **dict.fromkeys((aten.sign.default, aten.sgn.default), Operation(_step, no_reverse, kinked=_jumps)),
    **dict.fromkeys((aten.maximum.default, aten.clamp_min.Tensor), _pairwise(larger, 1)),
    **dict.fromkeys((aten.minimum.default, aten.clamp_max.Tensor), _pairwise(smaller, -1)),
    **dict.fromkeys((aten.amax.default, aten.max.default, aten.max.dim), _extreme(1)),
    **dict.fromkeys((aten.amin.default, aten.min.default, aten.min.dim), _extreme(-1)),
}
