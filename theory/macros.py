r"""LaTeX macros: one per quantity and one per statement, for \input into a paper; amsmath is enough."""

from __future__ import annotations

from theory.printing.latex import right_latex
from theory.tables import Table

_DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def macro_name(name: str, prefix: str) -> str:
    r"""A name that TeX accepts: letters only.

    >>> macro_name("sigma_F2", "MFLformula")
    '\\MFLformulaSigmaFTwo'
    """
    parts = name.replace(".", "_").split("_")
    capitalised = (part[:1].upper() + part[1:] for part in parts)
    letters = "".join(_DIGITS[int(mark)] if mark.isdigit() else mark for mark in "".join(capitalised))
    return f"\\{prefix}{letters}"


def macros(table: Table) -> str:
    """The text of a file that defines every macro, printed from the table."""
    lines = [
        "% Constants of Meta-FedAvg with any number of fine-tuning steps; needs amsmath.",
        r"% \MFLformula<Name>: the right side of a quantity (math mode).",
        r"% \MFLstatement<Id>: a statement with its definitions (inside a display).",
    ]
    for quantity in table.quantities():
        lines.append(f"% {quantity.name}: {quantity.provenance}, {quantity.source}")
        lines.append(_definition(macro_name(quantity.name, "MFLformula"), right_latex(quantity.formula)))
    for bound in table.bounds():
        lines.append(f"% {bound.id}: {bound.title}; {bound.provenance}, {bound.source}")
        lines.append(_definition(macro_name(bound.id, "MFLstatement"), bound.latex))
    return "\n".join(lines) + "\n"


def _definition(name: str, body: str) -> str:
    return rf"\providecommand{{{name}}}{{{body}}}"
