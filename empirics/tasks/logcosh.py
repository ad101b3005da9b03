"""Sums of log-cosh: convex losses of bounded gradient with global constants."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirics.numerics.constants import Constant, spread_up
from empirics.numerics.errors import InputError
from empirics.numerics.rounding import EPS, root_mean_square_up, up
from empirics.numerics.spectra import gram_largest_eigenvalue
from empirics.tasks.cosine import ridge_parameters
from empirics.tasks.noise import Noise, sampler_of, with_noise
from empirics.tasks.ridge import RidgeTask
from empirics.tasks.ridge_constants import (
    agent_features,
    fourth_bounds,
    gradient_bounds,
    hessian_bounds,
    minkowski_spread,
    third_bounds,
)

THIRD = 4 / (3 * math.sqrt(3))


class LogCoshTask(RidgeTask):
    r"""f_i(w) = sum_j s_ij log cosh(a_ij . w + phi_ij), s_ij >= 0: convex, every constant holds on all of R^d.

    From |tanh| <= 1, 0 <= sech^2 <= 1 and |(sech^2)'| <= 4/(3 sqrt 3): B <= max over signs of norm(sum_j +-s_ij a_ij),
    0 = mu <= hess <= L = max_i lambda_max(sum_j s_ij a_ij a_ij^T) and
    rho <= 4/(3 sqrt 3) lambda_max(sum_j s_ij norm(a_ij) a_ij a_ij^T).

    gamma, shared features: about the centre sbar_j psi'(theta + phibar_j), since
    sup_theta |tanh(theta + p) - tanh(theta + q)| = 2 tanh(|p - q|/2), the deviation of agent i along feature j is at
    most |s_ij - sbar_j| + 2 sbar_j tanh(|phi_ij - phibar_j|/2), and with sech^2
    |s_ij - sbar_j| + sbar_j min(1, 4/(3 sqrt 3) |phi_ij - phibar_j|); rms over agents, Minkowski over features.
    Own features: rms B_i, and max(L_i, lambda_max of the mean) since both Hessians are positive semidefinite.

    Args:
        a: features, shared (J, d) or (n, J, d), in [1/W].
        s: weights (n, J) >= 0, in [F].
        phi: phases (n, J).
        noise: bounded sampling noise (`Noise`).

    Raises:
        InputError: a wrong shape, a non-finite entry, a negative weight.

    >>> task = LogCoshTask(a=[[1.0]], s=[[2.0]], phi=[[0.0]])
    >>> task.loss([0.0]), task.gradient([0.0]), task.hessian([0.0]).flatten()
    (tensor([0.], dtype=torch.float64), tensor([[0.]], dtype=torch.float64), tensor([2.], dtype=torch.float64))
    """

    family = "logcosh"
    spreads_follow_agents = True

    def __init__(self, a: Any, s: Any, phi: Any, *, noise: Noise | None = None) -> None:
        """Check and store a, s, phi."""
        features, parameters = ridge_parameters(a, s, phi)
        if bool((parameters["s"] < 0).any()):
            where = tuple(int(i) for i in torch.nonzero(parameters["s"] < 0)[0])
            raise InputError(f"s{list(where)} = {float(parameters['s'][where])}: expected weights >= 0")
        n, d = len(parameters["s"]), features.shape[-1]
        super().__init__(features, with_noise(parameters, noise, n, d), sampler_of(noise))

    def profile(self, theta: Tensor) -> Tensor:
        """psi = log cosh, without overflow and without a kink at 0 in any step: log((e^theta + e^-theta) / 2)."""
        return torch.logaddexp(theta, -theta) - math.log(2)

    def slope(self, theta: Tensor) -> Tensor:
        """psi' = tanh at each angle."""
        return torch.tanh(theta)

    def curvature(self, theta: Tensor) -> Tensor:
        """Squared hyperbolic secant; cosh may overflow to infinity, whose reciprocal is the right limit."""
        return torch.cosh(theta).square().reciprocal()

    def own_constants(self) -> dict[str, Constant]:
        """B, L, mu = 0, rho, gamma_G, gamma_H on all of R^d."""
        arrays = self.arrays()
        features, weights = agent_features(arrays)
        slopes, curvatures = gradient_bounds(features, weights), hessian_bounds(features, weights)
        rho = up(THIRD * float(third_bounds(features, weights).max()))
        gamma_g = root_mean_square_up(slopes) if self.n > 1 else 0.0
        gamma_h = _semidefinite_spread(features, weights, curvatures) if self.n > 1 else 0.0
        if "a" in self._shared:
            first, second = _deviations(weights, arrays["phi"].astype(np.float64))
            gamma_g = min(gamma_g, minkowski_spread(features[0], first, 1))
            gamma_h = min(gamma_h, minkowski_spread(features[0], second, 2))
        return {
            "B": Constant(float(slopes.max()), "upper", "largest signed sum of s_ij a_ij"),
            "L": Constant(float(curvatures.max()), "upper", "lambda_max(sum s_ij a_ij a_ij^T)"),
            "mu": Constant(0.0, "lower", "convex"),
            "rho": Constant(rho, "upper", "4/(3 sqrt 3) lambda_max(sum s norm(a) a a^T)"),
            "gamma_G": spread_up(gamma_g, "deviations of weights and phases"),
            "gamma_H": spread_up(gamma_h, "deviations of weights and phases"),
        }

    def third_derivative_change(self) -> Constant:
        """rho_2 <= 2 lambda_max(sum_j s_ij norm(a_ij)^2 a_ij a_ij^T): |(sech^2)''| = |4 sech^2 - 6 sech^4| <= 2."""
        bounds = fourth_bounds(*agent_features(self.arrays()))
        return Constant(2 * float(bounds.max()), "upper", "2 lambda_max(sum s norm(a)^2 a a^T)")

    def loss_lower_bound(self) -> Constant:
        """0, since log cosh >= 0 and s >= 0."""
        return Constant(0.0, "lower", "log cosh >= 0")


def _semidefinite_spread(features: np.ndarray, weights: np.ndarray, curvatures: np.ndarray) -> float:
    """norm(H_i - H) <= max(L_i, Lbar) for semidefinite 0 <= H_i <= L_i and 0 <= H <= Lbar, Lbar from the pooled sum."""
    n, count, d = features.shape
    together = gram_largest_eigenvalue(features.reshape(n * count, d), weights.reshape(-1))
    return root_mean_square_up(np.maximum(curvatures, up(together / n)))


def _deviations(weights: np.ndarray, phases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per feature, the root mean squares over agents of the two deviations in the class docstring, rounded upwards."""
    centre, phase = weights.mean(axis=0), phases.mean(axis=0)
    equal_weight = (weights == weights[0]).all(axis=0)
    centre = np.where(equal_weight, weights[0], centre)
    phase = np.where((phases == phases[0]).all(axis=0), phases[0], phase)
    shift, size = np.abs(phases - phase), np.abs(weights - centre)
    slope = (size + centre * 2 * np.tanh(shift / 2)) * (1 + 16 * EPS)
    curvature = (size + centre * np.minimum(1.0, THIRD * shift)) * (1 + 16 * EPS)
    columns = range(weights.shape[1])
    first = np.array([root_mean_square_up(slope[:, j]) for j in columns])
    return first, np.array([root_mean_square_up(curvature[:, j]) for j in columns])
