"""One cell of a plan from description to record to measurements; the same code in every worker process."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from reports.cells.cell import TaskPlan
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.judging.measurement import Measurement, Sampled, Unproved
from reports.measure.along_run import AlongRuns, run_measurements
from reports.measure.at_points import point_measurements, record_points
from reports.measure.beyond import beyond, beyond_rows
from reports.measure.estimates import completed, run_estimates
from reports.measure.recorded_run import RecordedRun
from reports.measure.run_specification import RunSpecification, replicas
from reports.measure.specify import run_arrays, run_cell, specify
from reports.measure.statement import StatementError
from reports.measure.task_instance import TaskInstance
from reports.measure.waterfall import RATES, Waterfall, waterfalls
from reports.measure.with_batches import noise_measurements, record_noise
from reports.records.curves import Curve, curve_of
from reports.records.seeded_cell import SeededCell
from reports.records.seeds import child_seed
from reports.records.store import Record, Store, record_key
from reports.records.threads import one_thread
from reports.statements import measured as measured_statement
from theory.language.errors import TooLarge

_BEYOND = "beyond"


@dataclass(frozen=True)
class Outcome:
    """What a cell contributes to the report."""

    key: str
    measurements: list[Measurement]
    curve: Curve | None
    slack: list[Waterfall]
    seconds: float


def weight(seeded: SeededCell) -> float:
    """A guess of a cell's time: points are searched statement by statement, runs take their local steps."""
    cell = seeded.cell
    wide = 20.0 if seeded.task.factory in _WIDE else 1.0
    if isinstance(cell, RunCell):
        return wide * seeded.roots * cell.rounds * cell.tau * (cell.nu + 1) / 20
    return wide * seeded.roots * len(cell.statements) * (cell.nu + 1)


# tasks of thousands of numbers an agent; a guess of their cost only decides which cells are started first
_WIDE = ("digits", "digits-network", "small-network", "sinusoid", "teacher-student")


# what leaves float64 is infinite, or no number, and its row says so: numpy need not warn of it as well
_BEYOND_FLOAT64: Any = {"over": "ignore", "invalid": "ignore"}


def execute(seeded: SeededCell, folder: Path, engine: Mapping[str, Any] | None = None) -> Outcome:
    """Run a cell unless its whole record exists, then read its measurements off the record.

    `engine` holds the facts of a record whose backend and chunk are to be used again.
    """
    started = time.perf_counter()
    store, key = Store(folder), record_key(seeded.description())
    with one_thread(), np.errstate(**_BEYOND_FLOAT64):
        record = store.find(key) or store.write(seeded.description(), *_made(seeded, engine or {}))
        return Outcome(key, *_contribution(seeded, record), time.perf_counter() - started)


def computed(seeded: SeededCell) -> tuple[Outcome, Record]:
    """A cell that is run now, for whoever keeps its record."""
    started = time.perf_counter()
    with one_thread():
        description = seeded.description()
        record = Record(record_key(description), description, *_made(seeded, {}))
        return Outcome(record.key, *_contribution(seeded, record), time.perf_counter() - started), record


def read_off(seeded: SeededCell, record: Record) -> Outcome:
    """What the record of a cell contributes."""
    started = time.perf_counter()
    with one_thread():
        return Outcome(record.key, *_contribution(seeded, record), time.perf_counter() - started)


def recounted(seeded: SeededCell, folder: Path) -> Outcome:
    """What a cell's record contributes, with nothing run.

    Raises ValueError for a record that is damaged, or whose facts are not those of its cell.
    """
    started = time.perf_counter()
    key = record_key(seeded.description())
    with one_thread(), np.errstate(**_BEYOND_FLOAT64):
        record = Store(folder).read(key)
        stated = json.loads(json.dumps(stated_facts(seeded)))
        wrong = sorted(
            {name for name, value in stated.items() if record.facts.get(name, ...) != value}
            | (set(record.facts) - set(stated) - ({"backend", "chunk", "notes"} if stated else set()))
        )
        if wrong:
            raise ValueError(f"record {key}: {', '.join(wrong)}: not what its cell gives")
        return Outcome(key, *_contribution(seeded, record), time.perf_counter() - started)


def measured(seeded: SeededCell) -> list[Measurement]:
    """The rows of a cell that is run now and kept nowhere."""
    with one_thread(), np.errstate(**_BEYOND_FLOAT64):
        description = seeded.description()
        return measurements(seeded, Record(record_key(description), description, *_made(seeded, {})))


def measurements(seeded: SeededCell, record: Record) -> list[Measurement]:
    """The rows that a record supports."""
    return _measurements(seeded, record, recorded_run_of(seeded, record))


def _measurements(seeded: SeededCell, record: Record, recorded: RecordedRun | None) -> list[Measurement]:
    reason = record.facts.get(_BEYOND)
    try:
        if reason is None:
            return [_at_look(one, seeded.look) for one in _enclosed(seeded, record, recorded)]
    except (OverflowError, StatementError) as error:
        if not beyond(error):
            raise
        reason = _too_large(error)
    return beyond_rows(_instance(seeded.task.model_dump_json()), seeded.cell, seeded.statements, reason)


def _at_look(measurement: Measurement, look: int | None) -> Measurement:
    """A measurement whose sample, if it is one, may have grown."""
    sample = measurement.evidence
    if look is None or not isinstance(sample, Sampled):
        return measurement
    return replace(measurement, evidence=replace(sample, look=look))


def _too_large(error: BaseException) -> str:
    return f"numbers beyond float64: {str(error).splitlines()[0]}"


def _enclosed(seeded: SeededCell, record: Record, recorded: RecordedRun | None) -> list[Measurement]:
    instance, cell, arrays = _instance(seeded.task.model_dump_json()), seeded.cell, dict(record.arrays)
    if isinstance(cell, PointsCell):
        return point_measurements(instance, cell, seeded.statements, arrays)
    if isinstance(cell, NoiseCell):
        return noise_measurements(instance, cell, seeded.statements, arrays)
    specification = completed(specification_of(seeded), arrays) if recorded is None else recorded.specification
    return run_measurements(specification, seeded.statements, arrays, recorded)


def specification_of(seeded: SeededCell) -> RunSpecification:
    """A run cell with its numbers, as it was when it was run."""
    assert isinstance(seeded.cell, RunCell)
    return _specification(seeded.task.model_dump_json(), seeded.cell.model_dump_json(), seeded.level, seeded.roots)


def recorded_run_of(seeded: SeededCell, record: Record) -> RecordedRun | None:
    """What is evaluated along a recorded run; None where none was made."""
    iterates = record.arrays.get("iterates")
    # a record that was made on a GPU can be read where there is none
    device = seeded.device if torch.cuda.is_available() else "cpu"
    if iterates is None:
        return None
    specification = completed(specification_of(seeded), record.arrays)
    return RecordedRun(specification, iterates, device, record.arrays.get("local_averages"))


def _contribution(seeded: SeededCell, record: Record) -> tuple[list[Measurement], Curve | None, list[Waterfall]]:
    """Findings, the recorded over the rounds for the figures, and where the slack of the rates sits."""
    recorded = recorded_run_of(seeded, record)
    found = _measurements(seeded, record, recorded)
    if recorded is None or any(isinstance(one.evidence, Unproved) and not one.inputs for one in found):
        return found, None, []
    if recorded.specification.cell.departures:  # curves and waterfalls stand beside T2 and T3, which say nothing here
        return found, None, []
    rates = [statement for statement in recorded.specification.cell.statements if statement in RATES]
    curve = curve_of(recorded, found) if "T2" in rates else None
    unattributed = seeded.task.name.startswith("witness") or recorded.specification.instance.estimated
    return found, curve, [] if unattributed else waterfalls(recorded, rates)


def _made(seeded: SeededCell, engine: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, np.ndarray]]:
    """Facts and arrays; of a cell whose numbers leave float64 the fact alone that they do."""
    try:
        return _record(seeded, engine)
    except (OverflowError, TooLarge) as error:
        return {_BEYOND: _too_large(error)}, {}


def _record(seeded: SeededCell, engine: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, np.ndarray]]:
    """Facts and arrays of a cell that is run now."""
    instance, cell = _instance(seeded.task.model_dump_json()), seeded.cell
    roots = [child_seed(seeded.seed, index, record_key(seeded.setting())) for index in range(seeded.roots)]
    if isinstance(cell, PointsCell):
        return {}, record_points(instance, cell, seeded.statements, roots[0])
    if isinstance(cell, NoiseCell):
        return {}, record_noise(instance, cell, seeded.statements, roots, seeded.device)
    specification = specification_of(seeded)
    used = (engine.get("backend"), engine.get("chunk"))
    roots = roots[: _roots(specification, seeded)]
    averages = any(statement.local_averages for statement in map(_run_statement, cell.statements))
    made = (run_cell(specification, root, seeded.device, *used, local_averages=averages) for root in roots)
    runs = [run for run in made if run is not None]
    facts = {
        **stated_facts(seeded),
        "backend": runs[0].backend if runs else None,
        "chunk": runs[0].chunk if runs else None,
        "notes": sorted({note for run in runs for note in run.notes}),
    }
    arrays = run_arrays(runs)
    return facts, {
        **arrays,
        **(run_estimates(specification, arrays["iterates"], roots[0], seeded.device) if runs else {}),
    }


def stated_facts(seeded: SeededCell) -> dict[str, Any]:
    """The facts of a cell's record that follow from the cell alone; backend, chunk and notes are the run's."""
    if not isinstance(seeded.cell, RunCell):
        return {}
    specification = specification_of(seeded)
    return {
        "alpha": specification.settings.alpha,
        "beta": specification.settings.beta,
        "replicas": replicas(specification) * _roots(specification, seeded),
        "power": [asdict(one) for one in specification.power],
        "refusal": specification.refusal,
    }


def _roots(specification: RunSpecification, seeded: SeededCell) -> int:
    """How many roots are run: one where every run takes the same path."""
    return 1 if specification.surely_one_path else seeded.roots


@lru_cache(maxsize=2)  # a cell asks for its own several times in a row
def _specification(task: str, cell: str, level: float, seeds: int) -> RunSpecification:
    what = RunCell.model_validate_json(cell)
    return specify(_instance(task), what, [_run_statement(name) for name in what.statements], level, seeds)


def _run_statement(name: str) -> AlongRuns:
    found = measured_statement(name)
    assert isinstance(found, AlongRuns)
    return found


@lru_cache(maxsize=32)
def _instance(task: str) -> TaskInstance:
    return TaskInstance.of(TaskPlan.model_validate_json(task))
