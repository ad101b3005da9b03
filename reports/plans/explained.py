"""The format of plans in words, read off the models that check it: every key with meaning, unit, default, example."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from pydantic import BaseModel

from reports.cells.cell import TaskPlan
from reports.cells.kinds import CELLS
from reports.plans.studies import Level, PersonalisationPlan, ScalingPlan
from theory.tables import default_table

TABLES: dict[str, type[BaseModel]] = {
    "[[tasks]]": TaskPlan,
    **{f"[[{kind}]]": cell for kind, cell in CELLS.items()},
    '[[studies]] kind = "personalisation"': PersonalisationPlan,
    "levels of it": Level,
    '[[studies]] kind = "scaling"': ScalingPlan,
}
GRAMMAR = (
    "A plan is a TOML file: title, tables of the kinds below, and witnesses = true for instances that attain bounds.",
    "Numbers are integers or text such as '1/4' or '0.1'; those of studies are TOML's own.",
    "In a cell a list stands for one cell each of its values, several lists for their product; statements, at, pair, "
    "start and weights are lists in themselves.",
    "columns = [KEY, ...] and rows = [[VALUE, ...], ...] write many cells as one table; options that only some of "
    "several modes take are handed to those.",
)
_WIDTH = 110


@dataclass(frozen=True)
class Key:
    """One key of a table; default: as TOML writes it, None where the key is required."""

    table: str
    name: str
    meaning: str
    unit: str
    default: str | None
    example: str


def keys() -> list[Key]:
    """Every key of every table, in the order of the format.

    >>> next(key for key in keys() if key.name == "tau").meaning
    'local steps of an agent in a round'
    """
    units = {name: str(symbol.record.unit) for name, symbol in default_table().keys.items()}
    return [
        Key(
            table,
            name,
            field.description or "",
            units.get(name, ""),
            None if field.is_required() else toml(field.get_default(call_default_factory=True)),
            toml((field.examples or [""])[0]),
        )
        for table, model in TABLES.items()
        for name, field in model.model_fields.items()
    ]


def lines() -> Iterator[str]:
    """The format for reading."""
    for sentence in GRAMMAR:
        yield from wrap(sentence, _WIDTH)
    table = ""
    for key in keys():
        if key.table != table:
            table = key.table
            yield f"\n{table}  {(TABLES[table].__doc__ or '').splitlines()[0]}"
        need = "required" if key.default is None else f"default {key.default}" if key.default else "optional"
        unit = f", unit {key.unit}" if key.unit not in ("", "1") else ""
        yield f"  {key.name:<14}{need}{unit}; such as {key.name} = {key.example}"
        yield from wrap(key.meaning, _WIDTH, initial_indent=" " * 16, subsequent_indent=" " * 16)


def toml(value: Any) -> str:
    """A value as TOML writes it, '' for what is left out.

    >>> toml({"n": 8, "mu": 0.5}), toml(["1/4", 2]), toml(None), toml(True)
    ('{ n = 8, mu = 0.5 }', '["1/4", 2]', '', 'true')
    """
    if value is None or value in ("", {}):
        return ""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml(one)}' for key, one in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else json.dumps(str(value))
