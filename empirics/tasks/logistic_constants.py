r"""Certified constants of binary logistic regression, from the data.

With z_j = y_j x_j, zbar_i their mean, lambda_i = lambda_max(mean_j z_j z_j^T), sigmoids s_j = 1/2 + t_j/2, |t_j| < 1:

    grad f_i = -mean s_j z_j        norm <= min(mean norm(z), norm(zbar_i)/2 + sqrt(lambda_i)/2)   (Cauchy-Schwarz in t)
    hess f_i = mean s_j' z_j z_j^T  0 <= hess <= lambda_i/4, |s''| <= 1/(6 sqrt 3), |s'''| <= 1/8
    gamma_G  <= rms norm(zbar_i - c)/2 + sqrt(mean lambda_i)/2 for any c (the t-part about centre 0), and <= rms B_i
    gamma_H  <= rms max(lambda_i, lambda)/4, lambda that of the pooled mean (difference of semidefinite matrices)
    sigma_G^2 of agent i <= mean_j max(norm(c)^2, norm(z_j - c)^2), c = zbar_i/2 (norm(s z - c)^2 is convex in s)
    sigma_H^2 of agent i <= mean_j max(norm(z_j)^2/4, lambda_i/4)^2 (difference of semidefinite matrices)

A batch drawn without replacement has at most the variance of one drawn with replacement, as A4 asks.
"""

from __future__ import annotations

import math

import numpy as np

from empirics.numerics.constants import Constant, spread_up
from empirics.numerics.rounding import EPS, mean_up, root_mean_square_up, row_norms_up, up
from empirics.numerics.spectra import gram_largest_eigenvalue

_THIRD = 1 / (6 * math.sqrt(3))


def logistic_constants(arrays: dict[str, np.ndarray]) -> dict[str, Constant]:
    """B, L, mu = 0, rho, gamma_G, gamma_H."""
    data = _agents(arrays)
    norms = [row_norms_up(rows) for rows in data]
    tops = np.array([_top(rows, np.ones(len(rows))) for rows in data])
    means = np.array([rows.mean(axis=0) for rows in data])
    mean_errors = np.array([float(row_norms_up(np.abs(rows).mean(axis=0))) * (len(rows) + 4) * EPS for rows in data])
    slopes = np.array(
        [
            min(mean_up(own), up((float(row_norms_up(mean)) + error + math.sqrt(top)) / 2))
            for own, mean, error, top in zip(norms, means, mean_errors, tops, strict=True)
        ]
    )
    thirds = [up(_THIRD * _top(rows, own)) for rows, own in zip(data, norms, strict=True)]
    gamma_g, gamma_h = _spreads(data, tops, means, mean_errors, slopes)
    return {
        "B": Constant(float(slopes.max()), "upper", "min(mean norm(z), norm(mean z)/2 + sqrt(lambda_max)/2)"),
        "L": Constant(up(float(tops.max()) / 4), "upper", "lambda_max(mean z z^T)/4"),
        "mu": Constant(0.0, "lower", "convex"),
        "rho": Constant(max(thirds), "upper", "lambda_max(mean norm(z) z z^T)/(6 sqrt 3)"),
        "gamma_G": spread_up(gamma_g, "spread of the sample means and their t-part"),
        "gamma_H": spread_up(gamma_h, "rms max(lambda_i, pooled lambda)/4"),
    }


def third_derivative_change(arrays: dict[str, np.ndarray]) -> Constant:
    """rho_2, from s''' = p (1 - 6 p) with p = s (1 - s) in [0, 1/4]."""
    data = _agents(arrays)
    fourths = [up(_top(rows, row_norms_up(rows) ** 2 * (1 + 4 * EPS)) / 8) for rows in data]
    return Constant(max(fourths), "upper", "lambda_max(mean norm(z)^2 z z^T)/8")


def noise_constants(arrays: dict[str, np.ndarray]) -> dict[str, Constant]:
    """sigma_G and sigma_H of the worst agent."""
    gradient, hessian = [], []
    for rows in _agents(arrays):
        centre = rows.mean(axis=0) / 2
        inside, outside = float(row_norms_up(centre)), row_norms_up(rows - centre)
        gradient.append(root_mean_square_up(np.maximum(inside, outside)))
        top = _top(rows, np.ones(len(rows)))
        hessian.append(root_mean_square_up(np.maximum(row_norms_up(rows) ** 2 * (1 + 2 * EPS), top) / 4))
    return {
        "sigma_G": Constant(max(gradient), "upper", "rms of max(norm(c), norm(z - c)), c half the mean"),
        "sigma_H": Constant(max(hessian), "upper", "rms of max(norm(z)^2, lambda_max)/4"),
    }


def sample_norm(arrays: dict[str, np.ndarray]) -> float:
    """At least the norm of every sample, intercept counted."""
    return float(row_norms_up(arrays["a"]).max())


def _agents(arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
    counts = arrays["counts"].astype(int)
    return [rows[:count].astype(np.float64) for rows, count in zip(arrays["a"], counts, strict=True)]


def _top(rows: np.ndarray, weights: np.ndarray) -> float:
    """At least lambda_max(mean_j weights_j z_j z_j^T)."""
    return up(gram_largest_eigenvalue(rows, weights) / len(rows), 4)


def _spreads(
    data: list[np.ndarray], tops: np.ndarray, means: np.ndarray, mean_errors: np.ndarray, slopes: np.ndarray
) -> tuple[float, float]:
    if len(data) == 1:
        return 0.0, 0.0
    offsets = row_norms_up(means - means.mean(axis=0)) + mean_errors
    centred = up(root_mean_square_up(offsets) / 2 + math.sqrt(mean_up(tops)) / 2)
    # Every agent has weight 1/n whatever its number of samples.
    pooled = np.concatenate([rows for rows in data])
    weights = np.concatenate([np.full(len(rows), 1 / len(rows)) for rows in data])
    together = up(gram_largest_eigenvalue(pooled, weights) / len(data))
    return min(centred, root_mean_square_up(slopes)), root_mean_square_up(np.maximum(tops, together) / 4)
