"""The questions of the study as families of paired tests, each family corrected by Holm's rule."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from empirics.algorithm.modes import Mode
from reports.figures.selection import column, distinct, groups, one_of
from reports.studies.arms import Arm
from reports.studies.paired import holm_adjusted, paired

LEVEL = 0.05  # family-wise, within one question under one budget
BETTER, WORSE, OPEN, UNTESTED = "better", "worse", "no difference shown", "not tested"


@dataclass(frozen=True)
class Question:
    """A claim 'these arms are more accurate than that one'.

    claim: what would be true if every comparison were better; baseline: the arm that it is held against, of `mode` and
    with `nu` fine-tuning steps, with as many as the other arm where that is None.
    """

    key: str
    claim: str
    baseline: str
    mode: Mode = Mode.EXACT
    nu: int | None = None

    def pairs(self, present: Sequence[Arm]) -> Iterator[tuple[Arm, Arm]]:
        """Every (arm, baseline) that the question is about, among the arms that are there."""
        for arm in present:
            other = Arm(self.mode, arm.nu if self.nu is None else self.nu)
            if arm.mode is Mode.EXACT and arm.nu > (self.nu or 0) and other in present:
                yield arm, other


QUESTIONS = (
    Question("per_fedavg", "training with more than one fine-tuning step", "Per-FedAvg (ν = 1)", nu=1),
    Question("fedavg", "training with fine-tuning steps", "FedAvg with local fine-tuning (ν = 0)", nu=0),
    Question("first_order", "keeping the Hessians", "the first-order approximation (FO)", Mode.FIRST_ORDER),
    Question("hessian_free", "keeping the Hessians", "the Hessian-free approximation (HF)", Mode.HESSIAN_FREE),
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
    present = arms_of(results)
    chosen = one_of(results, "adapt", compared)
    columns = ["level", "budget", "group", "adapt", "mode", "nu"]
    series = {key: column(part.set_index("seed"), "accuracy") for key, part in groups(chosen, columns)}
    families = []
    for question in QUESTIONS:
        for budget in distinct(results, "budget"):
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


def arms_of(frame: pd.DataFrame) -> list[Arm]:
    """The arms that a frame is about, sorted."""
    return sorted({Arm(mode, nu) for mode, nu in zip(frame["mode"], frame["nu"], strict=True)}, key=lambda a: a.place)
