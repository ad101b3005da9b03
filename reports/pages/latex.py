"""LaTeX for people's texts, numbers and tables; amsmath, booktabs and graphicx are enough to set it."""

from __future__ import annotations

import math
import re
import unicodedata

from reports.figures.spelling import SIGNS
from reports.pages.displays import FULL, display
from theory.printing.mathml import mathml
from theory.printing.prose import paragraphs, pieces

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "{''}", "`": r"\textasciigrave{}", "-": "-", "\n": " ", "\t": " ", "\r": " ",
}  # fmt: skip
_TEXTS = {"–": "--", "—": "---", "‘": "`", "’": "'", "“": "``", "”": "''", "\u00a0": "~"}
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0307": ".", "\u0308": '"',
    "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c",
}  # fmt: skip
_BREAK_AFTER = "/=,_:"  # not after a hyphen or a dot: options and versions stay whole
_DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def escaped(text: str) -> str:
    r"""A text as LaTeX sets it letter by letter: no character of it is a command, two hyphens stay two.

    >>> print(escaped("50% of a_b & --out"))
    50\% of a\_b \& -{}-out

    A letter that base fonts lack is written by its code.

    >>> escaped("é中")
    "\\'{e}[U+4E2D]"
    """
    shown = "".join(_character(character) for character in unicodedata.normalize("NFC", text))
    return shown.replace("--", "-{}-").replace("-{}--", "-{}-{}-")


def _character(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if " " <= character <= "~":
        return character
    if character in SIGNS:
        return f"${SIGNS[character]}$"
    if character in _TEXTS:
        return _TEXTS[character]
    base, *marks = unicodedata.normalize("NFKD", character)
    if len(marks) == 1 and marks[0] in _ACCENTS and base.isascii() and base.isalpha():
        return rf"\{_ACCENTS[marks[0]]}{{{base}}}"
    return f"[U+{ord(character):04X}]"


def prose(text: str, limit: float = FULL) -> str:
    r"""A text with $inline formulas$: the formulas stay, everything between them is escaped.

    A formula of its own line is a display whose lines are at most so many letters wide.

    >>> print(prose("at most 5% of $L_F$"))
    at most 5\% of $L_F$

    An odd number of dollar signs marks no formula at all, nor does what has a command that is none of mathematics.

    >>> print(prose("costs $5"), prose(r"$\input{secrets}$"))
    costs \$5 \$\textbackslash{}input\{secrets\}\$
    """
    first, *others = pieces(text)
    if others:
        shown = [displayed_formula(part, limit) if of_its_own else _line(part.strip()) for part, of_its_own in others]
        return "\n".join(part for part in (_line(first[0].strip()), *shown) if part)
    return _line(text)


def _line(text: str) -> str:
    parts = text.split("$")
    if len(parts) % 2 == 0 or not all(map(_is_mathematics, parts[1::2])):
        return escaped(text)
    return "$".join(part if place % 2 else escaped(part) for place, part in enumerate(parts))


def steps(text: str, limit: float = FULL) -> str:
    """A proof as it is written down: a paragraph a step, the formulas of their own lines displayed."""
    return "\n\n".join(prose(part, limit) for part in paragraphs(text))


def displayed_formula(formula: str, limit: float = FULL) -> str:
    r"""A formula of its own line in a text, as it is typed where it is none of the closed list."""
    return display(formula, limit) if _is_mathematics(formula) else escaped(formula)


def _is_mathematics(formula: str) -> bool:
    """Whether a formula is of the closed list of commands that the pages can show."""
    try:
        mathml(formula, "inline")
    except ValueError:
        return False
    return True


def code(text: str) -> str:
    r"""A command or an id in typewriter type, with places to break a line after punctuation.

    >>> print(code("a/b"))
    \texttt{a/\allowbreak{}b}
    """
    parts = re.split(f"(?<=[{re.escape(_BREAK_AFTER)}])", text)
    breakable = r"\allowbreak{}".join(escaped(part) for part in parts if part)
    return rf"\texttt{{{breakable}}}"


def number(value: float | None, digits: int = 3) -> str:
    r"""A number in LaTeX, in or out of mathematics, with powers of ten written out.

    >>> print(number(0.91234), number(1.5e-7), number(None))
    \ensuremath{0.912} \ensuremath{1.5 \times 10^{-7}} --

    A count keeps its digits.

    >>> print(number(1342))
    \ensuremath{1342}
    """
    if value is None or math.isnan(value):
        return "--"
    if math.isinf(value):
        return r"\ensuremath{\infty}" if value > 0 else r"\ensuremath{-\infty}"
    if isinstance(value, int):
        return rf"\ensuremath{{{value}}}"
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    if not exponent:
        return rf"\ensuremath{{{mantissa}}}"
    return rf"\ensuremath{{{mantissa} \times 10^{{{int(exponent)}}}}}"


def macro(name: str, body: str) -> str:
    r"""The definition of a macro without arguments.

    >>> print(macro("rows", "7"))
    \newcommand{\rows}{7}
    """
    return rf"\newcommand{{\{name}}}{{{body}}}"


def aligned_number(value: float | None) -> str:
    r"""A number over two columns that meet at the power of ten, so that the points of a column stand in line.

    >>> print(aligned_number(0.912345), aligned_number(12.0), aligned_number(None), sep=" | ")
    $9.12$ & ${}\cdot 10^{-1}$ | $1.20$ & ${}\cdot 10^{1}$ | -- &
    """
    if value is None or not math.isfinite(value):
        return "-- &"
    if value == 0:
        return "$0$ &"
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    power = "" if int(exponent) == 0 else rf" ${{}}\cdot 10^{{{int(exponent)}}}$"
    return f"${mantissa}$ &{power}"


def letters(name: str) -> str:
    r"""A name as TeX accepts it in a macro: letters only, words and digits run together.

    >>> letters("L_F"), letters("sigma_F2"), letters("log-cosh"), letters("per_fedavg.bias")
    ('LF', 'sigmaFTwo', 'logCosh', 'perFedavgBias')
    """
    first, *rest = [part for part in re.split(r"[^A-Za-z0-9]+", name) if part] or ["X"]
    joined = first + "".join(part[:1].upper() + part[1:] for part in rest)
    return "".join(_DIGITS[int(mark)] if mark.isdigit() else mark for mark in joined)
