"""What the suite found out about its own bounds, as tables and as numbers that a paper can cite."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from reports.analyses.suite_file import Exponent, PlantedError, SuiteFile
from reports.figures.labels import printed
from reports.pages.appendix.forms import TEXT_FORM, Form
from reports.pages.appendix.names import fresh
from reports.pages.latex import escaped, letters, macro, number
from reports.pages.tables import Column, floating_table
from theory.tables import default_table


def suite_tables(suite: SuiteFile, form: Form = TEXT_FORM) -> dict[str, str]:
    """The tables by their names; one without lines is left out."""
    tables = {}
    if suite.planted:
        tables["planted"] = _planted(suite.planted, form)
    if suite.exponents:
        tables["exponents"] = _exponents(suite.exponents, form)
    return tables


def _planted(errors: list[PlantedError], form: Form) -> str:
    """Every planted error that no stored instance refutes, and the score of all."""
    missed = [error for error in errors if not error.refuted]
    columns = [
        Column("Bound", [_named(error.statement) for error in missed]),
        *([Column("Quantity", [escaped(error.quantity) for error in missed])] if form.spans else []),
        Column("Measured / wrong", [number(error.ratio) for error in missed], "r"),
        Column("Right / wrong", [number(error.factor, 6) for error in missed], "r"),
    ]
    caption = (
        r"The planted errors that no stored instance refutes (\MFLplantedMissed{} of \MFLplanted{}), each in words "
        "above the largest ratio found: the right bound is loose there."
    )
    above = [[escaped(line) for line in wrap(error.wrong, int(form.setting))] for error in missed]
    return floating_table(columns, caption, "tab:planted", spans=form.spans, above=above)


def _exponents(found: list[Exponent], form: Form) -> str:
    windows = [f"from {number(one.points[0][0])} to {number(one.points[-1][0], 4)}" for one in found]
    columns = [
        Column("Bound", [_named(one.statement) for one in found]),
        Column("in", [f"${default_table().symbols[one.variable].record.latex}$" for one in found]),
        Column("Bound's", [_decimals(one.predicted) for one in found], "r"),
        Column("Measured", [_decimals(one.measured) for one in found], "r"),
        Column("Interval", [f"[{_decimals(one.low)}, {_decimals(one.high)}]" for one in found]),
    ]
    caption = (
        "Exponents of the bounds and of what is measured, fitted on windows that were fixed before anything was run; "
        r"in $\nu$ the slope of the logarithm per step. The term and its window stand above its line."
    )
    above = [[f"{escaped(one.what)}, {window}"] for one, window in zip(found, windows, strict=True)]
    return floating_table(columns, caption, "tab:exponents", spans=form.spans, above=above)


def _decimals(value: float) -> str:
    return f"${value:.2f}$"


def _named(statement: str) -> str:
    return escaped(printed(statement))


def suite_macros(suite: SuiteFile) -> str:
    r"""Macros of the score of the planted errors and of the fitted exponents.

    >>> suite_macros(SuiteFile())
    ''
    """
    lines = [*_planted_macros(suite.planted), *_exponent_macros(suite.exponents)]
    return "\n".join([*lines, ""]) if lines else ""


def _planted_macros(errors: list[PlantedError]) -> Iterator[str]:
    if not errors:
        return
    refuted = sum(error.refuted for error in errors)
    subtle = [error for error in errors if error.subtle]
    yield "% The score of the suite: wrong versions of the bounds, planted and refuted."
    counts = {
        "": len(errors),
        "Refuted": refuted,
        "Missed": len(errors) - refuted,
        "Subtle": len(subtle),
        "SubtleRefuted": sum(error.refuted for error in subtle),
        "Kinds": len({error.kind for error in errors}),
        "Statements": len({error.statement for error in errors}),
    }
    for name, count in counts.items():
        yield macro(f"MFLplanted{name}", number(count))
    yield macro("MFLplantedPercent", number(round(100 * refuted / len(errors))))


def _exponent_macros(found: list[Exponent]) -> Iterator[str]:
    if not found:
        return
    yield r"% Exponents: \MFLslope<Statement><Variable>bound and ...measured; equal names are told apart by an X."
    used: set[str] = set()
    for one in found:
        name = fresh("MFLslope" + letters(f"X {one.statement} {one.variable}")[1:], used)
        yield f"% {one.statement}, {one.what} in {one.variable}"
        yield macro(f"{name}bound", rf"\ensuremath{{{one.predicted:.2f}}}")
        yield macro(f"{name}measured", rf"\ensuremath{{{one.measured:.2f}}}")
