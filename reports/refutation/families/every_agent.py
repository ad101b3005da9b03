"""Rounds of every agent without batches on parabolas: fixed points, local paths, means over local steps."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import final

import torch
from torch import Tensor

from empirics.algorithm.modes import Mode
from reports.refutation.families.local_paths import drift_ball, geometric
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
)

_FLOORS: frozenset[Target] = frozenset(
    {("T4", "T4"), ("T4", "T4_gap"), ("T4p", "T4p"), ("T4p", "T4p_gap"), ("T4c", "T4c_gap")}
)
_PATH: Target = ("D1", "omega")
_STEPS: Target = ("C1", "C1")
_LOCAL: Target = ("C2", "C2")
_ROUNDING = 1e-6  # below this a difference of float64 says nothing
_OPTIONS = tuple(
    {"nu": nu, "tau": tau, "n": n, "K": K}
    for nu, tau, n, K in itertools.product((0, 1, 2), (1, 2, 5, 16), (1, 2, 3, 9, 17), (1, 16, 64))
)


@final
class EveryAgent(Family):
    """Agents f_i = k_i w^2/2 + a_i w from w = 0, the first with (k1, a1), all others with (k2, a2)."""

    parameters = (
        Parameter("k1", 0.05, 1), Parameter("k2", -1, 1), Parameter("a1", -2, 2), Parameter("a2", -2, 2),
        Parameter("h", 1e-3, 2, True), Parameter("alpha", 1e-4, 10, True),
    )  # fmt: skip
    options = _OPTIONS
    most = MappingProxyType({"nu": 64, "n": 256, "tau": 1024, "K": 1024})

    def __init__(self, mode: Mode) -> None:
        """Take the mode of the rounds: exact, or first order for C1."""
        self.mode, self.name = mode, f"every agent, {mode}"
        self.words = "f_i' = k_i w + a_i, one agent against up to sixteen, all of them in every round, from w = 0"
        self.targets = _FLOORS | {_PATH, _LOCAL} if mode is Mode.EXACT else frozenset({_STEPS})

    def serves(self, target: Target, option: Mapping[str, int]) -> bool:
        """Floors and paths are of one round, and of several local steps; C1's rounds have one."""
        if target in _FLOORS or target == _PATH:
            return target in self.targets and option["K"] == 1 and option["tau"] > 1
        return target in self.targets and (target != _STEPS or (option["tau"] == 1 and option["nu"] > 0))

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Closed forms of the fixed point and of one path; the rounds one after another."""
        nu, tau, n, K = (option[name] for name in ("nu", "tau", "n", "K"))
        k1, k2, a1, a2, h, alpha = x.T
        share = torch.tensor([[1.0], [n - 1.0]], dtype=torch.float64) / n
        k, a = torch.stack([k1, k2 if n > 1 else k1]), torch.stack([a1, a2 if n > 1 else a1])
        P = 1 - alpha * k
        bend, pull = k * P ** (2 * nu), a * P ** (2 * nu)  # F_i' = bend w + pull
        turn, push = (k * P**nu, a * P**nu) if self.mode is Mode.FIRST_ORDER else (bend, pull)
        smooth = bend.abs().amax(0).clamp_min(1e-12)
        beta = h / (tau * smooth)
        step = 1 - beta * turn
        mean_bend, mean_pull = (share * bend).sum(0), (share * pull).sum(0)
        w, reach, steps, local = 0 * h, 0 * h, 0 * h, 0 * h
        for _ in range(K):
            steps = steps + (mean_bend * w + mean_pull) ** 2
            own = w.expand_as(k)
            for _ in range(tau):
                local = local + (mean_bend * (share * own).sum(0) + mean_pull) ** 2
                own = step * own - beta * push
                reach = torch.maximum(reach, own.abs().amax(0))
            w = (share * own).sum(0)
        R, lowest = (1 - beta * bend) ** tau, -mean_pull / mean_bend
        averaged = (1 - R) / (beta * tau * bend)  # ybar = averaged times the first gradient
        at_rest = -(share * averaged * pull).sum(0) / (share * averaged * bend).sum(0)
        solid, kept = mean_bend > 1e-3 * smooth, (share * R).sum(0).abs() < 1
        gradient = mean_bend * (at_rest - lowest)
        psi, omega = drift_ball(h, bend.amin(0) / smooth, tau)
        rests = solid & kept & (omega > _ROUNDING) & (gradient.abs() > _ROUNDING * pull.abs().amax(0))
        floor = torch.where(rests, gradient**2, -torch.inf)
        gap = torch.where(rests, gradient**2 / (2 * mean_bend), -torch.inf)
        apart = (averaged - psi).abs().amax(0) if n > 1 else (averaged - psi).abs()[0]
        far = torch.maximum(reach, torch.where(kept, at_rest.abs(), reach)) * P.abs().clamp_min(1).amax(0) ** nu
        # agents' points move away from w by fine-tuning, and the largest of them bounds gradients and spreads
        far = far + alpha * (geometric(P.abs(), nu) * a.abs()).amax(0)
        away = (share * (1 - share)).sum(0) / 2
        inputs = constants_of(
            alpha, k.abs().amax(0), k.amin(0), 0 * h, (k.abs() * far + a.abs()).amax(0) * 1.05, beta=beta, L_F=smooth,
            gamma_G=((k[0] - k[1]).abs() * far * 1.05 + (a[0] - a[1]).abs()) * away.sqrt(),
            gamma_H=(k[0] - k[1]).abs() * away.sqrt(), mu_F=mean_bend.clamp_min(1e-12), mu_c=bend.amin(0),
            F0_gap=torch.where(solid, mean_pull**2 / (2 * mean_bend), torch.inf),
        )  # fmt: skip
        if self.mode is Mode.FIRST_ORDER:
            del inputs["mu_c"]
            return Batch({_STEPS: torch.where(solid, steps / K, -torch.inf)}, inputs, self._counts(option))
        measured = {target: gap if target[1].endswith("gap") else floor for target in _FLOORS}
        measured |= {_PATH: torch.where(omega > _ROUNDING, apart, -torch.inf)}
        measured |= {_LOCAL: torch.where(solid, local / (K * tau), -torch.inf)}
        return Batch(measured, inputs, self._counts(option), {}, {"drift": "ball"})

    @staticmethod
    def _counts(option: Mapping[str, int]) -> dict[str, int]:
        return {**counts_of(option), "m": option["n"]}

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A quadratic task and rounds of every agent from w = 0."""
        assert self.mode is not None
        n, tau, nu = option["n"], option["tau"], option["nu"]
        k1, k2, a1, a2, h, alpha = (float(value) for value in x)
        k = [k1] + [k2 or 2.0**-20] * (n - 1)
        centres = [[-a / bend] for a, bend in zip([a1] + [a2] * (n - 1), k, strict=True)]
        made = task("explicit-quadratic", A=[[[bend]] for bend in k], c=centres)
        smooth = max(abs(bend) * (1 - alpha * bend) ** (2 * nu) for bend in k)
        run = cell(
            target, alpha=x[5], nu=nu, mode=self.mode, tau=tau, rounds=option["K"], start=[Fraction(0)],
            beta=Fraction(h / (tau * smooth) * (1 - 2.0**-40)),
        )  # fmt: skip
        return Instance(made, run)
