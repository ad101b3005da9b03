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
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.refutation.family import Batch, Family, Instance, Parameter, Target, task
from reports.refutation.losses import BrokenLine, Parabola, Wave, exact, probed, signs, swept, trajectory

_STEPS = tuple({"nu": nu} for nu in (1, 2, 3))
_GAP = 2.0**-20
_SLOW = 2.0**-20  # a line is the middle of a slow sine: f'' changes by 2^-20 and nothing else is unbounded


def _noise(gradient: float, amplitude: float = 0.0, frequency: float = 1.0) -> dict[str, object]:
    return {
        "gradient": gradient, "amplitude": amplitude, "frequency": frequency, "u": [[1.0]], "v": [[1.0]], "phi": [0.0]
    }  # fmt: skip


def _largest(*values: Tensor) -> Tensor:
    return torch.stack(torch.broadcast_tensors(*values)).abs().amax(0)


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
        reach = _largest(*points)
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
        inputs = {
            "alpha": alpha,
            "L": size,
            "mu": k,
            "rho": 0 * k,
            "B": size * reach,
            "gamma_G": 0 * k,
            "gamma_H": 0 * k,
        }
        at = {
            ("S3", "S3"): 1 + 0 * k, ("S10", "S10"): f.slope(before).abs(),
            ("S4", "L_F_pointwise"): f.slope(w / 2).abs()
        }  # fmt: skip
        inputs["grad_norm_i"] = at.get(self._only, 1 + 0 * k)
        return Batch(measured, inputs, {"nu": nu, "n": 1, "m": 1}, dict.fromkeys(measured, "exact"))

    def __init__(self, only: Target = ("S3", "S3")) -> None:
        self._only = only

    def about(self, target: Target) -> Parabolas:
        """The same family with the gradient norm that one statement asks for."""
        return Parabolas(target)

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A quadratic task at w = 1."""
        k, alpha = x
        cell = PointsCell(
            task="found",
            alpha=alpha,
            nu=option["nu"],
            statements=[target[0]],  # type: ignore[list-item, arg-type]
            at=[Fraction(1)],
            pair=[Fraction(1, 2)],
        )  # type: ignore[arg-type]
        return Instance(task("found", "explicit-quadratic", A=[[[float(k)]]], c=[[0.0]]), cell)


@final
class Waves(Family):
    """A line with a wave on it: f = w + (e/k^2) cos(k w + phi), alpha = 1, at w = 0."""

    name, words = "waves", "f = w + (e/k^2) cos(k w + phi), alpha = 1, e in [1e-5, 1], k in [1/2, 20]"
    parameters = (Parameter("e", 1e-5, 1, True), Parameter("k", 0.5, 20), Parameter("phi", 0, 2 * math.pi))
    targets = frozenset({("S4", "L_F"), ("S4", "L_F_pointwise"), ("S8", "b_FO"), ("S3", "B_F")})
    options = _STEPS

    def _wave(self, x: Tensor, sign: float = 1.0) -> Wave:
        e, k, phi = x.T
        return Wave(torch.ones_like(e), sign * e / k**2, k, phi)

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Pairs 2^-20 apart."""
        nu, (e, k, _) = option["nu"], x.T
        f, one = self._wave(x), torch.ones_like(x[:, 0])
        w, u = 0 * one, _GAP * one
        gradient, other = exact(f, w, one, nu), exact(f, u, one, nu)
        ratio = (gradient - other).abs() / _GAP
        error = (gradient - f.slope(trajectory(f, w, one, nu)[-1])).abs()
        measured = {
            ("S4", "L_F"): ratio, ("S4", "L_F_pointwise"): ratio, ("S8", "b_FO"): error, ("S3", "B_F"): gradient.abs()
        }  # fmt: skip
        L = e + _SLOW
        inputs = {
            "alpha": one, "L": L, "mu": -L, "rho": e * k + _SLOW**2, "B": 1 + e / k, "gamma_G": 0 * e, "gamma_H": 0 * e,
            "grad_norm_i": f.slope(u).abs(),
        }  # fmt: skip
        return Batch(measured, inputs, {"nu": nu, "n": 1, "m": 1}, dict.fromkeys(measured, "exact"))

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A cosine task whose first, slow cosine is the line."""
        e, k, phi = (float(value) for value in x)
        made = task(
            "found", "explicit-cosine", a=[[_SLOW], [k]], s=[[1 / _SLOW, e / k**2]], phi=[[-math.pi / 2, phi]]
        )  # fmt: skip
        cell = PointsCell(
            task="found", alpha=Fraction(1), nu=option["nu"], statements=[target[0]],  # type: ignore[list-item, arg-type]
            at=[Fraction(0)],
            pair=[Fraction(_GAP)],
        )  # type: ignore[arg-type]  # fmt: skip
        return Instance(made, cell)


@final
class TwoWaves(Family):
    """Two agents on a line with opposite waves: f_i = w +- (e/k^2) cos(k w + phi), or parabolas apart."""

    name, words = "two waves", "f_i = w +- (e/k^2) cos(k w + phi), alpha = 1"
    parameters = Waves.parameters
    targets = frozenset({("S7", "gamma_F")})
    options = _STEPS

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Spread of two meta-gradients: half their distance."""
        nu, (e, k, phi) = option["nu"], x.T
        one = torch.ones_like(e)
        first, second = (exact(Wave(one, s * e / k**2, k, phi), 0 * one, one, nu) for s in (1, -1))
        L = e + _SLOW
        inputs = {"alpha": one, "L": L, "mu": -L, "rho": e * k, "B": 1 + e / k, "gamma_G": e / k, "gamma_H": e}
        measured = {("S7", "gamma_F"): (first - second).abs() / 2}
        return Batch(measured, inputs, {"nu": nu, "n": 2, "m": 2}, {("S7", "gamma_F"): "exact"})

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A cosine task of two agents."""
        e, k, phi = (float(value) for value in x)
        s, line = e / k**2, 1 / _SLOW
        made = task(
            "found", "explicit-cosine", a=[[_SLOW], [k]], s=[[line, s], [line, -s]],
            phi=[[-math.pi / 2, phi], [-math.pi / 2, phi]],
        )  # fmt: skip
        cell = PointsCell(task="found", alpha=Fraction(1), nu=option["nu"], statements=["S7"], at=[Fraction(0)])
        return Instance(made, cell)


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
        half = 0.5 * torch.ones_like(k)
        first, second = (exact(Parabola(k, s * half), 0 * k, alpha, nu) for s in (1, -1))
        size = k.abs().clamp_min(1e-12)
        inputs = {"alpha": alpha, "L": size, "mu": k, "rho": 0 * k, "B": size, "gamma_G": size / 2, "gamma_H": 0 * k}
        return Batch(
            {("S7", "gamma_F"): (first - second).abs() / 2},
            inputs,
            {"nu": nu, "n": 2, "m": 2},
            {("S7", "gamma_F"): "exact"},
        )

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A quadratic task of two agents."""
        k, alpha = float(x[0]), x[1]
        made = task("found", "explicit-quadratic", A=[[[k]], [[k]]], c=[[0.5], [-0.5]])
        cell = PointsCell(task="found", alpha=alpha, nu=option["nu"], statements=["S7"], at=[Fraction(0)])
        return Instance(made, cell)


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
        f, true = Parabola(k, 0 * k), None
        true = exact(f, w, alpha, nu)
        error, first, square = 0 * k, 0 * k, 0 * k
        outcomes = list(signs(nu + 1))
        reach = w.abs()
        for outcome in outcomes:
            points = trajectory(f, w, alpha, nu, [s * g for s in outcome[:-1]])
            added = outcome[-1] * g
            error = error + (swept(f, points, alpha, added) - true) ** 2
            slope = f.slope(points[-1]) + added
            first, square = first + slope, square + slope**2
            reach = torch.maximum(reach, _largest(*points))
        count = len(outcomes)
        mean = first / count
        size = k.abs().clamp_min(1e-12)
        measured = {
            ("S6", "sigma_F2"): error / count,
            ("S8s", "var_FO_sto"): square / count - mean**2,
            ("S8s", "b_FO_sto"): (mean - true).abs(),
        }
        inputs = {
            "alpha": alpha, "L": size, "mu": k, "rho": 0 * k, "B": size * reach, "sigma_G": g, "sigma_H": 0 * k,
            "gamma_G": 0 * k, "gamma_H": 0 * k, "D": 1 + 0 * k, "D_prime": 1 + 0 * k, "D_H": 1 + 0 * k,
        }  # fmt: skip
        modes = {("S6", "sigma_F2"): "stochastic"}
        return Batch(
            measured, inputs, {"nu": nu, "n": 1, "m": 1}, {t: modes.get(t, "first_order_stochastic") for t in measured}
        )

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A noisy quadratic task, every outcome enumerated."""
        k, alpha, w, g = x
        made = task("found", "explicit-quadratic", A=[[[float(k)]]], c=[[0.0]], noise=_noise(float(g)))
        cell = NoiseCell(
            task="found", alpha=alpha, nu=option["nu"], statements=[target[0]],  # type: ignore[list-item, arg-type]
            D=1, D_prime=1, D_H=1,
            method="enumerate", at=[w],
        )  # type: ignore[arg-type]  # fmt: skip
        return Instance(made, cell)


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

    def _loss(self, x: Tensor) -> BrokenLine:
        zero = torch.zeros_like(x[:, 0])
        knots = torch.tensor(_KNOTS, dtype=torch.float64)
        return BrokenLine(knots, torch.stack([zero, *x.T[:-2], zero]), zero - 1)

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Every sign of every inner batch; outer noise by its signs where the probes see it."""
        nu, f = option["nu"], self._loss(x)
        g, delta = x.T[-2:]
        w, alpha = 0 * g, 0.5 + 0 * g
        true, plain = exact(f, w, alpha, nu), trajectory(f, w, alpha, nu)
        bias, first, free, square = (0 * g for _ in range(4))
        outcomes = list(signs(nu + 1))
        for outcome in outcomes:
            points = trajectory(f, w, alpha, nu, [s * g for s in outcome[:-1]])
            sample = swept(f, points, alpha, outcome[-1] * g)
            bias, square = bias + sample, square + (sample - true) ** 2
            first = first + f.slope(points[-1])
            free = free + probed(f, points, alpha, delta, outcome[-1] * g)
        count = len(outcomes)
        u = _GAP + w
        measured = {
            ("S5", "b_sto"): (bias / count - true).abs(),
            ("S5p", "b_sto_2"): (bias / count - true).abs(),
            ("S6", "sigma_F2"): square / count,
            ("S8s", "b_FO_sto"): (first / count - true).abs(),
            ("S9s", "b_HF_sto"): (free / count - true).abs(),
            ("S9", "b_HF"): (probed(f, plain, alpha, delta, 0.0) - true).abs(),
            ("S8", "b_FO"): (f.slope(plain[-1]) - true).abs(),
            ("S4", "L_F"): (exact(f, u, alpha, nu) - true).abs() / _GAP,
        }
        rise = (f.heights.diff(dim=0) / f.knots.diff().unsqueeze(-1)).abs().amax(0)
        L = f.heights.abs().amax(0).clamp_min(1e-9)
        one = 1 + 0 * g
        inputs = {
            "alpha": alpha, "L": L, "mu": f.heights.amin(0), "rho": rise, "B": f.largest_slope(),
            "sigma_G": g,
            "sigma_H": 0 * g, "gamma_G": 0 * g, "gamma_H": 0 * g, "D": one, "D_prime": one, "D_H": one, "delta": delta,
        }  # fmt: skip
        modes = {
            "S5": "stochastic", "S5p": "stochastic", "S6": "stochastic", "S8s": "first_order_stochastic",
            "S9": "hessian_free", "S9s": "hessian_free_stochastic", "S8": "first_order", "S4": "exact",
        }  # fmt: skip
        return Batch(measured, inputs, {"nu": nu, "n": 1, "m": 1}, {t: modes[t[0]] for t in measured})

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A spline task at w = 0."""
        heights, (g, delta) = [0.0, *(float(value) for value in x[:-2]), 0.0], x[-2:]
        noisy = target[0] in ("S5", "S5p", "S6", "S8s", "S9s")
        more = {"noise": _noise(float(g))} if noisy else {}
        made = task("found", "explicit-spline", knots=list(_KNOTS), curvature=[heights], slope=[-1.0], at=0.0, **more)
        common = {
            "task": "found",
            "alpha": Fraction(1, 2),
            "nu": option["nu"],
            "statements": [target[0]],
            "at": [Fraction(0)],
        }
        probes = {"delta": delta} if target[0] in ("S9", "S9s") else {}
        if noisy:
            return Instance(made, NoiseCell(**common, **probes, D=1, D_prime=1, D_H=1, method="enumerate"))  # type: ignore[arg-type]
        return Instance(made, PointsCell(**common, **probes, pair=[Fraction(_GAP)]))  # type: ignore[arg-type]


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

        def step(w: Tensor) -> Tensor:
            local = w.expand(2, *w.shape)
            for _ in range(tau):
                local = local - beta * (
                    k.reshape(2, *(1,) * (w.dim() - 1), -1) * local + a.reshape(2, *(1,) * (w.dim() - 1), -1)
                )
            return local

        paths, total = torch.zeros_like(h)[None], torch.zeros_like(h)
        reach, after = torch.zeros_like(h), None
        for _ in range(K):
            total = total + ((mean_k * paths + mean_a) ** 2).mean(0)
            local = step(paths)
            reach = torch.maximum(reach, local.abs().amax(dim=(0, 1)))
            paths = local.mean(0) if m == 2 else local.reshape(-1, local.shape[-1])
            if after is None:
                after = (mean_k * paths**2 / 2 + mean_a * paths).mean(0)
        lowest = torch.where(mean_k > 0, -(mean_a**2) / (2 * mean_k.clamp_min(1e-9)), torch.full_like(h, -torch.inf))
        gap = (mean_k * paths**2 / 2 + mean_a * paths).mean(0) - lowest
        assert after is not None
        spread = ((k1 - k2).abs() * reach * 1.05 + (a1 - a2).abs()) / 2
        shift = torch.zeros_like(h)
        F0 = shift if self._round else -lowest
        inputs = {
            "alpha": 0.5 + 0 * h, "L": smooth, "mu": k.amin(0), "rho": 0 * h,
            "B": (k.abs() * reach + a.abs()).amax(0) * 1.05,
            "sigma_G": 0 * h, "sigma_H": 0 * h, "gamma_G": spread, "gamma_H": (k1 - k2).abs() / 2, "beta": beta,
            "L_F": smooth, "mu_F": mean_k.clamp_min(1e-9), "F0_gap": F0, "grad_norm": mean_a.abs(),
        }  # fmt: skip
        measured = {("T1c", "T1c") if tau == 1 else ("T1b", "T1b"): after}
        if mean_k.max() > 0:
            measured |= {("T2", "T2"): total / K, ("T3", "T3"): gap}
        counts = {"nu": 0, "tau": tau, "n": 2, "m": m, "K": K}
        return Batch(measured, inputs, counts, dict.fromkeys(measured, "exact"))

    def __init__(self, one_round: bool = False) -> None:
        self._round = one_round

    def about(self, target: Target) -> Rounds:
        """The same family with the shift that one statement asks for."""
        return Rounds(target[0].startswith("T1"))

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A quadratic task of two agents and a run from w = 0."""
        k1, k2, a1, a2, h = (float(value) for value in x)
        if k2 == 0:
            k2 = 2.0**-20
        made = task("found", "explicit-quadratic", A=[[[k1]], [[k2]]], c=[[-a1 / k1], [-a2 / k2]])
        beta = Fraction(h / (option["tau"] * max(abs(k1), abs(k2))))
        statement = "T1" if target[0].startswith("T1") else target[0]
        cell = RunCell(
            task="found", alpha=Fraction(1, 2), nu=0, statements=[statement],  # type: ignore[list-item, arg-type]
            mode=Mode.EXACT, tau=option["tau"],
            m=option["m"], beta=beta, rounds=option["K"], start=[Fraction(0)],
        )  # type: ignore[arg-type]  # fmt: skip
        return Instance(made, cell)


FAMILIES: tuple[Family, ...] = (
    Parabolas(), Waves(), TwoWaves(), TwoParabolas(), NoisyParabolas(), BrokenLines(), Rounds()
)  # fmt: skip


def families_for(target: Target) -> list[Family]:
    """The families on which a statement's left side can be computed."""
    found = [family for family in FAMILIES if target in family.targets]
    return [family.about(target) if isinstance(family, Parabolas | Rounds) else family for family in found]
