"""A cell with its task, its seeds and its device: everything that decides what is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.cells.cell import TaskPlan
from reports.cells.kinds import CELLS
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.judging.verdicts import support_level
from reports.plans.plan import Plan
from reports.records.sources import code_version, own_version
from reports.statements import measured


@dataclass(frozen=True)
class Sources:
    """SHA-256 of the sources that decide what is recorded: ours, and by MODULE:NAME a user's own."""

    code: str
    own: Mapping[str, str]


@dataclass(frozen=True)
class SeededCell:
    """A cell with its task and where its randomness and arithmetic come from.

    sources: those behind the record that is meant; the ones that are here unless they are given.
    """

    cell: PointsCell | NoiseCell | RunCell
    task: TaskPlan
    seed: int
    seeds: int
    device: str
    level: float
    sources: Sources | None = None

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> SeededCell:
        """The seeded cell that a record was made from."""
        cell = CELLS[description["kind"]].model_validate(description["cell"])
        task = TaskPlan.model_validate(description["task"])
        where = (description[name] for name in ("seed", "seeds", "device", "level"))
        return cls(cell, task, *where)

    @property
    def outside(self) -> list[str]:
        """What it takes from outside the package, MODULE:NAME."""
        return [*self.task.outside, *(name for name in self.cell.statements if ":" in name)]

    @property
    def statements(self) -> list[Any]:
        """The records of what it measures."""
        return [measured(name) for name in self.cell.statements]

    def setting(self) -> dict[str, Any]:
        """What its random numbers are a function of, besides the root of the seed tree."""
        cell, task = self.cell.model_dump(mode="json"), self.task.model_dump(mode="json")
        return {"kind": self.cell.kind, "cell": cell, "task": task}

    def description(self) -> dict[str, Any]:
        """Everything that decides what is run: the canonical text behind the record's key."""
        if self.sources is None:
            code, own = code_version(), own_version([*self.outside, *self.task.files])
        else:
            names = (*self.outside, *self.task.files)
            code, own = self.sources.code, {name: self.sources.own.get(name, "") for name in names}
        return {
            **self.setting(),
            "seed": self.seed,
            "seeds": self.seeds,
            "device": self.device,
            "level": self.level,
            "code": code,
            **({"own": own} if own else {}),
        }


def seeded_cells(plan: Plan, *, seed: int, seeds: int, device: str, sources: Sources | None = None) -> list[SeededCell]:
    """The plan's cells, kind by kind."""
    tasks = {task.name: task for task in plan.tasks}
    level = support_level(plan.family)
    cells = (*plan.runs, *plan.noise, *plan.points)
    return [SeededCell(cell, tasks[cell.task], seed, seeds, device, level, sources) for cell in cells]
