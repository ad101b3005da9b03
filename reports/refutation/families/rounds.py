"""Runs on parabolas, one agent against the rest: mean and second moment of the server's point round by round."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import final

import torch
from torch import Tensor

from empirics.algorithm.modes import Mode
from reports.measure.mean_squared import LEAST
from reports.refutation.families.local_paths import geometric
from reports.refutation.family import (
    Batch,
    Family,
    Instance,
    Parameter,
    Target,
    cell,
    constants_of,
    counts_of,
    task,
    two_signs,
)  # fmt: skip

_ONE_THEOREM: Target = ("T1d", "T1d")
_ONE_ROUND: frozenset[Target] = frozenset({("T1b", "T1b"), ("T1c", "T1c"), ("T1a", "T1a"), _ONE_THEOREM})
_WHOLE_RUN: frozenset[Target] = frozenset({("T2", "T2"), ("T3", "T3"), ("T2p", "T2p"), ("T3p", "T3p"), ("C2", "C2")})
_LENGTHS = ((1, (1, 2, 4, 16)), (4, (1, 2, 4, 16)), (16, (1, 2, 4, 16)), (256, (1,)))  # rounds, and local steps in each
_OPTIONS = tuple(
    {"nu": nu, "tau": tau, "n": n, "m": m, "K": K}
    for (K, taus), (n, m), nu in itertools.product(_LENGTHS, ((2, 2), (2, 1), (3, 1), (3, 3), (1, 1)), (0, 1))
    for tau in taus
)


@final
class Rounds(Family):
    """Agents f_i = k_i w^2/2 + a_i w from w = 0, the first with (k1, a1), all others with (k2, a2)."""

    parameters = (
        Parameter("k1", 0.05, 1), Parameter("k2", -1, 1), Parameter("a1", -2, 2), Parameter("a2", -2, 2),
        Parameter("h", 1e-3, 1, True), Parameter("alpha", 1e-3, 10, True), Parameter("g", 1e-2, 10, True),
    )  # fmt: skip
    options = _OPTIONS
    most = MappingProxyType(
        {"nu": 64, "n": 256, "m": 256, "tau": 1024, "K": 4096, "D": 4096, "D_prime": 4096, "D_H": 4096}
    )

    def __init__(self, mode: Mode) -> None:
        """Take the mode of the runs; differences of lines are exact, so Hessian-free runs are those with Hessians."""
        self.mode, self.name = mode, f"rounds, {mode}"
        self.words = "F_i' from f_i' = k_i w + a_i, one agent against the rest, h in (0, 1], from w = 0"
        self.targets = _WHOLE_RUN | _ONE_ROUND

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """The recursion of E w and E w^2 that affine maps of m of n agents give."""
        assert self.mode is not None
        nu, tau, n, m, K = (option[name] for name in ("nu", "tau", "n", "m", "K"))
        k1, k2, a1, a2, h, alpha, g = x.T
        share = torch.tensor([[1.0], [n - 1.0]], dtype=torch.float64) / n
        k, a = torch.stack([k1, k2 if n > 1 else k1]), torch.stack([a1, a2 if n > 1 else a1])
        P = 1 - alpha * k
        sweep = P**nu
        bend, pull = k * sweep**2, a * sweep**2  # F_i' = bend w + pull
        turn, push = (bend, pull) if self.mode.curved else (k * sweep, a * sweep)
        smooth = bend.abs().amax(0).clamp_min(1e-12)
        beta = h / (tau * smooth)
        step = 1 - beta * turn
        R, t = step**tau, -beta * push * geometric(step, tau)
        counts, noise = counts_of(option), torch.zeros_like(k)
        if self.mode.draws:
            along = sum((P ** (2 * j) for j in range(nu)), noise) * (alpha * k) ** 2 / counts["D"]
            gradient = g**2 * (along + 1 / counts["D_prime"]) * (sweep**2 if self.mode.curved else 1)
            noise = beta**2 * gradient  # of one local step
        mean_bend, mean_pull = (share * bend).sum(0), (share * pull).sum(0)
        # moments about the minimiser, where there is one: a small gap is no difference of large losses then
        solid = mean_bend > 1e-3 * smooth
        centre = torch.where(solid, -mean_pull / torch.where(solid, mean_bend, 1.0), 0.0)
        t, slope = t + (R - 1) * centre, torch.where(solid, 0.0, mean_pull)

        def loss(first: Tensor, second: Tensor) -> Tensor:
            return mean_bend * second / 2 + slope * first

        first, second, total, local, reach = -centre, centre**2, 0 * h, 0 * h, centre.abs()
        least = torch.full_like(h, torch.inf)
        # E |grad F|^2 at the mean of all agents, summed over the steps of a round: a quadratic form in w
        form, series, spread = [0 * h, 0 * h, 0 * h], 0 * step, 0 * step
        for power in (step**s for s in range(tau)):
            mean_R, shaken = (share * power).sum(0), (share * noise * spread).sum(0) / n
            tilt = mean_bend * (share * (-beta * push * series + (power - 1) * centre)).sum(0) + slope
            form[2] = form[2] + (mean_bend * mean_R) ** 2
            form[1] = form[1] + 2 * mean_bend * mean_R * tilt
            form[0] = form[0] + tilt**2 + mean_bend**2 * shaken
            series, spread = series + power, spread + power**2
        start, after = loss(first, second), loss(first, second)
        kick = beta * g * geometric(step.abs(), tau) if self.mode.draws else 0 * step
        for done in range(K):
            square = mean_bend**2 * second + 2 * mean_bend * slope * first + slope**2
            total, least = total + square, torch.minimum(least, square)
            local = local + form[2] * second + form[1] * first + form[0]
            own = (share * (R**2 * second + 2 * R * t * first + t**2)).sum(0)
            mean_R, mean_t = (share * R).sum(0), (share * t).sum(0)
            both = mean_R**2 * second + 2 * mean_R * mean_t * first + mean_t**2
            pairs = (n * both - own) / max(n - 1, 1)  # of two different agents
            first = mean_R * first + mean_t
            second = (own + (share * noise * geometric(step**2, tau)).sum(0) + (m - 1) * pairs) / m
            reach = torch.maximum(reach, (R.abs() * reach + t.abs() + kick).amax(0))
            after = loss(first, second) if done == 0 else after
        lowest = torch.where(mean_bend > 0, -(mean_pull**2) / (2 * mean_bend.clamp_min(1e-12)), -torch.inf)
        # fine-tuning moves an agent's point on, and the largest of them bounds gradients and spreads
        tuned = alpha * (geometric(P.abs(), nu) * a.abs()).amax(0)
        reach = (reach + centre.abs()) * P.abs().clamp_min(1.0).amax(0) ** nu + tuned
        away = (share * (1 - share)).sum(0) / 2
        inputs = constants_of(
            alpha, k.abs().amax(0), k.amin(0), 0 * h, (k.abs() * reach + a.abs()).amax(0) * 1.05, beta=beta, L_F=smooth,
            gamma_G=((k[0] - k[1]).abs() * reach * 1.05 + (a[0] - a[1]).abs()) * away.sqrt(),
            gamma_H=(k[0] - k[1]).abs() * away.sqrt(), mu_F=mean_bend.clamp_min(1e-12), F0_gap=-lowest,
            sigma_G=g if self.mode.draws else 0 * g, delta=1 + 0 * g, mu_c=bend.amin(0),
        )  # fmt: skip
        case = self._case(option)
        measured: dict[Target, Tensor] = {}
        if K == 1:
            measured = dict.fromkeys((case, _ONE_THEOREM), after - start)
        if mean_bend.max() > 0:
            gap = torch.where(solid, loss(first, second), -torch.inf)
            measured |= dict.fromkeys((("T2", "T2"), ("T2p", "T2p")), total / K)
            measured["T2", LEAST] = least
            measured["C2", "C2"] = local / (K * tau)
            measured |= dict.fromkeys((("T3", "T3"), ("T3p", "T3p")), gap)
        # the loss starts at 0, so both sides of one round carry no shift
        at_start = {"F0_gap": 0 * h, "grad_norm": mean_pull.abs()}
        own_inputs: dict[Target, dict[str, Tensor]] = dict.fromkeys((case, _ONE_THEOREM), at_start)
        return Batch(measured, inputs, counts, own_inputs, {"drift": "ball"})

    def serves(self, target: Target, option: Mapping[str, int]) -> bool:
        """One round has the case of its tau and mode."""
        return target in _WHOLE_RUN or (option["K"] == 1 and target in (self._case(option), _ONE_THEOREM))

    def _case(self, option: Mapping[str, int]) -> Target:
        assert self.mode is not None
        sure = not self.mode.draws and (self.mode.curved or option["nu"] == 0)
        case = "T1c" if option["tau"] == 1 else "T1b" if sure else "T1a"
        return case, case

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A quadratic task and a run from w = 0."""
        assert self.mode is not None
        n, tau, nu = option["n"], option["tau"], option["nu"]
        k1, k2, a1, a2, h, alpha, g = (float(value) for value in x)
        k = [k1] + [k2 or 2.0**-20] * (n - 1)
        centres = [[-a / bend] for a, bend in zip([a1] + [a2] * (n - 1), k, strict=True)]
        noise = {"noise": two_signs(g, n)} if self.mode.draws else {}
        sizes = {name: counts_of(option)[name] for name in ("D", "D_prime", "D_H")} if self.mode.draws else {}
        if not self.mode.curved:
            sizes.pop("D_H", None)
        probe = {"delta": Fraction(1)} if self.mode.probes else {}
        made = task("explicit-quadratic", A=[[[bend]] for bend in k], c=centres, **noise)
        smooth = max(abs(bend) * (1 - alpha * bend) ** (2 * nu) for bend in k)
        # a hair less than h, which rounding must not lift above 1
        run = cell(
            target, alpha=x[5], nu=nu, mode=self.mode, tau=tau, m=option["m"], rounds=option["K"], start=[Fraction(0)],
            beta=Fraction(h / (tau * smooth) * (1 - 2.0**-40)), **sizes, **probe,
        )  # fmt: skip
        return Instance(made, run)
