"""The rows of a cell whose numbers leave float64, or that no ball encloses: they say so, and decide nothing."""

from __future__ import annotations

from collections.abc import Sequence

from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.judging.measurement import Measurement, Setting, Unproved
from reports.measure.at_points import AtPoints
from reports.measure.statement import Measured
from reports.measure.task_instance import TaskInstance
from reports.measure.with_batches import WithBatches
from theory.language.errors import TooLarge


def beyond(error: BaseException | None) -> bool:
    """Whether it is, or is caused by, a number that is too large."""
    return error is not None and (isinstance(error, (OverflowError, TooLarge)) or beyond(error.__cause__))


def beyond_rows(
    instance: TaskInstance, cell: PointsCell | NoiseCell | RunCell, statements: Sequence[Measured], reason: str
) -> list[Measurement]:
    """One row a statement, without inputs: these may be among the numbers that are too large."""
    return [_row(instance, cell, statement, reason) for statement in statements]


def _row(
    instance: TaskInstance, cell: PointsCell | NoiseCell | RunCell, statement: Measured, reason: str
) -> Measurement:
    n, left = instance.task.n, statement.left[0]
    try:
        alpha = instance.alpha(cell)
    except OverflowError:
        alpha = 0.0
    if isinstance(cell, RunCell):
        m, beta = cell.m or n, None if cell.beta is None else float(cell.beta)
        step = f"f{cell.fraction}".replace("/", "_") if cell.fraction is not None else ""
        label = "-".join(part for part in (cell.label, step) if part)
        setting = Setting(instance.name, str(cell.mode), cell.nu, n, alpha, cell.tau, m, beta, K=cell.rounds)
    else:
        mode = statement.mode if isinstance(statement, AtPoints | WithBatches) else "exact"
        setting, label = Setting(instance.name, str(mode), cell.nu, n, alpha), _label(cell, statement)
    return Measurement(left.bound, left.quantity, {}, setting, Unproved(None, reason), None, label=label)


def _label(cell: PointsCell | NoiseCell, statement: Measured) -> str:
    if isinstance(cell, NoiseCell):
        return f"{cell.label}-D{cell.D}".lstrip("-")
    probes = isinstance(statement, AtPoints) and statement.mode.probes
    return f"{cell.label}delta{cell.delta}".replace("/", "_") if probes else cell.label
