"""Runs of one agent on a broken line: what a mode's bias does where curvature changes."""

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
from reports.refutation.batched import BatchScope
from reports.refutation.families.broken_lines import OnBrokenLines
from reports.refutation.family import Batch, Instance, Parameter, Target, cell, counts_of
from reports.refutation.losses import BrokenLine, exact, probed, trajectory
from theory.tables import default_table

_LENGTHS = ((1, 1), (1, 4), (2, 1), (16, 1), (16, 4), (256, 1))  # rounds, and local steps in each
_OPTIONS = tuple({"nu": nu, "n": 1, "tau": tau, "K": K} for (K, tau), nu in itertools.product(_LENGTHS, (0, 1, 2)))
_CASES: frozenset[Target] = frozenset({("T1a", "T1a"), ("T1b", "T1b"), ("T1c", "T1c")})


@final
class LineRounds(OnBrokenLines):
    """Runs from w = 0 in a mode without batches, every agent taking part."""

    parameters = (*OnBrokenLines.parameters, Parameter("h", 1e-3, 1, True))
    options = _OPTIONS
    most = MappingProxyType({"nu": 16, "n": 64, "tau": 64, "K": 1024})

    def __init__(self, mode: Mode) -> None:
        """Take the mode of the runs."""
        self.mode, self.name = mode, f"rounds on broken lines, {mode}"
        self.words = "one f with f'' through heights in [-4, 4], f'(0) = -1, alpha = 1/2, h in (0, 1], from w = 0"
        self.targets = _CASES | {("T2", "T2"), ("C2", "C2")}

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """The run itself, and F before and after its first round."""
        f, inputs = self._at(x, option)
        w, alpha, beta, nu = 0 * x.T[0], inputs["alpha"], inputs["beta"], option["nu"]
        total, local, least, start = 0 * w, 0 * w, torch.full_like(w, torch.inf), exact(f, w, alpha, nu)
        for step in range(option["K"] * option["tau"]):
            slope = exact(f, w, alpha, nu)
            local = local + slope**2
            if step % option["tau"] == 0:
                total, least = total + slope**2, torch.minimum(least, slope**2)
            w = w - beta * (slope if self.mode is Mode.EXACT else self._biased(f, w, alpha, nu, inputs["delta"]))
        before, after = (f.value(trajectory(f, at, alpha, nu)[-1]) for at in (0 * w, w))
        left, right = f.ends()
        bounded = (left <= 0) & (right >= 0)
        measured = {("T2", "T2"): torch.where(bounded, total / option["K"], -torch.inf)}
        measured["T2", LEAST] = torch.where(bounded, least, -torch.inf)
        measured["C2", "C2"] = torch.where(bounded, local / (option["K"] * option["tau"]), -torch.inf)
        case = self._case(option)
        if option["K"] == 1:
            measured[case] = torch.where(bounded, after - before, -torch.inf)
        own = {case: {"F0_gap": 0 * w, "grad_norm": start.abs()}}
        return Batch(measured, {**inputs, "F0_gap": before - f.lowest()}, counts_of(option), own)

    def serves(self, target: Target, option: Mapping[str, int]) -> bool:
        """One round has the case of its tau and mode."""
        return target not in _CASES or (option["K"] == 1 and target == self._case(option))

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """A spline task and a run from w = 0."""
        assert self.mode is not None
        made = self.made(x[:-1], option["n"])
        point = torch.tensor([[float(value) for value in x]], dtype=torch.float64)
        probe = {"delta": x[-2]} if self.mode.probes else {}
        run = cell(
            target, alpha=Fraction(1, 2), nu=option["nu"], mode=self.mode, tau=option["tau"], m=option["n"],
            rounds=option["K"], start=[Fraction(0)], beta=Fraction(float(self._at(point, option)[1]["beta"])), **probe,
        )  # fmt: skip
        return Instance(made, run)

    def _at(self, x: Tensor, option: Mapping[str, int]) -> tuple[BrokenLine, dict[str, Tensor]]:
        """The losses and their constants; beta from the larger L_F, that without mu, and a hair less than h allows."""
        f, h = self.line(x[:, :-1]), x.T[-1]
        inputs = self.constants(f, delta=x.T[-2])
        given = {name: value for name, value in inputs.items() if name != "mu"}
        smooth = BatchScope(default_table(), given, counts_of(option), Mode.EXACT).value("L_F")
        return f, {**inputs, "beta": h / (option["tau"] * smooth) * (1 - 2.0**-40)}

    def _biased(self, f: BrokenLine, w: Tensor, alpha: Tensor, nu: int, delta: Tensor) -> Tensor:
        assert self.mode is not None
        points = trajectory(f, w, alpha, nu)
        return probed(f, points, alpha, delta, 0.0) if self.mode.probes else f.slope(points[-1])

    def _case(self, option: Mapping[str, int]) -> Target:
        case = "T1c" if option["tau"] == 1 else "T1b" if self.mode is Mode.EXACT else "T1a"
        return case, case
