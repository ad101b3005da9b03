"""Softmax and its kin, whole: shifted by a middle at points, each share from differences of logits on boxes.

With l = log sum exp(a) and p = exp(a - l): l' = sum p a' and p' = p (a' - l').
"""

from __future__ import annotations

import numpy as np
import torch
from flint import arb

from reports.balls.arrays import Array, boxed, each, filled, pairs
from reports.balls.jets import Jet, Part, convolved, mapped, total
from reports.balls.operations.operation import Call, Operation, Site
from reports.balls.operations.reductions import axes_of, kept_shape

aten = torch.ops.aten


def _rows(x: Array, axes: tuple[int, ...]) -> tuple[Array, tuple[int, ...]]:
    """The array with those axes last and flattened, as rows; and the shape before flattening."""
    rest = [axis for axis in range(x.ndim) if axis not in axes]
    moved = x.transpose([*rest, *axes])
    width = int(np.prod([x.shape[axis] for axis in axes], dtype=np.int64))
    return moved.reshape(-1, width), moved.shape


def _back(rows: Array, moved: tuple[int, ...], axes: tuple[int, ...]) -> Array:
    rest = [axis for axis in range(len(moved)) if axis not in axes]
    return rows.reshape(moved).transpose(np.argsort([*rest, *axes]))


def _log_sum(row: list[arb]) -> arb:
    shift = max((x.mid() for x in row), key=float)
    return shift + sum(((x - shift).exp() for x in row), arb(0)).log()


def _wide_log_sum(row: list[arb]) -> arb:
    """It grows in every logit."""
    return _log_sum([x.lower() for x in row]).union(_log_sum([x.upper() for x in row]))


def _share(row: list[arb], place: int) -> arb:
    """exp(a_j) / sum exp(a_k) = 1 / sum exp(a_k - a_j), least where a_j is low and the others are high."""
    others = [x for k, x in enumerate(row) if k != place]
    low, high = row[place].lower(), row[place].upper()
    if high == arb.neg_inf():
        # a masked place
        return arb(0)
    least = 1 / sum(((x.upper() - low).exp() for x in others), arb(1))
    most = 1 / sum(((x.lower() - high).exp() for x in others), arb(1))
    return least.union(most)


def _log_sums(call: Call, order: int) -> Part:
    """l, with reduced axes kept."""
    site, a = call.site, call.inputs[0]
    axes = site.note
    kept = kept_shape(site, axes)
    if order == 0:
        rows, _ = _rows(a.first, axes)
        value = _wide_log_sum if call.wide else _log_sum
        return filled([value(list(row)) for row in rows.tolist()], (len(rows),)).reshape(kept)
    shares, terms = _shares(call, order - 1), []
    for i in range(1, order + 1):
        x, p = a[i], shares[order - i]
        terms.append(None if x is None or p is None else boxed(x * p * i if i > 1 else x * p))
    part = mapped(lambda x: x.sum(axis=axes, keepdims=True), total(terms))
    return mapped(lambda x: x / order, part) if order > 1 else part


def _sums(call: Call, order: int) -> Jet:
    return call.helper("sums", _log_sums, order)


def _shares(call: Call, order: int) -> Jet:
    """p."""

    def rule(one: Call, k: int) -> Part:
        a = one.inputs[0]
        if k == 0:
            if one.wide:
                rows, moved = _rows(a.first, one.site.note)
                found = [_share(row, place) for row in rows.tolist() for place in range(len(row))]
                return _back(filled(found, rows.shape), moved, one.site.note)
            return each(lambda x: x.exp(), boxed(a.first - _sums(one, 0).first))
        shares, terms = one.growing("shares"), []
        for i in range(1, k + 1):
            change, p = _difference(a[i], _sums(one, k)[i], a.first.shape), shares[k - i]
            terms.append(None if change is None or p is None else boxed(change * p * i if i > 1 else change * p))
        part = total(terms)
        return mapped(lambda x: x / k, part) if k > 1 else part

    return call.helper("shares", rule, order)


def _difference(a: Part, b: Part, shape: tuple[int, ...]) -> Part:
    if a is None or b is None:
        part = a if b is None else boxed(-b)
        return None if part is None else np.broadcast_to(part, shape)
    return boxed(a - b)


def _softmax(call: Call, order: int) -> Part:
    return _shares(call, order)[order]


def _softmax_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    """p (g - sum p g)."""
    shares, axes = _shares(call, order), call.site.note

    def centred(one: Call, k: int) -> Part:
        inner = mapped(lambda x: x.sum(axis=axes, keepdims=True), convolved(shares, adjoint, k))
        return _difference(adjoint[k], inner, one.site.shape)

    return [convolved(shares, call.helper("centred", centred, order), order)]


def _log_shares(call: Call) -> Array:
    return boxed(call.inputs[0].first - _sums(call, 0).first)


def _log_softmax(call: Call, order: int) -> Part:
    if order == 0 and call.wide:
        # a_j - l is the logarithm of a share, whose enclosure sees that a_j is part of l
        return pairs(lambda p, rest: p.log() if p > 0 else rest, _shares(call, 0).first, _log_shares(call))
    return _difference(call.inputs[0][order], _sums(call, order)[order], call.site.shape)


def _log_softmax_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    """g - p sum g."""
    axes = call.site.note
    sums = call.helper(
        "adjoint sums", lambda one, k: mapped(lambda x: x.sum(axis=axes, keepdims=True), adjoint[k]), order
    )
    return [_difference(adjoint[order], convolved(_shares(call, order), sums, order), call.site.shape)]


def _logsumexp(call: Call, order: int) -> Part:
    return mapped(lambda x: x.reshape(call.site.shape), _sums(call, order)[order])


def _logsumexp_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    kept = kept_shape(call.site, call.site.note)
    wide = call.helper("wide adjoint", lambda one, k: mapped(lambda x: x.reshape(kept), adjoint[k]), order)
    return [convolved(_shares(call, order), wide, order)]


def _axis(site: Site) -> tuple[int, ...]:
    return axes_of(site)


SOFTMAX = Operation(_softmax, _softmax_back, prepare=_axis)

TABLE = {
    **dict.fromkeys((aten._softmax.default, aten._safe_softmax.default), SOFTMAX),
    aten._log_softmax.default: Operation(_log_softmax, _log_softmax_back, prepare=_axis),
    aten.logsumexp.default: Operation(_logsumexp, _logsumexp_back, prepare=_axis),
}
