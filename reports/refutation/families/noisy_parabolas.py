"""Parabolas with gradient noise and with Hessian noise, in closed form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import final

import torch
from torch import Tensor

from reports.refutation.families.sizes import (
    BATCHES,
    LARGEST_BATCHES,
    MOST_OUTCOMES,
    batch_sizes,
    outcomes,
)
from reports.refutation.family import (
    Batch,
    Family,
    Instance,
    Parameter,
    Target,
    cell,
    constants_of,
    counts_of,
    largest_of,
    task,
    two_signs,
)
from reports.refutation.losses import Parabola, exact, trajectory
from reports.refutation.targets import mode_of


def _reach(points: Sequence[Tensor], P: Tensor, kick: Tensor) -> list[Tensor]:
    """The farthest from 0 that noise takes a parabola's trajectory, step by step."""
    return [
        point.abs() + kick * sum(((P**j).abs() for j in range(step)), 0 * kick) for step, point in enumerate(points)
    ]


@final
class NoisyParabolas(Family):
    """f = k w^2/2 with gradient noise +-g."""

    name, words = "noisy parabolas", "f = k w^2/2, gradient noise +-g, alpha in [1e-3, 30]"
    parameters = (
        Parameter("k", -1, 1), Parameter("alpha", 1e-3, 30, True), Parameter("w", -1, 1),
        Parameter("g", 1e-3, 10, True),
    )  # fmt: skip
    targets = frozenset(
        {("S6", "sigma_F2"), ("S8s", "var_FO_sto"), ("S8s", "b_FO_sto"), ("S8p", "b_FO_sto_2"), ("S9s", "mse_HF_sto")}
    )
    options, most = BATCHES, LARGEST_BATCHES

    def serves(self, target: Target, option: Mapping[str, int]) -> bool:
        """What is found is confirmed by every outcome of the batches."""
        return target in self.targets and outcomes(option) <= MOST_OUTCOMES

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Closed forms: everything is linear in independent noise, and probes of a parabola are exact."""
        nu, (k, alpha, w, g) = option["nu"], x.T
        f, P = Parabola(k, 0 * k), 1 - alpha * k
        true, points = exact(f, w, alpha, nu), trajectory(f, w, alpha, nu)
        along = sum((P ** (2 * j) for j in range(nu)), 0 * k) * (alpha * k) ** 2 / option["D"]
        outer = g**2 * (along + 1 / option["D_prime"])
        far = _reach(points, P, alpha * g)
        size = k.abs().clamp_min(1e-12)
        measured = {
            ("S6", "sigma_F2"): P ** (2 * nu) * outer,
            ("S9s", "mse_HF_sto"): P ** (2 * nu) * outer,
            ("S8s", "var_FO_sto"): outer,
            ("S8s", "b_FO_sto"): (f.slope(points[-1]) - true).abs(),
            ("S8p", "b_FO_sto_2"): (f.slope(points[-1]) - true).abs(),
        }
        inputs = constants_of(alpha, size, k, 0 * k, size * largest_of(*far), sigma_G=g, delta=1 + 0 * k)
        return Batch(measured, inputs, counts_of(option))

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A noisy quadratic task, every outcome enumerated."""
        k, alpha, w, g = x
        n, probe = option["n"], {"delta": Fraction(1)} if mode_of(target).probes else {}
        made = task("explicit-quadratic", A=[[[float(k)]]] * n, c=[[0.0]] * n, noise=two_signs(float(g), n))
        return Instance(made, cell(target, alpha=alpha, nu=option["nu"], at=[w], **batch_sizes(option), **probe))


_FREQUENCY = 2.0**14  # Hessian noise of amplitude s then comes with gradient noise of at most s/2^14


@final
class HessianNoise(Family):
    """f = k w^2/2 at w = 1 with Hessian noise +-s that is largest there, and gradient noise +-g."""

    name, words = "Hessian noise", "f = k w^2/2, Hessian noise +-s, gradient noise +-g, alpha in [1e-3, 30]"
    parameters = (
        Parameter("k", -1, 1), Parameter("alpha", 1e-3, 30, True), Parameter("s", 1e-2, 100, True),
        Parameter("g", 1e-4, 10, True),
    )  # fmt: skip
    targets = frozenset({("S6", "sigma_F2")})
    options, most = tuple(option for option in BATCHES if option["nu"] <= 2), LARGEST_BATCHES

    def serves(self, target: Target, option: Mapping[str, int]) -> bool:
        """What is found is confirmed by every outcome: two signs in a gradient, one in a Hessian."""
        both = outcomes(option) ** 2 * (option["D_H"] + 1) ** option["nu"]
        return target in self.targets and both <= 5 * MOST_OUTCOMES

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """The second moment gains a factor a step; the noise's share in gradients, s/2^14, is left out."""
        nu, (k, alpha, s, g) = option["nu"], x.T
        f, P, one = Parabola(k, 0 * k), 1 - alpha * k, torch.ones_like(k)
        true, points = exact(f, one, alpha, nu), trajectory(f, one, alpha, nu)
        along = sum((P ** (2 * j) for j in range(nu)), 0 * k) * (alpha * k) ** 2 / option["D"]
        second = (k * points[-1]) ** 2 + g**2 * (along + 1 / option["D_prime"])
        for point in points[:-1]:
            seen = torch.cos(_FREQUENCY * (point - 1))
            second = second * (P**2 + (alpha * s * seen) ** 2 / option["D_H"])
        noise = g + s / _FREQUENCY
        far = _reach(points, P, alpha * noise)
        size = k.abs().clamp_min(1e-12)
        inputs = constants_of(alpha, size, k, 0 * k, size * largest_of(*far), sigma_G=noise, sigma_H=s)
        return Batch({("S6", "sigma_F2"): second - true**2}, inputs, counts_of(option))

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A quadratic task at w = 1 whose noise has a fast ripple."""
        k, alpha, s, g = x
        n = option["n"]
        noise = two_signs(float(g), n, amplitude=float(s) / _FREQUENCY**2, frequency=_FREQUENCY, phase=-_FREQUENCY)
        made = task("explicit-quadratic", A=[[[float(k)]]] * n, c=[[0.0]] * n, noise=noise)
        return Instance(made, cell(target, alpha=alpha, nu=option["nu"], at=[Fraction(1)], **batch_sizes(option)))
