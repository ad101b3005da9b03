"""Runs on which a form with a free constant speaks: a plan's own with a shorter server step, where none of it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import sympy

from reports.analyses.claims import measured_statements
from reports.cells.run_cell import RunCell
from reports.measure.along_run import AlongRuns
from reports.measure.specify import specify
from reports.measure.task_instance import TaskInstance, exact
from reports.plans.plan import Plan, bounds_of
from reports.statements import statements
from theory.claims.reading import Claim, with_claims
from theory.language.errors import InputError, PrecisionError
from theory.tables import Table, default_table

_HALVINGS = 12


def with_cells_for(plan: Plan, claims: Sequence[Claim]) -> Plan:
    """The plan, and for every form whose hypotheses exclude all its runs on a task in a mode, one run more.

    It is the cheapest of those runs with the longest server step beta/2^k, k <= 12, at which the form speaks.
    """
    asked = [claim for claim in claims if claim.filled and claim.constants and claim.hypotheses]
    added = [cell for claim in asked for cell in _added(plan, claim)]
    return plan.model_copy(update={"runs": [*plan.runs, *added]}) if added else plan


def _added(plan: Plan, claim: Claim) -> Iterator[RunCell]:
    tasks = {task.name: task for task in plan.tasks}
    fixed = claim.fixed(**dict.fromkeys(claim.constants, sympy.Integer(1)))
    table, wanted = with_claims(default_table(), [fixed]), measured_statements(claim)
    groups: dict[tuple[str, str], list[RunCell]] = {}
    for cell in plan.runs:
        if cell.mode in claim.modes and wanted & {bound for name in cell.statements for bound in bounds_of(name)}:
            groups.setdefault((cell.task, str(cell.mode)), []).append(cell)
    for (name, _), cells in groups.items():
        instance = TaskInstance.of(tasks[name])
        if instance.estimated:  # none of its rows is decided
            continue
        inputs = [_inputs(instance, cell, claim) for cell in cells]
        if any(_speaks(table, claim, one) for one in inputs):
            continue
        place = min(range(len(cells)), key=lambda at: cells[at].rounds * cells[at].tau)
        for k in range(1, _HALVINGS + 1):
            beta = Fraction(inputs[place]["beta"]) / 2**k
            if _speaks(table, claim, {**inputs[place], "beta": exact(beta)}):
                own = [one for one in cells[place].statements if bounds_of(one) & wanted]
                new = {"statements": own, "beta": beta, "fraction": None, "label": claim.id}
                yield cells[place].model_copy(update=new)
                break


def _inputs(instance: TaskInstance, cell: RunCell, claim: Claim) -> dict[str, str]:
    known = statements()
    mine = [one for one in (known[name] for name in cell.statements if name in known) if isinstance(one, AlongRuns)]
    found = specify(instance, cell, mine).inputs
    return {"grad_norm": "1"} | {key: value for key, value in found.items() if key != "mu" or "A6" in claim.assumes}


def _speaks(table: Table, claim: Claim, inputs: Mapping[str, str]) -> bool:
    try:
        return all(check.holds for check in table.quantity(claim.id).checks(**inputs))
    except (InputError, PrecisionError):  # what it needs is not known there
        return False
