"""The questions of the study as families of paired tests, each family corrected by Holm's rule."""

# pandas declares a selection as any of frame, series and array; which one it is shows in the selecting expression
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportReturnType=false

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reports.studies.arms import Arm
from reports.studies.paired import holm_adjusted, paired

LEVEL = 0.05  # family-wise, within one question under one budget
BETTER, WORSE, OPEN, UNTESTED = "better", "worse", "no difference shown", "not tested"


@dataclass(frozen=True)
class Question:
    """A claim 'these arms are more accurate than that one'.

    claim: what would be true if every comparison were better; baseline: the arm that it is held against.
    """

    key: str
    claim: str
    baseline: str

    def pairs(self, present: Sequence[Arm]) -> Iterator[tuple[Arm, Arm]]:
        """Every (arm, baseline) that the question is about, among the arms that are there."""
        for arm in present:
            other = self._against(arm)
            if other is not None and other in present:
                yield arm, other

    def _against(self, arm: Arm) -> Arm | None:
        if self.key == "per_fedavg":
            return Arm("exact", 1) if arm.mode == "exact" and arm.nu > 1 else None
        if self.key == "fedavg":
            return Arm("exact", 0) if arm.mode == "exact" and arm.nu > 0 else None
        return Arm(self.key, arm.nu) if arm.mode == "exact" and arm.nu > 0 else None


QUESTIONS = (
    Question("per_fedavg", "training with more than one fine-tuning step", "Per-FedAvg (ν = 1)"),
    Question("fedavg", "training with fine-tuning steps", "FedAvg with local fine-tuning (ν = 0)"),
    Question("first_order", "keeping the Hessians", "the first-order approximation (FO)"),
    Question("hessian_free", "keeping the Hessians", "the Hessian-free approximation (HF)"),
)


def comparisons_frame(
    results: pd.DataFrame, compared: Sequence[int], samples: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """One line per question, budget, level, group, number of test steps and arm: the paired difference in accuracy.

    results: as of `results_frame`. samples: held-out samples over all agents of a group, whose reciprocal is the
    resolution of its accuracies. difference, low and high are of arm minus baseline, over seeds, a 95 % Student
    interval of this one line; p is two-sided, adjusted is Holm's over the lines of one question under one budget, and
    outcome compares it with 0.05.
    """
    present = sorted({Arm(mode, nu) for mode, nu in zip(results["mode"], results["nu"], strict=True)}, key=_order)
    chosen = results[results["adapt"].isin(list(compared))]
    columns = ["level", "budget", "group", "adapt", "mode", "nu"]
    series = {key: part.set_index("seed")["accuracy"] for key, part in chosen.groupby(columns, sort=False)}
    families = []
    for question in QUESTIONS:
        for budget in dict.fromkeys(results["budget"]):
            lines = list(_family(question, budget, present, series, samples or {}))
            adjusted = holm_adjusted([line["p"] for line in lines])
            families += [
                line | {"adjusted": value, "outcome": _outcome(line["difference"], value)}
                for line, value in zip(lines, adjusted, strict=True)
            ]
    return pd.DataFrame(families)


def _family(
    question: Question, budget: str, present: Sequence[Arm], series: dict[Any, pd.Series], samples: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    for arm, other in question.pairs(present):
        for (level, own_budget, group, adapt, mode, nu), values in series.items():
            against = series.get((level, budget, group, adapt, other.mode, other.nu))
            if (own_budget, mode, nu) != (budget, arm.mode, arm.nu) or against is None:
                continue
            seeds = sorted(set(values.index) & set(against.index))
            resolution = 1.0 / samples[group] if group in samples else 0.0
            found = paired(values.loc[seeds], against.loc[seeds], resolution)
            yield {
                "question": question.key, "budget": budget, "level": level, "group": group, "adapt": adapt,
                "mode": mode, "nu": nu, "against_mode": other.mode, "against": other.nu, "seeds": len(seeds),
                "difference": found.difference.mean,
                "low": found.difference.low, "high": found.difference.high, "p": found.p,
            }  # fmt: skip


def _outcome(difference: float, adjusted: float) -> str:
    if math.isnan(adjusted):
        return UNTESTED
    if adjusted >= LEVEL:
        return OPEN
    return BETTER if difference > 0 else WORSE


def _order(arm: Arm) -> tuple[int, int]:
    return ("exact", "first_order", "hessian_free").index(arm.mode), arm.nu
