r"""Products: entry by entry, of matrices, and convolutions.

A bilinear map x, y -> x y has derivatives x' y + x y'. The factor that stands still acts as a linear map, whose
operator norm over the ball is that at the centre plus the drift of the factor; where both move, a constant c with
norm(x' y') <= c norm(x') norm(y') serves: 1 for matrices (Frobenius norms), sqrt(K) for a convolution with K kernel
places, since an entry of the result is a sum over K places (Cauchy-Schwarz at each entry).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirics.certificates.norms.bounds import MOST, ONE, TWO, Bound
from empirics.certificates.norms.elementary import inverse
from empirics.certificates.norms.majorants import INFLATION, times
from empirics.certificates.norms.matrices import spectral_norms_up
from empirics.certificates.norms.rule import Rule, Site
from empirics.certificates.norms.sums import as_bound, spread

aten = torch.ops.aten
# Numbers in the matrix of a convolution beyond which its norm is taken from absolute sums.
_LARGEST_MATRIX = 2**22


def _mul(site: Site) -> Bound:
    return multiplied(site, as_bound(site, 0), as_bound(site, 1))


def multiplied(site: Site, a: Bound, b: Bound) -> Bound:
    """x y entry by entry; where y is repeated, its change meets whole columns of x, whose l_2 norms count."""
    table, (left, right) = site.table, (spread(site, a), spread(site, b))
    (a0, a1), (b0, b1) = _parts(left), _parts(right)
    own_a, own_b = _parts(a.majorants)[1], _parts(b.majorants)[1]
    column_a, column_b = _columns(site, a, b), _columns(site, b, a)
    one = table.product((left[TWO], right[TWO]), (left[ONE], right[MOST]), (left[MOST], right[ONE]))
    moving = table.product((a1[TWO], b1[MOST]), (a1[MOST], b1[TWO]))
    still = np.minimum(times(a0[MOST], b1[TWO]), times(column_a[:, None], own_b[TWO]))
    other = np.minimum(times(b0[MOST], a1[TWO]), times(column_b[:, None], own_a[TWO]))
    two = moving + still + other
    two[..., 0] = np.minimum(times(a0[MOST], b0[TWO]), times(a0[TWO], b0[MOST]))[..., 0]
    majorants = np.stack([one, two * INFLATION, table.product((left[MOST], right[MOST]))])
    positive = ((a.low >= 0) & (b.low >= 0)) | (a is b)
    count = majorants.shape[1]
    low = np.where(np.broadcast_to(positive, count), 0.0, -np.inf)
    return Bound(site.value, majorants, low, np.full(count, np.inf))


def _parts(majorants: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The norms of the value alone, (3, N, 1), and the majorants without them."""
    moving = majorants.copy()
    moving[..., 0] = 0.0
    return majorants[..., :1], moving


def _columns(site: Site, a: Bound, b: Bound) -> np.ndarray:
    """max over entries of b of the l_2 norm of the entries of a (repeated) that it meets, over the ball, (N,)."""
    shape = site.value.shape[1:]
    value = np.broadcast_to(_aligned(a.value, len(shape)), (len(a.value), *shape))
    small = _aligned(b.value, len(shape)).shape[1:]
    axes = tuple(1 + place for place, (n, m) in enumerate(zip(shape, small, strict=True)) if m != n)
    largest = np.sqrt(np.square(value).sum(axis=axes)).reshape(len(value), -1).max(axis=1, initial=0.0)
    repeats = math.prod(shape) / max(a.entries, 1)
    return (largest + math.sqrt(repeats) * a.drift(site.ball, TWO)) * INFLATION


def _aligned(value: np.ndarray, rank: int) -> np.ndarray:
    """(N, ...) with as many further axes as the result, as broadcasting aligns them."""
    return value.reshape(len(value), *([1] * (rank - (value.ndim - 1))), *value.shape[1:])


def _div(site: Site) -> Bound:
    a, b = as_bound(site, 0), as_bound(site, 1)
    value = 1 / b.value
    if not b.moves:
        majorants = np.zeros_like(b.majorants)
        sizes = np.abs(value.reshape(len(value), -1))
        roots = np.array([b.entries, math.sqrt(b.entries), 1.0])[:, None]
        majorants[..., 0] = roots * sizes.max(axis=1) * INFLATION
        majorants[..., -1] = majorants[..., 0] * 2.0**-50
        below = np.minimum(0.0, value.reshape(len(value), -1).min(axis=1))
        return multiplied(site, a, Bound(value, majorants, below, sizes.max(axis=1) * INFLATION))
    turned = inverse(site, b, value)
    turned.majorants[..., -1] += turned.majorants[..., 0] * 2.0**-50
    return multiplied(site, a, turned)


def _matmul(site: Site, a: Bound, b: Bound) -> Bound:
    """norm(A B)_F <= norm(A) norm(B)_F, and an entry is a row of A times a column of B."""
    table, ball = site.table, site.ball
    (a0, a1), (b0, b1) = _parts(a.majorants), _parts(b.majorants)
    drift_a, drift_b = a.drift(ball, TWO), b.drift(ball, TWO)
    size_a, size_b = np.abs(a.value), np.abs(b.value)
    norm_a = _within(spectral_norms_up(a.value), drift_a, a0[TWO])[:, None]
    norm_b = _within(spectral_norms_up(b.value), drift_b, b0[TWO])[:, None]
    rows_a = _within(np.sqrt(np.square(size_a).sum(-1)), drift_a, a0[TWO])[:, None]
    columns_b = _within(np.sqrt(np.square(size_b).sum(-2)), drift_b, b0[TWO])[:, None]
    # l_1 norms of rows and columns drift by at most sqrt(length) times the l_2 drift
    root = math.sqrt(a.value.shape[-1])
    sums_a = _within(size_a.sum(-1), root * drift_a, a0[ONE])[:, None]
    sums_b = _within(size_b.sum(-2), root * drift_b, b0[ONE])[:, None]
    column_sums_a = _within(size_a.sum(-2), math.sqrt(a.value.shape[-2]) * drift_a, a0[ONE])[:, None]
    row_sums_b = _within(size_b.sum(-1), math.sqrt(b.value.shape[-1]) * drift_b, b0[ONE])[:, None]
    both = table.product((a1[TWO], b1[TWO]))
    two = both + times(norm_a, b1[TWO]) + times(norm_b, a1[TWO])
    most = both + np.minimum(times(rows_a, b1[TWO]), times(sums_a, b1[MOST]))
    most = most + np.minimum(times(columns_b, a1[TWO]), times(sums_b, a1[MOST]))
    one = table.product((a1[ONE], b1[ONE])) + times(column_sums_a, b1[ONE]) + times(row_sums_b, a1[ONE])
    one[..., 0] = np.minimum(times(column_sums_a, b0[ONE]), times(row_sums_b, a0[ONE]))[..., 0]
    two[..., 0] = np.minimum(times(norm_a, b0[TWO]), times(norm_b, a0[TWO]))[..., 0]
    most[..., 0] = (rows_a * columns_b)[..., 0]
    return _unranged(site, np.stack([one, two, most]))


def _within(at_centre: np.ndarray, drift: np.ndarray, most: np.ndarray) -> np.ndarray:
    """The largest over the axes after the first, over the ball: at the centre plus the drift, or the whole norm."""
    largest = at_centre.reshape(len(at_centre), -1).max(axis=1, initial=0.0)
    return np.minimum((largest + drift) * INFLATION, most[..., 0])


def _unranged(site: Site, majorants: np.ndarray) -> Bound:
    count = majorants.shape[1]
    return Bound(site.value, majorants * INFLATION, np.full(count, -np.inf), np.full(count, np.inf))


def _mm(site: Site) -> Bound:
    return _matmul(site, site.bound(0), site.bound(1))


def _mv(site: Site) -> Bound:
    a, v = site.bound(0), site.bound(1)
    return _matmul(site, a, _shaped(v, v.value[..., None]))


def _dot(site: Site) -> Bound:
    a, b = site.bound(0), site.bound(1)
    return _matmul(site, _shaped(a, a.value[:, None, :]), _shaped(b, b.value[:, :, None]))


def _shaped(bound: Bound, value: np.ndarray) -> Bound:
    return Bound(value, bound.majorants, bound.low, bound.high)


def _added(first: int, product: Callable[[Site, Bound, Bound], Bound]) -> Rule:
    """b + x y."""

    def rule(site: Site) -> Bound:
        if site.arguments[3:] != (1, 1):
            raise site.refusal(f"with factors {site.arguments[3:]}")
        x, y = site.bound(first), site.bound(first + 1)
        y = _shaped(y, y.value[..., None]) if site.target is aten.addmv.default else y
        return _plus(site, product(site, x, y), site.bound(0))

    return rule


def _plus(site: Site, found: Bound, bias: Bound) -> Bound:
    return _unranged(site, found.majorants + spread(site, bias))


def _convolution(site: Site) -> Bound:
    x, w, bias = site.bound(0), site.bound(1), site.argument(2)
    table, ball = site.table, site.ball
    places = math.sqrt(math.prod(w.value.shape[3:])) * INFLATION

    def apply(one: Tensor, kernel: Tensor) -> Tensor:
        return aten.convolution.default(one, kernel, None, *site.arguments[3:])

    (x0, x1), (w0, w1) = _parts(x.majorants), _parts(w.majorants)
    by_kernel = _operator(apply, (x, w), 0, places)
    by_input = _operator(apply, (x, w), 1, places)
    norm_w = np.minimum((by_kernel + places * w.drift(ball, TWO)) * INFLATION, places * w0[TWO, :, 0])[:, None]
    norm_x = np.minimum((by_input + places * x.drift(ball, TWO)) * INFLATION, places * x0[TWO, :, 0])[:, None]
    two = places * table.product((x1[TWO], w1[TWO])) + times(norm_w, x1[TWO]) + times(norm_x, w1[TWO])
    two[..., 0] = np.minimum(times(norm_w, x0[TWO]), times(norm_x, w0[TWO]))[..., 0]
    # an entry is a scalar product of a patch of x and one filter: their squares are convolutions with ones
    patch = _entrywise(apply, np.square(x.value), np.ones_like(w.value[:1]))
    filters = _entrywise(apply, np.ones_like(x.value[:1]), np.square(w.value))
    patch = np.minimum((patch + x.drift(ball, TWO)) * INFLATION, x0[TWO, :, 0])[:, None]
    filters = np.minimum((filters + w.drift(ball, TWO)) * INFLATION, w0[TWO, :, 0])[:, None]
    most = table.product((x1[TWO], w1[TWO])) + times(filters, x1[TWO]) + times(patch, w1[TWO])
    most[..., 0] = (patch * filters)[..., 0]
    found = _unranged(site, np.stack([np.full_like(two, np.inf), two, most]))
    return found if bias is None else _plus(site, found, bias)


def _entrywise(apply: Callable[[Tensor, Tensor], Tensor], x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Root of the largest entry of each convolution, (N,)."""
    count = max(len(x), len(w))
    pairs = ((torch.as_tensor(x[n % len(x)]), torch.as_tensor(w[n % len(w)])) for n in range(count))
    return np.array([math.sqrt(float(apply(*pair).max())) * INFLATION for pair in pairs])


def _operator(apply: Callable[[Tensor, Tensor], Tensor], pair: tuple[Bound, Bound], moving: int, places: float) -> Any:
    """At least the norm of the map of one factor, the other standing still at the centre, (N,)."""
    moved, still = pair[moving], pair[1 - moving]
    shape = moved.value.shape[1:]
    found = []
    for fixed in torch.as_tensor(still.value):

        def linear(one: Tensor, fixed: Tensor = fixed) -> Tensor:
            given = (one, fixed) if moving == 0 else (fixed, one)
            return apply(*given)

        image = linear(torch.zeros(shape, dtype=fixed.dtype))
        if image.numel() * math.prod(shape) > _LARGEST_MATRIX:
            found.append(places * float(fixed.norm()) * INFLATION)
            continue
        matrix = torch.func.jacrev(linear)(torch.zeros(shape, dtype=fixed.dtype))
        found.append(float(spectral_norms_up(matrix.reshape(image.numel(), -1).numpy())))
    return np.array(found)


def _linear(site: Site) -> Bound:
    """A fixed linear map of one tensor, by its own matrix: row sums for l_inf, column sums for l_1."""
    x = site.bound(0)
    shape = x.value.shape[1:]
    if x.entries * math.prod(site.value.shape[1:]) > _LARGEST_MATRIX:
        raise site.refusal(f"with a matrix of more than {_LARGEST_MATRIX} numbers")
    zero = torch.zeros(shape, dtype=torch.float64)
    matrix = torch.func.jacrev(lambda one: site.target(one, *site.arguments[1:]))(zero)
    flat = matrix.reshape(-1, x.entries).numpy()
    sizes = np.abs(flat)
    factors = np.array([sizes.sum(axis=0).max(), float(spectral_norms_up(flat)), sizes.sum(axis=1).max()])
    return _unranged(site, x.majorants * factors[:, None, None] * INFLATION)


TABLE: dict[Any, Rule] = {
    **dict.fromkeys(
        (aten.avg_pool1d.default, aten.avg_pool2d.default, aten.avg_pool3d.default, aten._adaptive_avg_pool2d.default),
        _linear,
    ),
    **dict.fromkeys((aten.mul.Tensor, aten.mul.Scalar), _mul),
    **dict.fromkeys((aten.div.Tensor, aten.div.Scalar), _div),
    **dict.fromkeys((aten.mm.default, aten.bmm.default, aten.matmul.default), _mm),
    aten.mv.default: _mv,
    aten.dot.default: _dot,
    aten.addmm.default: _added(1, _matmul),
    aten.baddbmm.default: _added(1, _matmul),
    aten.addmv.default: _added(1, _matmul),
    aten.convolution.default: _convolution,
}
