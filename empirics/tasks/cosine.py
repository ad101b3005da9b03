"""Sums of cosines: nonconvex losses with global constants."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirics.numerics.checks import array, shape
from empirics.numerics.constants import Constant, spread_up
from empirics.numerics.errors import InputError
from empirics.numerics.rounding import EPS, root_mean_square_up, row_norms_up, up
from empirics.tasks.noise import Noise, sampler_of, with_noise
from empirics.tasks.ridge import RidgeTask
from empirics.tasks.ridge_constants import (
    agent_features,
    fourth_bounds,
    gradient_bounds,
    hessian_bounds,
    linear_spread,
    minkowski_spread,
    scalar_bounds,
    third_bounds,
)


class CosineTask(RidgeTask):
    r"""f_i(w) = sum_j s_ij cos(a_ij . w + phi_ij) + <b_i, w>: nonconvex, every constant holds on all of R^d.

    B <= max over signs of norm(sum_j +-s_ij a_ij) + norm(b_i), L <= lambda_max(sum_j |s_ij| a_ij a_ij^T) and
    rho <= lambda_max(sum_j |s_ij| norm(a_ij) a_ij a_ij^T), each at most its textbook form with sums of norms.

    gamma, shared features: with D_ij the deviation of the phasor s_ij e^{i phi_ij} from its mean over agents,
    (1/n) sum_i Im(D_ij e^{i theta})^2 <= m_j^2 = [mean |D_j|^2 + |mean D_j^2|]/2 for every theta, so
    gamma_G <= sum_j norm(a_j) m_j and gamma_H <= sum_j norm(a_j)^2 m_j. Own features: from B_i and L_i.

    Args:
        a: features, shared (J, d) or (n, J, d), in [1/W].
        s: weights (n, J), in [F].
        phi: phases (n, J).
        linear: optional linear terms b (n, d), in [F/W]; the loss is then unbounded below.
        noise: bounded sampling noise (`Noise`).

    Raises:
        InputError: a wrong shape or a non-finite entry.

    >>> task = CosineTask(a=[[2.0]], s=[[1.0]], phi=[[0.0]])
    >>> task.loss([0.0]), task.constants()["L"].value
    (tensor([1.], dtype=torch.float64), 4.0)
    """

    family = "cosine"
    spreads_follow_agents = True

    def __init__(self, a: Any, s: Any, phi: Any, *, linear: Any = None, noise: Noise | None = None) -> None:
        """Check and store a, s, phi and b."""
        features, parameters = ridge_parameters(a, s, phi)
        n, d = len(parameters["s"]), features.shape[-1]
        if linear is not None:
            parameters["b"] = shape("linear", array("linear", linear, "(n, d)", 2), (n, d), "(n, d)")
        super().__init__(features, with_noise(parameters, noise, n, d), sampler_of(noise))

    def profile(self, theta: Tensor) -> Tensor:
        """psi = cos at each angle."""
        return torch.cos(theta)

    def slope(self, theta: Tensor) -> Tensor:
        """psi' = -sin at each angle."""
        return -torch.sin(theta)

    def curvature(self, theta: Tensor) -> Tensor:
        """psi'' = -cos at each angle."""
        return -torch.cos(theta)

    def own_constants(self) -> dict[str, Constant]:
        """B, L, rho, gamma_G, gamma_H on all of R^d."""
        arrays = self.arrays()
        features, weights = agent_features(arrays)
        linear = arrays.get("b", np.zeros((self.n, self.d))).astype(np.float64)
        slopes, curvatures = gradient_bounds(features, weights), hessian_bounds(features, weights)
        constants = {
            "B": Constant(up(float((slopes + row_norms_up(linear)).max())), "upper", "largest signed sum of s_ij a_ij"),
            "L": Constant(float(curvatures.max()), "upper", "lambda_max(sum |s_ij| a_ij a_ij^T)"),
            "rho": Constant(float(third_bounds(features, weights).max()), "upper", "lambda_max(sum |s| norm(a) a a^T)"),
        }
        scalar = scalar_bounds(arrays)
        if scalar is not None:
            constants["B"], constants["L"], constants["rho"] = scalar
        gamma_g, gamma_h = _own_feature_spread(slopes, curvatures)
        if "a" in self._shared:
            deviations = phasor_deviations(weights, arrays["phi"].astype(np.float64))
            gamma_g = min(gamma_g, minkowski_spread(features[0], deviations, 1))
            gamma_h = min(gamma_h, minkowski_spread(features[0], deviations, 2))
        gamma_g = up(gamma_g + linear_spread(linear))
        note = "deviations of the phasors s_ij exp(i phi_ij)"
        constants["gamma_G"] = spread_up(gamma_g, note)
        constants["gamma_H"] = spread_up(gamma_h, note)
        return constants

    def third_derivative_change(self) -> Constant:
        """rho_2 <= lambda_max(sum_j |s_ij| norm(a_ij)^2 a_ij a_ij^T), of the worst agent."""
        bounds = fourth_bounds(*agent_features(self.arrays()))
        return Constant(float(bounds.max()), "upper", "lambda_max(sum |s| norm(a)^2 a a^T)")

    def loss_lower_bound(self) -> Constant:
        """-(1/n) sum |s_ij|; none with a linear term."""
        if "b" in self._parameters and bool(self._parameters["b"].any()):
            raise InputError("linear is not zero, so the losses are unbounded below: expected no linear term")
        total = math.fsum(np.abs(self.arrays()["s"].astype(np.float64)).ravel())
        return Constant(-up(total / self.n, 4), "lower", "-(1/n) sum |s_ij|")


def ridge_parameters(a: Any, s: Any, phi: Any) -> tuple[Tensor, dict[str, Tensor]]:
    """Features (J, d) or (n, J, d), and weights and phases (n, J), checked against one another."""
    features = array("a", a, "(J, d) or (n, J, d)", (2, 3))
    weights, phases = array("s", s, "(n, J)", 2), array("phi", phi, "(n, J)", 2)
    shape("phi", phases, tuple(weights.shape), "the shape of s")
    expected = (*weights.shape[-features.dim() + 1 :], features.shape[-1])
    shape("a", features, expected, "(J, d) or (n, J, d) with n, J those of s")
    return features, {"s": weights, "phi": phases}


def phasor_deviations(weights: np.ndarray, phases: np.ndarray) -> np.ndarray:
    """m_j >= sup_theta rms_i |Im(D_ij e^{i theta})|, D the deviations of s e^{i phi} from their mean; 0 if all equal.

    For one feature the worst theta makes the mean square the larger eigenvalue of the 2x2 second-moment matrix of
    (Re D, Im D), which is the stated formula. Cosine and sine are within 4 units in the last place, and a common
    centre that is off the mean only enlarges the result.
    """
    phasors = weights * np.exp(1j * phases)
    deviations = phasors - phasors.mean(axis=0)
    squares = np.abs(deviations) ** 2
    moment = (squares.mean(axis=0) + np.abs((deviations**2).mean(axis=0))) / 2
    n = len(weights)
    inflation = squares.mean(axis=0) * ((2 * n + 64) * EPS)
    rounding = np.sqrt((weights**2).mean(axis=0)) * (16 * EPS)
    result = np.sqrt(moment + inflation) * (1 + 8 * EPS) + rounding
    same = (weights == weights[0]).all(axis=0) & (phases == phases[0]).all(axis=0)
    # The mean of equal phasors is off by rounding only, and the true deviations are zero.
    return np.where(same, 0.0, result)


def _own_feature_spread(slopes: np.ndarray, curvatures: np.ndarray) -> tuple[float, float]:
    """gamma_G <= rms B_i (centre 0); norm(H_i - H) <= (1 - 1/n) L_i + (1/n) sum_{j != i} L_j."""
    n = len(slopes)
    if n == 1:
        return 0.0, 0.0
    others = (curvatures.sum() - curvatures) * (1 + (n + 8) * EPS) + curvatures.sum() * (n * EPS)
    return root_mean_square_up(slopes), root_mean_square_up(((n - 1) * curvatures + others) / n * (1 + 8 * EPS))
