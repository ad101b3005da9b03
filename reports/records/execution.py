"""One cell of a plan from description to record to findings; the same code in every worker process."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from reports.cells.cell import TaskPlan
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.judging.finding import Finding
from reports.judging.verdicts import support_level
from reports.measure.along_run import AlongRuns, run_findings
from reports.measure.at_points import point_findings, record_points
from reports.measure.course import Course
from reports.measure.estimates import completed, run_estimates
from reports.measure.prepare import prepare, run_arrays, run_cell
from reports.measure.prepared import Prepared, replicas
from reports.measure.subject import Subject
from reports.measure.waterfall import RATES, Waterfall, waterfalls
from reports.measure.with_batches import noise_findings, record_noise
from reports.plans.plan import Plan
from reports.records.curves import Curve, curve_of
from reports.records.seeds import child_seed
from reports.records.sources import code_version, own_version
from reports.records.store import Record, Store, record_key
from reports.records.threads import one_thread
from reports.records.workers import Call
from reports.statements import measured as measured_statement

_KINDS = {cell.kind: cell for cell in (PointsCell, NoiseCell, RunCell)}


@dataclass(frozen=True)
class Item:
    """A cell with its task and where its randomness and arithmetic come from."""

    cell: PointsCell | NoiseCell | RunCell
    task: TaskPlan
    seed: int
    seeds: int
    device: str
    level: float

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> Item:
        """The item that a record was made from."""
        cell = _KINDS[description["kind"]].model_validate(description["cell"])
        task = TaskPlan.model_validate(description["task"])
        where = (description[name] for name in ("seed", "seeds", "device", "level"))
        return cls(cell, task, *where)

    @property
    def statements(self) -> list[Any]:
        """The records of what it measures."""
        return [measured_statement(name) for name in self.cell.statements]

    def setting(self) -> dict[str, Any]:
        """What its random numbers are a function of, besides the root of the seed tree."""
        cell, task = self.cell.model_dump(mode="json"), self.task.model_dump(mode="json")
        return {"kind": self.cell.kind, "cell": cell, "task": task}

    def description(self) -> dict[str, Any]:
        """Everything that decides what is run: the canonical text behind the record's key."""
        own = own_version(name for name in (self.task.factory, *self.cell.statements) if ":" in name)
        return {
            **self.setting(),
            "seed": self.seed,
            "seeds": self.seeds,
            "device": self.device,
            "level": self.level,
            "code": code_version(),
            **({"own": own} if own else {}),
        }


@dataclass(frozen=True)
class Outcome:
    """What a cell contributes to the report."""

    key: str
    findings: list[Finding]
    curve: Curve | None
    slack: list[Waterfall]
    seconds: float


def items(plan: Plan, *, seed: int, seeds: int, device: str) -> list[Item]:
    """The plan's cells, kind by kind."""
    tasks = {task.name: task for task in plan.tasks}
    level = support_level(plan.family)
    cells = (*plan.runs, *plan.noise, *plan.points)
    return [Item(cell, tasks[cell.task], seed, seeds, device, level) for cell in cells]


def cell_calls(work: Sequence[Item], folder: Path) -> list[Call]:
    """What worker processes are asked for: one call a cell."""
    return [Call(execute, (item, folder), _weight(item)) for item in work]


def _weight(item: Item) -> float:
    """Points are searched statement by statement, runs take their local steps; data is wider than a formula."""
    cell = item.cell
    wide = 20.0 if item.task.factory in _WIDE else 1.0
    if isinstance(cell, RunCell):
        return wide * cell.rounds * cell.tau * (cell.nu + 1) / 20
    return wide * len(cell.statements) * (cell.nu + 1)


# tasks of thousands of numbers an agent; a guess of their cost only decides which cells are started first
_WIDE = ("digits", "digits-network", "small-network", "sinusoid", "teacher-student")


def execute(item: Item, folder: Path, engine: Mapping[str, Any] | None = None) -> Outcome:
    """Run a cell unless its record exists, then read its findings off the record.

    `engine` holds the facts of a record whose backend and chunk are to be used again.
    """
    started = time.perf_counter()
    store, key = Store(folder), record_key(item.description())
    with one_thread():
        record = store.read(key) if key in store else store.write(item.description(), *_record(item, engine or {}))
        return Outcome(key, *_contribution(item, record), time.perf_counter() - started)


def measured(item: Item) -> list[Finding]:
    """The rows of a cell that is run now and kept nowhere."""
    with one_thread():
        description = item.description()
        return findings(item, Record(record_key(description), description, *_record(item, {})))


def findings(item: Item, record: Record) -> list[Finding]:
    """The rows that a record supports."""
    return _findings(item, record, course_of(item, record))


def _findings(item: Item, record: Record, course: Course | None) -> list[Finding]:
    subject, cell, arrays = _subject(item.task.model_dump_json()), item.cell, dict(record.arrays)
    if isinstance(cell, PointsCell):
        return point_findings(subject, cell, item.statements, arrays)
    if isinstance(cell, NoiseCell):
        return noise_findings(subject, cell, item.statements, arrays)
    prepared = completed(prepared_of(item), arrays) if course is None else course.prepared
    return run_findings(prepared, item.statements, arrays, course)


def prepared_of(item: Item) -> Prepared:
    """A run cell with its numbers, as it was when it was run."""
    assert isinstance(item.cell, RunCell)
    return _prepared(item.task.model_dump_json(), item.cell.model_dump_json(), item.level, item.seeds)


def course_of(item: Item, record: Record) -> Course | None:
    """What is evaluated along a recorded run; None where none was made."""
    iterates = record.arrays.get("iterates")
    # a record that was made on a GPU can be read where there is none
    device = item.device if torch.cuda.is_available() else "cpu"
    return None if iterates is None else Course(completed(prepared_of(item), record.arrays), iterates, device)


def _contribution(item: Item, record: Record) -> tuple[list[Finding], Curve | None, list[Waterfall]]:
    """Findings, the course over the rounds for the figures, and where the slack of the rates sits."""
    course = course_of(item, record)
    found = _findings(item, record, course)
    if course is None:
        return found, None, []
    rates = [statement for statement in course.prepared.cell.statements if statement in RATES]
    curve = curve_of(course, found) if "T2" in rates else None
    unattributed = item.task.name.startswith("witness") or course.prepared.subject.estimated
    return found, curve, [] if unattributed else waterfalls(course, rates)


def _record(item: Item, engine: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, np.ndarray]]:
    """Facts and arrays of a cell that is run now."""
    subject, cell = _subject(item.task.model_dump_json()), item.cell
    roots = [child_seed(item.seed, index, record_key(item.setting())) for index in range(item.seeds)]
    if isinstance(cell, PointsCell):
        return {}, record_points(subject, cell, item.statements, roots[0])
    if isinstance(cell, NoiseCell):
        return {}, record_noise(subject, cell, item.statements, roots[0], item.device)
    prepared = prepared_of(item)
    used = (engine.get("backend"), engine.get("chunk"))
    roots = roots[: 1 if prepared.surely_one_path else None]
    runs = [run for root in roots if (run := run_cell(prepared, root, item.device, *used)) is not None]
    facts = {
        "alpha": prepared.settings.alpha,
        "beta": prepared.settings.beta,
        "backend": runs[0].backend if runs else None,
        "chunk": runs[0].chunk if runs else None,
        "notes": sorted({note for run in runs for note in run.notes}),
        "replicas": replicas(prepared) * len(roots),
        "power": [asdict(one) for one in prepared.power],
        "refusal": prepared.refusal,
    }
    arrays = run_arrays(runs)
    return facts, {**arrays, **(run_estimates(prepared, arrays["iterates"], roots[0], item.device) if runs else {})}


@lru_cache(maxsize=2)  # a cell asks for its own several times in a row
def _prepared(task: str, cell: str, level: float, seeds: int) -> Prepared:
    what = RunCell.model_validate_json(cell)
    return prepare(_subject(task), what, [_run_statement(name) for name in what.statements], level, seeds)


def _run_statement(name: str) -> AlongRuns:
    found = measured_statement(name)
    assert isinstance(found, AlongRuns)
    return found


@lru_cache(maxsize=32)
def _subject(task: str) -> Subject:
    return Subject.of(TaskPlan.model_validate_json(task))
