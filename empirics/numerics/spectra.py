r"""Certified eigenvalues of symmetric matrices, and of polynomials in them.

A computed eigendecomposition A ~ V diag(d) V^T is checked afterwards, so nothing is assumed about LAPACK. With
R = A - V diag(d) V^T and g >= norm(V^T V - I), every unit x has y = V^T x with 1 - g <= norm(y)^2 <= 1 + g, hence

    d_min - g |d_min| - norm(R) <= x^T A x <= d_max + g |d_max| + norm(R).

Both norms are bounded by Frobenius norms that include the rounding of their own computation.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from empirics.numerics.rounding import EPS, frobenius_up, product_error, row_norms_up, up

_EXACT_DIMENSION, _EXACT_AGENTS = 8, 64


@dataclass(frozen=True)
class Spectrum:
    """Computed eigenvalues `values` (ascending) and eigenvectors; each true eigenvalue, in order, is within `error`.

    `defect` >= norm(V^T V - I) and `residual` >= norm(A - V diag(values) V^T), both in the Frobenius norm.
    """

    values: np.ndarray
    vectors: np.ndarray
    residual: float
    defect: float

    @property
    def error(self) -> float:
        """How far an eigenvalue of A can be from the computed one with the same rank.

        With V = W S its polar form, norm(V - W) <= norm(V^T V - I), so A is within residual + 2.1 defect max |d| of
        W diag(d) W^T (defect <= 0.01), whose eigenvalues are d; Weyl's inequality does the rest.
        """
        return up(self.residual + 2.1 * self.defect * float(np.abs(self.values).max(initial=0.0)))

    @property
    def low(self) -> float:
        """At most every eigenvalue."""
        return float(self.values[0] - self.error * (1 + 4 * EPS) - abs(self.values[0]) * EPS)

    @property
    def high(self) -> float:
        """At least every eigenvalue."""
        return float(self.values[-1] + self.error * (1 + 4 * EPS) + abs(self.values[-1]) * EPS)

    @property
    def norm(self) -> float:
        """At least the spectral norm."""
        return max(abs(self.low), abs(self.high))


def spectrum(matrix: np.ndarray) -> Spectrum:
    """The certified spectrum of one symmetric float64 matrix.

    Raises OverflowError where an entry is not a finite number.

    >>> round(spectrum(np.diag([1.0, 3.0])).high, 12)
    3.0
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    if not np.isfinite(matrix).all():
        raise OverflowError("a matrix has entries beyond float64, and no spectrum")
    values, vectors = np.linalg.eigh(matrix)
    scaled = vectors * values
    rounding = product_error(scaled, vectors.T) + np.abs(scaled) @ np.abs(vectors.T) * (2 * EPS) + np.abs(matrix) * EPS
    residual = frobenius_up(np.abs(matrix - scaled @ vectors.T) + rounding)
    gram = vectors.T @ vectors
    defect = frobenius_up(np.abs(gram - np.eye(len(matrix))) + product_error(np.abs(vectors.T), np.abs(vectors)) + EPS)
    if not defect <= 0.01:
        raise ArithmeticError(f"the eigenvectors are orthogonal only up to {defect:.2g}: expected at most 0.01")
    return Spectrum(values, vectors, residual, defect)


def spectral_ends(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most the least and at least the largest eigenvalues (...) of symmetric matrices (..., d, d), many at once.

    A matrix whose entries are not finite has -infinity and infinity.

    >>> low, high = spectral_ends(np.array([np.diag([1.0, 3.0]), np.diag([-2.0, 0.0])]))
    >>> low.round(12).tolist(), (high + 0.0).round(12).tolist()
    ([1.0, -2.0], [3.0, 0.0])
    """
    d = matrices.shape[-1]
    finite = np.asarray(np.isfinite(matrices).all(axis=(-2, -1)))
    given = np.where(finite[..., None, None], matrices, 0.0)
    values, vectors = np.linalg.eigh(given)
    turned = vectors.swapaxes(-1, -2)
    scaled = vectors * values[..., None, :]
    # each entry of both products is a sum of d products, as in product_error
    rounding = np.abs(scaled) @ np.abs(turned) * ((d + 4) * EPS) + np.abs(given) * EPS
    residual = row_norms_up((np.abs(given - scaled @ turned) + rounding).reshape(*finite.shape, d * d))
    error = np.abs(turned @ vectors - np.eye(d)) + np.abs(turned) @ np.abs(vectors) * ((d + 2) * EPS) + EPS
    defect = row_norms_up(error.reshape(*finite.shape, d * d))
    if not bool((defect <= 0.01).all()):
        raise ArithmeticError(f"eigenvectors are orthogonal only up to {defect.max():.2g}: expected at most 0.01")
    size = np.abs(values).max(axis=-1)
    # the bound of Spectrum.error, with room for its own roundings and for the last sum
    off = (residual + 2.1 * defect * size) * (1 + 16 * EPS) + size * (4 * EPS)
    # products of tiny numbers underflow; the zero matrix has no error
    off = np.where((size > 0) | (residual > 0), np.maximum(off, 1e-290), 0.0)
    return np.where(finite, values[..., 0] - off, -np.inf), np.where(finite, values[..., -1] + off, np.inf)


def largest_eigenvalue(matrix: np.ndarray) -> float:
    """At least the largest eigenvalue of one symmetric matrix."""
    return spectrum(matrix).high


def gram_largest_eigenvalue(rows: np.ndarray, weights: np.ndarray) -> float:
    """At least the largest eigenvalue of sum_j weights_j rows_j rows_j^T, weights >= 0.

    The sum is computed with an elementwise error that is at most product_error; its Frobenius norm is added.
    """
    scaled = rows * weights[:, None]
    gram = scaled.T @ rows
    error = frobenius_up(product_error(scaled.T, rows))
    return up(max(spectrum((gram + gram.T) / 2).high, 0.0) + error)


def exact_range(matrices: np.ndarray) -> tuple[Fraction, Fraction] | None:
    """The exact smallest and largest eigenvalue over a stack of matrices, or None when they are not short dyadics.

    Candidates are the computed eigenvalues rounded to 24 bits below the leading bit of the largest; a candidate c is
    proved by exact elimination over the rationals: c I - A is positive semidefinite for every matrix and singular for
    one of them.
    """
    n, d, _ = matrices.shape
    if d > _EXACT_DIMENSION or n > _EXACT_AGENTS:
        return None
    values = np.linalg.eigvalsh(matrices)
    scale = Fraction(2) ** (int(np.frexp(max(float(np.abs(values).max()), 2.0**-500))[1]) - 24)
    low, high = (Fraction(round(Fraction(float(value)) / scale)) * scale for value in (values.min(), values.max()))
    exact = [[[Fraction(float(entry)) for entry in row] for row in matrix] for matrix in matrices]
    return (low, high) if _is_extreme(exact, high, 1) and _is_extreme(exact, low, -1) else None


def _is_extreme(matrices: list[list[list[Fraction]]], bound: Fraction, sign: int) -> bool:
    """Whether sign (bound I - A) is positive semidefinite for every A and singular for at least one."""
    singular = False
    for matrix in matrices:
        rows = [
            [sign * ((bound if i == j else 0) - entry) for j, entry in enumerate(row)] for i, row in enumerate(matrix)
        ]
        definite = _semidefinite(rows)
        if definite is None:
            return False
        singular = singular or not definite
    return singular


def _semidefinite(rows: list[list[Fraction]]) -> bool | None:
    """True if positive definite, False if semidefinite and singular, else None; elimination changes the rows."""
    definite = True
    for k, pivot_row in enumerate(rows):
        pivot = pivot_row[k]
        if pivot < 0 or (pivot == 0 and any(pivot_row[k + 1 :])):
            return None
        if pivot == 0:
            definite = False
            continue
        for row in rows[k + 1 :]:
            factor = row[k] / pivot
            if factor:
                row[k:] = [entry - factor * top for entry, top in zip(row[k:], pivot_row[k:], strict=True)]
    return definite
