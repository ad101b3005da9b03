"""From a plan's file to its cells: the text, the tables in it, lists that stand for their product."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from fractions import Fraction
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


def axes(raw: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The named axes of a plan: under [axes] each name has a list of tables, the points of the axis.

    Raises:
        PlanError: it is something else.
    """
    found = raw.get("axes", {})
    if not isinstance(found, dict):
        raise PlanError(f"axes = {shown(found)}: expected a table of axes, each a list of tables")
    for name, points in found.items():
        if not isinstance(points, list) or not points or not all(isinstance(one, dict) and one for one in points):
            expected = "expected a list of tables such as [{ D = 1, D_prime = 1 }, { D = 8, D_prime = 8 }]"
            raise PlanError(f"axes: {name} = {shown(points)}: {expected}")
    return found


def cells(entry: dict[str, Any], known: Mapping[str, list[dict[str, Any]]] | None = None) -> Iterator[dict[str, Any]]:
    """The cells that one table stands for: its rows, the product of its axes and lists, without what it excludes.

    In a table of several modes an option that only some of them take is handed to those. known: the plan's axes.

    Raises:
        PlanError: a crooked table, an empty list, an axis that is not there, an exclusion that excludes nothing, more
            cells than a plan may have.
    """
    exclusions = entry.get("exclude", [])
    found: list[dict[str, Any]] = []
    for one in _along(_tabulated({key: value for key, value in entry.items() if key != "exclude"}), known or {}):
        count = math.prod(len(value) for key, value in one.items() if _is_grid(key, value))
        if count + len(found) > MOST_CELLS:
            raise PlanError(f"{count} cells from the product of its lists, a plan has at most {MOST_CELLS}")
        found += _expanded(one)
    modes = {cell.get("mode") for cell in found if isinstance(cell.get("mode"), str)} & set(MODES)
    several = "mode" in entry.get("columns", ()) or isinstance(entry.get("mode"), list) or len(modes) > 1
    for cell in _without(found, exclusions):
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


def _along(tables: list[dict[str, Any]], known: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Each table at every point of the axes that it names."""
    found: list[dict[str, Any]] = []
    for table in tables:
        names = table.get("axes", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise PlanError(f"axes = {shown(names)}: expected a list of names of axes")
        points = [{key: value for key, value in table.items() if key != "axes"}]
        for name in names:
            if name not in known:
                raise PlanError(f"axes: {name} is not among the plan's axes ({', '.join(known) or 'it has none'})")
            for key in (key for one in known[name] for key in one if any(key in point for point in points)):
                raise PlanError(f"axes: {name} gives {key}, which is given already")
            points = [{**point, **one} for point in points for one in known[name]]
            if len(points) > MOST_CELLS:
                raise PlanError(f"{len(points)} cells from its axes, a plan has at most {MOST_CELLS}")
        found += points
    return found


def _without(found: list[dict[str, Any]], exclusions: Any) -> list[dict[str, Any]]:
    """The cells that no exclusion names: one names a cell that agrees with it in all that it says."""
    if not isinstance(exclusions, list) or not all(isinstance(one, dict) and one for one in exclusions):
        raise PlanError(
            f"exclude = {shown(exclusions)}: expected a list of tables such as [{{ nu = 3, tau = [5, 10] }}]"
        )
    for one in exclusions:
        kept = [cell for cell in found if not all(_agrees(cell, key, value) for key, value in one.items())]
        if len(kept) == len(found):
            raise PlanError(f"exclude: {shown(one)} names no cell of this table; expected one that it has")
        found = kept
    if not found:
        raise PlanError("exclude: no cell is left; leave the table out")
    return found


def _agrees(cell: Mapping[str, Any], key: str, value: Any) -> bool:
    """Whether a cell has a value, or one of a list of them; numbers are compared as numbers."""
    if isinstance(value, list) and key not in LIST_FIELDS:
        return any(_agrees(cell, key, one) for one in value)
    return key in cell and _number(cell[key]) == _number(value)


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return value
    try:
        return Fraction(value)
    except (ValueError, ZeroDivisionError):
        return value


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
