"""Parabolas, and agents on parabolas whose centres differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import final

import torch
from torch import Tensor

from reports.refutation.families.agents import opposite_sides, spread
from reports.refutation.families.sizes import (
    AGENTS,
    STEPS,
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
)
from reports.refutation.losses import Parabola, exact, swept, trajectory

_LINE = 2.0**-20  # what an explicit quadratic has for the curvature of a line


@final
class Parabolas(Family):
    """f = k w^2/2 from w = 1, paired with w = 1/2."""

    name, words = "parabolas", "f = k w^2/2 with k in [-1, 1] and alpha in [1e-3, 30]"
    parameters = (Parameter("k", -1, 1), Parameter("alpha", 1e-3, 30, True))
    targets = frozenset(
        {
            ("S2", "S2"), ("S3", "S3"), ("S3", "B_F"), ("S4", "L_F"), ("S4", "L_F_pointwise"), ("S8", "b_FO"),
            ("S10", "S10"),
        }
    )  # fmt: skip
    options = STEPS

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Closed forms through the same sweep as the other families."""
        nu, (k, alpha) = option["nu"], x.T
        f, w = Parabola(k, torch.zeros_like(k)), torch.ones_like(k)
        points, half = trajectory(f, w, alpha, nu), trajectory(f, w / 2, alpha, nu)
        gradient, other = swept(f, points, alpha, 0.0), swept(f, half, alpha, 0.0)
        size = k.abs().clamp_min(1e-12)
        measured = {
            ("S2", "S2"): (points[-1] - half[-1]).abs() * 2,
            ("S3", "S3"): gradient.abs() / size,
            ("S3", "B_F"): gradient.abs(),
            ("S4", "L_F"): (gradient - other).abs() * 2,
            ("S4", "L_F_pointwise"): (gradient - other).abs() * 2,
            ("S8", "b_FO"): (gradient - f.slope(points[-1])).abs(),
        }
        own = {
            ("S3", "S3"): {"grad_norm_i": w},
            ("S4", "L_F_pointwise"): {"grad_norm_i": f.slope(w / 2).abs()},
        }
        if nu:  # there is a last step of fine-tuning
            measured["S10", "S10"] = k * (points[-1] ** 2 - points[-2] ** 2) / 2
            own["S10", "S10"] = {"grad_norm_i": f.slope(points[-2]).abs()}
        inputs = constants_of(alpha, size, k, 0 * k, size * largest_of(*points))
        return Batch(measured, inputs, counts_of(option), own)

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A quadratic task at w = 1."""
        k, alpha = x
        n = option["n"]
        made = task("explicit-quadratic", A=[[[float(k)]]] * n, c=[[0.0]] * n)
        return Instance(made, cell(target, alpha=alpha, nu=option["nu"], at=[Fraction(1)], pair=[Fraction(1, 2)]))


@final
class TwoParabolas(Family):
    """Agents f_i' = (k +- d) w + (b +- g) at w = 0, the odd one of n with d = g = 0."""

    name, words = "two parabolas", "f_i' = (k +- d) w + (b +- g) from w = 0, k and d in [-1, 1], alpha in [1e-3, 30]"
    parameters = (
        Parameter("k", -1, 1), Parameter("d", -1, 1), Parameter("b", 0, 1), Parameter("g", -1, 1),
        Parameter("alpha", 1e-3, 30, True),
    )  # fmt: skip
    targets = frozenset({("S7", "gamma_F"), ("S4", "L_F")})
    options = AGENTS

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Spread at w = 0; B and gamma_G on a ball about it that holds what nu steps can reach."""
        nu, (k, d, b, g, alpha), sides = option["nu"], x.T, opposite_sides(option["n"])
        bends, pulls = {s: k + s * d for s in set(sides)}, {s: b + s * g for s in set(sides)}
        agents = {s: exact(Parabola(bends[s], pulls[s]), 0 * k, alpha, nu) for s in bends}
        size, pull = largest_of(*bends.values()).clamp_min(1e-12), largest_of(*pulls.values())
        reach = 0 * k
        for _ in range(nu):
            reach = largest_of(*(1 - alpha * bend for bend in bends.values())) * reach + alpha * pull
        apart = math.sqrt(sum(map(abs, sides)) / len(sides))
        gamma_G, gamma_H = apart * (d.abs() * reach + g.abs()), apart * d.abs()
        steep = largest_of(*(bends[s].abs() * reach + pulls[s].abs() for s in bends))
        least = torch.stack(list(bends.values())).amin(0)
        inputs = constants_of(alpha, size, least, 0 * k, steep, gamma_G=gamma_G, gamma_H=gamma_H)
        smooth = largest_of(*(bend * (1 - alpha * bend) ** (2 * nu) for bend in bends.values()))
        return Batch({("S7", "gamma_F"): spread(agents, sides), ("S4", "L_F"): smooth}, inputs, counts_of(option))

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A quadratic task, its agents' centres where their gradients are 0; a line is all but one."""
        k, d, b, g, alpha = x
        sides = opposite_sides(option["n"])
        bends = [float(k + side * d) or _LINE for side in sides]
        centres = [[-float(b + side * g) / bend] for side, bend in zip(sides, bends, strict=True)]
        made = task("explicit-quadratic", A=[[[bend]] for bend in bends], c=centres)
        pair = {"pair": [Fraction(1, 2**20)]} if target[0] == "S4" else {}
        return Instance(made, cell(target, alpha=alpha, nu=option["nu"], at=[Fraction(0)], **pair))
