r"""Certified bounds on weighted sums of features, shared by the ridge tasks.

Let x_j in [-1, 1] stand for psi' or psi'' at the angle of feature j. Then over all x, hence at every w,

    norm(sum s_j x_j a_j)                     <= max over signs of norm(sum s_j e_j a_j)     (convex: a vertex is worst)
                                              <= min(sum |s_j| norm(a_j), sqrt(J lambda_max(sum s_j^2 a_j a_j^T)))
    norm(sum s_j x_j a_j a_j^T)               <= lambda_max(sum |s_j| a_j a_j^T)
    |sum s_j x_j <a_j, u>^2 <a_j, v>|         <= lambda_max(sum |s_j| norm(a_j) a_j a_j^T)   for unit u, v,
    |sum s_j x_j <a_j, u>^3 <a_j, v>|         <= lambda_max(sum |s_j| norm(a_j)^2 a_j a_j^T),

the last two serving rho and rho_2: derivatives are symmetric, so the norm of the second's change and of the third's
along v is attained where all other arguments are one u.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from empirics.numerics.constants import Constant, rational_up
from empirics.numerics.rounding import EPS, root_mean_square_up, row_norms_up, up
from empirics.numerics.spectra import gram_largest_eigenvalue

_VERTICES = 2**16


def agent_features(arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, J, d) and weights (n, J) in float64; shared features are repeated without a copy."""
    weights = arrays["s"].astype(np.float64)
    features = arrays["a"].astype(np.float64)
    return np.broadcast_to(features, (len(weights), *features.shape[-2:])), weights


def gradient_bounds(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Per agent, at least norm(sum_j s_ij x_j a_ij) over all |x_j| <= 1, (n,)."""
    n, count, _ = features.shape
    vectors = features * weights[:, :, None]
    sums = np.array([up(math.fsum(row), 4) for row in row_norms_up(vectors)])
    if n * 2 ** (count - 1) <= _VERTICES:
        return np.minimum(sums, _vertex_norms(vectors))
    spread = [up(math.sqrt(count * gram_largest_eigenvalue(rows, np.ones(count)))) for rows in vectors]
    return np.minimum(sums, spread)


def _vertex_norms(vectors: np.ndarray) -> np.ndarray:
    count = vectors.shape[1]
    bits = (np.arange(2 ** (count - 1))[:, None] >> np.arange(count)) & 1
    totals = np.einsum("vj,njd->nvd", 1.0 - 2.0 * bits, vectors)
    # Each product s_ij a_ij was rounded once, each sum at most J times.
    rounding = row_norms_up(np.abs(vectors).sum(axis=1) * ((count + 4) * EPS))
    return row_norms_up(totals).max(axis=1) * (1 + 4 * EPS) + rounding


def hessian_bounds(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Per agent, at least norm(sum_j s_ij x_j a_ij a_ij^T) over all |x_j| <= 1, (n,)."""
    return np.array([gram_largest_eigenvalue(rows, np.abs(own)) for rows, own in zip(features, weights, strict=True)])


def third_bounds(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Per agent, at least the norm of sum_j s_ij x_j a_ij^{(x)3} over all |x_j| <= 1, (n,)."""
    scaled = np.abs(weights) * row_norms_up(features) * (1 + 2 * EPS)
    return np.array([gram_largest_eigenvalue(rows, own) for rows, own in zip(features, scaled, strict=True)])


def fourth_bounds(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Per agent, at least the norm of sum_j s_ij x_j a_ij^{(x)4} over all |x_j| <= 1, (n,)."""
    scaled = np.abs(weights) * row_norms_up(features) ** 2 * (1 + 4 * EPS)
    return np.array([gram_largest_eigenvalue(rows, own) for rows, own in zip(features, scaled, strict=True)])


def scalar_bounds(arrays: dict[str, np.ndarray]) -> tuple[Constant, Constant, Constant] | None:
    """B, L and rho of one cosine in one dimension: sup |b - s a sin| = |b| + |s a|, |s| a^2 and |s a^3|, attained."""
    if arrays["s"].shape[1] != 1 or arrays["a"].shape[-1] != 1:
        return None
    features, weights = agent_features(arrays)
    linear = arrays.get("b", np.zeros(len(weights)))
    suprema = [Fraction(0)] * 3
    for own_a, own_s, own_b in zip(np.ravel(features), np.ravel(weights), np.ravel(linear), strict=True):
        a, s, b = abs(Fraction(float(own_a))), abs(Fraction(float(own_s))), abs(Fraction(float(own_b)))
        suprema = [max(old, new) for old, new in zip(suprema, (b + s * a, s * a * a, s * a**3), strict=True)]
    b, hessian, third = (rational_up(value, "attained") for value in suprema)
    return b, hessian, third


def minkowski_spread(features: np.ndarray, deviations: np.ndarray, power: int) -> float:
    """At least the agents' L2 norm of sum_j x_ij (a_j)^{(x) power}, power 1 or 2, when rms_i |x_ij| <= deviations_j.

    Features (J, d) are shared; Minkowski's inequality over the features.
    """
    return up(math.fsum(row_norms_up(features) ** power * deviations), 16)


def linear_spread(linear: np.ndarray) -> float:
    """At least the agents' L2 spread of the linear terms b_i; any common centre gives an upper bound."""
    return 0.0 if bool((linear == linear[0]).all()) else root_mean_square_up(row_norms_up(linear - linear.mean(axis=0)))
