r"""Functions of whole rows: softmax and its kin, and normalisation. Each is bounded as one smooth map of a row.

logsumexp: its derivatives are cumulants of the numbers u_j under p = softmax(z); for unit u they lie in an interval of
length l <= sqrt 2. The mean is at most norm(p) <= 1 in size; the variance at most l^2/4 = 1/2; the third moment,
linear in the law for a given mean and so extreme at two points, at most l^3/(6 sqrt 3); the fourth cumulant is
mu_4 - 3 mu_2^2 >= -2 mu_2^2 >= -l^4/8 and <= l^2 mu_2 - 3 mu_2^2 <= l^4/12, so at most 1/2 in size; the fifth is
mu_5 - 10 mu_3 mu_2, where |mu_5| <= .067 l^5 (two points again) and |mu_3 mu_2| <= l^5/(24 sqrt 3), together at most
1.75. These maps are symmetric, so unit vectors in every argument suffice (Banach). softmax is the gradient of
logsumexp, log_softmax_y is z_y - logsumexp(z).

Normalisation: c -> sqrt(m) c/h, h = sqrt(norm(c)^2 + m eps), is sqrt(m) times the gradient of h(c) = norm((c, delta)),
a Euclidean norm one dimension up. With norm(x) = 1 and a = <x, u>, the norm along u is sqrt(1 + 2 a s + s^2), whose
coefficients give the derivatives 1 - a^2, -3 a (1 - a^2), 3 (1 - a^2)(5 a^2 - 1), -15 a (1 - a^2)(7 a^2 - 3): at most
1, 2/sqrt 3, 3, 9.9, divided by h, h^2, h^3, h^4. Centring is a projection, so it adds nothing.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from empirics.certificates.norms.bounds import MOST, ONE, TWO, Ball, Bound, composed, finished, rows_of
from empirics.certificates.norms.majorants import INFLATION
from empirics.certificates.norms.products import multiplied
from empirics.certificates.norms.rule import Rule, Site
from empirics.certificates.norms.sums import TABLE as SUMS

aten = torch.ops.aten

_ROOT3 = math.sqrt(3.0)
THIRD = math.sqrt(2.0) / (3 * _ROOT3)
"""The third cumulant of a unit vector's entries, at most."""
_MOMENTS = (1.0, 0.5, THIRD, 0.5)
_SHARES = (0.5, THIRD, 0.5, 1.75)
_NORMALISED = (1.0, 2 / _ROOT3, 3.0, 9.9)


def _slopes(numbers: tuple[float, ...], count: int) -> np.ndarray:
    return np.repeat(np.array(numbers)[:, None], count, axis=1) * INFLATION


def _roots(entries: int) -> np.ndarray:
    return np.array([entries, math.sqrt(entries), 1.0])[:, None] * INFLATION


def _axis(site: Site) -> tuple[Bound, int, int]:
    """The argument, the length of its rows and their number."""
    z, dim = site.bound(), site.argument(1)
    axes = dim if isinstance(dim, (list, tuple)) else [dim]
    length = math.prod(z.value.shape[1:][axis] for axis in axes)
    return z, length, z.entries // length


def _softmax(site: Site) -> Bound:
    z, length, rows = _axis(site)
    count = len(z.value)
    # a row has entries of sum 1, so l_2 norm at most 1
    value = np.stack([np.full(count, float(rows)), np.full(count, math.sqrt(rows)), np.ones(count)]) * INFLATION
    majorants = composed(site.table, rows_of(z, rows, length), _slopes(_SHARES, count), value)
    return Bound(site.value, _widened(majorants, length), np.zeros(count), np.ones(count))


def _widened(majorants: np.ndarray, length: int) -> np.ndarray:
    """From norms of rows to norms of entries: the l_1 norm of a row is at most sqrt(length) times its l_2 norm."""
    wide = majorants.copy()
    wide[ONE] *= math.sqrt(length) * INFLATION
    return wide


def _log_softmax(site: Site) -> Bound:
    """Every entry by itself: slope norm(e_y - p) <= sqrt 2, the other derivatives those of logsumexp."""
    z, length, rows = _axis(site)
    count = len(z.value)
    by_row = composed(
        site.table,
        rows_of(z, rows, length),
        _slopes((math.sqrt(2.0), *_MOMENTS[1:]), count),
        np.full((3, count), np.inf),
    )
    # each row has `length` entries, each of them bounded as above
    roots = np.array([length, math.sqrt(length), 1.0])[:, None, None] * INFLATION
    return Bound(site.value, by_row * roots, np.full(count, -np.inf), np.zeros(count))


def picked(site: Site, z: Bound, logs: np.ndarray, dim: int, index: np.ndarray) -> Bound:
    """log_softmax(z) at one class a row: the slopes' norms at the centre are known, and drift by at most r/2 Z_1.

    Args:
        site: the gather.
        z: what the logarithms of softmax were taken of.
        logs: log_softmax(z) at the centre.
        dim: axis of the classes.
        index: the chosen classes, one a row.
    """
    axis = 1 + dim % (z.value.ndim - 1)
    length = z.value.shape[axis]
    rows, count = z.entries // length, len(z.value)
    chosen = np.broadcast_to(index, (count, *index.shape[1:]))
    offset = np.exp(logs)
    np.put_along_axis(offset, chosen, np.take_along_axis(offset, chosen, axis) - 1, axis)
    norms = np.sqrt(np.square(offset).sum(axis=axis)).reshape(count, -1)
    inner = rows_of(z, rows, length)
    drift = z.drift(site.ball, TWO) / 2
    cap = math.sqrt(2.0) * INFLATION
    slopes = _slopes((math.sqrt(2.0), *_MOMENTS[1:]), count)
    slopes[0] = np.minimum(cap, (norms.max(axis=1) + drift + 2.0**-40) * INFLATION)
    majorants = composed(site.table, inner, slopes, np.full((3, count), np.inf))
    # a sum over rows of slope times change: at most the l_2 norm of all slopes times that of the change
    together = np.minimum(cap * math.sqrt(rows), np.sqrt(np.square(norms).sum(axis=1)) + drift + 2.0**-40) * INFLATION
    linear = composed(site.table, inner, slopes * np.array([[0.0], [1.0], [1.0], [1.0]]), np.full((3, count), np.inf))
    first = inner[TWO].copy()
    first[:, 0] = 0.0
    majorants[ONE] = np.minimum(majorants[ONE], linear[ONE] + first * together[:, None] * INFLATION)
    return Bound(site.value, majorants, np.full(count, -np.inf), np.zeros(count))


def _logsumexp(site: Site) -> Bound:
    z, length, rows = _axis(site)
    count = len(z.value)
    with np.errstate(invalid="ignore"):
        size = z.majorants[..., 0] + _roots(rows) * math.log(length)
    majorants = composed(site.table, rows_of(z, rows, length), _slopes(_MOMENTS, count), size)
    return Bound(site.value, majorants, z.low, z.high + math.log(length) * INFLATION)


def _logaddexp(site: Site) -> Bound:
    """logsumexp of rows (a, b)."""
    a, b = site.bound(0), site.bound(1)
    if a.value.shape[1:] != b.value.shape[1:]:
        raise site.refusal("with operands of different shapes")
    one, two, most = a.majorants + b.majorants
    root = np.sqrt(np.square(a.majorants) + np.square(b.majorants)) * INFLATION
    inner = np.stack([np.minimum(one, root[ONE] * math.sqrt(2.0)), np.minimum(two, root[1]), np.minimum(most, root[2])])
    count = inner.shape[1]
    inner[ONE] = one
    size = inner[..., 0] + _roots(a.entries) * math.log(2.0)
    majorants = composed(site.table, inner, _slopes(_MOMENTS, count), size)
    low, high = np.maximum(a.low, b.low), np.maximum(a.high, b.high) + math.log(2.0) * INFLATION
    return Bound(site.value, majorants, np.broadcast_to(low, count), np.broadcast_to(high, count))


def _normalised(site: Site, x: Bound, rows: int, length: int, eps: float, ball: Ball) -> Bound:
    if not eps > 0:
        raise site.refusal(f"with eps = {eps}: it is not smooth where a row is constant")
    count = len(x.value)
    parts = x.value.reshape(count, rows, length)
    centred = parts - parts.mean(axis=-1, keepdims=True)
    square = np.square(centred).sum(axis=-1).min(axis=1)
    inner = rows_of(x, rows, length)
    # the row that is nearest to 0 after centring moves by at most the drift of a row
    slope = np.minimum(x.drift(ball, TWO), math.sqrt(length) * x.drift(ball, MOST))
    size = np.abs(parts).sum(axis=-1).max(axis=1)
    least = np.maximum(np.sqrt(square) * (1 - 2.0**-40) - size * 2.0**-40 - slope, 0.0)
    h = np.sqrt(least**2 + length * eps) * (1 - 2.0**-40)
    root = math.sqrt(length)
    slopes = np.stack([root * number / h ** (k + 1) for k, number in enumerate(_NORMALISED)]) * INFLATION
    value = np.stack([np.full(count, rows * root), np.full(count, math.sqrt(rows) * root), np.full(count, root)])
    majorants = _widened(composed(site.table, inner, slopes, value * INFLATION), length)
    return Bound(site.value, majorants, np.full(count, -root), np.full(count, root))


def _layer_norm(site: Site) -> Bound:
    x = site.bound(0)
    shape, eps = site.argument(1), float(site.argument(4))
    length = math.prod(shape)
    normal = _normalised(site, x, x.entries // length, length, eps, site.ball)
    value = torch.nn.functional.layer_norm(torch.as_tensor(x.value), list(shape), None, None, eps).numpy()
    return _scaled(site, normal, value, site.argument(2), site.argument(3), lambda part: part)


def _group_norm(site: Site) -> Bound:
    x = site.bound(0)
    batch, groups, eps = (site.argument(place) for place in (3, 6, 7))
    rows = int(batch) * int(groups)
    normal = _normalised(site, x, rows, x.entries // rows, float(eps), site.ball)
    one = torch.as_tensor(x.value)
    value = torch.stack([torch.nn.functional.group_norm(part, int(groups), None, None, float(eps)) for part in one])
    rank = x.value.ndim - 3

    def channelwise(part: np.ndarray) -> np.ndarray:
        return part.reshape(len(part), 1, -1, *([1] * rank))

    return _scaled(site, normal, value.numpy(), site.argument(1), site.argument(2), channelwise)


def _scaled(site: Site, normal: Bound, value: np.ndarray, weight: Any, bias: Any, shaped: Any) -> Bound:
    """Weight and bias of a normalisation, by the rules of products and sums."""
    result = finished(site.ball, value, replace(normal, value=value))
    if isinstance(weight, Bound):
        scaled = replace(weight, value=shaped(weight.value), places=None)
        value = value * scaled.value
        result = finished(site.ball, value, multiplied(replace(site, value=value), result, scaled))
    if isinstance(bias, Bound):
        added = replace(bias, value=shaped(bias.value), places=None)
        value = value + added.value
        result = SUMS[aten.add.Tensor](Site(aten.add.Tensor, (result, added), value, site.ball))
    return result


TABLE: dict[Any, Rule] = {
    **dict.fromkeys((aten._softmax.default, aten._safe_softmax.default), _softmax),
    aten._log_softmax.default: _log_softmax,
    aten.logsumexp.default: _logsumexp,
    aten.logaddexp.default: _logaddexp,
    aten.native_layer_norm.default: _layer_norm,
    aten.native_group_norm.default: _group_norm,
}
