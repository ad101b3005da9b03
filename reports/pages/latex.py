"""LaTeX for people's texts, numbers and tables; amsmath, booktabs and graphicx are enough to set it."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from theory.printing.mathml import mathml
from theory.printing.prose import pieces

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "{''}", "`": r"\textasciigrave{}", "-": "-", "\n": " ", "\t": " ", "\r": " ",
}  # fmt: skip
_SIGNS = {
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "Δ": r"\Delta", "ε": r"\varepsilon",
    "η": r"\eta", "θ": r"\theta", "κ": r"\kappa", "λ": r"\lambda", "μ": r"\mu", "ν": r"\nu", "π": r"\pi",
    "ρ": r"\rho", "σ": r"\sigma", "τ": r"\tau", "φ": r"\varphi", "χ": r"\chi", "≤": r"\le", "≥": r"\ge",
    "≠": r"\ne", "×": r"\times", "·": r"\cdot", "−": "-", "±": r"\pm", "∞": r"\infty", "∇": r"\nabla",
    "‖": r"\|", "∈": r"\in", "→": r"\to", "√": r"\surd", "∗": r"\ast", "…": r"\dots",
}  # fmt: skip
_TEXTS = {"–": "--", "—": "---", "‘": "`", "’": "'", "“": "``", "”": "''", "\u00a0": " "}
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
    if character in _SIGNS:
        return f"${_SIGNS[character]}$"
    if character in _TEXTS:
        return _TEXTS[character]
    base, *marks = unicodedata.normalize("NFKD", character)
    if len(marks) == 1 and marks[0] in _ACCENTS and base.isascii() and base.isalpha():
        return rf"\{_ACCENTS[marks[0]]}{{{base}}}"
    return f"[U+{ord(character):04X}]"


def prose(text: str) -> str:
    r"""A text with $inline formulas$: the formulas stay, everything between them is escaped.

    >>> print(prose("at most 5% of $L_F$"))
    at most 5\% of $L_F$

    An odd number of dollar signs marks no formula at all, nor does what has a command that is none of mathematics.

    >>> print(prose("costs $5"), prose(r"$\input{secrets}$"))
    costs \$5 \$\textbackslash{}input\{secrets\}\$
    """
    if displayed := pieces(text)[1:]:
        shown = [displayed_formula(part) if of_its_own else prose(part) for part, of_its_own in displayed]
        return prose(pieces(text)[0][0]) + "".join(shown)
    parts = text.split("$")
    if len(parts) % 2 == 0 or not all(map(_is_mathematics, parts[1::2])):
        return escaped(text)
    return "$".join(part if place % 2 else escaped(part) for place, part in enumerate(parts))


def displayed_formula(formula: str) -> str:
    r"""A formula of its own line in a text, as it is typed where it is none of the closed list."""
    return f"\\[ {formula} \\]" if _is_mathematics(formula) else escaped(formula)


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
    """
    if value is None or math.isnan(value):
        return "--"
    if math.isinf(value):
        return r"\ensuremath{\infty}" if value > 0 else r"\ensuremath{-\infty}"
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


# --- displays ------------------------------------------------------------------------------------------------------

_ROW_LIMIT = 62.0  # widths of a letter in a text block of 6.5 inches at ten points
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}]|\s+|.", re.DOTALL)
_OPENING, _CLOSING = (r"\left", "{", r"\begin"), (r"\right", "}", r"\end")


def display(latex: str) -> str:
    r"""A formula as a display that may break over pages, its overlong rows broken before a plus outside all brackets.

    >>> print(display(r"\begin{aligned} a &= b \end{aligned}"))
    \begin{align*}
    a &= b
    \end{align*}
    >>> display(r"\begin{aligned} a &= " + " + ".join("b" * 25 for _ in range(3)) + r" \end{aligned}").count(r"\\")
    1
    """
    inner = latex.removeprefix(r"\begin{aligned} ").removesuffix(r" \end{aligned}")
    lines = [line for row in _split(inner, r"\\") for line in _broken(row)]
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"


def _broken(row: str) -> list[str]:
    """The lines of a row, a single one where it is short enough."""
    first, *others = [row] if _width(row) <= _ROW_LIMIT else _split(row, "+")
    lines = [first.strip()]
    for term in others:
        if _width(f"{lines[-1]} + {term}") > _ROW_LIMIT:
            lines.append(rf"&\quad + {term.strip()}")
        else:
            lines[-1] += f" + {term.strip()}"
    return lines


def _split(text: str, mark: str) -> list[str]:
    """The parts of a formula between marks outside of all groups, fences and environments."""
    parts, current, depth = [], "", 0
    for token in _TOKEN.findall(text):
        depth += (token in _OPENING) - (token in _CLOSING)
        if token == mark and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += token
    return [*parts, current]


def _width(text: str) -> float:
    """The width of a formula in letters, roughly: scripts at two thirds, a fraction as its wider side."""
    tokens = [token for token in _TOKEN.findall(text) if not token.isspace()]
    return _row_width(tokens, 0)[0]


_NOTHING = ("&", r"\left", r"\right", r"\,", "}", r"\mathrm", r"\text", r"\sqrt")
_WIDE = {"+": 2.2, "-": 2.2, "=": 2.4, r"\le": 2.4, r"\ge": 2.4, r"\sum": 2.5, r"\min": 2.5, r"\quad": 2.0}


def _row_width(tokens: Sequence[str], place: int) -> tuple[float, int]:
    width = 0.0
    while place < len(tokens) and tokens[place] != "}":
        part, place = _atom_width(tokens, place)
        width += part
    return width, place + 1


def _atom_width(tokens: Sequence[str], place: int) -> tuple[float, int]:
    if place >= len(tokens):
        return 0.0, place
    token = tokens[place]
    if token == "{":
        return _row_width(tokens, place + 1)
    if token in ("_", "^"):
        width, place = _atom_width(tokens, place + 1)
        return 0.67 * width, place
    if token == r"\frac":
        above, place = _atom_width(tokens, place + 1)
        below, place = _atom_width(tokens, place)
        return max(above, below), place
    return 0.0 if token in _NOTHING else _WIDE.get(token, 1.0), place + 1


# --- tables --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """A column of a table: its head, its cells in LaTeX, l or r or n; n is a number over two columns."""

    head: str
    cells: Sequence[str]
    kind: str = "l"

    @property
    def specification(self) -> str:
        """What tabular wants to know."""
        return r"r@{\,}l" if self.kind == "n" else self.kind

    @property
    def title(self) -> str:
        """The head over as many columns as the cells take."""
        return rf"\multicolumn{{2}}{{c}}{{{self.head}}}" if self.kind == "n" else self.head


def floating_table(columns: Sequence[Column], caption: str, label: str) -> str:
    r"""A floating table with rules above, below and under its heads.

    >>> print(floating_table([Column("a", ["1"], "r")], "One.", "tab:one"))
    \begin{table}[!htbp]
    \centering\footnotesize
    \setlength{\abovecaptionskip}{0pt}\setlength{\belowcaptionskip}{5pt}
    \caption{One.}
    \label{tab:one}
    \begin{tabular}{@{}r@{}}
    \toprule
    a \\
    \midrule
    1 \\
    \bottomrule
    \end{tabular}
    \end{table}
    <BLANKLINE>
    """
    lines = [" & ".join(cells) + r" \\" for cells in zip(*(column.cells for column in columns), strict=True)]
    return "\n".join(
        [
            r"\begin{table}[!htbp]",
            r"\centering\footnotesize",
            r"\setlength{\abovecaptionskip}{0pt}\setlength{\belowcaptionskip}{5pt}",
            rf"\caption{{{caption}}}",
            rf"\label{{{label}}}",
            rf"\begin{{tabular}}{{@{{}}{''.join(column.specification for column in columns)}@{{}}}}",
            r"\toprule",
            " & ".join(column.title for column in columns) + r" \\",
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )
