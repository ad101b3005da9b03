r"""Bounds on a dense network's layers and their first three derivatives in the parameters, on a ball.

The network is h_0 = x, z_l = W_l h_{l-1} + b_l, h_l = phi(z_l), and z_M is its output. All parameters together are one
vector theta in Euclidean norm, and norm(theta - theta_0) <= r, so norm(W_l) <= omega_l := norm(W_l^0) + r (spectral
norm, which is at most the Frobenius norm of the change). Derivatives in theta are symmetric multilinear maps with
values in a Euclidean space, so their norms are attained on the diagonal u = v = w (Banach): it suffices to bound
dz[u], d^2 z[u, u], d^3 z[u, u, u] for unit u. Let U_l be the part of u in (W_l, b_l) and u' its part in earlier layers,
norm(U_l)^2 + norm(u')^2 <= 1; h_{l-1} depends on the earlier layers only. With bounds h, D_1, D_2, D_3 on
norm(h_{l-1}) and the norms of its derivatives,

    dz_l[u]        = U_l (h_{l-1}, 1) + W_l dh[u']           Z_1 = sqrt(h^2 + 1 + omega^2 D_1^2)      (Cauchy-Schwarz)
    d^2 z_l[u, u]  = 2 U_l (dh[u'], 0) + W_l d^2 h[u', u']   Z_2 = (omega D_2 + sqrt(omega^2 D_2^2 + 4 D_1^2)) / 2
    d^3 z_l[u^3]   = 3 U_l (d^2 h[u'^2], 0) + W_l d^3 h[u'^3]
                                       Z_3 = min(2 D_2/sqrt 3 + omega D_3, sqrt(9 D_2^2 + omega^2 D_3^2))

(with a = norm(U_l), c = norm(u'): maximise 2 a c D_1 + c^2 omega D_2, the larger eigenvalue of a 2 x 2 matrix; and
3 a c^2 D_2 + c^3 omega D_3, where a c^2 <= 2/(3 sqrt 3), or Cauchy-Schwarz with c^2 <= 1). Elementwise phi with
|phi^(j)| <= s_j: norm(x * y) <= norm(x) norm(y) for elementwise products, so

    D_1 = s_1 Z_1,   D_2 = s_2 Z_1^2 + s_1 Z_2,   D_3 = s_3 Z_1^3 + 3 s_2 Z_1 Z_2 + s_1 Z_3,
    norm(h_l) <= min{ sqrt(m_l) sup|phi|,  sqrt(m_l) |phi(0)| + s_1 (omega_l norm(h_{l-1}) + norm(b_l)),
                      norm(h_l at theta_0) + r D_1 }.

All numbers are non-negative; INFLATION covers the rounding of the few hundred operations made with them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from empirics.numerics.errors import InputError
from empirics.numerics.rounding import EPS, row_norms_up, up
from empirics.numerics.spectra import gram_largest_eigenvalue
from empirics.tasks.networks import activations
from empirics.tasks.networks.dense_form import DenseForm

INFLATION = 1 + 2.0**-40
"""A relative rounding error of 2^-40 is that of more than 8000 operations on non-negative numbers."""


@dataclass(frozen=True)
class ActivationBounds:
    """phi(0), sup |phi| (infinite when unbounded) and suprema of |phi'|, |phi''|, |phi'''| over the real line."""

    at_zero: float
    size: float
    slopes: tuple[float, float, float]


_ROOT3 = math.sqrt(3.0)
ACTIVATION_BOUNDS: dict[str, ActivationBounds] = {
    # t = tanh z: phi'' = -2 t (1 - t^2), largest at t = 1/sqrt 3; phi''' = -2 (1 - t^2)(1 - 3 t^2), largest at 0
    "tanh": ActivationBounds(0.0, 1.0, (1.0, 4 / (3 * _ROOT3), 2.0)),
    # (1 + tanh(z/2))/2
    "sigmoid": ActivationBounds(0.5, 1.0, (0.25, 1 / (6 * _ROOT3), 0.125)),
    # its derivative is the sigmoid
    "softplus": ActivationBounds(math.log(2.0), math.inf, (1.0, 0.25, 1 / (6 * _ROOT3))),
    # phi' = Phi + z p, largest at sqrt 2 (1.12891); phi'' = p (2 - z^2), largest at 0 (sqrt(2/pi));
    # phi''' = p z (z^2 - 4), largest where z^4 - 7 z^2 + 4 = 0 (0.77897)
    "gelu": ActivationBounds(0.0, math.inf, (1.129, 0.79789, 0.7791)),
    # z sigmoid(z): phi' <= 1.09984 (at 2.39936), |phi''| <= 1/2 (at 0), |phi'''| <= 0.30813
    "silu": ActivationBounds(0.0, math.inf, (1.0999, 0.5, 0.3083)),
    "identity": ActivationBounds(0.0, math.inf, (1.0, 0.0, 0.0)),
}


@dataclass(frozen=True)
class JetBounds:
    """Bounds per sample (arrays of one shape) on a quantity and on its first three derivatives in theta."""

    value: np.ndarray
    first: np.ndarray
    second: np.ndarray
    third: np.ndarray


@dataclass(frozen=True)
class Layer:
    """A layer at the centre of the ball: weight (out, in), bias (out,)."""

    weight: np.ndarray
    bias: np.ndarray

    @property
    def norm(self) -> float:
        """At least the spectral norm of the weight."""
        return up(math.sqrt(max(gram_largest_eigenvalue(self.weight, np.ones(len(self.weight))), 0.0)))


def layers_of(form: DenseForm, theta: np.ndarray) -> list[Layer]:
    """The layers of a point theta (d,): weight row by row, then bias, layer after layer.

    Raises:
        InputError: a point of another length.

    >>> [layer.weight.shape for layer in layers_of(DenseForm((2, 3, 1), "tanh", "mse"), np.zeros(13))]
    [(3, 2), (1, 3)]
    """
    if theta.shape != (form.d,):
        raise InputError(f"centre has shape {theta.shape}: expected ({form.d},), the parameters of {form}")
    layers, at = [], 0
    for inputs, outputs in zip(form.widths[:-1], form.widths[1:], strict=True):
        weight = theta[at : at + inputs * outputs].reshape(outputs, inputs)
        at += inputs * outputs
        layers.append(Layer(weight, theta[at : at + outputs]))
        at += outputs
    return layers


def output_jet(form: DenseForm, layers: list[Layer], inputs: np.ndarray, radius: float) -> tuple[JetBounds, np.ndarray]:
    """Bounds on the outputs z_M for samples (..., features), and the outputs at the centre with their error bound.

    Returns the jet, arrays (...), and the outputs at the centre (..., out + 1), the last entry an error bound on the
    others' Euclidean distance from exact arithmetic.

    Raises:
        InputError: no layer, or a softplus whose argument may exceed 20, where torch's is not smooth.
    """
    phi, h = ACTIVATION_BOUNDS[form.activation], inputs
    error = np.zeros(inputs.shape[:-1])
    jet = JetBounds(row_norms_up(inputs), *(np.zeros(inputs.shape[:-1]) for _ in range(3)))
    for index, layer in enumerate(layers):
        z = h @ layer.weight.T + layer.bias
        rounding = (h.shape[-1] + 4) * EPS * (np.linalg.norm(layer.weight) * row_norms_up(h) + _norm(layer.bias))
        error = (layer.norm * error + rounding) * INFLATION
        jet = _affine(jet, layer, radius, row_norms_up(z) + error)
        if index + 1 == len(layers):
            return jet, np.concatenate([z, error[..., None]], axis=-1)
        if form.activation == "softplus" and float(jet.value.max()) > 20:
            raise InputError(
                "softplus is the identity above 20 in torch, and some pre-activation may get there on the ball"
            )
        h = _activated(form.activation, z)
        # a library's activation is within a few units in the last place of 1 + |phi|
        error = (phi.slopes[0] * error + 16 * EPS * (math.sqrt(h.shape[-1]) + row_norms_up(h))) * INFLATION
        jet = _elementwise(jet, phi, h.shape[-1], row_norms_up(h) + error, radius)
    raise InputError(f"{form} has no layer: expected at least one")


def _affine(jet: JetBounds, layer: Layer, radius: float, at_centre: np.ndarray) -> JetBounds:
    omega = layer.norm + radius
    first = np.sqrt(jet.value**2 + 1 + (omega * jet.first) ** 2) * INFLATION
    bent = omega * jet.second
    second = (bent + np.sqrt(bent**2 + 4 * jet.first**2)) / 2 * INFLATION
    twisted = omega * jet.third
    third = np.minimum(2 * jet.second / _ROOT3 + twisted, np.sqrt(9 * jet.second**2 + twisted**2)) * INFLATION
    value = np.minimum(omega * jet.value + _norm(layer.bias) + radius, at_centre + radius * first) * INFLATION
    return JetBounds(value, first, second, third)


def _elementwise(jet: JetBounds, phi: ActivationBounds, width: int, at_centre: np.ndarray, radius: float) -> JetBounds:
    s1, s2, s3 = phi.slopes
    first = s1 * jet.first * INFLATION
    second = (s2 * jet.first**2 + s1 * jet.second) * INFLATION
    third = (s3 * jet.first**3 + 3 * s2 * jet.first * jet.second + s1 * jet.third) * INFLATION
    root = math.sqrt(width)
    value = np.minimum(root * phi.at_zero + s1 * jet.value, at_centre + radius * first)
    if math.isfinite(phi.size):
        value = np.minimum(value, root * phi.size)
    return JetBounds(value * INFLATION, first, second, third)


def _activated(name: str, z: np.ndarray) -> np.ndarray:
    return activations.value(name, torch.as_tensor(z)).numpy()


def _norm(vector: np.ndarray) -> float:
    return float(row_norms_up(vector))
