"""The table of everything: formulas and statements by name, found in the folder of statements or given from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from typing import Any

from theory.enclosure.scope import Scope, missing
from theory.language.conditions import Chosen
from theory.language.errors import InputError, near
from theory.language.inputs import read_inputs
from theory.language.joining import joined
from theory.language.records import Formula, Statement, dependencies
from theory.language.symbols import INPUTS, KNOWN, Symbol
from theory.statements import pages
from theory.statements.t1 import b, sigma2
from theory.statements.t1_by_case import A
from theory.views import Bound, Quantity

_Given = tuple[tuple[str, type, object], ...]


@dataclass(frozen=True)
class Table:
    """Formulas and statements by name. `altered` gives one with formulas replaced, to test what depends on what."""

    formulas: Mapping[str, Formula]
    statements: Mapping[str, Statement]

    def quantity(self, name: str) -> Quantity:
        """The quantity of that name.

        Raises:
            InputError: no such name.
        """
        if name not in self.formulas and name in self.statements:
            shown = ", ".join(self.bound(name).quantities)
            first = f"python -m theory eval {self.bound(name).quantity} key=value ..."
            raise InputError(f"{name} is a statement; its quantities are {shown}; try {first}")
        if name not in self.formulas:
            hint = near(name, self.formulas)
            raise InputError(f"{name}: unknown quantity{hint}; known: {', '.join(self.formulas)}")
        return Quantity(self.formulas[name], self)

    def quantities(self) -> tuple[Quantity, ...]:
        """All of them, in the order of the theory."""
        return tuple(Quantity(formula, self) for formula in self.formulas.values())

    def bound(self, id: str) -> Bound:
        """The statement of that identifier.

        Raises:
            InputError: no such statement.
        """
        if id not in self.statements:
            hint = near(id, self.statements)
            raise InputError(f"{id}: unknown statement{hint}; known: {', '.join(self.statements)}")
        return Bound(self.statements[id], self)

    def bounds(self) -> tuple[Bound, ...]:
        """All of them, in the order of the theory."""
        return tuple(Bound(statement, self) for statement in self.statements.values())

    @cached_property
    def symbols(self) -> Mapping[str, Symbol]:
        """Every symbol by name: inputs, indices of sums, and what the formulas introduce."""
        return {**KNOWN, **{name: item.symbol for name, item in self.formulas.items()}}

    @cached_property
    def keys(self) -> Mapping[str, Symbol]:
        """What may be given: the inputs, and the derived quantities that can be overridden."""
        derived = (item.symbol for item in self.formulas.values() if item.symbol.record.key)
        return {symbol.record.alias or symbol.name: symbol for symbol in (*INPUTS, *derived)}

    def dependents(self, name: str) -> frozenset[str]:
        """The quantities whose value an input can change."""
        return frozenset(item for item, used in self._used.items() if name in used)

    @property
    def unsettled(self) -> frozenset[str]:
        """The quantities that a choice can change: those that use a free number or a case of an option."""
        return self._unsettled

    @cached_property
    def _unsettled(self) -> frozenset[str]:
        chosen = (choice for item in self.formulas.values() for choice in item.choices)
        free = {item.name for choice in chosen for item in choice.formulas}
        optional = {
            name for name, item in self.formulas.items() if any(isinstance(case.when, Chosen) for case in item.cases)
        }
        return frozenset(free) | {name for name, used in self._used.items() if used & (free | optional)}

    @cached_property
    def _used(self) -> dict[str, frozenset[str]]:
        return {item: dependencies(self.formulas, item) for item in self.formulas}

    def scope(self, inputs: Mapping[str, object]) -> Scope:
        """The inputs, read and checked, over these formulas; equal inputs share what is known about them."""
        # 1, 1.0 and True are equal, but not the same input
        key = tuple((name, type(value), value) for name, value in inputs.items())
        try:
            return self._scopes(key)
        except TypeError:  # a number of another library that cannot be a key
            return self._read(key)

    @cached_property
    def _scopes(self) -> Callable[[_Given], Scope]:
        return lru_cache(maxsize=64)(self._read)

    def _read(self, given: _Given) -> Scope:
        found = read_inputs({name: value for name, _, value in given}, self.keys)
        return Scope(self.formulas, found.values, found.mode, options=found.options)

    def altered(self, *changed: Formula) -> Table:
        """The same table with these formulas in place of theirs."""
        return replace(self, formulas={**self.formulas, **{item.name: item for item in changed}})


def with_records(table: Table, *records: Any) -> Table:
    """The table with further bounds: each record is an object with FORMULAS and STATEMENT, as a file of statements is.

    Raises:
        RecordError: a name is taken, a symbol unknown, a unit wrong, or something is no record.
    """
    return Table(*joined(table.formulas, table.statements, records))


@cache
def default_table() -> Table:
    """The table of the theory as derived and as published."""
    return with_records(Table({}, {}), *pages())


def quantity(name: str) -> Quantity:
    """The quantity of that name.

    >>> quantity("q").value(alpha="1/2", L=3)
    2.5
    """
    return default_table().quantity(name)


def quantities() -> tuple[Quantity, ...]:
    """Every quantity of the theory as derived and as published."""
    return default_table().quantities()


def bound(id: str) -> Bound:
    """The statement of that identifier, as `python -m theory list` shows it.

    >>> bound("T2").hypotheses[0].name
    'h <= 1'
    """
    return default_table().bound(id)


def bounds() -> tuple[Bound, ...]:
    """Every statement, in the order of the theory."""
    return default_table().bounds()


def round_case(**inputs: object) -> str:
    """The case of T1 that T2 and T3 use: T1c when tau = 1, else T1b when b = sigma = 0, else T1a.

    >>> round_case(tau=5)
    'T1b'

    Raises:
        InputError: an input that decides the case is unknown, missing or out of range.
    """
    table = default_table()
    scope = table.scope(inputs)
    if "tau" not in scope.inputs:
        raise InputError(f"round_case: {missing(['tau'])}")
    if scope.inputs["tau"] != 1:
        absent = scope.requirements((b.name, sigma2.name)).absent
        if absent:
            raise InputError(f"round_case: {missing(absent)}")
    return str(scope.case(A.name).expression).removesuffix(".A")
