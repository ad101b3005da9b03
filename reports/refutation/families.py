"""The families that are searched: parabolas, waves, broken lines, noise and rounds, d = 1, in every unit."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import final

import torch
from torch import Tensor

from empirics.algorithm.modes import MODES
from reports.refutation.family import (
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
)  # fmt: skip
from reports.refutation.losses import BrokenLine, Parabola, Wave, exact, probed, swept, trajectory
from reports.refutation.rounds import Rounds
from reports.refutation.scaled import Scaled
from reports.refutation.targets import mode_of

_STEPS = tuple({"nu": nu, "n": 1} for nu in (1, 2, 3))
_AGENTS = tuple({"nu": nu, "n": n} for n in (2, 3, 4) for nu in (1, 2, 3))
# batch sizes, one of which is large at a time; several steps of large batches have too many outcomes
_SIZES = ((1, 1, 1), (4, 1, 1), (16, 1, 1), (1, 4, 1), (1, 16, 1), (1, 1, 4), (1, 1, 16), (4, 4, 4))
_BATCHES = tuple(
    {"nu": nu, "n": 1, "D": D, "D_prime": D_prime, "D_H": D_H}
    for D, D_prime, D_H in _SIZES
    for nu in ((1, 2, 3) if D == 1 else (1,))
)
_FEW = MappingProxyType({"nu": 4, "n": 64, "D": 64, "D_prime": 64, "D_H": 64})
_GAP = 2.0**-20
_SLOW = 2.0**-20  # a line is the middle of a slow sine: f'' changes by 2^-20 and nothing else is unbounded


def _largest(*values: Tensor) -> Tensor:
    return torch.stack(torch.broadcast_tensors(*values)).abs().amax(0)


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
    options = _STEPS

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Closed forms through the same sweep as the other families."""
        nu, (k, alpha) = option["nu"], x.T
        f, w = Parabola(k, torch.zeros_like(k)), torch.ones_like(k)
        points, half = trajectory(f, w, alpha, nu), trajectory(f, w / 2, alpha, nu)
        gradient, other = swept(f, points, alpha, 0.0), swept(f, half, alpha, 0.0)
        size = k.abs().clamp_min(1e-12)
        before = points[-2]
        measured = {
            ("S2", "S2"): (points[-1] - half[-1]).abs() * 2,
            ("S3", "S3"): gradient.abs() / size,
            ("S3", "B_F"): gradient.abs(),
            ("S4", "L_F"): (gradient - other).abs() * 2,
            ("S4", "L_F_pointwise"): (gradient - other).abs() * 2,
            ("S8", "b_FO"): (gradient - f.slope(points[-1])).abs(),
            ("S10", "S10"): k * (points[-1] ** 2 - before**2) / 2,
        }
        own = {
            ("S3", "S3"): {"grad_norm_i": w},
            ("S4", "L_F_pointwise"): {"grad_norm_i": f.slope(w / 2).abs()},
            ("S10", "S10"): {"grad_norm_i": f.slope(before).abs()},
        }
        inputs = constants_of(alpha, size, k, 0 * k, size * _largest(*points))
        return Batch(measured, inputs, counts_of(option), own)

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A quadratic task at w = 1."""
        k, alpha = x
        n = option["n"]
        made = task("explicit-quadratic", A=[[[float(k)]]] * n, c=[[0.0]] * n)
        return Instance(made, cell(target, alpha=alpha, nu=option["nu"], at=[Fraction(1)], pair=[Fraction(1, 2)]))


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
    options = _STEPS

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Difference quotients over pairs of points 2^-20 apart, and the errors and norms at the first of them."""
        nu, (e, k, phi) = option["nu"], x.T
        one = torch.ones_like(e)
        f, w, u = Wave(one, e / k**2, k, phi), 0 * one, _GAP * one
        gradient, other = exact(f, w, one, nu), exact(f, u, one, nu)
        quotient = (gradient - other).abs() / _GAP
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
        return _waves(x, option, target, [1] * option["n"], pair=[Fraction(_GAP)])


def _sides(n: int) -> list[int]:
    """Agents in opposite pairs; an odd one out is between them."""
    return [(1, -1)[i % 2] for i in range(n - n % 2)] + [0] * (n % 2)


def _spread(agents: Mapping[int, Tensor], sides: Sequence[int]) -> Tensor:
    """The root of the mean squared distance from the mean."""
    values = torch.stack([agents[side] for side in sides])
    return (values - values.mean(0)).square().mean(0).sqrt()


@final
class TwoWaves(Family):
    """Agents on a line with opposite waves: f_i = w +- (e/k^2) cos(k w + phi), the odd one of n without a wave."""

    name, words = "two waves", "f_i = w +- (e/k^2) cos(k w + phi), alpha = 1, and w itself where n is odd"
    parameters = _WAVE
    targets = frozenset({("S7", "gamma_F")})
    options = _AGENTS

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Spread of the meta-gradients of the three kinds of agents."""
        nu, (e, k, phi), sides = option["nu"], x.T, _sides(option["n"])
        one, L = torch.ones_like(e), e + _SLOW
        agents = {s: exact(Wave(one, s * e / k**2, k, phi), 0 * one, one, nu) for s in set(sides)}
        apart = math.sqrt(sum(map(abs, sides)) / len(sides))
        inputs = constants_of(one, L, -L, e * k, 1 + e / k, gamma_G=apart * e / k, gamma_H=apart * e)
        return Batch({("S7", "gamma_F"): _spread(agents, sides)}, inputs, counts_of(option))

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """Agents with opposite waves."""
        return _waves(x, option, target, _sides(option["n"]))


@final
class LeaningWaves(Family):
    """Agents with one wave on lines of different slope, f_i = (1 +- g) w + (e/k^2) cos(k w + phi): no gamma_H."""

    name, words = "leaning waves", "f_i = (1 +- g) w + (e/k^2) cos(k w + phi), alpha = 1, g in [1e-6, 1]"
    parameters = (*_WAVE, Parameter("g", 1e-6, 1, True))
    targets = frozenset({("S7", "gamma_F")})
    options = _AGENTS

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Spread of the meta-gradients of the three kinds of agents."""
        nu, (e, k, phi, g), sides = option["nu"], x.T, _sides(option["n"])
        one, L = torch.ones_like(e), e + _SLOW
        agents = {s: exact(Wave(one + s * g, e / k**2, k, phi), 0 * one, one, nu) for s in set(sides)}
        apart = math.sqrt(sum(map(abs, sides)) / len(sides)) * g
        inputs = constants_of(one, L, -L, e * k, 1 + g + e / k, gamma_G=apart, gamma_H=apart * _SLOW)
        return Batch({("S7", "gamma_F"): _spread(agents, sides)}, inputs, counts_of(option))

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """Agents whose slow cosines differ in size."""
        e, k, phi, g = (float(value) for value in x)
        sides = _sides(option["n"])
        made = task(
            "explicit-cosine", a=[[_SLOW], [k]], s=[[(1 + side * g) / _SLOW, e / k**2] for side in sides],
            phi=[[-math.pi / 2, phi] for _ in sides],
        )  # fmt: skip
        return Instance(made, cell(target, alpha=Fraction(1), nu=option["nu"], at=[Fraction(0)]))


@final
class TwoParabolas(Family):
    """Agents f_i = k w^2/2 +- g w at w = 1, the odd one of n with g = 0."""

    name, words = "two parabolas", "f_i = k w^2/2 +- g w, k in [-1, 1], alpha in [1e-3, 30]"
    parameters = (Parameter("k", -1, 1), Parameter("alpha", 1e-3, 30, True))
    targets = frozenset({("S7", "gamma_F")})
    options = _AGENTS

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Spread at w = 0, g = k/2 (centres +-1/2)."""
        nu, (k, alpha), sides = option["nu"], x.T, _sides(option["n"])
        half, size = 0.5 * torch.ones_like(k), k.abs().clamp_min(1e-12)
        agents = {s: exact(Parabola(k, s * half), 0 * k, alpha, nu) for s in set(sides)}
        apart = math.sqrt(sum(map(abs, sides)) / len(sides))
        inputs = constants_of(alpha, size, k, 0 * k, size, gamma_G=apart * size / 2)
        return Batch({("S7", "gamma_F"): _spread(agents, sides)}, inputs, counts_of(option))

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A quadratic task, its agents' centres apart."""
        k, alpha, sides = float(x[0]), x[1], _sides(option["n"])
        made = task("explicit-quadratic", A=[[[k]] for _ in sides], c=[[side / 2] for side in sides])
        return Instance(made, cell(target, alpha=alpha, nu=option["nu"], at=[Fraction(0)]))


def _reach(points: Sequence[Tensor], P: Tensor, kick: Tensor) -> list[Tensor]:
    """The farthest from 0 that noise takes a parabola's trajectory, step by step."""
    return [
        point.abs() + kick * sum(((P**j).abs() for j in range(step)), 0 * kick) for step, point in enumerate(points)
    ]


def _sizes(option: Mapping[str, int]) -> dict[str, int]:
    return {name: option[name] for name in ("D", "D_prime", "D_H")}


@final
class NoisyParabolas(Family):
    """f = k w^2/2 with gradient noise +-g."""

    name, words = "noisy parabolas", "f = k w^2/2, gradient noise +-g, alpha in [1e-3, 30]"
    parameters = (
        Parameter("k", -1, 1), Parameter("alpha", 1e-3, 30, True), Parameter("w", -1, 1),
        Parameter("g", 1e-3, 10, True),
    )  # fmt: skip
    targets = frozenset({("S6", "sigma_F2"), ("S8s", "var_FO_sto"), ("S8s", "b_FO_sto"), ("S9s", "mse_HF_sto")})
    options, most = _BATCHES, _FEW

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
        }
        inputs = constants_of(alpha, size, k, 0 * k, size * _largest(*far), sigma_G=g, delta=1 + 0 * k)
        return Batch(measured, inputs, counts_of(option))

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A noisy quadratic task, every outcome enumerated."""
        k, alpha, w, g = x
        n, probe = option["n"], {"delta": Fraction(1)} if mode_of(target).probes else {}
        made = task("explicit-quadratic", A=[[[float(k)]]] * n, c=[[0.0]] * n, noise=two_signs(float(g), n))
        return Instance(made, cell(target, alpha=alpha, nu=option["nu"], at=[w], **_sizes(option), **probe))


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
    options, most = tuple(option for option in _BATCHES if option["nu"] <= 2), _FEW

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
        inputs = constants_of(alpha, size, k, 0 * k, size * _largest(*far), sigma_G=noise, sigma_H=s)
        return Batch({("S6", "sigma_F2"): second - true**2}, inputs, counts_of(option))

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A quadratic task at w = 1 whose noise has a fast ripple."""
        k, alpha, s, g = x
        n = option["n"]
        noise = two_signs(float(g), n, amplitude=float(s) / _FREQUENCY**2, frequency=_FREQUENCY, phase=-_FREQUENCY)
        made = task("explicit-quadratic", A=[[[float(k)]]] * n, c=[[0.0]] * n, noise=noise)
        return Instance(made, cell(target, alpha=alpha, nu=option["nu"], at=[Fraction(1)], **_sizes(option)))


_KNOTS = (-3.0, -1.0, -0.5, -0.125, 0.0, 0.125, 0.25, 0.375, 0.4375, 0.5, 0.5625, 0.625, 0.75, 1.0, 1.25, 1.5, 3.0)


class _BrokenLines(Family):
    """d = 1, f'' a broken line through heights at fixed knots, 0 at both ends, f'(0) = -1, alpha = 1/2."""

    parameters = (
        *(Parameter(f"h{j}", -1, 1) for j in range(len(_KNOTS) - 2)),
        Parameter("size", 1e-3, 4, True),
        Parameter("g", 1e-3, 2, True),
        Parameter("delta", 1e-6, 1, True),
    )

    def _line(self, x: Tensor) -> BrokenLine:
        size, zero = x.T[-3], 0 * x.T[0]
        heights = size * torch.stack([zero, *x.T[:-3], zero])
        return BrokenLine(torch.tensor(_KNOTS, dtype=torch.float64), heights, zero - 1)

    def _constants(self, f: BrokenLine, **more: Tensor) -> dict[str, Tensor]:
        rise = (f.heights.diff(dim=0) / f.knots.diff().unsqueeze(-1)).abs().amax(0)
        L = f.heights.abs().amax(0).clamp_min(1e-9)
        return constants_of(0.5 + 0 * L, L, f.heights.amin(0), rise, f.largest_slope(), **more)

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A spline task at w = 0, noisy where the statement is about batches."""
        size, g, delta = x[-3:]
        heights, n, mode = [0.0, *(float(size * value) for value in x[:-3]), 0.0], option["n"], mode_of(target)
        noise = {"noise": two_signs(float(g), n)} if mode.draws else {}
        made = task("explicit-spline", knots=list(_KNOTS), curvature=[heights] * n, slope=[-1.0] * n, at=0.0, **noise)
        more = _sizes(option) if mode.draws else {"pair": [Fraction(_GAP)]}
        more |= {"delta": delta} if mode.probes else {}
        return Instance(made, cell(target, alpha=Fraction(1, 2), nu=option["nu"], at=[Fraction(0)], **more))


@final
class BrokenLines(_BrokenLines):
    """Broken lines without noise."""

    name, words = "broken lines", f"f'' through heights in [-4, 4] at {len(_KNOTS)} knots, f'(0) = -1, alpha = 1/2"
    targets = frozenset({("S9", "b_HF"), ("S4", "L_F"), ("S8", "b_FO")})
    options = _STEPS

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Errors of the meta-gradient at w = 0, and its difference quotient there."""
        nu, f, delta, w = option["nu"], self._line(x), x.T[-1], 0 * x.T[0]
        alpha = 0.5 + w
        true, plain = exact(f, w, alpha, nu), trajectory(f, w, alpha, nu)
        measured = {
            ("S9", "b_HF"): (probed(f, plain, alpha, delta, 0.0) - true).abs(),
            ("S8", "b_FO"): (f.slope(plain[-1]) - true).abs(),
            ("S4", "L_F"): (exact(f, _GAP + w, alpha, nu) - true).abs() / _GAP,
        }
        return Batch(measured, self._constants(f, delta=delta), counts_of(option))


def _quick(option: Mapping[str, int]) -> bool:
    """Whether the outcomes of a noisy broken line are few; its Hessians have no noise."""
    return option["D_H"] == 1 and option["nu"] <= (2 if option["D_prime"] == 1 else 1)


@final
class NoisyBrokenLines(_BrokenLines):
    """Broken lines with gradient noise +-g."""

    name, words = "noisy broken lines", f"{BrokenLines.words}, gradient noise +-g"
    targets = frozenset(
        {
            ("S5", "b_sto"), ("S5p", "b_sto_2"), ("S8s", "b_FO_sto"), ("S9s", "b_HF_sto"), ("S6", "sigma_F2"),
            ("S9s", "mse_HF_sto"),
        }
    )  # fmt: skip
    options, most = tuple(option for option in _BATCHES if _quick(option)), _FEW

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Every mean of every inner batch; outer noise by its means where the probes see it."""
        nu, f, g, delta, w = option["nu"], self._line(x), x.T[-2], x.T[-1], 0 * x.T[0]
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
            ("S9s", "b_HF_sto"): (free - true).abs(),
            ("S9s", "mse_HF_sto"): far,
        }
        return Batch(measured, self._constants(f, sigma_G=g, delta=delta), counts_of(option))


FAMILIES: tuple[Family, ...] = tuple(
    Scaled(family)
    for family in (
        Parabolas(), Waves(), TwoWaves(), LeaningWaves(), TwoParabolas(), NoisyParabolas(), HessianNoise(),
        BrokenLines(), NoisyBrokenLines(),
        *(Rounds(mode) for mode in MODES if not mode.probes),
    )
)  # fmt: skip


def families_for(target: Target) -> list[Family]:
    """The families on which a statement's left side can be computed."""
    return [family for family in FAMILIES if target in family.targets]
