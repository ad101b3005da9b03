r"""Norms of symmetric tensors of order three, from both sides.

norm(T) = max |T[u, v, w]| over unit vectors is at most the spectral norm of T as a matrix d x d^2, which may exceed it
by sqrt(d). In two and three dimensions a cover of the sphere is tighter: v -> norm(T[v]) is convex and even, and
norm(T) is its maximum over the sphere. A cone of unit vectors v_k holds every unit v as sum mu_k v_k, mu_k >= 0, with

    sum mu_k <= 1 / c,   c = min_k <v_k, u>   for any unit u,

as 1 >= <v, u>. So norm(T) <= max_k norm(T[v_k]) / c over all cones of the cover.
"""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np

from empirics.numerics.spectra import spectral_ends

# Arcs of the half circle, and cells along each side of a face of the cube: within 0.2 % and 1 % of the norm.
_ARCS, _CELLS = 32, 8
# Some d^2 roundings of 2^-53, relative to the norm of T, with room to spare.
_SLACK = 2.0**-40
_STEPS = 12


def third_norms(tensors: np.ndarray, enough: float = 0.0) -> np.ndarray:
    """At least the norms (...) of symmetric tensors (..., d, d, d); infinity where an entry is not finite.

    A bound of at most `enough` need not be tighter.

    >>> product = np.einsum("i,j,k->ijk", *3 * [np.array([3.0, 4.0])])           # (u v w . (3, 4)^3), of norm 5^3
    >>> bool(125.0 <= third_norms(product[None])[0] <= 125.2)
    True
    """
    shape, d = tensors.shape[:-3], tensors.shape[-1]
    tensors = tensors.reshape(-1, d, d, d)
    finite = np.asarray(np.isfinite(tensors).all(axis=(-3, -2, -1)))
    given = np.where(finite[:, None, None, None], tensors, 0.0)
    frobenius = np.sqrt(np.square(given).sum(axis=(-3, -2, -1)))
    _, largest = spectral_ends(_gram(given))
    # sums of d squares are rounded relative to the sum of all squares
    bound = np.sqrt(np.maximum(largest + _SLACK * frobenius**2, 0.0))
    rest = np.flatnonzero(bound > enough)
    if d in (2, 3) and len(rest):
        directions, c = cover(d)
        low, high = spectral_ends(np.einsum("kv,nvij->nkij", directions, given[rest]))
        bound[rest] = np.minimum(bound[rest], np.maximum(-low, high).max(axis=1) / c)
    return np.where(finite, (bound + _SLACK * frobenius) * (1 + _SLACK), np.inf).reshape(shape)


def fourth_norms(tensors: np.ndarray) -> np.ndarray:
    """At least the norms (...) of symmetric tensors (..., d, d, d, d): that of the matrix d^2 x d^2.

    >>> fourth_norms(np.full((1, 1, 1, 1, 1), -2.0)).round(6).tolist()
    [2.0]
    """
    d = tensors.shape[-1]
    low, high = spectral_ends(tensors.reshape(*tensors.shape[:-4], d * d, d * d))
    return np.maximum(-low, high)


def attained_norms(tensors: np.ndarray) -> np.ndarray:
    """At most the norms (N,), by power steps u <- T[u, u] + s u, which ascend, from the best directions at hand.

    >>> attained_norms(np.ones((1, 1, 1, 1))).round(6).tolist()
    [1.0]
    """
    _, vectors = np.linalg.eigh(_gram(tensors))
    starts = [vectors[..., -1]]
    if tensors.shape[-1] in (2, 3):
        directions, _ = cover(tensors.shape[-1])
        values = np.abs(np.einsum("kv,ku,kw,nvuw->nk", directions, directions, directions, tensors, optimize=True))
        starts.append(directions[values.argmax(axis=1)])
    best = np.zeros(len(tensors))
    for u in starts:
        for _ in range(_STEPS):
            moved = np.einsum("nijk,nj,nk->ni", tensors, u, u)
            value = (moved * u).sum(axis=-1, keepdims=True)
            best = np.maximum(best, np.abs(value[:, 0]))
            # from -u where that has the positive value: s u = 1.5 T[u, u, u] u either way
            moved = moved + 1.5 * value * u
            size = np.linalg.norm(moved, axis=-1, keepdims=True)
            u = np.where(size > 0, moved / np.where(size > 0, size, 1.0), u)
    return best * (1 - _SLACK)


def _gram(tensors: np.ndarray) -> np.ndarray:
    gram = np.einsum("nkij,nkjl->nil", tensors, tensors)
    return (gram + gram.swapaxes(-1, -2)) / 2


@cache
def cover(d: int) -> tuple[np.ndarray, float]:
    """Unit vectors (K, d) whose cones, with their negatives, cover R^d, and c; for d = 2 and 3.

    >>> directions, c = cover(2)
    >>> directions.shape, round(c, 4)
    ((32, 2), 0.9988)
    """
    if d == 2:
        angles = np.pi * np.arange(_ARCS) / _ARCS
        # a unit u halfway between two neighbours
        return np.stack([np.cos(angles), np.sin(angles)], axis=-1), float(np.cos(np.pi / (2 * _ARCS))) * (1 - _SLACK)
    ticks = np.tan(np.pi / 4 * np.linspace(-1.0, 1.0, _CELLS + 1))
    ticks[[0, -1]] = -1.0, 1.0
    found: list[np.ndarray] = []
    least = 1.0
    for axis in range(3):
        face = np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1)
        rows = np.insert(face, axis, 1.0, axis=-1)
        rows = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
        found.append(rows.reshape(-1, 3))
        for i, j in itertools.product(range(_CELLS), repeat=2):
            corners = rows[i : i + 2, j : j + 2].reshape(4, 3)
            middle = corners.mean(axis=0)
            least = min(least, float((corners @ (middle / np.linalg.norm(middle))).min()))
    return np.concatenate(found), least * (1 - _SLACK)
