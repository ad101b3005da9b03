"""How the left side of every statement is measured, one file each, beside the theory's file of the same name.

A file exports MEASURED: a record of `reports.measure` (AtPoints, WithBatches or AlongRuns), or a `Beside`, a row that a
statement makes beside its own. A bound from outside the package is an object MODULE:NAME with FORMULAS and STATEMENT,
as a file of the theory's has them, and MEASURED.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import Any

from reports.measure.statement import Beside, LeftSide, Measured
from reports.user_objects import UserObjectError, load
from theory.language.errors import InputError, near
from theory.tables import Table, default_table, with_records


@cache
def statements() -> dict[str, Measured]:
    """The measured statements of the folder by what plans call them, each with what stands beside it."""
    found = list(_records(__name__))
    beside = [record for record in found if isinstance(record, Beside)]
    mine = [record for record in found if isinstance(record, Measured)]
    return {one.id: replace(one, beside=tuple(other for other in beside if other.of == one.id)) for one in mine}


def _records(package: str) -> Iterator[Any]:
    items = pkgutil.iter_modules(import_module(package).__path__)
    for item in sorted(items, key=lambda item: (item.ispkg, item.name)):
        name = f"{package}.{item.name}"
        yield from _records(name) if item.ispkg else (import_module(name).MEASURED,)


@cache
def measured(name: str) -> Measured:
    """The record behind a name in a plan's `statements`: one of the folder's, or MODULE:NAME of a user's own.

    Raises:
        UserObjectError: the name is unknown, or the object lacks a record.
    """
    if name in statements():
        return statements()[name]
    if ":" not in name:
        hint = near(name, statements())
        raise UserObjectError(f"{name}: no such statement{hint}; known are {', '.join(statements())}, or MODULE:NAME")
    found = getattr(load(name), "MEASURED", None)
    if not isinstance(found, Measured):
        raise UserObjectError(f"{name}: has no MEASURED, a record of how its left side is measured")
    stated, table = getattr(load(name), "STATEMENT", None), _with(default_table(), [name])
    if found.id in statements() or stated is None or stated.id != found.id:
        own = None if stated is None else stated.id
        raise UserObjectError(f"{name}: MEASURED.id = {found.id!r}: expected that of its STATEMENT, {own!r}")
    if not all(isinstance(entry, Mapping) for entry in (*found.headline, *found.witnesses)):
        raise UserObjectError(f"{name}: headline and witnesses: expected entries of a plan, each a dict")
    if not found.left or any(left.bound != found.id or left.quantity not in table.formulas for left in found.left):
        raise UserObjectError(f"{name}: MEASURED.left: expected at least one LeftSide({found.id!r}, QUANTITY)")
    return found


def with_beside(own: Iterable[str] = ()) -> list[Measured | Beside]:
    """The folder's records and those of a user's own by name, each followed by what stands beside it, as one list."""
    mine = [*statements().values(), *map(measured, own)]
    return [*mine, *(other for one in mine for other in one.beside)]


def left_sides() -> list[LeftSide]:
    """Every left side of the folder's statements, those of what stands beside them not among them."""
    return [left for one in statements().values() for left in one.left]


def beside() -> list[Beside]:
    """Every bound that stands beside a statement's own."""
    return [other for one in statements().values() for other in one.beside]


def with_own(table: Table, names: Iterable[str]) -> Table:
    """The table with the right sides of the users' own bounds among the names.

    Raises:
        UserObjectError: a record is none, or a name in it is taken.
    """
    own = sorted({name for name in names if ":" in name})
    return _with(table, own) if own else table


def _with(table: Table, names: Iterable[str]) -> Table:
    try:
        return with_records(table, *map(load, names))
    except InputError as error:
        raise UserObjectError(f"{', '.join(names)}: {error}") from None
