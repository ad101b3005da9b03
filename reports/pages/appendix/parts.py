r"""A statement as a piece for \input."""

from __future__ import annotations

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
