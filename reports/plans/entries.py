"""From a plan's file to its cells: the text, the tables in it, lists that stand for their product."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from empirics.algorithm.modes import MODES, Mode
from reports.cells.options import OPTIONS, taken_by

GROUPS = ("points", "noise", "runs")
LARGEST_FILE = 1 << 20
MOST_CELLS = 20_000
LIST_FIELDS = {"statements", "at", "pair", "start", "weights"}


class PlanError(ValueError):
    """A plan that cannot be read, with the place and what is admissible."""


def read_text(path: Path) -> str:
    """The text of a plan's file.

    Raises:
        PlanError: it cannot be read, is too large, or is not UTF-8.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise PlanError(f"{size} bytes, at most {LARGEST_FILE} are read")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PlanError(f"not UTF-8 text: byte {error.start + 1} is {error.object[error.start]:#x}") from None
    except OSError as error:
        raise PlanError(f"cannot be read: {error.strerror}") from None


def parsed(text: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises:
        PlanError: it is not TOML, or nested too deeply.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise PlanError("not read: arrays or tables nested too deeply") from None
    except ValueError as error:  # what tomllib raises, and int() for a number of too many digits
        raise PlanError(f"not valid TOML: {str(error)[:200]}") from None


def packaged(name: str) -> str | None:
    """The text of a packaged plan, None where there is none of that name."""
    file = resources.files("reports") / "plans" / f"{name}.toml"
    try:
        return file.read_text(encoding="utf-8") if file.is_file() else None
    except OSError:  # a name that no file can have
        return None


def listed(raw: Mapping[str, Any], group: str) -> list[dict[str, Any]]:
    """The tables of a group.

    Raises:
        PlanError: it is something else.
    """
    entries = raw.get(group, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise PlanError(f"{group} = {shown(entries)}: expected [[{group}]] tables")
    return entries


def cells(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The cells that one table stands for: its rows, and the product of its lists.

    In a table of several modes an option that only some of them take is handed to those.

    Raises:
        PlanError: a crooked table, an empty list, more cells than a plan may have.
    """
    found: list[dict[str, Any]] = []
    for one in _tabulated(entry):
        count = math.prod(len(value) for key, value in one.items() if _is_grid(key, value))
        if count + len(found) > MOST_CELLS:
            raise PlanError(f"{count} cells from the product of its lists, a plan has at most {MOST_CELLS}")
        found += _expanded(one)
    modes = {cell.get("mode") for cell in found if isinstance(cell.get("mode"), str)} & set(MODES)
    several = "mode" in entry.get("columns", ()) or isinstance(entry.get("mode"), list)
    for cell in found:
        if several and cell.get("mode") in modes:
            unused = set(OPTIONS) - taken_by(Mode(cell["mode"]))
            yield {key: value for key, value in cell.items() if key not in unused}
        else:
            yield cell


def shown(value: object) -> str:
    """A value as a message shows it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _is_grid(key: str, value: object) -> bool:
    return isinstance(value, list) and key not in LIST_FIELDS


def _tabulated(entry: dict[str, Any]) -> list[dict[str, Any]]:
    if "columns" not in entry:
        if "rows" in entry:
            raise PlanError("rows: expected columns beside it")
        return [entry]
    columns, rows = entry["columns"], entry.get("rows", [])
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise PlanError(f"columns = {shown(columns)}: expected a list of keys")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
        raise PlanError(f"rows = {shown(rows)}: expected lists with an entry for each of columns, at least one")
    common = {key: value for key, value in entry.items() if key not in ("columns", "rows")}
    for name in columns:
        if columns.count(name) > 1 or name in common:
            raise PlanError(f"columns: {name} is given twice")
    for row in rows:
        if len(row) != len(columns):
            raise PlanError(f"rows: {shown(row)} has {len(row)} entries, columns has {len(columns)}")
    return [{**common, **dict(zip(columns, row, strict=True))} for row in rows]


def _expanded(entry: dict[str, Any]) -> list[dict[str, Any]]:
    for key, value in entry.items():
        if isinstance(value, list) and not value:
            raise PlanError(f"{key} = []: expected at least one entry")
    found = [entry]
    for key, value in entry.items():
        if _is_grid(key, value):
            found = [{**cell, key: one} for cell in found for one in value]
    return found
