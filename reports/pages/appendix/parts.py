r"""A statement and a figure as pieces for \input."""

from __future__ import annotations

from reports.figures import Figure
from reports.pages.appendix.sources import cited
from reports.pages.latex import display, escaped, prose
from theory.views import Bound


def statement_piece(bound: Bound) -> str:
    """The claim, the display, what it assumes, and where it comes from."""
    assumed = f"Assumes {', '.join(bound.assumptions)}. " if bound.assumptions else ""
    origin = cited(bound.source)
    if not bound.source.startswith(bound.provenance):
        origin = f"{bound.provenance}; {origin}"
    return "\n".join(
        [
            f"% {escaped(bound.id)}: {escaped(bound.title)}",
            prose(bound.claim),
            display(bound.latex),
            f"{assumed}{bound.kind.capitalize()}; {origin}.",
            "",
        ]
    )


def figure_piece(figure: Figure, share: float) -> str:
    """A floating figure. share: its part of the text width."""
    width = rf"{'' if share == 1 else f'{share:g}'}\linewidth"
    return "\n".join(
        [
            r"\begin{figure}[!htbp]",
            r"\centering",
            rf"\includegraphics[width={width},height=0.8\textheight,keepaspectratio]{{figures/{figure.name}}}",
            rf"\caption{{{escaped(figure.title)}. {prose(figure.caption)}}}",
            rf"\label{{fig:{figure.name}}}",
            r"\end{figure}",
            "",
        ]
    )
