r"""Certified constants of a small dense network on a ball norm(w - w0) <= r: two-sided knowledge of a neural task.

With Z_1, Z_2, Z_3 bounding the first three derivatives of a sample's outputs z in the parameters (`layer_jets`) and
G_1, G_2, G_3 the norms of the loss's derivatives in z, the chain rule gives for that sample's loss

    B <= G_1 Z_1,    L <= G_2 Z_1^2 + G_1 Z_2,    rho <= G_3 Z_1^3 + 3 G_2 Z_1 Z_2 + G_1 Z_3.

Cross-entropy, p = softmax(z): the gradient p - e_y has squared norm (1 - p_y)^2 + sum_{j != y} p_j^2 <= 2 (1 - p_y)^2,
so G_1 = sqrt 2; u^T hess u is the variance under p of the numbers u_j, which lie in an interval of length at most
sqrt 2 for unit u, so at most (sqrt 2)^2/4: G_2 = 1/2; the third derivative on (u, u, u) is their third central moment.
For a given mean it is linear in the law, so extreme at laws on two points x_1 < x_2 of the interval, where it is
q (1 - q)(1 - 2 q)(x_2 - x_1)^3, at most (sqrt 2)^3 / (6 sqrt 3): G_3 = sqrt 2/(3 sqrt 3) = 0.2722, attained.
Squared error, mean over out numbers: G_1 = (2/out) norm(z - y), G_2 = 2/out, G_3 = 0.

G_1 is also at most its value at w0 plus r G_2 Z_1. An agent's loss is the mean over its samples, so its bounds are the
means. Around the centre, where everything can be computed, Taylor's formula does better on small balls:

    B <= B(w0) + r L,   L <= L(w0) + r rho,   mu >= lambda_min(w0) - r rho,
    gamma_H <= gamma_H(w0) + r rms_i(rho of H_i - H),   gamma_G <= gamma_G(w0) + r gamma_H,   and likewise sigma,

the smaller of the two being taken. Values at w0 come from the task's own gradients and Hessians (d <= 256); PROMISED,
a relative slack some 10^5 times their rounding, is added to each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from empirics.numerics.checks import array, real
from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.numerics.spectra import spectrum
from empirics.tasks.local_constants import LocalConstants
from empirics.tasks.networks.dense_form import DenseForm
from empirics.tasks.networks.layer_jets import INFLATION, layers_of, output_jet
from empirics.tasks.networks.network import NetworkTask
from empirics.tasks.sampler import AlmostSureBounds

PROMISED = 2.0**-30
_LARGEST = 256
_THIRD = math.sqrt(2.0) / (3 * math.sqrt(3.0))


@dataclass(frozen=True)
class SampleBounds:
    """Per agent and sample, (n, S): gradient norm, Hessian norm, Lipschitz constant of the Hessian, on the ball."""

    gradient: np.ndarray
    hessian: np.ndarray
    third: np.ndarray


def sample_bounds(form: DenseForm, centre: np.ndarray, x: np.ndarray, y: np.ndarray, radius: float) -> SampleBounds:
    """Layerwise bounds for every sample's loss, from norms alone.

    Args:
        form: widths, activation and loss.
        centre: parameters (d,).
        x: inputs (n, S, features).
        y: labels (n, S) or targets (n, S, out).
        radius: of the ball, in [W].

    >>> form = DenseForm((1, 1), "identity", "mse")                    # (w x + b - y)^2 at x = 1: L = 2 (x^2 + 1)
    >>> found = sample_bounds(form, np.zeros(2), np.ones((1, 1, 1)), np.zeros((1, 1, 1)), 1.0)
    >>> round(float(found.hessian[0, 0]), 9), round(float(found.third[0, 0]), 9)
    (4.0, 0.0)
    """
    jet, central = output_jet(form, layers_of(form, centre), x, radius)
    outputs, error = central[..., :-1], central[..., -1]
    if form.loss == "cross_entropy":
        offset = _softmax(outputs)
        np.put_along_axis(offset, y[..., None], np.take_along_axis(offset, y[..., None], -1) - 1, -1)
        cap, curvature, third = math.sqrt(2.0) * INFLATION, 0.5, _THIRD * INFLATION
        at_centre = np.linalg.norm(offset, axis=-1) + error / 2 + PROMISED
    else:
        scale = 2 / form.widths[-1]
        cap, curvature, third = math.inf, scale, 0.0
        at_centre = scale * (np.linalg.norm(outputs - y, axis=-1) + error) * (1 + PROMISED)
    slope = np.minimum(cap, (at_centre + radius * curvature * jet.first) * INFLATION)
    return SampleBounds(
        slope * jet.first * INFLATION,
        (curvature * jet.first**2 + slope * jet.second) * INFLATION,
        (third * jet.first**3 + 3 * curvature * jet.first * jet.second + slope * jet.third) * INFLATION,
    )


def layerwise_constants(task: NetworkTask, radius: float, centre: Any = None) -> LocalConstants:
    """Certified L, mu, rho, B, sigma_G, sigma_H, gamma_G, gamma_H and sure batch bounds on a ball of a dense network.

    Args:
        task: a float64 network whose `form` is known, with at most 256 parameters for the sharper forms.
        radius: of the ball, in [W].
        centre: parameters (d,); the module's own by default.

    Raises:
        InputError: a network of another form, in float32, or with softplus beyond 20.

    >>> from torch import nn
    >>> model = nn.Sequential(nn.Linear(1, 1))
    >>> task = NetworkTask(model, [[[1.0]]], [[[0.0]]], nn.functional.mse_loss)
    >>> round(layerwise_constants(task, 1.0).constants["L"].value, 6)       # 2 (x^2 + 1)
    4.0
    """
    if task.form is None:
        raise InputError("the network has no dense form: expected nn.Sequential of Linear and one smooth activation")
    if task.dtype != torch.float64:
        raise InputError("the network is in float32: expected float64, task.to(dtype=torch.float64)")
    radius = real("radius", radius, above=0)
    point = task.start if centre is None else array("centre", centre, "(d,)", 1).to(torch.float64)
    arrays = task.arrays()
    layered = sample_bounds(task.form, point.cpu().numpy(), arrays["x"], arrays["y"], radius)
    return _Certified(task, point, radius, layered).local


@dataclass(frozen=True, eq=False)
class _Certified:
    task: NetworkTask
    centre: torch.Tensor
    radius: float
    layered: SampleBounds

    @cached_property
    def _gradients(self) -> np.ndarray:
        """Every sample's gradient at the centre, (n, S, d)."""
        return np.stack([self._one_sample(j)[0] for j in range(self.task.samples)], axis=1)

    @cached_property
    def _hessians(self) -> np.ndarray | None:
        """Every sample's Hessian at the centre, (n, S, d, d); None when the network is too large."""
        count = self.task.n * self.task.samples
        if self.task.d > _LARGEST or count * self.task.d**2 > 2**24:
            return None
        return np.stack([self._one_sample(j)[1] for j in range(self.task.samples)], axis=1)

    def _one_sample(self, j: int) -> tuple[np.ndarray, np.ndarray]:
        task, d = self.task, self.task.d
        x, y = task.whole("x")[:, j : j + 1], task.whole("y")[:, j : j + 1]
        w = self.centre.expand(1, task.n, d).contiguous()
        gradient = task.sample_gradient(w, x, y)[0]
        if d > _LARGEST:
            return gradient.numpy(), np.empty(0)
        basis = torch.eye(d, dtype=w.dtype).unsqueeze(1).expand(d, task.n, d).contiguous()
        columns = task.sample_hvp(w.expand(d, -1, -1).contiguous(), basis, x, y)
        hessian = columns.permute(1, 2, 0)
        return gradient.numpy(), ((hessian + hessian.mT) / 2).numpy()

    @cached_property
    def third(self) -> np.ndarray:
        """Of the agents (n,)."""
        return self.layered.third.mean(axis=1) * INFLATION

    @cached_property
    def sample_hessian(self) -> np.ndarray:
        """Per sample (n, S), the better of the layerwise and the centred bound."""
        if self._hessians is None:
            return self.layered.hessian
        return np.minimum(self.layered.hessian, self._around(_norms(self._hessians), self.layered.third))

    @cached_property
    def hessian(self) -> np.ndarray:
        """Of the agents (n,)."""
        bound = self.sample_hessian.mean(axis=1) * INFLATION
        if self._hessians is None:
            return bound
        return np.minimum(bound, self._around(_norms(self._hessians.mean(axis=1)), self.third))

    @cached_property
    def sample_gradient(self) -> np.ndarray:
        """Per sample (n, S)."""
        return np.minimum(
            self.layered.gradient, self._around(np.linalg.norm(self._gradients, axis=-1), self.sample_hessian)
        )

    @cached_property
    def gradient(self) -> np.ndarray:
        """Of the agents (n,)."""
        central = np.linalg.norm(self._gradients.mean(axis=1), axis=-1)
        return np.minimum(self.sample_gradient.mean(axis=1) * INFLATION, self._around(central, self.hessian))

    def _around(self, at_centre: np.ndarray, growth: np.ndarray) -> np.ndarray:
        """value(w0) (1 + PROMISED) + r growth, and PROMISED of the growth for values that cancel at the centre."""
        return (at_centre + PROMISED * (1 + at_centre + growth) + self.radius * growth) * INFLATION

    def _spread_of(self, own: np.ndarray) -> np.ndarray:
        """Bounds on norm(X_j - mean X) from norm(X_j) <= own_j along the last axis."""
        count = own.shape[-1]
        return ((count - 2) * own + own.sum(axis=-1, keepdims=True)) / count * INFLATION

    def _deviation(self, rows: np.ndarray, central: np.ndarray | None) -> np.ndarray:
        """Rms over the last axis of spectral deviations: from norms alone, or around the centre if it is known."""
        bound = _rms(self._spread_of(rows[0]))
        if central is None:
            return bound
        return np.minimum(bound, self._around(central, _rms(self._spread_of(rows[1]))))

    @cached_property
    def sigma(self) -> tuple[float, float]:
        """sigma_G and sigma_H of the worst agent: mean squares over its samples."""
        central = None
        if self._hessians is not None:
            central = _rms(_norms(self._hessians - self._hessians.mean(axis=1, keepdims=True)))
        hessian = self._deviation(np.stack([self.sample_hessian, self.layered.third]), central)
        offset = self._gradients - self._gradients.mean(axis=1, keepdims=True)
        around = self._around(_rms(np.linalg.norm(offset, axis=-1)), hessian)
        return float(np.minimum(_rms(self.sample_gradient), around).max()), float(hessian.max())

    @cached_property
    def gamma(self) -> tuple[float, float]:
        """gamma_G and gamma_H, 0 for one agent."""
        if self.task.n == 1:
            return 0.0, 0.0
        central = None
        if self._hessians is not None:
            own = self._hessians.mean(axis=1)
            central = _rms(_norms(own - own.mean(axis=0)))
        hessian = self._deviation(np.stack([self.hessian, self.third]), central)
        own = self._gradients.mean(axis=1)
        around = self._around(_rms(np.linalg.norm(own - own.mean(axis=0), axis=-1)), hessian)
        return float(np.minimum(_rms(self.gradient), around)), float(hessian)

    @cached_property
    def least(self) -> float:
        """At most every eigenvalue of every agent's Hessian."""
        largest = float(self.hessian.max())
        if self._hessians is None:
            return -largest
        lows = np.array([spectrum(matrix).low for matrix in self._hessians.mean(axis=1)])
        central = lows - self.radius * self.third * INFLATION - PROMISED * (1 + np.abs(lows) + self.third)
        return max(-largest, float(central.min()))

    @property
    def local(self) -> LocalConstants:
        note = f"layerwise, on the ball of radius {self.radius:g} about the start"
        values = {
            "L": float(self.hessian.max()),
            "rho": float(self.third.max()),
            "B": float(self.gradient.max()),
            "gamma_G": self.gamma[0],
            "gamma_H": self.gamma[1],
            "sigma_G": self.sigma[0],
            "sigma_H": self.sigma[1],
        }
        constants = {name: Constant(value, "upper", note) for name, value in values.items()}
        constants["mu"] = Constant(self.least, "lower", note)
        steepest = float(self.sample_hessian.max()) * INFLATION
        sure = AlmostSureBounds(float(self.sample_gradient.max()) * INFLATION, -steepest, steepest)
        return LocalConstants(self.centre.cpu(), self.radius, constants, sure)


def _norms(matrices: np.ndarray) -> np.ndarray:
    """At least the spectral norms (...) of symmetric matrices (..., d, d), each decomposition checked afterwards."""
    flat = matrices.reshape(-1, *matrices.shape[-2:])
    return np.array([spectrum(matrix).norm for matrix in flat]).reshape(matrices.shape[:-2])


def _rms(values: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(values).mean(axis=-1)) * INFLATION


def _softmax(z: np.ndarray) -> np.ndarray:
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
