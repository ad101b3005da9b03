"""One cell of a plan from description to record to findings; the same code in every worker process."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from reports.curves import Curve, curve_of
from reports.finding import Finding
from reports.inputs import Subject
from reports.measure.noise import noise_findings, record_noise
from reports.measure.points import point_findings, record_points
from reports.measure.prepare import Prepared, prepare, record_run
from reports.measure.runs import run_findings
from reports.plan import NoiseCell, Plan, PointsCell, RunCell, TaskPlan
from reports.seeds import child_seed
from reports.store import Record, Store, record_key
from reports.verdicts import support_level


@dataclass(frozen=True)
class Item:
    """A cell with its task and where its randomness and arithmetic come from."""

    kind: Literal["points", "noise", "runs"]
    cell: PointsCell | NoiseCell | RunCell
    task: TaskPlan
    seed: int
    seeds: int
    device: str
    level: float

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> Item:
        """The item that a record was made from."""
        kind = description["kind"]
        cell = {"points": PointsCell, "noise": NoiseCell, "runs": RunCell}[kind].model_validate(description["cell"])
        task = TaskPlan.model_validate(description["task"])
        where = (description[name] for name in ("seed", "seeds", "device", "level"))
        return cls(kind, cell, task, *where)

    def description(self) -> dict[str, Any]:
        """Everything that decides what is run: the canonical text behind the record's key."""
        return {
            "kind": self.kind,
            "cell": self.cell.model_dump(mode="json"),
            "task": self.task.model_dump(mode="json"),
            "seed": self.seed,
            "seeds": self.seeds,
            "device": self.device,
            "level": self.level,
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
    "analyses.py",
    "appendix.py",
    "audit.py",
    "build.py",
    "claims.py",
    "conformance.py",
    "curves.py",
    "figures",
    "html.py",
    "latex.py",
    "pipeline.py",
    "planted.py",
    "recheck.py",
    "refut",
    "rows.py",
    "sections.py",
    "slack.py",
    "slopes.py",
    "statistics.py",
    "tables.py",
    "tightness.py",
    "verdicts.py",
    "witnesses.py",
    "wrong_versions.py",
)


def items(plan: Plan, *, seed: int, seeds: int, device: str) -> list[Item]:
    """The plan's cells in order, slowest kinds first so that workers end together."""
    tasks = {task.name: task for task in plan.tasks}
    groups: Iterable[tuple[Any, list]] = (("runs", plan.runs), ("noise", plan.noise), ("points", plan.points))
    level = support_level(plan.family)
    return [Item(kind, cell, tasks[cell.task], seed, seeds, device, level) for kind, cells in groups for cell in cells]


def execute(item: Item, folder: Path) -> Outcome:
    """Run a cell unless its record exists, then read its findings off the record."""
    started = time.perf_counter()
    store, key = Store(folder), record_key(item.description())
    with one_thread():
        record = store.read(key) if key in store else store.write(item.description(), *_record(item))
        return Outcome(key, findings(item, record), curve(item, record), time.perf_counter() - started)


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for torch and for BLAS: the last bit of an eigenvalue must not depend on how many there are."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)


def findings(item: Item, record: Record) -> list[Finding]:
    """The rows that a record supports."""
    subject, cell, arrays = _subject(item.task.model_dump_json()), item.cell, dict(record.arrays)
    if isinstance(cell, PointsCell):
        return point_findings(subject, cell, arrays)
    if isinstance(cell, NoiseCell):
        return noise_findings(subject, cell, arrays)
    return run_findings(prepare(subject, cell, item.level, item.seeds), arrays)


def prepared_of(item: Item) -> Prepared:
    """A run cell with its numbers, as it was when it was run."""
    assert isinstance(item.cell, RunCell)
    return prepare(_subject(item.task.model_dump_json()), item.cell, item.level, item.seeds)


def curve(item: Item, record: Record) -> Curve | None:
    """The course of a run over its rounds, for the figures."""
    if not isinstance(item.cell, RunCell) or "T2" not in item.cell.statements or "iterates" not in record.arrays:
        return None
    prepared = prepare(_subject(item.task.model_dump_json()), item.cell, item.level, item.seeds)
    return curve_of(prepared, record.arrays["iterates"])


def _record(item: Item) -> tuple[Mapping[str, Any], Mapping[str, np.ndarray]]:
    """Facts and arrays of a cell that is run now."""
    subject, cell = _subject(item.task.model_dump_json()), item.cell
    what = {name: item.description()[name] for name in ("kind", "cell", "task")}
    roots = [child_seed(item.seed, index, record_key(what)) for index in range(item.seeds)]
    if isinstance(cell, PointsCell):
        return {}, record_points(subject, cell, roots[0])
    if isinstance(cell, NoiseCell):
        return {}, record_noise(subject, cell, roots[0], item.device)
    prepared = prepare(subject, cell, item.level, item.seeds)
    parts = [record_run(prepared, root, item.device) for root in roots[: 1 if prepared.surely_one_path else None]]
    facts = {
        "alpha": prepared.settings.alpha,
        "beta": prepared.settings.beta,
        "chunk": prepared.settings.chunk,
        "replicas": prepared.replicas * len(parts),
        "power": [asdict(one) for one in prepared.power],
        "refusal": prepared.refusal,
    }
    return facts, {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@lru_cache(maxsize=32)
def _subject(task: str) -> Subject:
    return Subject.of(TaskPlan.model_validate_json(task))
