"""What a report runs: tasks, the points and runs on them, the statements measured there. Read strictly from TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError, model_validator

from empirics.algorithm.modes import MODES, Mode
from reports.cells.cell import STRICT, Cell, TaskPlan
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.plans.studies import StudyPlan
from reports.statements import measured, statements
from reports.user_objects import UserObjectError, trusted

_GROUPS = ("points", "noise", "runs")
PROFILES = ("quick", "standard", "full")
WITNESSES = "witnesses"


class PlanError(ValueError):
    """A plan that cannot be read, with the place and what is admissible."""


class Plan(BaseModel):
    """A whole report: tasks, the cells on them, and studies."""

    model_config = STRICT
    title: str
    tasks: list[TaskPlan] = Field(default_factory=list)
    points: list[PointsCell] = Field(default_factory=list)
    noise: list[NoiseCell] = Field(default_factory=list)
    runs: list[RunCell] = Field(default_factory=list)
    studies: list[StudyPlan] = Field(default_factory=list)

    @model_validator(mode="after")
    def _tasks_known(self) -> Plan:
        if not self.studies and "tasks" not in self.model_fields_set:
            raise ValueError("a plan needs tasks or studies")
        names = [task.name for task in self.tasks]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"tasks: {', '.join(twice)} defined twice")
        unknown = sorted({cell.task for cell in self.cells} - set(names))
        if unknown:
            raise ValueError(f"cells name the unknown task {', '.join(unknown)}; known are {', '.join(names)}")
        return self

    @property
    def cells(self) -> list[PointsCell | NoiseCell | RunCell]:
        """Points, noise and runs."""
        return [*self.points, *self.noise, *self.runs]

    @property
    def statements(self) -> set[str]:
        """The names of all that is measured."""
        return {name for cell in self.cells for name in cell.statements}

    @property
    def own_statements(self) -> tuple[str, ...]:
        """Those that are a user's own, MODULE:NAME."""
        return tuple(sorted(name for name in self.statements if ":" in name))

    @property
    def outside(self) -> tuple[str, ...]:
        """What it takes from outside the package, MODULE:NAME: tasks and statements of a user's own."""
        return tuple(sorted({*self.own_statements, *(one.factory for one in self.tasks if ":" in one.factory)}))

    @property
    def family(self) -> int:
        """How many rows may be decided by samples at most: the multiplicity that is paid for, fixed by the plan."""
        drawn = [run for run in self.runs if run.mode.draws or run.m is not None]
        rows = sum(len(run.statements) for run in drawn)
        return max(1, rows + sum(2 * len(cell.statements) for cell in self.noise if cell.method == "sample"))

    def only(self, wanted: set[str]) -> Plan:
        """The plan with every cell cut down to what has rows of the given bounds, without studies and idle tasks."""

        def cut(cells: list) -> list:
            kept = [(cell, [s for s in cell.statements if bounds_of(s) & wanted]) for cell in cells]
            return [cell.model_copy(update={"statements": names}) for cell, names in kept if names]

        groups = {"points": cut(self.points), "noise": cut(self.noise), "runs": cut(self.runs)}
        used = {cell.task for cells in groups.values() for cell in cells}
        tasks = [task for task in self.tasks if task.name in used]
        return self.model_copy(update={"tasks": tasks, **groups, "studies": []})


def bounds_of(statement: str) -> set[str]:
    """A statement and the bounds that its rows are of, as far as its module may be imported."""
    return {statement, *(measured(statement).bounds if _readable(statement) else ())}


def _readable(statement: str) -> bool:
    return ":" not in statement or trusted(statement)


def load_plan(name_or_file: str) -> Plan:
    """The plan of a profile by name (quick, standard, full), or of a TOML file.

    List values of a cell's scalar fields expand to their product, so that a grid is one entry; `columns` and `rows`
    write many cells as a table. An entry of several modes hands batch sizes and delta only to the modes that take them.
    `witnesses = true` adds instances that attain the bounds or come close, of ours and of those that the plan names.
    What a module of a user's says is left out where that module is not trusted.

    Raises PlanError naming the file, the place in it and what is admissible there.

    >>> load_plan("quick").title != ""
    True
    """
    if name_or_file == WITNESSES:
        return witness_plan()
    text, origin = _read(name_or_file)
    try:
        return _plan(tomllib.loads(text), origin)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"plan {origin}: not valid TOML: {error}") from None


def witness_plan(own: Iterable[str] = ()) -> Plan:
    """The witnesses of every statement of ours, and of a user's own by name."""
    raw: dict[str, Any] = {"title": "Witnesses: instances that attain a bound, or come close"}
    names = (*statements(), *own)
    found = {name: (*measured(name).headline, *measured(name).witnesses) for name in names}
    return _plan(_with_witnesses(raw, found), WITNESSES)


def _with_witnesses(raw: Mapping[str, Any], entries: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, Any]:
    """A plan's contents with the entries of every statement, and the tasks of ours that these name."""
    widened = {**raw, **{group: list(raw.get(group, ())) for group in ("tasks", *_GROUPS)}}
    for name, mine in entries.items():
        widened[measured(name).kind] += [{**entry, "statements": [name]} for entry in mine]
    text = (resources.files("reports") / "statements" / "witness_tasks.toml").read_text(encoding="utf-8")
    named = str([widened[group] for group in _GROUPS])
    widened["tasks"] += [task for task in tomllib.loads(text)["tasks"] if f"'{task['name']}'" in named]
    return widened


def _plan(raw: dict[str, Any], origin: str) -> Plan:
    """The plan of a TOML file's contents, which are expanded in place."""
    try:
        if raw.pop("witnesses", False):
            listed = [name for group in _GROUPS for entry in raw.get(group, ()) for name in entry.get("statements", ())]
            names = dict.fromkeys((*statements(), *(name for name in listed if ":" in name and trusted(name))))
            raw = _with_witnesses(raw, {name: measured(name).headline for name in names})
        for group in _GROUPS:
            raw[group] = [cell for entry in raw.get(group, []) for cell in _cells(entry)]
        plan = Plan.model_validate(raw)
        _check_statements(plan.cells)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "plan"
        raise PlanError(f"plan {origin}: {place}: {first['msg']} (got {first.get('input')!r:.80})") from None
    except UserObjectError as error:
        raise PlanError(f"plan {origin}: {error}") from None
    return plan


def _check_statements(cells: Iterable[Cell]) -> None:
    """Refuse a statement that is unknown, named twice, measured on another kind of cell, or lacks something there."""
    for cell in cells:
        twice = sorted({name for name in cell.statements if cell.statements.count(name) > 1})
        if twice:
            raise PlanError(f"{cell.kind}: statements = {', '.join(twice)} twice in one cell")
        for name in filter(_readable, cell.statements):
            record = measured(name)
            if record.kind != cell.kind:
                fitting = [one.id for one in statements().values() if one.kind == cell.kind]
                raise PlanError(
                    f"statements: {name} is measured in [[{record.kind}]], not in [[{cell.kind}]]; there, expected "
                    f"{', '.join(fitting)}"
                )
            if (lacking := record.lacking(cell)) is not None:
                raise PlanError(f"{cell.kind}: {name} {lacking}")


_LIST_FIELDS = {"statements", "at", "pair", "start"}


_SIZES = ("D", "D_prime", "D_H")


def _cells(entry: dict[str, Any]) -> list[dict[str, Any]]:
    cells = [cell for one in _tabulated(entry) for cell in _expanded(one)]
    several_modes = "mode" in (*entry.get("columns", ()), *(key for key in entry if isinstance(entry[key], list)))
    return [_taken(cell) for cell in cells] if several_modes else cells


def _tabulated(entry: dict[str, Any]) -> list[dict[str, Any]]:
    if "columns" not in entry:
        return [entry]
    columns, rows = entry["columns"], entry.get("rows", [])
    common = {key: value for key, value in entry.items() if key not in ("columns", "rows")}
    for row in rows:
        if len(row) != len(columns):
            raise PlanError(f"rows: {row} has {len(row)} entries, columns has {len(columns)}")
    return [{**common, **dict(zip(columns, row, strict=True))} for row in rows]


def _taken(cell: dict[str, Any]) -> dict[str, Any]:
    """Without the options that the cell's mode has no use for."""
    if "mode" not in cell:
        return cell
    if cell["mode"] not in MODES:  # refused with the cell
        return cell
    mode = Mode(cell["mode"])
    unused = {*(() if mode.draws else _SIZES), *(() if mode.probes else ("delta",)), *(() if mode.curved else ("D_H",))}
    return {key: value for key, value in cell.items() if key not in unused}


def _expanded(entry: dict[str, Any]) -> list[dict[str, Any]]:
    cells = [dict(entry)]
    for key, value in entry.items():
        if isinstance(value, list) and key not in _LIST_FIELDS:
            cells = [{**cell, key: one} for cell in cells for one in value]
    return cells


def _read(name_or_file: str) -> tuple[str, str]:
    packaged = resources.files("reports") / "plans" / f"{name_or_file}.toml"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8"), name_or_file
    path = Path(name_or_file)
    if not path.is_file():
        raise PlanError(f"plan {name_or_file!r}: neither a packaged plan ({', '.join(plan_names())}) nor a file")
    return path.read_text(encoding="utf-8"), str(path)


def plan_names() -> list[str]:
    """The names of the packaged plans, in order."""
    files = (resources.files("reports") / "plans").iterdir()
    return sorted([WITNESSES, *(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))])
