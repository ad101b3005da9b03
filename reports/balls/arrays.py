"""Arrays of balls: numpy arrays of objects, whose entries are exact or enclose what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from flint import arb
from torch import Tensor

Array = np.ndarray
ZERO, ONE = arb(0), arb(1)
# Every number from 0 to 1: the slope of a kink at a place that is not decided.
UNIT = arb(0.5, 0.5)


def filled(values: Sequence[arb], shape: tuple[int, ...]) -> Array:
    """The array of these entries, row by row.

    >>> filled([ONE, ZERO], (2, 1)).shape
    (2, 1)
    """
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


def constant(value: arb, shape: tuple[int, ...]) -> Array:
    """All entries alike."""
    array = np.empty(shape, dtype=object)
    array[...] = value
    return array


def boxed(x: Array | arb) -> Array:
    """An array: numpy turns a result without axes into its entry."""
    return x if type(x) is np.ndarray else constant(x, ())  # type: ignore[arg-type]


def exact(x: Tensor) -> Array:
    """The entries of a tensor, floats by their binary value.

    >>> import torch
    >>> exact(torch.tensor([0.5]))[0] == arb(1) / 2
    True
    """
    values = x.detach().cpu()
    return filled([arb(value) for value in values.flatten().tolist()], tuple(values.shape))


def each(function: Callable[[arb], arb], x: Array) -> Array:
    """The function of every entry."""
    return filled([function(value) for value in x.ravel().tolist()], x.shape)


def pairs(function: Callable[[arb, arb], arb], a: Array, b: Array) -> Array:
    """The function of every pair of entries, shapes broadcast."""
    a, b = np.broadcast_arrays(a, b)
    found = [function(x, y) for x, y in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)]
    return filled(found, a.shape)


def unbroadcast(x: Array, shape: tuple[int, ...]) -> Array:
    """Sums over the axes along which an array of this shape was repeated."""
    if x.shape == shape:
        return x
    new = x.ndim - len(shape)
    axes = (*range(new), *(new + i for i, size in enumerate(shape) if size == 1 != x.shape[new + i]))
    return boxed(x.sum(axis=axes, keepdims=True)).reshape(shape)


def square(x: arb) -> arb:
    """x^2, not below 0 but for the rounding of a radius: x * x forgets that both factors are the same.

    >>> square(arb(0, 1)) > -1e-8
    True
    """
    if x.rad() == 0:
        return x * x
    low, high = x.abs_lower(), x.abs_upper()
    return (low * low).union(high * high)


def increasing(function: Callable[[arb], arb]) -> Callable[[arb], arb]:
    """A monotone function on wide balls: the hull of its values at both ends."""
    return lambda x: function(x.lower()).union(function(x.upper()))
