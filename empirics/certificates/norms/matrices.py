r"""Spectral norms of many matrices at once, from above.

With G = A^T A (the smaller of the two Gram matrices) and computed eigenpairs G ~ V diag(d) V^T, the certificate of
`empirics.numerics.spectra` holds matrix by matrix: lambda_max(G) <= d_max + g |d_max| + norm(G - V diag(d) V^T) with
g >= norm(V^T V - I). The rounding of G itself is at most (k + 2) eps norm(A)_F^2 in the Frobenius norm.
"""

from __future__ import annotations

import numpy as np

from empirics.numerics.rounding import EPS, row_norms_up


def spectral_norms_up(matrices: np.ndarray) -> np.ndarray:
    """At least the spectral norms (...) of matrices (..., a, b).

    >>> float(spectral_norms_up(np.array([[3.0, 0.0], [0.0, 4.0]])).round(9))
    4.0
    """
    matrices = np.asarray(matrices, dtype=np.float64)
    rows, columns = matrices.shape[-2:]
    frobenius = frobenius_norms_up(matrices)
    if 1 in (rows, columns) or matrices.size == 0:
        return frobenius
    thin = matrices if rows >= columns else np.swapaxes(matrices, -1, -2)
    safe = np.where(frobenius > 0, frobenius, 1.0)
    thin = thin / safe[..., None, None]
    gram = np.swapaxes(thin, -1, -2) @ thin
    size = gram.shape[-1]
    values, vectors = np.linalg.eigh(gram)
    scaled = vectors * values[..., None, :]
    residual = frobenius_norms_up(gram - scaled @ np.swapaxes(vectors, -1, -2))
    defect = frobenius_norms_up(np.swapaxes(vectors, -1, -2) @ vectors - np.eye(size))
    # norm(thin) = 1, so every product above has Frobenius norm at most size and rounds by that times (size + 4) eps
    rounding = (max(rows, columns) + size * (size + 4)) * 4 * EPS
    largest = values[..., -1]
    bound = largest + (defect + rounding) * np.abs(largest) + residual + rounding
    return np.minimum(np.sqrt(np.maximum(bound, 0.0)) * (1 + 8 * EPS), 1.0) * frobenius * (1 + 8 * EPS)


def frobenius_norms_up(matrices: np.ndarray) -> np.ndarray:
    """At least the Frobenius norms (...) of matrices (..., a, b)."""
    return row_norms_up(matrices.reshape(*matrices.shape[:-2], -1))
