"""From records to data frames: everything the page and the figures of the study show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from empirics.algorithm.modes import Mode
from reports.figures.selection import groups
from reports.records.store import Record
from reports.studies.arms import BUDGETS, Arm, rounds_of
from reports.studies.paired import Interval, mean_interval
from reports.studies.training import Training

GROUPS = ("seen", "new")
RESULT_COLUMNS = ("level", "mode", "nu", "seed", "budget", "k", "group", "adapt", "accuracy", "loss")


@dataclass(frozen=True)
class Trained:
    """A cell with its record."""

    cell: Training
    record: Record

    def means(self, group: str) -> tuple[np.ndarray, np.ndarray]:
        """Accuracy and loss (tested, steps + 1), means over the agents of a group."""
        seen = self.cell.scene.plan.seen
        place = slice(None, seen) if group == "seen" else slice(seen, None)
        arrays = (self.record.arrays["accuracy"], self.record.arrays["loss"])
        return tuple(array[:, :, place].mean(axis=-1, dtype=np.float64) for array in arrays)  # type: ignore[return-value]

    def key(self) -> dict[str, Any]:
        """The columns that say which arm on which seed this is."""
        cell = self.cell
        return {"level": cell.scene.level.name, "mode": cell.arm.mode, "nu": cell.arm.nu, "seed": cell.scene.index}


def results_frame(trained: Iterable[Trained]) -> pd.DataFrame:
    """One line per arm, seed, budget, group of agents and number of test steps: held-out accuracy and loss."""
    return pd.DataFrame([line for one in trained for line in _results(one)], columns=list(RESULT_COLUMNS))


def _results(one: Trained) -> Iterator[dict[str, Any]]:
    ends = rounds_of(one.cell.arm, one.cell.scene.plan)
    for group in GROUPS:
        accuracy, loss = one.means(group)
        for budget in BUDGETS:
            place = one.cell.tested.index(ends[budget])
            for adapt in range(one.cell.steps + 1):
                values = {"accuracy": accuracy[place, adapt], "loss": loss[place, adapt]}
                yield one.key() | {"budget": budget, "k": ends[budget], "group": group, "adapt": adapt} | values


def means_frame(results: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds with 95 % Student intervals, one line per arm, budget, group and number of test steps."""
    keys = ["level", "mode", "nu", "budget", "k", "group", "adapt"]
    lines = []
    for key, part in groups(results, keys):
        line = dict(zip(keys, key, strict=True))
        lines.append(line | _spread("accuracy", part["accuracy"]) | _spread("loss", part["loss"]))
    return pd.DataFrame(lines)


def curves_frame(trained: Sequence[Trained]) -> pd.DataFrame:
    """The course of every arm: means over seeds after each tested round, at the compared numbers of test steps.

    compute: what one agent has computed so far, in gradients (a product counts product_price of them). sent: vectors
    that one agent has received and returned.
    """
    lines = []
    for (level, arm), runs in _by_arm(trained).items():
        plan = runs[0].cell.scene.plan
        for group in GROUPS:
            stacked = [one.means(group) for one in runs]
            for place, k in enumerate(runs[0].cell.tested):
                for adapt in plan.compared:
                    line = {"level": level, "mode": arm.mode, "nu": arm.nu, "group": group, "k": k, "adapt": adapt}
                    line |= {"compute": k * plan.tau * arm.price(plan.product_price), "sent": 2 * k}
                    line |= _spread("accuracy", [accuracy[place, adapt] for accuracy, _ in stacked])
                    line |= _spread("loss", [loss[place, adapt] for _, loss in stacked])
                    lines.append(line)
    return pd.DataFrame(lines)


def targets_frame(trained: Sequence[Trained]) -> pd.DataFrame:
    """Rounds, sample gradients, sample products and seconds to a target accuracy, at plan.shown test steps.

    The target of a level and group is plan.target times the accuracy that Per-FedAvg has there after plan.rounds
    rounds, on average over the seeds. Rounds are read off the tested ones with straight lines in between; means are
    over the seeds that reach the target, of which the frame says how many.
    """
    lines = []
    by_arm = _by_arm(trained)
    for (level, arm), runs in by_arm.items():
        plan = runs[0].cell.scene.plan
        for group in GROUPS:
            target = plan.target * _final(by_arm[level, Arm(Mode.EXACT, 1)], group)
            reached = [_first(one.cell.tested, one.means(group)[0][:, plan.shown], target) for one in runs]
            rounds = [k for k in reached if math.isfinite(k)]
            evaluations = plan.tau * plan.seen * plan.samples
            pace = float(np.mean([one.record.facts["seconds"] / max(one.cell.tested) for one in runs]))
            mean = float(np.mean(rounds)) if rounds else math.nan
            lines.append(
                {
                    "level": level, "mode": arm.mode, "nu": arm.nu, "group": group, "adapt": plan.shown,
                    "target": target, "seeds": len(runs), "reached": len(rounds), "rounds": mean,
                    "slowest": max(rounds) if len(rounds) == len(runs) else math.inf,
                    "compute": mean * plan.tau * arm.price(plan.product_price),
                    "sample_gradients": mean * evaluations * arm.gradients,
                    "sample_products": mean * evaluations * arm.products, "seconds": mean * pace,
                }
            )  # fmt: skip
    return pd.DataFrame(lines)


def pilots_frame(pilots: Sequence[Trained]) -> pd.DataFrame:
    """What the choice of server steps saw: the training objective of every arm at every step of the grid.

    chosen: the smallest objective of the arm. edge: the chosen step is the first or the last of the grid.
    """
    lines = []
    for (level, arm), runs in _by_arm(pilots).items():
        goals = [objective_of(one) for one in runs]
        best = int(np.argmin(goals))
        for place, (one, goal) in enumerate(zip(runs, goals, strict=True)):
            plan = one.cell.scene.plan
            cost = plan.pilot_rounds * plan.tau * arm.price(plan.product_price)
            lines.append(
                {
                    "level": level, "mode": arm.mode, "nu": arm.nu, "alpha": one.cell.alpha, "beta": one.cell.beta,
                    "objective": goal, "chosen": place == best, "edge": place == best and best in (0, len(runs) - 1),
                    "compute": cost, "seconds": one.record.facts["seconds"],
                }
            )  # fmt: skip
    return pd.DataFrame(lines)


_SPLIT = (
    *("agents", "samples", "smallest", "largest", "labels", "labels_fewest", "labels_mean", "labels_most"),
    "distance",
)


def splits_frame(levels: Sequence[str], splits: Sequence[Mapping[str, float]]) -> pd.DataFrame:
    """One line a level: how unlike its agents' labels are (`empirics.split_statistics`)."""
    lines = [{"level": level, **split} for level, split in zip(levels, splits, strict=True)]
    return pd.DataFrame(lines, columns=["level", *_SPLIT])


def objective_of(pilot: Trained) -> float:
    """The largest value of a pilot's objective over its tested rounds after the start; infinite after a divergence.

    Several rounds, so that a step at which the objective swings is not chosen for a lucky end.
    """
    value = float(pilot.record.arrays["objective"][1:].max())
    return value if math.isfinite(value) and pilot.record.facts["diverged"] is None else math.inf


def _by_arm(trained: Sequence[Trained]) -> dict[tuple[str, Arm], list[Trained]]:
    grouped: dict[tuple[str, Arm], list[Trained]] = {}
    for one in trained:
        grouped.setdefault((one.cell.scene.level.name, one.cell.arm), []).append(one)
    return grouped


def _spread(name: str, values: Any) -> dict[str, float]:
    found: Interval = mean_interval(values)
    return {name: found.mean, f"{name}_low": found.low, f"{name}_high": found.high}


def _final(runs: Sequence[Trained], group: str) -> float:
    plan = runs[0].cell.scene.plan
    place = runs[0].cell.tested.index(rounds_of(Arm(Mode.EXACT, 1), plan)["communication"])
    return float(np.mean([one.means(group)[0][place, plan.shown] for one in runs]))


def _first(rounds: Sequence[int], values: np.ndarray, target: float) -> float:
    """Where a polygon first reaches the target; infinity if it never does.

    >>> _first([0, 10, 20], np.array([0.0, 0.5, 1.0]), 0.75), _first([0, 10], np.array([0.0, 0.5]), 0.75)
    (15.0, inf)
    """
    above = np.flatnonzero(values >= target)
    if above.size == 0:
        return math.inf
    place = int(above[0])
    if place == 0:
        return float(rounds[0])
    before, after = values[place - 1], values[place]
    share = (target - before) / (after - before)
    return float(rounds[place - 1] + share * (rounds[place] - rounds[place - 1]))
