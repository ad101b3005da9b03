"""Words and formulas of figures: symbols and units as the theory prints them, numbers for running text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theory.language.units import Unit
from theory.tables import default_table


def symbol(name: str) -> str:
    """A quantity's symbol as the theory prints it, as mathtext.

    >>> symbol("L_F")
    '$L_F$'
    """
    return f"${default_table().symbols[name].record.latex}$"


def unit(name: str) -> str:
    r"""A quantity's unit in powers of the unit of losses [F] and of parameters [W].

    >>> unit("nu"), unit("L_F")
    ('dimensionless', '$[F]\\,[W]^{-2}$')
    """
    return unit_text(default_table().symbols[name].record.unit)


def unit_text(unit: Unit) -> str:
    """A unit as mathtext."""
    if unit.dimensionless:
        return "dimensionless"
    factors = [_power("F", unit.loss), _power("W", unit.parameter)]
    return "$" + r"\,".join(factor for factor in factors if factor) + "$"


def _power(letter: str, degree: object) -> str:
    if degree == 0:
        return ""
    return f"[{letter}]" if degree == 1 else f"[{letter}]^{{{degree}}}"


def axis_label(words: str, name: str) -> str:
    r"""Words, the theory's symbol and its unit where it has one.

    >>> axis_label("fine-tuning steps", "nu"), axis_label("probe length", "delta")
    ('fine-tuning steps $\\nu$', 'probe length $\\delta$ ($[F]^{-1}\\,[W]^{2}$)')
    """
    return in_units(f"{words} {symbol(name)}".strip(), name)


def in_units(text: str, name: str) -> str:
    """A text with a quantity's unit after it; what has none, a count or a ratio, needs no word for that."""
    given = unit(name)
    return text if given == "dimensionless" else f"{text} ({given})"


def mathtext(value: float) -> str:
    """A number for mathematics, between dollar signs, powers of ten written out.

    >>> mathtext(1e-5), mathtext(0.25)
    ('$10^{-5}$', '$0.25$')
    """
    mantissa, _, exponent = short(value).partition("e")
    if not exponent:
        return f"${mantissa}$"
    return f"$10^{{{exponent}}}$" if mantissa == "1" else rf"${mantissa} \times 10^{{{exponent}}}$"


def setting_latex(line: Mapping[Any, Any]) -> str:
    """The task and fine-tuning of a line, with inline formulas."""
    return f"{line['task']}, $\\nu = {line['nu']}$, $\\alpha = {short(line['alpha'])}$"


def setting_words(line: Mapping[Any, Any]) -> str:
    """The task and fine-tuning of a line, without formulas."""
    return f"{line['task']}, nu = {line['nu']}, alpha = {short(line['alpha'])}"


def printed(statement: str) -> str:
    """A statement's id as it is printed; ids keep to what a shell takes unquoted.

    >>> printed("S5p"), printed("T2")
    ("S5'", 'T2')
    """
    return {"S5p": "S5'"}.get(statement, statement)


def grouped(count: int) -> str:
    """A count with its digits in groups of three, which no line end parts.

    >>> grouped(1234567) == "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567"
    True
    """
    return f"{count:,}".replace(",", "\N{NO-BREAK SPACE}")


def short(value: float) -> str:
    """A number for running text, three significant digits.

    >>> short(0.91234), short(1234567.0), short(0.0)
    ('0.912', '1.23e6', '0')
    """
    text = f"{value:.3g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return f"{mantissa}e{int(exponent)}"
