"""A cell with its task, its seeds and its device: everything that decides what is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from reports.cells.cell import TaskPlan
from reports.cells.kinds import CELLS
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.judging.verdicts import support_level
from reports.plans.plan import Plan
from reports.records.record import record_key
from reports.records.sources import code_version, own_version
from reports.statements import measured

MOST_LOOKS = 20  # at a growing sample: 2^19 times the replicas of the first one


@dataclass(frozen=True)
class Sources:
    """SHA-256 of the sources that decide what is recorded: ours, and by MODULE:NAME a user's own."""

    code: str
    own: Mapping[str, str]


@dataclass(frozen=True)
class SeededCell:
    """A cell with its task and where its randomness and arithmetic come from.

    seeds: how many roots of the tree have their replicas pooled. sources: those behind the record that is meant; the
    ones that are here unless they are given. look: which one at a sample that grows from look to look, None where
    nobody asked for more than one; the k-th is at 2^(k-1) times the roots of the first.
    """

    cell: PointsCell | NoiseCell | RunCell
    task: TaskPlan
    seed: int
    seeds: int
    device: str
    level: float
    sources: Sources | None = None
    look: int | None = None

    @classmethod
    def of(cls, description: Mapping[str, Any], first: int | None = None) -> SeededCell:
        """The seeded cell that a record was made from; first: the roots of the first look, where there may be more.

        >>> from reports.plans.plan import load_plan
        >>> cell = seeded_cells(load_plan("quick"), seed=0, seeds=3, device="cpu", looks={})[0].looked_at(4)
        >>> again = SeededCell.of(cell.description(), first=3)
        >>> again.description() == cell.description(), again.look, again.roots
        (True, 4, 24)
        """
        cell = CELLS[description["kind"]].model_validate(description["cell"])
        task = TaskPlan.model_validate(description["task"])
        seed, roots, device, level = (description[name] for name in ("seed", "seeds", "device", "level"))
        if first is None:
            return cls(cell, task, seed, roots, device, level)
        return cls(cell, task, seed, first, device, level, look=(roots // first).bit_length())

    def looked_at(self, look: int) -> SeededCell:
        """The same cell at another look."""
        return replace(self, look=look)

    @property
    def roots(self) -> int:
        """How many roots have their replicas pooled at this look."""
        return self.seeds if self.look is None else self.seeds * 2 ** (self.look - 1)

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
        cell, task = self.cell.model_dump(mode="json"), self.task.model_dump(mode="json", exclude={"about"})
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
            "seeds": self.roots,
            "device": self.device,
            "level": self.level,
            "code": code,
            **({"own": own} if own else {}),
        }


def seeded_cells(
    plan: Plan, *, seed: int, seeds: int, device: str, sources: Sources | None = None,
    looks: Mapping[str, int] | None = None,
) -> list[SeededCell]:  # fmt: skip
    """The plan's cells, kind by kind.

    looks: where samples may grow, by the key of a cell at its first look which one it is at; the others are at that.
    """
    tasks = {task.name: task for task in plan.tasks}
    level = support_level(plan.family)
    cells = (*plan.runs, *plan.noise, *plan.points)
    found = [SeededCell(cell, tasks[cell.task], seed, seeds, device, level, sources) for cell in cells]
    return found if looks is None else [one.looked_at(looks.get(key_of(one), 1)) for one in found]


def key_of(seeded: SeededCell) -> str:
    """The key of a cell's record."""
    return record_key(seeded.description())
