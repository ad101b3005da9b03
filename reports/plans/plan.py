"""What a report runs: tasks, the points and runs on them, the statements measured there. Read strictly from TOML."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from reports.plans.studies import StudyPlan

PROFILES = ("quick", "standard", "full")
Mode = Literal[
    "exact", "stochastic", "first_order", "first_order_stochastic", "hessian_free", "hessian_free_stochastic"
]


class PlanError(ValueError):
    """A plan that cannot be read, with the place and what is admissible."""


def _rational(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | str | Fraction):
        raise ValueError(f"expected an integer or a string such as '1/4', got {value!r}")
    return Fraction(value)


Rational = Annotated[Fraction, BeforeValidator(_rational)]
_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)


class TaskPlan(BaseModel):
    """A task by the name its rows carry, the factory that makes it and the factory's arguments."""

    model_config = _STRICT
    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    factory: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class _Cell(BaseModel):
    """What every cell says: the task, and the fine-tuning as alpha (absolute, or as a multiple of 1/L) and nu."""

    model_config = _STRICT
    task: str
    alpha: Rational | None = None
    alpha_L: Rational | None = None
    nu: int = Field(ge=0, le=100)
    label: str = Field(default="", pattern=r"^[A-Za-z0-9.=_/-]*$")

    @model_validator(mode="after")
    def _one_alpha(self) -> _Cell:
        if (self.alpha is None) == (self.alpha_L is None):
            raise ValueError("give exactly one of alpha and alpha_L (alpha as a multiple of 1/L)")
        return self


class PointsCell(_Cell):
    """Deterministic statements at points: searched for, or given (`at`, and `pair` for two-point statements)."""

    statements: list[Literal["S1", "S2", "S3", "S4", "S7", "S8", "S9", "S10"]]
    delta: Rational | None = None
    radius: Rational = Fraction(2)
    at: list[Rational] | None = None
    pair: list[Rational] | None = None

    @model_validator(mode="after")
    def _complete(self) -> PointsCell:
        if "S9" in self.statements and self.delta is None:
            raise ValueError("S9 needs delta, the probe step")
        if "S10" in self.statements and self.nu == 0:
            raise ValueError("S10 compares nu with nu - 1 fine-tuning steps and needs nu >= 1")
        if self.at is not None and self.pair is None and {"S2", "S4"} & set(self.statements):
            raise ValueError("S2 and S4 compare two points: `at` needs `pair`")
        return self


class NoiseCell(_Cell):
    """Bias and mean squared error of the stochastic meta-gradients at one point, by enumeration or by sampling."""

    statements: list[Literal["S5", "S5p", "S6", "S8s", "S9s"]]
    D: int = Field(ge=1)
    D_prime: int = Field(ge=1)
    D_H: int = Field(ge=1)
    delta: Rational | None = None
    method: Literal["enumerate", "sample"]
    replicas: int = Field(default=0, ge=0)
    radius: Rational = Fraction(1)
    at: list[Rational] | None = None

    @model_validator(mode="after")
    def _complete(self) -> NoiseCell:
        if "S9s" in self.statements and self.delta is None:
            raise ValueError("S9s needs delta, the probe step")
        if self.method == "sample" and self.replicas < 1:
            raise ValueError("method = 'sample' needs replicas >= 1")
        return self


class RunCell(_Cell):
    """A meta-FedAvg run; the server step is given as a fraction of the largest admissible one, or as beta.

    replicas: independent runs; left out, a power calculation from the theory fixes them, at most `most`.
    note: why the plan has the cell, shown with the verdict of a row that is not applicable on purpose.
    """

    statements: list[Literal["T1", "T2", "T3", "T4"]]
    mode: Mode
    tau: int = Field(ge=1)
    m: int | None = Field(default=None, ge=1)
    fraction: Rational | None = None
    beta: Rational | None = None
    rounds: int = Field(ge=1)
    replicas: int | None = Field(default=None, ge=1)
    most: int = Field(default=16384, ge=1)
    note: str = ""
    D: int | None = Field(default=None, ge=1)
    D_prime: int | None = Field(default=None, ge=1)
    D_H: int | None = Field(default=None, ge=1)
    delta: Rational | None = None
    start: list[Rational] | None = None

    @model_validator(mode="after")
    def _one_step(self) -> RunCell:
        if (self.fraction is None) == (self.beta is None):
            raise ValueError("give exactly one of fraction (of the largest admissible beta) and beta")
        return self


class Plan(BaseModel):
    """A whole report."""

    model_config = _STRICT
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
        unknown = sorted({cell.task for cell in (*self.points, *self.noise, *self.runs)} - set(names))
        if unknown:
            raise ValueError(f"cells name the unknown task {', '.join(unknown)}; known are {', '.join(names)}")
        return self

    @property
    def family(self) -> int:
        """How many rows may be decided by samples at most: the multiplicity that is paid for, fixed by the plan."""
        drawn = [run for run in self.runs if "stochastic" in run.mode or run.m is not None]
        rows = sum(len(run.statements) for run in drawn)
        return max(1, rows + sum(2 * len(cell.statements) for cell in self.noise if cell.method == "sample"))

    def only(self, statements: set[str]) -> Plan:
        """The plan with every cell cut down to the given statements, without studies, cells and tasks left idle."""

        def cut(cells: list) -> list:
            kept = [
                cell.model_copy(update={"statements": [s for s in cell.statements if _wanted(s, statements)]})
                for cell in cells
            ]
            return [cell for cell in kept if cell.statements]

        points, noise, runs = cut(self.points), cut(self.noise), cut(self.runs)
        used = {cell.task for cell in (*points, *noise, *runs)}
        tasks = [task for task in self.tasks if task.name in used]
        return self.model_copy(update={"tasks": tasks, "points": points, "noise": noise, "runs": runs, "studies": []})


# bounds that are measured together with a statement of the plan
_MEASURED_WITH = {
    "T1a": "T1",
    "T1b": "T1",
    "T1c": "T1",
    "per_fedavg.L_F": "S4",
    "maml.C_L": "S4",
    "per_fedavg.bias": "S5",
    "per_fedavg.sigma_F2": "S6",
    "per_fedavg.gamma_F2": "S7",
}


def _wanted(statement: str, wanted: set[str]) -> bool:
    return statement in wanted or statement in {_MEASURED_WITH.get(one) for one in wanted}


def load_plan(name_or_file: str) -> Plan:
    """The plan of a profile by name (quick, standard, full), or of a TOML file.

    List values of a cell's scalar fields expand to their product, so that a grid is one entry; `columns` and `rows`
    write many cells as a table. An entry of several modes hands batch sizes and delta only to the modes that take them.
    Raises PlanError naming the file, the place in it and what is admissible there.

    >>> load_plan("quick").title != ""
    True
    """
    text, origin = _read(name_or_file)
    try:
        raw = tomllib.loads(text)
        for group in ("points", "noise", "runs"):
            raw[group] = [cell for entry in raw.get(group, []) for cell in _cells(entry)]
        return Plan.model_validate(raw)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"plan {origin}: not valid TOML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "plan"
        raise PlanError(f"plan {origin}: {place}: {first['msg']} (got {first.get('input')!r:.80})") from None


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
    mode = cell["mode"]
    unused = {*(() if "stochastic" in mode else _SIZES), *(() if "hessian_free" in mode else ("delta",))}
    if mode == "first_order_stochastic":
        unused.add("D_H")
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
    """The packaged plans."""
    files = (resources.files("reports") / "plans").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))
