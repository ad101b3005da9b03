"""What a report runs: tasks, the points and runs on them, the statements measured there. Read strictly from TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError, model_validator

from reports.cells.cell import STRICT, Cell, TaskPlan
from reports.cells.kinds import CELLS
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.plans.entries import GROUPS, MOST_CELLS, PlanError, axes, cells, listed, packaged, parsed, read_text, shown
from reports.plans.names import PROFILES, WITNESSES, plan_names
from reports.plans.row_names import named
from reports.plans.studies import PersonalisationPlan, StudyPlan
from reports.statements import measured, statements
from reports.user_objects import UserObjectError, trusted
from theory.language.errors import near

__all__ = [
    "PROFILES", "WITNESSES", "Plan", "PlanError", "bounds_of", "load_plan", "plan_names", "plan_of", "witness_plan",
]  # fmt: skip


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
            hint = near(unknown[0], names)
            raise ValueError(f"cells name the unknown task {', '.join(unknown)}{hint}; known are {', '.join(names)}")
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
        """What it takes from outside the package, MODULE:NAME: tasks, models and statements of a user's own."""
        tasks = (name for one in self.tasks for name in one.outside)
        models = (one.model for one in self.studies if isinstance(one, PersonalisationPlan) and one.model)
        return tuple(sorted({*self.own_statements, *tasks, *models}))

    @property
    def files(self) -> tuple[str, ...]:
        """The data that it reads."""
        studied = (one.data for one in self.studies if isinstance(one, PersonalisationPlan) and one.data)
        return tuple(sorted({*(file for one in self.tasks for file in one.files), *studied}))

    @property
    def family(self) -> int:
        """How many rows may be decided by samples at most: the multiplicity that is paid for, fixed by the plan."""
        drawn = [run for run in self.runs if run.mode.draws or run.draws_agents]
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
    write many cells as a table. `axes` names lists under [axes], whose points may give several keys at once; `exclude`
    leaves out the cells that agree with one of its tables. An entry of several modes hands batch sizes and delta only
    to the modes that take them.
    `witnesses = true` adds instances that attain the bounds or come close, of ours and of those that the plan names.
    What a module of a user's says is left out where that module is not trusted.

    Raises PlanError naming the file, the place in it and what is admissible there.

    >>> load_plan("quick").title != ""
    True
    """
    if name_or_file == WITNESSES:
        return witness_plan(statements())
    try:
        text, origin = _read(name_or_file)
        raw = parsed(text)
    except PlanError as error:
        text = str(error)
        raise PlanError(text if text.startswith("plan ") else f"plan {name_or_file}: {text}") from None
    return _plan(raw, origin)


def witness_plan(names: Iterable[str]) -> Plan:
    """The witnesses of statements, of ours and of a user's own by name."""
    raw: dict[str, Any] = {"title": "Witnesses: instances that attain a bound, or come close"}
    found = {name: (*measured(name).headline, *measured(name).witnesses) for name in names}
    return _plan(_with_witnesses(raw, found), WITNESSES)


def _with_witnesses(raw: Mapping[str, Any], entries: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, Any]:
    """A plan's contents with the entries of every statement, and the tasks of ours that these name."""
    widened = {**raw, **{group: list(raw.get(group, ())) for group in ("tasks", *GROUPS)}}
    for name, mine in entries.items():
        widened[measured(name).kind] += [{**entry, "statements": [name]} for entry in mine]
    text = (resources.files("reports") / "statements" / "witness_tasks.toml").read_text(encoding="utf-8")
    named = str([widened[group] for group in GROUPS])
    widened["tasks"] += [task for task in tomllib.loads(text)["tasks"] if f"'{task['name']}'" in named]
    return widened


def _plan(raw: dict[str, Any], origin: str) -> Plan:
    try:
        return plan_of(raw)
    except PlanError as error:
        raise PlanError(f"plan {origin}: {error}") from None


def plan_of(raw: dict[str, Any]) -> Plan:
    """The plan of a TOML file's contents, which are expanded in place.

    Raises:
        PlanError: the place in it, and what is admissible there.
    """
    try:
        entries = {group: listed(raw, group) for group in (*GROUPS, "tasks", "studies")}
        if raw.pop("witnesses", False):
            names = [name for group in GROUPS for entry in entries[group] for name in _names(entry)]
            wanted = dict.fromkeys((*statements(), *(name for name in names if ":" in name and trusted(name))))
            raw = _with_witnesses(raw, {name: measured(name).headline for name in wanted})
        total, known = 0, axes(raw)
        raw.pop("axes", None)
        for group in GROUPS:
            raw[group] = [cell for place, entry in enumerate(listed(raw, group), 1)
                          for cell in _validated(group, place, entry, raw, known)]  # fmt: skip
            total += len(raw[group])
        if total > MOST_CELLS:
            raise PlanError(f"{total} cells, a plan has at most {MOST_CELLS}")
        plan = Plan.model_validate(raw)
        _check_statements(plan.cells)
        told = {group: named(getattr(plan, group)) for group in GROUPS}
    except ValidationError as error:
        raise PlanError(_problem(error, Plan)) from None
    except UserObjectError as error:
        raise PlanError(str(error)) from None
    return plan.model_copy(update=told)


def _names(entry: Mapping[str, Any]) -> list[str]:
    names = entry.get("statements", ())
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _validated(
    group: str, place: int, entry: dict[str, Any], raw: Mapping[str, Any], known: Mapping[str, list[dict[str, Any]]]
) -> Iterator[Cell]:
    """The cells of one table; what is wrong with it is said of the table."""
    where = f"[[{group}]]" if len(raw[group]) == 1 else f"[[{group}]] number {place}"
    try:
        for cell in cells(entry, known):
            yield CELLS[group].model_validate(cell)
    except ValidationError as error:
        raise PlanError(f"{where}: {_problem(error, CELLS[group])}") from None
    except PlanError as error:
        raise PlanError(f"{where}: {error}") from None


def _problem(error: ValidationError, model: type[BaseModel]) -> str:
    """The first thing that is wrong, in one line: the key, its value and what is admissible."""
    found = error.errors()
    first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])  # a typo lacks its key as well
    place = ".".join(str(part) for part in first["loc"])
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        known = model.model_fields if len(first["loc"]) == 1 else ()
        more = f"; expected {', '.join(known)}" if known else ""
        return f"{place} = {shown(first['input'])}: unknown key{near(str(first['loc'][-1]), known)}{more}"
    if first["type"] == "missing":
        return f"{place} is missing"
    return f"{place} = {shown(first['input'])}: {reason}" if place else reason


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


def _read(name_or_file: str) -> tuple[str, str]:
    text = packaged(name_or_file)
    if text is not None:
        return text, name_or_file
    path = Path(name_or_file)
    try:
        known, folder = path.is_file(), path.is_dir()
    except (OSError, ValueError):  # a name that no file can have
        known = folder = False
    if not known:
        what = "a folder" if folder else f"neither a packaged plan ({', '.join(plan_names())}) nor a file"
        raise PlanError(f"plan {shown(name_or_file)}: {what}{near(name_or_file, plan_names())}")
    return read_text(path), str(path)
