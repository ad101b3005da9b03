"""Agents whose Hessians are reflections, at rest as far from the minimum as can be."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import final

import torch
from torch import Tensor

from empirics.algorithm.modes import Mode
from reports.refutation.families.local_paths import drift_ball
from reports.refutation.family import Batch, Family, Instance, Parameter, Target, cell, constants_of, counts_of, task

_SQUARED: tuple[Target, ...] = (("T4", "T4"), ("T4p", "T4p"))
_GAPS: tuple[Target, ...] = (("T4", "T4_gap"), ("T4p", "T4p_gap"))
_PATH: Target = ("D1", "omega")
_OPTIONS = tuple({"nu": 0, "tau": tau, "n": n} for tau, n in itertools.product((2, 3, 5, 16), (3, 4, 6)))


@final
class Reflections(Family):
    """The reflected quadratics of that length of a round, which rest at w = 0."""

    name, words = "reflections", "n agents in R^n with reflections for Hessians, at rest at w = 0, h in [1e-4, 1]"
    parameters = (Parameter("h", 1e-4, 1, True),)
    targets = frozenset({*_SQUARED, *_GAPS, _PATH})
    options, mode = _OPTIONS, Mode.EXACT
    most = MappingProxyType({"nu": 0, "n": 12, "tau": 64})

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """The slope along the axis is the gradient of the mean at rest, and the axis the flattest direction."""
        tau, (h,) = option["tau"], x.T
        one, n = torch.ones_like(h), option["n"]
        psi, omega = drift_ball(h, -1.0, tau)
        cos = 2 * omega / psi
        sin = (1 - cos**2).clamp_min(0).sqrt()
        slope = omega * sin / (psi - omega * cos)
        # the mean Hessian is cos along the axis and 1 - (1 + cos)/(n - 1) across it
        flattest = torch.minimum(cos, 1 - (1 + cos) / (n - 1))
        rests = (cos < 1) & (flattest > 0)
        squared = torch.where(rests, slope**2, -torch.inf)
        gap = torch.where(rests, slope**2 / (2 * cos), -torch.inf)
        radius = h * (1 + slope)  # of the local paths, which leave w = 0 and come back to it in the mean
        inputs = constants_of(
            one / 2, one, -one, 0 * h, 2 + radius, beta=h / tau, L_F=one, mu_c=-one, gamma_G=1 + radius,
            gamma_H=2 * one, mu_F=flattest.clamp_min(1e-12),
        )  # fmt: skip
        measured = {**dict.fromkeys(_SQUARED, squared), **dict.fromkeys(_GAPS, gap), _PATH: omega}
        return Batch(measured, inputs, {**counts_of(option), "m": n}, {}, {"drift": "ball"})

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """The packaged task and one round of its length, a hair less than h where rounding would lift it above 1."""
        n, tau, h = option["n"], option["tau"], float(x[0])
        made = task("reflected-quadratics", n=n, tau=tau, h=h)
        run = cell(
            target, alpha=Fraction(1, 2), nu=0, mode=self.mode, tau=tau, rounds=1, start=[Fraction(0)] * n,
            beta=Fraction(h / tau * (1 - 2.0**-40)),
        )  # fmt: skip
        return Instance(made, run)
