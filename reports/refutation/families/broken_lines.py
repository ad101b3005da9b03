"""Losses whose second derivative is a broken line, without and with gradient noise."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import final

import torch
from torch import Tensor

from reports.cells.cell import TaskPlan
from reports.refutation.families.sizes import (
    BATCHES,
    LARGEST_BATCHES,
    MOST_OUTCOMES,
    STEPS,
    batch_sizes,
    outcomes,
)
from reports.refutation.family import (
    GAP,
    Batch,
    Family,
    Instance,
    Parameter,
    Target,
    batch_means,
    cell,
    constants_of,
    counts_of,
    task,
    two_signs,
)
from reports.refutation.losses import BrokenLine, exact, probed, swept, trajectory
from reports.refutation.targets import mode_of

_KNOTS = (-3.0, -1.0, -0.5, -0.125, 0.0, 0.125, 0.25, 0.375, 0.4375, 0.5, 0.5625, 0.625, 0.75, 1.0, 1.25, 1.5, 3.0)


class OnBrokenLines(Family):
    """d = 1, f'' a broken line through heights at fixed knots, 0 at both ends, f'(0) = -1, alpha = 1/2."""

    parameters = (
        *(Parameter(f"h{j}", -1, 1) for j in range(len(_KNOTS) - 2)),
        Parameter("floor", -1, 1),  # what is lower is lifted to it: from 0 on the losses are convex
        Parameter("size", 1e-3, 4, True),
        Parameter("g", 1e-3, 2, True),
        Parameter("delta", 1e-6, 4, True),
    )

    def line(self, x: Tensor) -> BrokenLine:
        """The losses of these parameters."""
        floor, size, zero = x.T[-4], x.T[-3], 0 * x.T[0]
        heights = size * torch.stack([zero, *torch.maximum(x.T[:-4], floor), zero])
        return BrokenLine(torch.tensor(_KNOTS, dtype=torch.float64), heights, zero - 1)

    def constants(self, f: BrokenLine, **more: Tensor) -> dict[str, Tensor]:
        """Their constants on the line: beyond the outermost knots f'' is 0."""
        rise = (f.heights.diff(dim=0) / f.knots.diff().unsqueeze(-1)).abs().amax(0)
        L = f.heights.abs().amax(0).clamp_min(1e-9)
        return constants_of(0.5 + 0 * L, L, f.heights.amin(0), rise, f.largest_slope(), **more)

    def made(self, x: Sequence[Fraction], n: int, noise: Mapping[str, object] | None = None) -> TaskPlan:
        """The spline task of n equal agents."""
        floor, size = x[-4], x[-3]
        heights = [0.0, *(float(size * max(value, floor)) for value in x[:-4]), 0.0]
        more = {} if noise is None else {"noise": noise}
        return task("explicit-spline", knots=list(_KNOTS), curvature=[heights] * n, slope=[-1.0] * n, at=0.0, **more)

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A spline task at w = 0, noisy where the statement is about batches."""
        g, delta = x[-2:]
        n, mode = option["n"], mode_of(target)
        made = self.made(x, n, two_signs(float(g), n) if mode.draws else None)
        more = batch_sizes(option) if mode.draws else {"pair": [Fraction(GAP)]}
        more |= {"delta": delta} if mode.probes else {}
        return Instance(made, cell(target, alpha=Fraction(1, 2), nu=option["nu"], at=[Fraction(0)], **more))


@final
class BrokenLines(OnBrokenLines):
    """Broken lines without noise."""

    name, words = "broken lines", f"f'' through heights in [-4, 4] at {len(_KNOTS)} knots, f'(0) = -1, alpha = 1/2"
    targets = frozenset({("S9", "b_HF"), ("S4", "L_F"), ("S8", "b_FO")})
    options = STEPS

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Errors of the meta-gradient at w = 0, and its difference quotient there."""
        nu, f, delta, w = option["nu"], self.line(x), x.T[-1], 0 * x.T[0]
        alpha = 0.5 + w
        true, plain = exact(f, w, alpha, nu), trajectory(f, w, alpha, nu)
        measured = {
            ("S9", "b_HF"): (probed(f, plain, alpha, delta, 0.0) - true).abs(),
            ("S8", "b_FO"): (f.slope(plain[-1]) - true).abs(),
            ("S4", "L_F"): (exact(f, GAP + w, alpha, nu) - true).abs() / GAP,
        }
        return Batch(measured, self.constants(f, delta=delta), counts_of(option))


def _quick(option: Mapping[str, int]) -> bool:
    """Whether the outcomes of a noisy broken line are few; its Hessians have no noise."""
    return option["D_H"] == 1 and option["nu"] <= (2 if option["D_prime"] == 1 else 1)


@final
class NoisyBrokenLines(OnBrokenLines):
    """Broken lines with gradient noise +-g."""

    name, words = "noisy broken lines", f"{BrokenLines.words}, gradient noise +-g"
    targets = frozenset(
        {
            ("S5", "b_sto"), ("S5p", "b_sto_2"), ("S8s", "b_FO_sto"), ("S8p", "b_FO_sto_2"), ("S9s", "b_HF_sto"),
            ("S9p", "b_HF_sto_2"), ("S6", "sigma_F2"),
            ("S9s", "mse_HF_sto"),
        }
    )  # fmt: skip
    options, most = tuple(option for option in BATCHES if _quick(option)), LARGEST_BATCHES

    def serves(self, target: Target, option: Mapping[str, int]) -> bool:
        """Every outcome of the batches is evaluated, so they may not be many."""
        return target in self.targets and outcomes(option) <= MOST_OUTCOMES

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Every mean of every inner batch; outer noise by its means where the probes see it."""
        nu, f, g, delta, w = option["nu"], self.line(x), x.T[-2], x.T[-1], 0 * x.T[0]
        alpha = 0.5 + w
        true = exact(f, w, alpha, nu)
        bias, first, free, square, far = (w for _ in range(5))
        for inner in itertools.product(batch_means(option["D"]), repeat=nu):
            points = trajectory(f, w, alpha, nu, [s * g for _, s in inner])
            for chance, s in batch_means(option["D_prime"]):
                p = chance * math.prod(q for q, _ in inner)
                sample, probe = swept(f, points, alpha, s * g), probed(f, points, alpha, delta, s * g)
                bias, square = bias + p * sample, square + p * (sample - true) ** 2
                first = first + p * f.slope(points[-1])
                free, far = free + p * probe, far + p * (probe - true) ** 2
        measured = {
            ("S5", "b_sto"): (bias - true).abs(),
            ("S5p", "b_sto_2"): (bias - true).abs(),
            ("S6", "sigma_F2"): square,
            ("S8s", "b_FO_sto"): (first - true).abs(),
            ("S8p", "b_FO_sto_2"): (first - true).abs(),
            ("S9s", "b_HF_sto"): (free - true).abs(),
            ("S9p", "b_HF_sto_2"): (free - true).abs(),
            ("S9s", "mse_HF_sto"): far,
        }
        return Batch(measured, self.constants(f, sigma_G=g, delta=delta), counts_of(option))
