"""Bounded two-sign noise on the loss of an analytic task."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from empirics.numerics.checks import array, real, shape
from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.numerics.randomness import Words, sign_blocks, sign_means
from empirics.numerics.rounding import float_up, root_up, row_norms_up, up
from empirics.tasks.sampler import AlmostSureBounds, Outcomes, Sampled, Sampler, full_loss_bounds


@dataclass(frozen=True, eq=False)
class Noise:
    r"""A sample (s1, s2) of two independent fair signs has the loss

        f_i(w) + s1 g <u_i, w> + s2 a cos(k <v_i, w> + phi_i),     norm(u_i) = norm(v_i) = 1.

    So the gradient noise is s1 g u - s2 a k sin(.) v and the Hessian noise, its derivative, is -s2 a k^2 cos(.) v v^T.
    Both have mean zero and are bounded, by g + a k and a k^2, and at every w

        E norm(gradient noise)^2 <= sigma_G^2 = g^2 + a^2 k^2,     E norm(Hessian noise)^2 <= sigma_H^2 = (a k^2)^2.

    Args:
        gradient: g >= 0, in [F/W].
        amplitude: a >= 0, in [F]; 0 leaves purely additive gradient noise.
        frequency: k > 0, in [1/W].
        u, v: unit vectors (n, d).
        phi: phases (n,).

    Raises:
        InputError: a negative scale, a wrong shape, or a direction whose norm is not 1 within 1e-12.
    """

    gradient: float
    amplitude: float
    frequency: float
    u: Tensor
    v: Tensor
    phi: Tensor

    def __post_init__(self) -> None:
        """Check scales, shapes and that directions are unit vectors."""
        object.__setattr__(self, "gradient", real("noise gradient g", self.gradient, at_least=0))
        object.__setattr__(self, "amplitude", real("noise amplitude a", self.amplitude, at_least=0))
        object.__setattr__(self, "frequency", real("noise frequency k", self.frequency, above=0))
        for name in ("u", "v"):
            directions = array(f"noise {name}", getattr(self, name), "(n, d)", 2)
            off = (directions.to(torch.float64).norm(dim=-1) - 1).abs()
            if bool((off > 1e-12).any()):
                agent = int(off.argmax())
                norm = float(directions[agent].norm())
                raise InputError(f"noise {name}[{agent}] has norm {norm:.17g}: expected a unit vector, within 1e-12")
            object.__setattr__(self, name, directions)
        object.__setattr__(self, "phi", array("noise phi", self.phi, "(n,)", 1))
        shape("noise v", self.v, tuple(self.u.shape), "the shape of u")
        shape("noise phi", self.phi, (len(self.u),), "(n,)")

    @classmethod
    def coordinate(
        cls, n: int, d: int, *, gradient: float = 0.0, amplitude: float = 0.0, frequency: float = 1.0
    ) -> Self:
        """Exactly unit directions: u_i and v_i are coordinate vectors that rotate with i, phi_i = i.

        >>> Noise.coordinate(3, 2, gradient=1.0).u
        tensor([[1., 0.],
                [0., 1.],
                [1., 0.]], dtype=torch.float64)
        """
        basis = np.eye(d)
        u, v = basis[np.arange(n) % d], basis[(np.arange(n) + 1) % d]
        return cls(gradient, amplitude, frequency, u, v, np.arange(n, dtype=float))  # type: ignore[arg-type]


def with_noise(parameters: dict[str, Any], noise: Noise | None, n: int, d: int) -> dict[str, Any]:
    """The parameters of a task and those of its noise, if any."""
    if noise is None:
        return parameters
    if not isinstance(noise, Noise):
        raise InputError(f"noise = {noise!r}: expected an empirics.Noise or None")
    shape("noise u", noise.u, (n, d), "(n, d)")
    return {**parameters, "noise_u": noise.u, "noise_v": noise.v, "noise_phi": noise.phi}


def sampler_of(noise: Noise | None) -> Sampler | None:
    """The sampler that a task with this noise needs."""
    return None if noise is None else NoisySamples(noise.gradient, noise.amplitude, noise.frequency)


@dataclass(frozen=True)
class NoisySamples(Sampler):
    """Batches of sign samples: a batch enters only through the means of its two signs, `values` = (R, n, 2)."""

    g: float
    a: float
    k: float

    def outcomes(self, task: Sampled) -> Outcomes:
        """The four pairs of signs."""
        signs = torch.tensor([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=task.dtype, device=task.device)
        weights = torch.full((4, task.n), 0.25, dtype=task.dtype, device=task.device)
        return Outcomes(signs.unsqueeze(1).expand(-1, task.n, -1).contiguous(), weights)

    def almost_sure_noise(self, task: Sampled) -> tuple[float, float]:
        """g + a k and a k^2, times the directions' norms."""
        u, v = self.norms(task)
        return up(self.g * u + self.a * self.k * v), up(self.a * self.k**2 * v * v)

    def sign_scales(self) -> tuple[float, float, float]:
        """g, a and k."""
        return self.g, self.a, self.k

    def blocks(self, size: int) -> int:
        """64 samples a block."""
        return sign_blocks(size)

    def draw(self, task: Sampled, words: Words, size: int) -> Tensor:
        """Means of the two signs."""
        return sign_means(words, size).to(task.dtype)

    def loss(self, task: Sampled, w: Tensor, values: Tensor) -> Tensor:
        """f_i + s1 g <u_i, w> + s2 a cos(k <v_i, w> + phi_i)."""
        result = task.raw_loss(w)
        if self.g:
            result = result + values[..., 0] * self.g * (task.parameter("noise_u") * w).sum(-1)
        if self.a:
            angle = self.k * (task.parameter("noise_v") * w).sum(-1) + task.parameter("noise_phi")
            result = result + values[..., 1] * self.a * torch.cos(angle)
        return result

    def gradient(self, task: Sampled, w: Tensor, values: Tensor) -> Tensor:
        """grad f_i + s1 g u_i - s2 a k sin(k <v_i, w> + phi_i) v_i."""
        result = task.raw_gradient(w)
        if self.g:
            result = torch.addcmul(result, values[..., :1], task.parameter("noise_u"), value=self.g)
        if self.a:
            v = task.parameter("noise_v")
            wave = torch.sin(self.k * (v * w).sum(-1) + task.parameter("noise_phi")) * values[..., 1]
            result = torch.addcmul(result, wave.unsqueeze(-1), v, value=-self.a * self.k)
        return result

    def hvp(self, task: Sampled, w: Tensor, v: Tensor, values: Tensor) -> Tensor:
        """hess f_i x - s2 a k^2 cos(k <v_i, w> + phi_i) <v_i, x> v_i."""
        result = task.raw_hvp(w, v)
        if self.a:
            direction = task.parameter("noise_v")
            wave = torch.cos(self.k * (direction * w).sum(-1) + task.parameter("noise_phi")) * values[..., 1]
            along = (direction * v).sum(-1) * wave
            result = torch.addcmul(result, along.unsqueeze(-1), direction, value=-self.a * self.k**2)
        return result

    def norms(self, task: Sampled) -> tuple[float, float]:
        """The largest norms of the stored directions u and v, 1 when they are exactly unit."""
        return unit_norm_up(task.whole("noise_u")), unit_norm_up(task.whole("noise_v"))

    def constants(self, task: Sampled) -> dict[str, Constant]:
        """sigma_G = sqrt(g^2 + a^2 k^2) and sigma_H = a k^2, times the directions' norms."""
        g, a, k = Fraction(self.g), Fraction(self.a), Fraction(self.k)
        u, v = (Fraction(norm) for norm in self.norms(task))
        square = (g * u) ** 2 + (a * k * v) ** 2
        sigma_g, curvature = root_up(square), a * k * k * v * v
        sigma_h = float_up(curvature)
        return {
            "sigma_G": Constant(sigma_g, _side(u == v == 1 and Fraction(sigma_g) ** 2 == square), "two-sign noise"),
            "sigma_H": Constant(sigma_h, _side(v == 1 and Fraction(sigma_h) == curvature), "two-sign noise"),
        }

    def scalars(self) -> dict[str, float]:
        """g, a and k."""
        return {"noise_gradient": self.g, "noise_amplitude": self.a, "noise_frequency": self.k}

    def almost_sure_bounds(self, task: Sampled, constants: dict[str, Constant]) -> AlmostSureBounds:
        """B + g + a k for gradients; [mu - a k^2, L + a k^2] for Hessians, mu = -L when none is known."""
        base, (u, v) = full_loss_bounds(constants), self.norms(task)
        spread = up(self.a * self.k**2 * v * v)
        gradient = None if base.gradient is None else up(base.gradient + self.g * u + self.a * self.k * v)
        if base.curvature_low is None or base.curvature_high is None:
            return AlmostSureBounds(gradient, None, None)
        slack = (abs(base.curvature_low) + abs(base.curvature_high) + spread) * 2.0**-50
        return AlmostSureBounds(gradient, base.curvature_low - spread - slack, base.curvature_high + spread + slack)


def unit_norm_up(directions: Tensor) -> float:
    """At least the largest norm of the directions, exactly 1 when all are signed coordinate vectors."""
    rows = directions.detach().cpu().to(torch.float64).numpy()
    coordinate = (np.count_nonzero(rows, axis=-1) == 1) & (np.abs(rows).max(axis=-1) == 1)
    return 1.0 if bool(coordinate.all()) else float(row_norms_up(rows).max())


def _side(is_exact: bool) -> str:
    return "exact" if is_exact else "upper"
