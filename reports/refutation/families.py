"""The families that are searched: parabolas, waves, broken lines, noise, and rounds of two agents, all with d = 1."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import final

import torch
from torch import Tensor

from empirics.algorithm.modes import Mode
from reports.refutation.family import Batch, Family, Instance, Parameter, Target, cell, task
from reports.refutation.losses import BrokenLine, Parabola, Wave, exact, probed, signs, swept, trajectory
from reports.refutation.targets import mode_of

_STEPS = tuple({"nu": nu} for nu in (1, 2, 3))
_GAP = 2.0**-20
_SLOW = 2.0**-20  # a line is the middle of a slow sine: f'' changes by 2^-20 and nothing else is unbounded
_ONE_AGENT, _TWO_AGENTS = {"n": 1, "m": 1}, {"n": 2, "m": 2}


def _noise(gradient: float) -> dict[str, object]:
    """Gradient noise of two signs, as a plan writes it."""
    return {
        "gradient": gradient, "amplitude": 0.0, "frequency": 1.0, "u": [[1.0]], "v": [[1.0]], "phi": [0.0]
    }  # fmt: skip


def _largest(*values: Tensor) -> Tensor:
    return torch.stack(torch.broadcast_tensors(*values)).abs().amax(0)


def _inputs(alpha: Tensor, L: Tensor, mu: Tensor, rho: Tensor, B: Tensor, **more: Tensor) -> dict[str, Tensor]:
    """The constants of instances; agents are equal and batches of one sample without noise unless `more` says so."""
    none, one = torch.zeros_like(alpha), torch.ones_like(alpha)
    still = dict.fromkeys(("gamma_G", "gamma_H", "sigma_G", "sigma_H"), none)
    sizes = dict.fromkeys(("D", "D_prime", "D_H"), one)
    return {"alpha": alpha, "L": L, "mu": mu, "rho": rho, "B": B, **still, **sizes, **more}


@final
class Parabolas(Family):
    """f = k w^2/2 from w = 1, paired with w = 1/2."""

    name, words = "parabolas", "f = k w^2/2 with k in [-1, 1] and alpha in [0, 3]"
    parameters = (Parameter("k", -1, 1), Parameter("alpha", 0.01, 3))
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
        inputs = _inputs(alpha, size, k, 0 * k, size * _largest(*points))
        return Batch(measured, inputs, {"nu": nu, **_ONE_AGENT}, own)

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A quadratic task at w = 1."""
        k, alpha = x
        made = task("explicit-quadratic", A=[[[float(k)]]], c=[[0.0]])
        return Instance(made, cell(target, alpha=alpha, nu=option["nu"], at=[Fraction(1)], pair=[Fraction(1, 2)]))


_WAVE = (Parameter("e", 1e-5, 1, True), Parameter("k", 0.5, 20), Parameter("phi", 0, 2 * math.pi))


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

    name, words = "waves", "f = w + (e/k^2) cos(k w + phi), alpha = 1, e in [1e-5, 1], k in [1/2, 20]"
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
        inputs = _inputs(one, L, -L, e * k + _SLOW**2, 1 + e / k, grad_norm_i=f.slope(u).abs())
        return Batch(measured, inputs, {"nu": nu, **_ONE_AGENT})

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """One agent on the line with the wave."""
        return _waves(x, option, target, (1,), pair=[Fraction(_GAP)])


@final
class TwoWaves(Family):
    """Two agents on a line with opposite waves: f_i = w +- (e/k^2) cos(k w + phi), or parabolas apart."""

    name, words = "two waves", "f_i = w +- (e/k^2) cos(k w + phi), alpha = 1"
    parameters = _WAVE
    targets = frozenset({("S7", "gamma_F")})
    options = _STEPS

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Spread of two meta-gradients: half their distance."""
        nu, (e, k, phi) = option["nu"], x.T
        one, L = torch.ones_like(e), e + _SLOW
        first, second = (exact(Wave(one, s * e / k**2, k, phi), 0 * one, one, nu) for s in (1, -1))
        inputs = _inputs(one, L, -L, e * k, 1 + e / k, gamma_G=e / k, gamma_H=e)
        return Batch({("S7", "gamma_F"): (first - second).abs() / 2}, inputs, {"nu": nu, **_TWO_AGENTS})

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """Two agents with opposite waves."""
        return _waves(x, option, target, (1, -1))


@final
class TwoParabolas(Family):
    """Two agents f_i = k w^2/2 +- g w at w = 1."""

    name, words = "two parabolas", "f_i = k w^2/2 +- g w, k in [-1, 1], alpha in [0, 2]"
    parameters = (Parameter("k", -1, 1), Parameter("alpha", 0.01, 2))
    targets = frozenset({("S7", "gamma_F")})
    options = _STEPS

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Spread at w = 0, g = k/2 (centres +-1/2)."""
        nu, (k, alpha) = option["nu"], x.T
        half, size = 0.5 * torch.ones_like(k), k.abs().clamp_min(1e-12)
        first, second = (exact(Parabola(k, s * half), 0 * k, alpha, nu) for s in (1, -1))
        inputs = _inputs(alpha, size, k, 0 * k, size, gamma_G=size / 2)
        return Batch({("S7", "gamma_F"): (first - second).abs() / 2}, inputs, {"nu": nu, **_TWO_AGENTS})

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A quadratic task of two agents."""
        k, alpha = float(x[0]), x[1]
        made = task("explicit-quadratic", A=[[[k]], [[k]]], c=[[0.5], [-0.5]])
        return Instance(made, cell(target, alpha=alpha, nu=option["nu"], at=[Fraction(0)]))


@final
class NoisyParabolas(Family):
    """f = k w^2/2 with gradient noise +-g, one sample a batch."""

    name, words = "noisy parabolas", "f = k w^2/2, gradient noise +-g, D = D' = D_H = 1, alpha in [0, 2]"
    parameters = (Parameter("k", -1, 1), Parameter("alpha", 0.01, 2), Parameter("w", -1, 1), Parameter("g", 0.01, 1))
    targets = frozenset({("S6", "sigma_F2"), ("S8s", "var_FO_sto"), ("S8s", "b_FO_sto")})
    options = _STEPS

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Every sign of every batch."""
        nu, (k, alpha, w, g) = option["nu"], x.T
        f = Parabola(k, 0 * k)
        true = exact(f, w, alpha, nu)
        error, first, square, reach = 0 * k, 0 * k, 0 * k, w.abs()
        for outcome in signs(nu + 1):
            points = trajectory(f, w, alpha, nu, [s * g for s in outcome[:-1]])
            added = outcome[-1] * g
            error = error + (swept(f, points, alpha, added) - true) ** 2
            slope = f.slope(points[-1]) + added
            first, square = first + slope, square + slope**2
            reach = torch.maximum(reach, _largest(*points))
        count = 2 ** (nu + 1)
        mean = first / count
        size = k.abs().clamp_min(1e-12)
        measured = {
            ("S6", "sigma_F2"): error / count,
            ("S8s", "var_FO_sto"): square / count - mean**2,
            ("S8s", "b_FO_sto"): (mean - true).abs(),
        }
        inputs = _inputs(alpha, size, k, 0 * k, size * reach, sigma_G=g)
        return Batch(measured, inputs, {"nu": nu, **_ONE_AGENT})

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A noisy quadratic task, every outcome enumerated."""
        k, alpha, w, g = x
        made = task("explicit-quadratic", A=[[[float(k)]]], c=[[0.0]], noise=_noise(float(g)))
        return Instance(made, cell(target, alpha=alpha, nu=option["nu"], at=[w]))


_KNOTS = (-3.0, -1.0, -0.5, -0.125, 0.0, 0.125, 0.25, 0.375, 0.4375, 0.5, 0.5625, 0.625, 0.75, 1.0, 1.25, 1.5, 3.0)


@final
class BrokenLines(Family):
    """d = 1, f'' a broken line through heights at fixed knots, 0 at both ends, f'(0) = -1, alpha = 1/2, noise +-g."""

    name, words = (
        "broken lines",
        f"f'' through heights in [-1, 1] at {len(_KNOTS)} knots, f'(0) = -1, alpha = 1/2, noise +-g",
    )
    parameters = (
        *(Parameter(f"h{j}", -1, 1) for j in range(len(_KNOTS) - 2)),
        Parameter("g", 0.01, 1, True),
        Parameter("delta", 1e-4, 0.1, True),
    )
    targets = frozenset(
        {
            ("S5", "b_sto"), ("S5p", "b_sto_2"), ("S8s", "b_FO_sto"), ("S9", "b_HF"), ("S9s", "b_HF_sto"),
            ("S4", "L_F"), ("S8", "b_FO"), ("S6", "sigma_F2"),
        }
    )  # fmt: skip
    options = ({"nu": 1}, {"nu": 2})

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Every sign of every inner batch; outer noise by its signs where the probes see it."""
        nu, (g, delta) = option["nu"], x.T[-2:]
        w, alpha = 0 * g, 0.5 + 0 * g
        f = BrokenLine(torch.tensor(_KNOTS, dtype=torch.float64), torch.stack([w, *x.T[:-2], w]), w - 1)
        true, plain = exact(f, w, alpha, nu), trajectory(f, w, alpha, nu)
        bias, first, free, square = (0 * g for _ in range(4))
        for outcome in signs(nu + 1):
            points = trajectory(f, w, alpha, nu, [s * g for s in outcome[:-1]])
            sample = swept(f, points, alpha, outcome[-1] * g)
            bias, square = bias + sample, square + (sample - true) ** 2
            first = first + f.slope(points[-1])
            free = free + probed(f, points, alpha, delta, outcome[-1] * g)
        count = 2 ** (nu + 1)
        measured = {
            ("S5", "b_sto"): (bias / count - true).abs(),
            ("S5p", "b_sto_2"): (bias / count - true).abs(),
            ("S6", "sigma_F2"): square / count,
            ("S8s", "b_FO_sto"): (first / count - true).abs(),
            ("S9s", "b_HF_sto"): (free / count - true).abs(),
            ("S9", "b_HF"): (probed(f, plain, alpha, delta, 0.0) - true).abs(),
            ("S8", "b_FO"): (f.slope(plain[-1]) - true).abs(),
            ("S4", "L_F"): (exact(f, _GAP + w, alpha, nu) - true).abs() / _GAP,
        }
        rise = (f.heights.diff(dim=0) / f.knots.diff().unsqueeze(-1)).abs().amax(0)
        L = f.heights.abs().amax(0).clamp_min(1e-9)
        inputs = _inputs(alpha, L, f.heights.amin(0), rise, f.largest_slope(), sigma_G=g, delta=delta)
        return Batch(measured, inputs, {"nu": nu, **_ONE_AGENT})

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A spline task at w = 0, noisy where the statement is about batches."""
        heights, (g, delta) = [0.0, *(float(value) for value in x[:-2]), 0.0], x[-2:]
        mode = mode_of(target)
        noise = {"noise": _noise(float(g))} if mode.draws else {}
        made = task("explicit-spline", knots=list(_KNOTS), curvature=[heights], slope=[-1.0], at=0.0, **noise)
        more = ({"delta": delta} if mode.probes else {}) | ({} if mode.draws else {"pair": [Fraction(_GAP)]})
        return Instance(made, cell(target, alpha=Fraction(1, 2), nu=option["nu"], at=[Fraction(0)], **more))


@final
class Rounds(Family):
    """Two agents F_i = k_i w^2/2 + a_i w, nu = 0, exact steps from w = 0 with beta = h/(tau max |k_i|)."""

    name, words = "rounds", "F_i' = k_i w + a_i for two agents, nu = 0, h in (0, 1], from w = 0"
    parameters = (
        Parameter("k1", 0.05, 1), Parameter("k2", -1, 1), Parameter("a1", -2, 2), Parameter("a2", -2, 2),
        Parameter("h", 0.01, 1, True),
    )  # fmt: skip
    targets = frozenset({("T1b", "T1b"), ("T1c", "T1c"), ("T2", "T2"), ("T3", "T3")})
    options = tuple({"nu": 0, "tau": tau, "m": m, "K": K} for tau, m, K in itertools.product((1, 2, 4), (1, 2), (1, 4)))

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Every subset in every round, in closed form of the affine local map."""
        tau, m, K = option["tau"], option["m"], option["K"]
        k1, k2, a1, a2, h = x.T
        k, a = torch.stack([k1, k2]), torch.stack([a1, a2])
        smooth = k.abs().amax(0)
        beta = h / (tau * smooth)
        mean_k, mean_a = k.mean(0), a.mean(0)

        def loss(w: Tensor) -> Tensor:
            return (mean_k * w**2 / 2 + mean_a * w).mean(0)

        paths, total, reach = torch.zeros_like(h)[None], torch.zeros_like(h), torch.zeros_like(h)
        after = []
        for _ in range(K):
            total = total + ((mean_k * paths + mean_a) ** 2).mean(0)
            local = paths.expand(2, *paths.shape)
            for _ in range(tau):
                local = local - beta * (k[:, None] * local + a[:, None])
            reach = torch.maximum(reach, local.abs().amax(dim=(0, 1)))
            paths = local.mean(0) if m == 2 else local.reshape(-1, local.shape[-1])
            after.append(loss(paths))
        lowest = torch.where(mean_k > 0, -(mean_a**2) / (2 * mean_k.clamp_min(1e-9)), torch.full_like(h, -torch.inf))
        inputs = _inputs(
            0.5 + 0 * h, smooth, k.amin(0), 0 * h, (k.abs() * reach + a.abs()).amax(0) * 1.05, beta=beta, L_F=smooth,
            gamma_G=((k1 - k2).abs() * reach * 1.05 + (a1 - a2).abs()) / 2, gamma_H=(k1 - k2).abs() / 2,
            mu_F=mean_k.clamp_min(1e-9), F0_gap=-lowest,
        )  # fmt: skip
        one_round: Target = ("T1c", "T1c") if tau == 1 else ("T1b", "T1b")
        measured: dict[Target, Tensor] = {one_round: after[0]}
        if mean_k.max() > 0:
            measured |= {("T2", "T2"): total / K, ("T3", "T3"): after[-1] - lowest}
        # the loss starts at 0, so both sides of one round carry no shift
        own: dict[Target, dict[str, Tensor]] = {one_round: {"F0_gap": 0 * h, "grad_norm": mean_a.abs()}}
        return Batch(measured, inputs, {**option, "n": 2}, own)

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A quadratic task of two agents and a run from w = 0."""
        k1, k2, a1, a2, h = (float(value) for value in x)
        if k2 == 0:
            k2 = 2.0**-20
        made = task("explicit-quadratic", A=[[[k1]], [[k2]]], c=[[-a1 / k1], [-a2 / k2]])
        beta = Fraction(h / (option["tau"] * max(abs(k1), abs(k2))))
        run = cell(
            target, alpha=Fraction(1, 2), nu=0, mode=Mode.EXACT, tau=option["tau"], m=option["m"], beta=beta,
            rounds=option["K"], start=[Fraction(0)],
        )  # fmt: skip
        return Instance(made, run)


FAMILIES: tuple[Family, ...] = (
    Parabolas(), Waves(), TwoWaves(), TwoParabolas(), NoisyParabolas(), BrokenLines(), Rounds()
)  # fmt: skip


def families_for(target: Target) -> list[Family]:
    """The families on which a statement's left side can be computed."""
    return [family for family in FAMILIES if target in family.targets]
