"""Prose of the records as plain text for a terminal: wrapped, displayed formulas on lines of their own."""

from __future__ import annotations

import textwrap

from theory.printing.prose import paragraphs, pieces

WIDTH = 110


def wrapped(text: str) -> str:
    """A text in lines that a terminal shows.

    >>> wrapped("one  two")
    'one two'
    """
    return textwrap.fill(" ".join(text.split()), WIDTH, break_long_words=False, break_on_hyphens=False)


def indented(text: str) -> str:
    """The same, a little to the right."""
    return textwrap.indent(wrapped(text), "  ")


def proof_lines(text: str) -> list[str]:
    """The steps of a proof, a blank line between two; every displayed formula stands on lines of its own."""
    lines: list[str] = []
    for part in paragraphs(text):
        for piece, shown in pieces(part):
            if shown:
                lines += [f"      {row}" for row in rows(" ".join(piece.split()))]
            elif piece.strip():
                lines.append(indented(piece))
        lines.append("")
    return lines[:-1]


def rows(latex: str) -> list[str]:
    """The rows of an aligned display, with the rows of each cases environment kept together."""
    inner = latex.removeprefix(r"\begin{aligned} ").removesuffix(r" \end{aligned}")
    found: list[str] = []
    for part in inner.split(r" \\ "):
        if found and found[-1].count(r"\begin{cases}") > found[-1].count(r"\end{cases}"):
            found[-1] += r" \\ " + part
        else:
            found.append(part)
    return found
