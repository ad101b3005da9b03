r"""A figure as a floating piece for \input, in a document of one column or of two."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from reports.figures import Figure
from reports.figures.output import Format
from reports.figures.style import Page
from reports.pages.latex import escaped, prose
from reports.records.store import write_atomically

_TYPESET: tuple[Format, ...] = ("pdf", "pgf")
_HAIR = 0.01  # inches by which a width is still the same


def figure_piece(figure: Figure, share: float = 1.0, *, column: bool = False, format: Format = "pdf") -> str:
    """A floating figure of `figures/NAME`.

    share: its part of the width it floats over, which is a column where `column` is set, else the text: a figure*, in
    a document of one column the same as a figure. PGF is set as wide as it was drawn.
    """
    kind = "figure" if column else "figure*"
    width = rf"{'' if share == 1 else f'{share:g}'}\linewidth"
    shown = (
        rf"\includegraphics[width={width},height=0.8\textheight,keepaspectratio]{{figures/{figure.name}.pdf}}"
        if format == "pdf"
        else rf"\input{{figures/{figure.name}.pgf}}"
    )
    return "\n".join(
        [
            rf"\begin{{{kind}}}[!htbp]",
            r"\centering",
            shown,
            rf"\caption{{{escaped(figure.title)}. {prose(figure.caption)}}}",
            rf"\label{{fig:{figure.name}}}",
            rf"\end{{{kind}}}",
            "",
        ]
    )


def write_floats(figures: Sequence[Figure], folder: Path, formats: Sequence[Format], page: Page) -> list[Path]:
    """Write NAME.tex beside the drawings of every figure, where LaTeX can show one of the formats; the paths written.

    A drawing no wider than a column of the page floats over one, any other over the text.
    """
    typeset: list[Format] = [one for one in _TYPESET if one in formats]
    written = []
    for figure in figures if typeset else ():
        width = drawn_width((folder / f"{figure.name}.{typeset[0]}").read_bytes())
        column = width <= page.column + _HAIR
        share = min(1.0, round(width / (page.column if column else page.text), 2))
        path = folder / f"{figure.name}.tex"
        write_atomically(path, figure_piece(figure, share, column=column, format=typeset[0]).encode())
        written.append(path)
    return written


def drawn_width(drawing: bytes) -> float:
    r"""The width in inches that a PDF or PGF file of a figure has.

    >>> drawn_width(b"/MediaBox [ 0 0 144 72 ]"), drawn_width(rb"\pgfqpoint{3.25in}{2in}")
    (2.0, 3.25)

    Raises:
        ValueError: it states none.
    """
    box = re.search(rb"/MediaBox\s*\[\s*0\s+0\s+([0-9.]+)", drawing)
    if box:
        return float(box[1]) / 72
    corner = re.search(rb"\\pgfqpoint\{([0-9.]+)in\}", drawing)
    if not corner:
        raise ValueError("a drawing states no width: expected the MediaBox of a PDF or the box of a PGF picture")
    return float(corner[1])
