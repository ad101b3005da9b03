"""What theory allows on the agents of a study: T2's largest server step for every number of fine-tuning steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

import theory
from empirics import MetaFedAvg
from empirics.algorithm.modes import Mode
from empirics.estimation import Budget, estimate, hull_of_run
from reports.plans.studies import PersonalisationPlan
from reports.records.store import Record
from reports.studies.execution import Made, StudyCell, code_version
from reports.studies.frames import Trained
from reports.studies.training import Scene

_NAMES = ("L", "rho", "B", "gamma_G", "gamma_H")
# a look, not an estimate to rely on: each constant is from below in any case
_BUDGET = Budget(screened=4, starts=1, steps=2, lanczos=8, directions=1, power=4, draws=64)
_VERTICES = 4
_ROUNDS = 20


@dataclass(frozen=True)
class PathConstants(StudyCell):
    """L, rho, B, gamma_G, gamma_H of the seen agents, from below, over the hull of a FedAvg path and its fine-tuning.

    In float64, from the pilot's start, in server steps alpha; fine-tuning takes as many steps as the plan tests most.
    """

    scene: Scene
    alpha: float

    def description(self) -> dict[str, Any]:
        """Everything that decides the record."""
        cell = {"task": self.scene.title, "statements": [], **self.scene.description(), "alpha": self.alpha}
        cell["steps"] = max(self.scene.plan.nus)
        return {"kind": "path constants", "cell": cell, "device": self.scene.device, "code": code_version()}

    @property
    def weight(self) -> float:
        """About that of some hundred gradients an agent and constant."""
        return 500.0

    def make(self) -> Made:
        """Run, then climb."""
        seen = self.scene.tasks()[0].to(dtype=torch.float64)
        run = MetaFedAvg(0.0, 0, self.alpha, self.scene.plan.tau, chunk=1).run(seen, seen.start, _ROUNDS)
        hull = hull_of_run(seen, run.iterates.numpy(), self.alpha, max(self.scene.plan.nus), most=_VERTICES)
        found = estimate(seen, hull, seed=self.scene.seed % 2**31, budget=_BUDGET, names=_NAMES)
        return {"d": seen.d}, {name: np.array(one.value) for name, one in found.items()}


def allowed_frame(
    plan: PersonalisationPlan, constants: Sequence[tuple[str, Record]], trained: Sequence[Trained]
) -> pd.DataFrame:
    """One line a level and exact arm: L_F by S4, the largest server step that T2 admits, and the one that was taken.

    limit: T2's bound on the mean squared meta-gradient at that step, K rounds and the first seed's start; trivial:
    B_F^2. All from constants that are estimated from below, so the true step is smaller and the true limit larger.
    """
    lines = []
    for level, record in constants:
        known = {name: float(record.arrays[name]) for name in _NAMES}
        for one in trained:
            cell = one.cell
            if (cell.scene.level.name, cell.scene.index, cell.arm.mode) != (level, 0, Mode.EXACT):
                continue
            inputs = {"alpha": cell.alpha, "L": known["L"], "rho": known["rho"], "B": known["B"], "nu": cell.arm.nu}
            largest, limit = _by_t2(plan, inputs | known, float(one.record.arrays["objective"][0]))
            lines.append(
                {
                    "level": level, "nu": cell.arm.nu, **known, "alpha": cell.alpha,
                    "L_F": theory.quantity("L_F").value(**inputs), "beta_allowed": largest, "beta": cell.beta,
                    "limit": limit, "trivial": theory.quantity("B_F").value(**inputs) ** 2,
                }
            )  # fmt: skip
    return pd.DataFrame(lines)


def _by_t2(plan: PersonalisationPlan, inputs: dict[str, Any], gap: float) -> tuple[float, float]:
    """The largest beta and T2 there; NaN where no step is admissible or a number leaves the doubles."""
    given = {**inputs, "tau": plan.tau, "n": plan.seen, "m": plan.seen, "K": plan.rounds, "F0_gap": gap}
    try:
        beta = theory.admissible("T2", **given).beta
        return beta, theory.quantity("T2").value(**given, beta=beta)
    except (ValueError, OverflowError):
        return math.nan, math.nan
