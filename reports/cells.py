"""One cell of a plan from description to record to findings; the same code in every worker process."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from reports.curves import Curve, curve_of
from reports.finding import Finding
from reports.inputs import Subject
from reports.measure.noise import noise_findings, record_noise
from reports.measure.points import point_findings, record_points
from reports.measure.runs import prepare, record_run, run_findings
from reports.plan import NoiseCell, Plan, PointsCell, RunCell, TaskPlan
from reports.seeds import child_seed
from reports.store import Record, Store, record_key


@dataclass(frozen=True)
class Item:
    """A cell with its task and where its randomness and arithmetic come from."""

    kind: Literal["points", "noise", "runs"]
    cell: PointsCell | NoiseCell | RunCell
    task: TaskPlan
    seed: int
    seeds: int
    device: str

    def description(self) -> dict[str, Any]:
        """Everything that decides what is run: the canonical text behind the record's key."""
        return {
            "kind": self.kind,
            "cell": self.cell.model_dump(mode="json"),
            "task": self.task.model_dump(mode="json"),
            "seed": self.seed,
            "seeds": self.seeds,
            "device": self.device,
            "code": code_version(),
        }


@dataclass(frozen=True)
class Outcome:
    """What a cell contributes to the report."""

    key: str
    findings: list[Finding]
    curve: Curve | None
    seconds: float


@lru_cache(maxsize=1)
def code_version() -> str:
    """SHA-256 of the sources that decide what is run and recorded, so that a changed engine never meets old records."""
    digest = hashlib.sha256()
    for package in ("empirics", "reports", "theory"):
        root = Path(str(resources.files(package)))
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if not (package == "reports" and name.startswith(_PRESENTATION)):
                digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()


# what only shows results cannot change what is run
_PRESENTATION = (
    "build.py",
    "curves.py",
    "figures",
    "html.py",
    "pipeline.py",
    "rows.py",
    "statistics.py",
    "tables.py",
    "verdicts.py",
)


def items(plan: Plan, *, seed: int, seeds: int, device: str) -> list[Item]:
    """The plan's cells in order, slowest kinds first so that workers end together."""
    tasks = {task.name: task for task in plan.tasks}
    groups: Iterable[tuple[Any, list]] = (("runs", plan.runs), ("noise", plan.noise), ("points", plan.points))
    return [Item(kind, cell, tasks[cell.task], seed, seeds, device) for kind, cells in groups for cell in cells]


def execute(item: Item, folder: Path) -> Outcome:
    """Run a cell unless its record exists, then read its findings off the record."""
    torch.set_num_threads(1)
    started = time.perf_counter()
    store, key = Store(folder), record_key(item.description())
    record = store.read(key) if key in store else store.write(item.description(), {}, _record(item))
    return Outcome(key, findings(item, record), curve(item, record), time.perf_counter() - started)


def findings(item: Item, record: Record) -> list[Finding]:
    """The rows that a record supports."""
    subject, cell, arrays = _subject(item.task.model_dump_json()), item.cell, dict(record.arrays)
    if isinstance(cell, PointsCell):
        return point_findings(subject, cell, arrays)
    if isinstance(cell, NoiseCell):
        return noise_findings(subject, cell, arrays)
    return run_findings(prepare(subject, cell), arrays)


def curve(item: Item, record: Record) -> Curve | None:
    """The course of a run over its rounds, for the figures."""
    if not isinstance(item.cell, RunCell) or "T2" not in item.cell.statements or "iterates" not in record.arrays:
        return None
    return curve_of(prepare(_subject(item.task.model_dump_json()), item.cell), record.arrays["iterates"])


def _record(item: Item) -> Mapping[str, np.ndarray]:
    subject, cell = _subject(item.task.model_dump_json()), item.cell
    path = (item.kind, item.cell.model_dump_json(), item.task.model_dump_json())
    roots = [child_seed(item.seed, index, *path) for index in range(item.seeds)]
    if isinstance(cell, PointsCell):
        return record_points(subject, cell, roots[0])
    if isinstance(cell, NoiseCell):
        return record_noise(subject, cell, roots[0], item.device)
    prepared = prepare(subject, cell)
    parts = [record_run(prepared, root, item.device) for root in roots[: 1 if prepared.surely_one_path else None]]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@lru_cache(maxsize=32)
def _subject(task: str) -> Subject:
    return Subject.of(TaskPlan.model_validate_json(task))
