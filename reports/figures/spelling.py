r"""Texts of figures so that every format can set them: what stands outside formulas has no special characters.

LaTeX reads some characters as commands, and fonts of seven bits have others in the places of < > | _ { }; in a formula
each of them has a command that LaTeX and matplotlib share.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from matplotlib.axis import Axis
from matplotlib.figure import Figure as Drawing
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter

SIGNS = {
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "Δ": r"\Delta", "ε": r"\varepsilon",
    "η": r"\eta", "θ": r"\theta", "κ": r"\kappa", "λ": r"\lambda", "μ": r"\mu", "ν": r"\nu", "π": r"\pi",
    "ρ": r"\rho", "σ": r"\sigma", "τ": r"\tau", "φ": r"\varphi", "χ": r"\chi", "≤": r"\leq", "≥": r"\geq",
    "≠": r"\neq", "×": r"\times", "·": r"\cdot", "−": "-", "±": r"\pm", "∞": r"\infty", "∇": r"\nabla",
    "‖": r"\|", "∈": r"\in", "→": r"\to", "√": r"\surd", "∗": r"\ast", "…": r"\ldots", "′": r"\prime",
}  # fmt: skip
_SPECIAL = SIGNS | {
    "_": r"\_", "{": r"\{", "}": r"\}", "<": "<", ">": ">", "|": "|", "~": r"\sim", "\\": r"\backslash", "^": r"\wedge",
}  # fmt: skip
_TEXTS = {'"': "''", "`": "'", "–": "-", "—": "-", "‘": "'", "’": "'", "“": "''", "”": "''", "\u00a0": " ", "\t": " "}
_DOLLAR = re.compile(r"(?<!\\)\$")


def spelled(text: str, *, by_latex: bool = False) -> str:
    r"""A text with $formulas$ as every format can set it; formulas stay, and an odd dollar sign is a dollar sign.

    by_latex: LaTeX sets it, to which & and # are commands everywhere.

    >>> print(spelled("a_b, ν = 1"), spelled("costs $5"), spelled(r"$L_F$ < 5"), spelled("中"))
    a$\_$b, $\nu$ = 1 costs \$5 $L_F$ $<$ 5 [U+4E2D]
    """
    parts = _DOLLAR.split(text)
    if len(parts) % 2 == 0:
        return r"\$".join(_plain(part, by_latex) for part in parts)
    return "$".join(part if place % 2 else _plain(part, by_latex) for place, part in enumerate(parts))


def _plain(text: str, by_latex: bool) -> str:
    shown = r"\$".join("".join(map(_character, part)) for part in text.split(r"\$"))
    return re.sub("[&#]", r"\\\g<0>", shown) if by_latex else shown


def _character(character: str) -> str:
    if character in _SPECIAL:
        return f"${_SPECIAL[character]}$"
    if character in _TEXTS:
        return _TEXTS[character]
    latin = " " <= character <= "~" or (character.isalpha() and unicodedata.name(character, "").startswith("LATIN"))
    return character if character == "\n" or latin else f"[U+{ord(character):04X}]"


def spell(drawing: Drawing, *, by_latex: bool = False) -> None:
    """Spell every text of `drawing`, the marks of its axes among them; those that are numbers are formulas already."""
    for text in drawing.findobj(Text):
        text.set_text(spelled(text.get_text(), by_latex=by_latex))
    for axis in drawing.findobj(Axis):
        formatter = axis.get_major_formatter()
        if isinstance(formatter, FuncFormatter):  # also where matplotlib was given the labels of fixed places
            formatter.func = _then_spelled(formatter.func, by_latex)


def _then_spelled(words: Callable[..., str], by_latex: bool) -> Callable[..., str]:
    return lambda *place: spelled(words(*place), by_latex=by_latex)
