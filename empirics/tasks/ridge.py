"""Sums of one-dimensional profiles along features: cosine, log-cosh and logistic losses."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirics.tasks.float_errors import FloatErrors, ridge_errors
from empirics.tasks.sampler import Sampler
from empirics.tasks.task import Task

_PROFILE = ("profile", "slope", "curvature", "slope_and_curvature", "_angles", "_features", "_product")


class RidgeTask(Task):
    r"""f_i(w) = sum_j s_ij psi(a_ij . w + phi_ij) + <b_i, w>, for a profile psi with two derivatives.

    Features a are shared (J, d) or an agent's own (n, J, d); weights s and phases phi are (n, J). phi and the linear
    term b are optional. A leaf supplies psi, psi', psi'' and its constants.
    """

    def __init__(self, features: Tensor, parameters: dict[str, Any], sampler: Sampler | None) -> None:
        """Store features with the agents axis as an agent's own, and those without it as shared."""
        shared = {"a": features} if features.dim() == 2 else {}
        own = parameters if shared else {**parameters, "a": features}
        super().__init__(features.shape[-1], own, shared=shared, sampler=sampler)

    @abstractmethod
    def profile(self, theta: Tensor) -> Tensor:
        """psi at each angle theta (R, n, J)."""

    @abstractmethod
    def slope(self, theta: Tensor) -> Tensor:
        """psi' at each angle theta (R, n, J)."""

    @abstractmethod
    def curvature(self, theta: Tensor) -> Tensor:
        """psi'' at each angle theta (R, n, J)."""

    def raw_loss(self, w: Tensor) -> Tensor:
        """sum_j s_ij psi(theta_ij) + <b_i, w>."""
        loss = (self.parameter("s") * self.profile(self._angles(w))).sum(-1)
        return loss + (self.parameter("b") * w).sum(-1) if "b" in self._parameters else loss

    def raw_gradient(self, w: Tensor) -> Tensor:
        """sum_j s_ij psi'(theta_ij) a_ij + b_i."""
        gradient = combine(self.parameter("s") * self.slope(self._angles(w)), self._features())
        return gradient + self.parameter("b") if "b" in self._parameters else gradient

    def raw_hvp(self, w: Tensor, v: Tensor) -> Tensor:
        """sum_j s_ij psi''(theta_ij) <a_ij, v> a_ij."""
        return self._product(self.parameter("s") * self.curvature(self._angles(w)), v)

    def float_errors(self, radius: float) -> FloatErrors | None:
        """Of the packaged profiles, whose first two derivatives are bounded by 1 and 1-Lipschitz."""
        ours = next(kind for kind in type(self).__mro__ if kind.__module__.startswith("empirics.tasks."))
        if ours is RidgeTask or not self.keeps(ours, _PROFILE) or not self.unchanged_since(RidgeTask):
            return None
        arrays = self.arrays()
        phi, b = arrays.get("phi", np.zeros(arrays["s"].shape)), arrays.get("b", np.zeros((self.n, self.d)))
        return ridge_errors(arrays["a"], arrays["s"], phi, b, radius)

    def raw_linearisation(self, w: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Both from one projection of w; the weights s_ij psi''(theta_ij) are kept, (R, n, J) numbers."""
        slope, curvature = self.slope_and_curvature(self._angles(w))
        gradient = combine(self.parameter("s") * slope, self._features())
        gradient = gradient + self.parameter("b") if "b" in self._parameters else gradient
        return gradient, partial(self._product, self.parameter("s") * curvature)

    def slope_and_curvature(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """Both derivatives, for profiles where they share work."""
        return self.slope(theta), self.curvature(theta)

    def _product(self, weights: Tensor, v: Tensor) -> Tensor:
        features = self._features()
        return combine(weights * project(v, features), features)

    def _features(self) -> Tensor:
        return self.common("a") if "a" in self._shared else self.parameter("a")

    def _angles(self, w: Tensor) -> Tensor:
        angles = project(w, self._features())
        return angles + self.parameter("phi") if "phi" in self._parameters else angles


def project(x: Tensor, features: Tensor) -> Tensor:
    """<a_ij, x_i>, (R, n, J), for x (R, n, d) and features (J, d), (n, J, d) or (R, n, J, d)."""
    if features.dim() == 2:
        return x @ features.mT
    if features.dim() == 3:
        return torch.bmm(x.transpose(0, 1), features.mT).transpose(0, 1)
    return torch.matmul(features, x.unsqueeze(-1)).squeeze(-1)


def combine(weights: Tensor, features: Tensor) -> Tensor:
    """sum_j weights_ij a_ij, (R, n, d), for weights (R, n, J) and features as in `project`."""
    if features.dim() == 2:
        return weights @ features
    if features.dim() == 3:
        return torch.bmm(weights.transpose(0, 1), features).transpose(0, 1)
    return torch.matmul(weights.unsqueeze(-2), features).squeeze(-2)
