"""From words to a plan in memory: one entry for each kind of cell that the asked bounds are measured on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.analyses.claims import measured_statements
from reports.cells.cell import TaskPlan
from reports.cells.kinds import CELLS
from reports.measure.statement import Measured
from reports.plans.checking import check_tasks
from reports.plans.entries import LIST_FIELDS, PlanError
from reports.plans.plan import Plan, plan_of
from reports.settings.tasks import task_of
from reports.settings.words import SettingError, arguments, read
from reports.statements import measured, statements
from reports.tasks.factories import make_task
from reports.user_objects import UserObjectError
from theory.claims.reading import Claim
from theory.language.errors import near
from theory.tables import default_table

# a plan's own affairs: which statements, on which task, and how its rows are told apart and commented on
_NOT_ASKED = frozenset({"statements", "task", "label", "note"})


@dataclass(frozen=True)
class Asked:
    """What is to be run, and whose rows are wanted.

    bounds: by the name that asked for them, in order. varied: the keys that have several values. claims: those of the
    bounds that are a user's.
    """

    plan: Plan
    bounds: Mapping[str, Sequence[str]]
    varied: tuple[str, ...]
    claims: tuple[Claim, ...]


def asked(names: Sequence[str], words: Mapping[str, object], claims: Sequence[Claim]) -> Asked:
    """The plan that measures these bounds at this setting, with others on the same left sides beside them.

    Raises:
        SettingError: an unknown bound, key or task, a value out of range, or one that is needed and not given.
    """
    values = {key: read(key, value) for key, value in words.items() if key != "task" and not key.startswith("task.")}
    tasks = _tasks(words)
    mine = tuple(claim for claim in claims if claim.id in names)
    kinds: dict[str, dict[str, None]] = {}  # what a plan calls the statements, by their kind of cell
    for name in names:
        for record in _records(name, mine, values, claims):
            kinds.setdefault(record.kind, {})[name if ":" in name else record.id] = None
    if not kinds:
        raise SettingError("expected the ID of at least one bound, such as T2")
    _check_keys(values, kinds)
    raw: dict[str, Any] = {"title": "One setting", "tasks": [task.model_dump() for task in tasks]}
    for kind, found in kinds.items():
        own = {key: value for key, value in values.items() if key in _offered(kind)}
        raw[kind] = [{"task": [task.name for task in tasks], "statements": list(found), **own}]
    plan = _plan(raw)
    varied = [key for key, value in values.items() if isinstance(value, list) and key not in LIST_FIELDS]
    wanted = {name: _bounds(name, mine) for name in names}
    several = ("task",) if len(tasks) > 1 else ()
    return Asked(_with_companions(plan, tasks), wanted, (*several, *varied), mine)


def _tasks(words: Mapping[str, object]) -> list[TaskPlan]:
    if "task" not in words:
        raise SettingError("task is missing: expected task=NAME, such as task=quadratic-mild, or --task MODULE:NAME")
    given = words["task"]
    named = given.split(",") if isinstance(given, str) else list(given) if isinstance(given, Iterable) else [given]
    changed = arguments(words, "task")
    return [task_of(str(name), changed) for name in named]


def _records(name: str, mine: Sequence[Claim], values: Mapping[str, Any], claims: Sequence[Claim]) -> list[Measured]:
    """The statements whose measurements give a bound its left side."""
    for claim in mine:
        if claim.id == name:
            return _of_claim(claim, values)
    if ":" in name or name in statements():
        try:
            return [measured(name)]
        except UserObjectError as error:
            raise SettingError(str(error)) from None
    if found := [record for record in statements().values() if name in record.bounds]:
        return found
    known = dict.fromkeys(
        bound for record in statements().values() for bound in (record.id, *sorted(record.bounds))
    ) | dict.fromkeys(claim.id for claim in claims)
    if name in default_table().statements:
        raise SettingError(f"{name}: nothing measures its left side; measured are {', '.join(known)}")
    raise SettingError(f"{name}: unknown{near(name, known)}; expected {', '.join(known)}, or MODULE:NAME")


def _of_claim(claim: Claim, values: Mapping[str, Any]) -> list[Measured]:
    """Where a claim's left side is measured in several kinds of cell, those for which enough is given."""
    if not claim.checkable:
        why = "is not filled in" if not claim.filled else f"has the free constant {', '.join(claim.constants)}"
        raise SettingError(f"{claim.id} {why}; there is nothing to check ({claim.place})")
    wanted = measured_statements(claim)
    found = [record for record in statements().values() if wanted & {left.bound for left in record.left}]
    enough = [record for record in found if not _needed(record.kind) - values.keys()]
    kinds = {record.kind for record in enough or found[:1]}
    return [record for record in found if record.kind in kinds]


def _bounds(name: str, claims: Sequence[Claim]) -> list[str]:
    """The bounds of the rows that a name asks for, what stands beside a statement not among them."""
    if any(claim.id == name for claim in claims):
        return [name]
    if ":" in name or name in statements():
        record = measured(name)
        return list(dict.fromkeys((record.id, *(left.bound for left in record.left))))
    return [name]


def _offered(kind: str) -> list[str]:
    return [key for key in CELLS[kind].model_fields if key not in _NOT_ASKED]


def _needed(kind: str) -> set[str]:
    return {key for key in _offered(kind) if CELLS[kind].model_fields[key].is_required()}


def _check_keys(values: Mapping[str, Any], kinds: Mapping[str, Iterable[str]]) -> None:
    """Every key is one of a kind's, and every kind has what it needs."""
    offered = list(dict.fromkeys(key for kind in kinds for key in _offered(kind)))
    who = ", ".join(name for names in kinds.values() for name in names)
    for key, value in values.items():
        if key not in offered:
            expected = f"expected task, {', '.join(offered)}"
            raise SettingError(f"{key} = {value}: not a key of {who}{near(key, (*offered, 'task'))}; {expected}")
    for kind, names in kinds.items():
        if lacking := [key for key in _offered(kind) if key in _needed(kind) - values.keys()]:
            told = [f"{key} ({CELLS[kind].model_fields[key].description})" for key in lacking]
            raise SettingError(f"missing for {', '.join(names)}: {', '.join(told)}")


def _plan(raw: dict[str, Any]) -> Plan:
    try:
        plan = plan_of(raw)
        check_tasks(plan)
        return plan
    except PlanError as error:
        # where there is no file, the name of a table in it says nothing
        raise SettingError(re.sub(r"^\[\[\w+\]\]: ", "", str(error))) from None


def _with_companions(plan: Plan, tasks: Sequence[TaskPlan]) -> Plan:
    """The plan, each cell of which also measures the other statements about the same left sides that it can."""
    made = {task.name: make_task(task) for task in tasks}

    def widened(cell: Any) -> Any:
        records = [measured(name) for name in cell.statements]
        scripts = {left.script for record in records for left in record.left if left.script}
        others = [
            record.id
            for record in statements().values()
            if record.kind == cell.kind
            and record not in records
            and scripts & {left.script for left in record.left}
            and record.lacking(cell) is None
            and record.task(made[cell.task]) is None
        ]
        return cell.model_copy(update={"statements": [*cell.statements, *others]})

    groups = {kind: [widened(cell) for cell in getattr(plan, kind)] for kind in CELLS}
    return plan.model_copy(update=groups)
