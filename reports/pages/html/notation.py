"""Every symbol with its meaning, its unit and where it is defined; statements link to them."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

import theory
from reports.pages.html.anchors import slug
from reports.pages.html.formulas import definition, inline
from reports.pages.html.numerals import raised_powers
from theory.language.symbols import Symbol
from theory.tables import Table


@dataclass(frozen=True)
class Entry:
    """A symbol: its anchor, itself, its name in commands, what it is, its unit ('' for a number), and its definition.

    home: the statement that shows the definition; formula: the definition where no statement does. Both are empty for
    what is given.
    """

    anchor: str
    symbol: Markup
    name: str
    meaning: str
    unit: str
    home: str
    formula: Markup


def notation(table: Table) -> list[Entry]:
    """Every input that has a meaning of its own and every quantity of a table, inputs first."""
    homes = _homes(table)
    return [_entry(symbol, table, homes) for symbol in _symbols(table)]


def anchor(name: str) -> str:
    """Where a symbol is defined on the page.

    >>> anchor("T1b.A")
    'symbol-T1b.A'
    """
    return f"symbol-{slug(name)}"


def symbols_of(bound: theory.Bound, table: Table) -> list[tuple[str, Markup, str]]:
    """Anchor, symbol and name of everything that a statement's formulas name, in the order of the notation."""
    named: set[str] = set(bound.quantities)
    for name in bound.quantities:
        for case in table.formulas[name].cases:
            named |= {str(item) for item in case.expression.free_symbols}
            named |= {symbol.name for symbol in case.when.asks}
    for item in bound.hypotheses:
        named |= {str(symbol) for side in (item.left, item.right) for symbol in side.free_symbols}
    shown = [symbol for symbol in _symbols(table) if symbol.name in named]
    return [(anchor(symbol.name), inline(symbol.record.latex), symbol.record.alias or symbol.name) for symbol in shown]


def _symbols(table: Table) -> list[Symbol]:
    inputs = {symbol.name: symbol for symbol in table.keys.values() if symbol.name not in table.formulas}
    return [*inputs.values(), *(formula.symbol for formula in table.formulas.values())]


def _homes(table: Table) -> dict[str, str]:
    """The statement that shows each quantity's definition, the first of several."""
    homes: dict[str, str] = {}
    for bound in table.bounds():
        for name in bound.quantities:
            homes.setdefault(name, bound.id)
    return homes


def _entry(symbol: Symbol, table: Table, homes: dict[str, str]) -> Entry:
    record, home = symbol.record, homes.get(symbol.name, "")
    derived = symbol.name in table.formulas
    return Entry(
        anchor(symbol.name),
        inline(record.latex),
        record.alias or symbol.name,
        record.meaning,
        "" if record.unit.dimensionless else raised_powers(str(record.unit)),
        home,
        definition(table.quantity(symbol.name)) if derived and not home else Markup(""),
    )
