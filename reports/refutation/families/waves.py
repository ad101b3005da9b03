"""Waves on a line: of one agent, opposite ones, and one wave on lines of different slope."""

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
    GAP,
    Batch,
    Family,
    Instance,
    Parameter,
    Target,
    cell,
    constants_of,
    counts_of,
    task,
)
from reports.refutation.losses import Wave, exact, trajectory

_SLOW = 2.0**-20  # a line is the middle of a slow sine: f'' changes by 2^-20 and nothing else is unbounded


_WAVE = (Parameter("e", 1e-5, 10, True), Parameter("k", 0.1, 30, True), Parameter("phi", 0, 2 * math.pi))


def _waves(
    x: Sequence[Fraction], option: Mapping[str, int], target: Target, sides: Sequence[int], **at: object
) -> Instance:
    """A cosine task, an agent a side, whose first, slow cosine is the line."""
    e, k, phi = (float(value) for value in x)
    made = task(
        "explicit-cosine", a=[[_SLOW], [k]], s=[[1 / _SLOW, side * e / k**2] for side in sides],
        phi=[[-math.pi / 2, phi] for _ in sides],
    )  # fmt: skip
    return Instance(made, cell(target, alpha=Fraction(1), nu=option["nu"], at=[Fraction(0)], **at))


@final
class Waves(Family):
    """A line with a wave on it: f = w + (e/k^2) cos(k w + phi), alpha = 1, at w = 0."""

    name, words = "waves", "f = w + (e/k^2) cos(k w + phi), alpha = 1, e in [1e-5, 10], k in [1/10, 30]"
    parameters = _WAVE
    targets = frozenset({("S4", "L_F"), ("S4", "L_F_pointwise"), ("S8", "b_FO"), ("S3", "B_F")})
    options = STEPS

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Difference quotients over pairs of points 2^-20 apart, and the errors and norms at the first of them."""
        nu, (e, k, phi) = option["nu"], x.T
        one = torch.ones_like(e)
        f, w, u = Wave(one, e / k**2, k, phi), 0 * one, GAP * one
        gradient, other = exact(f, w, one, nu), exact(f, u, one, nu)
        quotient = (gradient - other).abs() / GAP
        measured = {
            ("S4", "L_F"): quotient,
            ("S4", "L_F_pointwise"): quotient,
            ("S8", "b_FO"): (gradient - f.slope(trajectory(f, w, one, nu)[-1])).abs(),
            ("S3", "B_F"): gradient.abs(),
        }
        L = e + _SLOW
        inputs = constants_of(one, L, -L, e * k + _SLOW**2, 1 + e / k, grad_norm_i=f.slope(u).abs())
        return Batch(measured, inputs, counts_of(option))

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """One agent on the line with the wave."""
        return _waves(x, option, target, [1] * option["n"], pair=[Fraction(GAP)])


@final
class TwoWaves(Family):
    """Agents on a line with opposite waves: f_i = w +- (e/k^2) cos(k w + phi), the odd one of n without a wave."""

    name, words = "two waves", "f_i = w +- (e/k^2) cos(k w + phi), alpha = 1, and w itself where n is odd"
    parameters = _WAVE
    targets = frozenset({("S7", "gamma_F")})
    options = AGENTS

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Spread of the meta-gradients of the three kinds of agents."""
        nu, (e, k, phi), sides = option["nu"], x.T, opposite_sides(option["n"])
        one, L = torch.ones_like(e), e + _SLOW
        agents = {s: exact(Wave(one, s * e / k**2, k, phi), 0 * one, one, nu) for s in set(sides)}
        apart = math.sqrt(sum(map(abs, sides)) / len(sides))
        inputs = constants_of(one, L, -L, e * k, 1 + e / k, gamma_G=apart * e / k, gamma_H=apart * e)
        return Batch({("S7", "gamma_F"): spread(agents, sides)}, inputs, counts_of(option))

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """Agents with opposite waves."""
        return _waves(x, option, target, opposite_sides(option["n"]))


@final
class LeaningWaves(Family):
    """Agents with one wave on lines of different slope, f_i = (1 +- g) w + (e/k^2) cos(k w + phi): no gamma_H."""

    name, words = "leaning waves", "f_i = (1 +- g) w + (e/k^2) cos(k w + phi), alpha = 1, g in [1e-6, 1]"
    parameters = (*_WAVE, Parameter("g", 1e-6, 1, True))
    targets = frozenset({("S7", "gamma_F")})
    options = AGENTS

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Spread of the meta-gradients of the three kinds of agents."""
        nu, (e, k, phi, g), sides = option["nu"], x.T, opposite_sides(option["n"])
        one, L = torch.ones_like(e), e + _SLOW
        agents = {s: exact(Wave(one + s * g, e / k**2, k, phi), 0 * one, one, nu) for s in set(sides)}
        apart = math.sqrt(sum(map(abs, sides)) / len(sides)) * g
        inputs = constants_of(one, L, -L, e * k, 1 + g + e / k, gamma_G=apart, gamma_H=apart * _SLOW)
        return Batch({("S7", "gamma_F"): spread(agents, sides)}, inputs, counts_of(option))

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """Agents whose slow cosines differ in size."""
        e, k, phi, g = (float(value) for value in x)
        sides = opposite_sides(option["n"])
        made = task(
            "explicit-cosine", a=[[_SLOW], [k]], s=[[(1 + side * g) / _SLOW, e / k**2] for side in sides],
            phi=[[-math.pi / 2, phi] for _ in sides],
        )  # fmt: skip
        return Instance(made, cell(target, alpha=Fraction(1), nu=option["nu"], at=[Fraction(0)]))
