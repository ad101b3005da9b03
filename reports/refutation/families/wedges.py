"""Two agents whose gradients turn back outside a cone, in the round that drifts as far as curvature allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import final

import torch
from torch import Tensor

from empirics.algorithm.modes import Mode
from reports.refutation.families.local_paths import drift_ball
from reports.refutation.family import Batch, Family, Instance, Parameter, Target, cell, constants_of, counts_of, task

_ONE_ROUND: Target = ("T1d", "T1d")


@final
class Wedges(Family):
    """The packaged wedge of any length of a round, lowest curvature and eps."""

    name, words = "wedges", "two agents in R^2, F_i'' between mu in [-1, 0.9] and 1 about a cone, h in [1e-3, 9/10]"
    parameters = (Parameter("h", 1e-3, 0.9, True), Parameter("eps", 0.05, 2, True), Parameter("mu", -1, 0.9))
    targets, mode = frozenset({_ONE_ROUND}), Mode.EXACT
    options = tuple({"nu": 0, "tau": tau, "n": 2, "K": 1} for tau in (2, 3, 5, 16))
    most = MappingProxyType({"nu": 0, "n": 2, "tau": 64, "K": 1})

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Outside its cone an agent's gradient is linear, and the mean of both results lies in both cones."""
        tau, (h, eps, mu) = option["tau"], x.T
        _, omega = drift_ball(h, mu, tau)
        slope = omega / (eps**2 - omega**2).clamp_min(1e-12).sqrt()
        size = (slope**2 + 1).sqrt()
        edge = torch.stack([slope / size + 1, 1 / size])
        edge, g = edge / edge.norm(dim=0), torch.stack([slope, torch.ones_like(h)])
        even, odd, w = (1 + mu) / 2, (1 - mu) / 2, torch.zeros_like(g)
        for _ in range(tau):
            w = w - h / tau * (g + even * w + odd * (2 * (w * edge).sum(0) * edge - w))
        change = torch.where(eps > 1.001 * omega, slope * w[0] + w[0] ** 2 / 2, -torch.inf)
        reach = 1.02 * h * size / (1 - h)
        inputs = constants_of(
            0.5 + 0 * h, 1 + 0 * h, mu, 0 * h, size + reach, beta=h / tau, L_F=1 + 0 * h, mu_c=mu,
            gamma_G=1 + odd * reach, gamma_H=odd,
        )  # fmt: skip
        # gamma_F is needed at w_0 only
        own = {_ONE_ROUND: {"F0_gap": 0 * h, "grad_norm": slope, "gamma_F": 1 + 0 * h}}
        return Batch({_ONE_ROUND: change}, inputs, counts_of(option), own, {"drift": "ball"})

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """The packaged task and its round."""
        tau, (h, eps, mu) = option["tau"], (float(value) for value in x)
        made = task("wedge", tau=tau, h=h, eps=eps, mu=mu)
        run = cell(
            target, alpha=Fraction(1, 2), nu=0, mode=self.mode, tau=tau, rounds=1, start=[Fraction(0)] * 2,
            beta=Fraction(h / tau * (1 - 2.0**-40)),
        )  # fmt: skip
        return Instance(made, run)
