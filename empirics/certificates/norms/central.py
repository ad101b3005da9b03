r"""Derivatives of recorded losses at one point, and upper bounds on their norms.

Gradients, Hessians and third derivatives come from torch's differentiation of the recorded operations. Their rounding
is relative to the terms that are summed, which the norms carried through the operations bound: `safe` adds 256 units of
roundoff of that bound, and `PROMISED`, some 10^5 times the rounding of a well-conditioned sum, of the norm itself.

The norm of a symmetric tensor T of order three is max |T[u, v, w]| over unit vectors, so at most the spectral norm of T
as a matrix d x d^2, the root of the largest eigenvalue of sum_j T_j T_j.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.func import grad, vmap

from empirics.certificates.norms.recorded_losses import RecordedLoss
from empirics.numerics.forward_derivatives import jvp
from empirics.numerics.spectra import spectrum

PROMISED = 2.0**-30
_TERMS = 2.0**-44
# Squares of such numbers, summed over any matrix here, stay below 2^1024.
_SQUARABLE = 2.0**480
# Directions that one sweep follows at once: many are quick, too many need much memory; and numbers of one operation
# that all of them make.
_TANGENTS, _NUMBERS = 2**13, 2**24


def values(loss: RecordedLoss, centre: Tensor) -> np.ndarray:
    """Losses at the point, (N,)."""
    return _over_losses(loss.loss, loss, centre, 1)


def gradients(loss: RecordedLoss, centre: Tensor) -> np.ndarray:
    """Gradients at the point, (N, d).

    >>> from empirics import QuadraticTask
    >>> from empirics.certificates.norms.recorded_losses import agent_losses
    >>> gradients(agent_losses(QuadraticTask(A=[[[2.0]]], c=[[1.0]])), torch.zeros(1).double())
    array([[-2.]])
    """
    return _over_losses(grad(loss.loss), loss, centre, 1)


def hessians(loss: RecordedLoss, centre: Tensor) -> np.ndarray:
    """Hessians at the point, symmetrised, (N, d, d)."""
    found = _over_losses(_hessian(loss, torch.eye(len(centre), dtype=centre.dtype)), loss, centre, len(centre))
    return (found + found.swapaxes(-1, -2)) / 2


def squarable(values: np.ndarray) -> bool:
    """Whether all are numbers whose squares have sums in float64: else a point says nothing, and norms stand alone.

    >>> squarable(np.array([1.0, -2.0])), squarable(np.array([1e200])), squarable(np.array([np.nan]))
    (True, False, False)
    """
    return bool((np.abs(values) < _SQUARABLE).all())


@dataclass(frozen=True)
class ThirdNorms:
    """Norms from above of third derivatives T_i (n,), of T_i - T (n,) and of their mean T."""

    own: np.ndarray
    offset: np.ndarray
    mean: float


def third_norms(loss: RecordedLoss, centre: Tensor) -> ThirdNorms | None:
    """Of the third derivatives at the point, sum_j T_j T_j being added up slice by slice.

    None where they are not `squarable`.

    >>> from empirics.certificates.norms.recorded_losses import agent_losses
    >>> from empirics import CosineTask
    >>> task = CosineTask(a=[[1.0, 1.0]], s=[[1.0]], phi=[[0.0]])                   # cos(w_1 + w_2)
    >>> found = third_norms(agent_losses(task), torch.tensor([1.5707963267948966, 0.0]).double())
    >>> found.own.round(6).tolist()                                                # norm((1, 1))^3
    [2.828427]
    """
    d = len(centre)
    sums = {"own": _Gram(d), "offset": _Gram(d), "mean": _Gram(d)}
    step, basis = max(1, _TANGENTS // d), torch.eye(d, dtype=centre.dtype)
    for start in range(0, d, step):
        # T_jk = T_kj: pairs of directions before this step are known already
        first, second = basis[start : start + step], basis[start:]

        def slices(w: Tensor, *own: Tensor, first: Tensor = first, second: Tensor = second) -> Tensor:
            hessian = _hessian(loss, second)
            return vmap(lambda u: jvp(lambda point: hessian(point, *own), (w,), (u,))[1])(first)

        part = _over_losses(slices, loss, centre, len(first) * len(second))
        if not squarable(part):
            return None
        middle = part.mean(axis=0, keepdims=True)
        for name, values in (("own", part), ("offset", part - middle), ("mean", middle)):
            sums[name].add(values)
    return ThirdNorms(sums["own"].norms(), sums["offset"].norms(), float(sums["mean"].norms()[0]))


class _Gram:
    """sum_j T_j T_j for several tensors, slices T_j arriving a few at a time."""

    def __init__(self, d: int) -> None:
        self.d, self.grams, self.squares = d, 0.0, 0.0

    def add(self, slices: np.ndarray) -> None:
        """T_jk (N, some, more, d): pairs j, k of which the first `some` k are the j, and the others count twice."""
        some = slices.shape[1]
        for part, times in ((slices[:, :, :some], 1.0), (slices[:, :, some:], 2.0)):
            flat = part.reshape(len(part), -1, self.d)
            self.grams = self.grams + times * np.stack([rows.T @ rows for rows in flat])
            self.squares = self.squares + times * np.square(flat).sum(axis=(1, 2))

    def norms(self) -> np.ndarray:
        """Roots of the largest eigenvalues; a sum of d^2 products rounds relative to the sum of all squares."""
        grams = np.asarray(self.grams)
        rounding = (self.d**2 + 8) * 2.0**-52 * np.asarray(self.squares)
        largest = np.array([spectrum((gram + gram.T) / 2).high for gram in grams])
        return np.sqrt(np.maximum(largest + rounding, 0.0)) * (1 + 2.0**-48)


def symmetric_norms(matrices: np.ndarray) -> np.ndarray:
    """At least the spectral norms (...) of symmetric matrices (..., d, d), each decomposition checked afterwards."""
    flat = matrices.reshape(-1, *matrices.shape[-2:])
    return np.array([spectrum(matrix).norm for matrix in flat]).reshape(matrices.shape[:-2])


def safe(computed: np.ndarray, layered: np.ndarray) -> np.ndarray:
    """Norms computed at the centre with room for their rounding; `layered` bounds the same derivatives."""
    return computed + slack(computed, layered)


def slack(computed: np.ndarray, layered: np.ndarray) -> np.ndarray:
    """At least the rounding error of computed numbers whose terms are bounded by `layered`, where that is finite."""
    size = np.where(np.isfinite(layered), layered, 0.0)
    return PROMISED * np.abs(computed) + PROMISED * np.minimum(1.0 + np.abs(computed), size) + _TERMS * size


def _hessian(loss: RecordedLoss, directions: Tensor) -> Callable[..., Tensor]:
    """(w, arrays...) -> the Hessian times each direction, forward over reverse."""
    chunk = max(1, _NUMBERS // loss.widest)

    def hessian(w: Tensor, *own: Tensor) -> Tensor:
        slope = grad(loss.loss)
        return vmap(lambda u: jvp(lambda point: slope(point, *own), (w,), (u,))[1], chunk_size=chunk)(directions)

    return hessian


def _over_losses(function: Callable[..., Tensor], loss: RecordedLoss, centre: Tensor, tangents: int) -> np.ndarray:
    """The function at the point for every loss, (N, ...), several at once where that fits."""
    chunk = max(1, min(_TANGENTS, _NUMBERS // loss.widest) // tangents)
    every = vmap(function, in_dims=(None, *(0 for _ in loss.arrays)), chunk_size=chunk)
    return every(centre, *loss.arrays).numpy()
