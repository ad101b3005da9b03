"""Records joined to a table: a name that is taken and a symbol that nobody introduced are refused.

A record is any object with the attributes FORMULAS, a tuple of Formula, and STATEMENT, a Statement or None: a file of
`theory.statements`, or a module or class of somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from theory.language.errors import RecordError
from theory.language.homogeneity import UnitError, check_formula
from theory.language.records import Formula, Statement
from theory.language.symbols import KNOWN, Symbol

Formulas = Mapping[str, Formula]
Statements = Mapping[str, Statement]


def joined(formulas: Formulas, statements: Statements, records: Iterable[Any]) -> tuple[Formulas, Statements]:
    """The formulas and statements with those of the records behind them.

    Raises:
        RecordError: a record lacks the attributes, a name is taken, a symbol unknown, a unit wrong, or a quantity is
            defined by itself.
    """
    formulas, statements, added = dict(formulas), dict(statements), []
    for record in records:
        own, statement = _parts(record)
        taken = {*KNOWN, *formulas, *statements}
        names = [item.name for item in own]
        twice = {name for name in names if names.count(name) > 1}
        for name in (*names, *([statement.id] if statement else [])):
            if name in taken | twice:
                raise RecordError(f"{name}: this name is taken in the table; choose another")
        formulas |= {item.name: item for item in own}
        statements |= {statement.id: statement} if statement else {}
        added.append((own, statement))
    known = {**KNOWN, **{name: item.symbol for name, item in formulas.items()}}
    for own, statement in added:
        for item in own:
            _check(item, known)
        if statement:
            shown = (*statement.quantities, *(line.quantity for line in statement.lines if line.quantity))
            _refuse_unknown(statement.id, shown, {name: known[name] for name in formulas})
    try:
        TopologicalSorter({name: item.names for name, item in formulas.items()}).prepare()
    except CycleError as error:
        raise RecordError(f"{' <- '.join(error.args[1])}: defined by itself") from None
    return formulas, statements


def _parts(record: Any) -> tuple[tuple[Formula, ...], Statement | None]:
    own, statement = getattr(record, "FORMULAS", None), getattr(record, "STATEMENT", None)
    formulas = isinstance(own, tuple) and all(isinstance(item, Formula) for item in own)
    if not formulas or not isinstance(statement, (Statement, type(None))):
        name = getattr(record, "__name__", type(record).__name__)
        raise RecordError(f"{name}: expected FORMULAS, a tuple of Formula, and STATEMENT, a Statement or None")
    return own or (), statement


def _check(item: Formula, known: Mapping[str, Symbol]) -> None:
    sides = (side for hypothesis in item.hypotheses for side in (hypothesis.left, hypothesis.right))
    used = {part for side in (*(case.expression for case in item.cases), *sides) for part in side.free_symbols}
    _refuse_unknown(item.name, used.union(*(case.when.asks for case in item.cases)), known)
    try:
        check_formula(item)
    except UnitError as error:
        raise RecordError(f"{item.name}: {error}") from None


def _refuse_unknown(place: str, symbols: Iterable[Any], known: Mapping[str, Symbol]) -> None:
    for symbol in sorted(symbols, key=str):
        if known.get(str(symbol)) != symbol:
            hint = "import it from the file that introduces it, or give it a formula"
            raise RecordError(f"{place}: the symbol {symbol} is not in the table; {hint}")
