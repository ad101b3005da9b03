r"""A statement as a piece for \input."""

from __future__ import annotations

from reports.pages.appendix.forms import TEXT_FORM, Form
from reports.pages.appendix.names import file_stem
from reports.pages.appendix.sources import cited
from reports.pages.displays import display
from reports.pages.latex import escaped, prose, steps
from theory.language.records import DERIVED
from theory.views import Bound

QED = r"\unskip\nobreak\hfill\rule{1ex}{1ex}"


def statement_piece(bound: Bound, form: Form = TEXT_FORM) -> str:
    r"""The claim, the display, what it assumes, and where it comes from; \ref{st:ID} prints its id."""
    assumed = f"Assumes {', '.join(bound.assumptions)}. " if bound.assumptions else ""
    origin = cited(bound.source)
    if not bound.source.startswith(bound.provenance):
        origin = f"{bound.provenance}; {origin}"
    return "\n".join(
        [
            f"% {escaped(bound.id)}: {escaped(bound.title)}",
            r"\begingroup\emergencystretch=6em",
            rf"\MFLlabel{{{escaped(bound.id)}}}{{st:{file_stem(bound.id)}}}%",
            prose(bound.claim, form.letters),
            display(bound.latex, form.letters),
            f"{assumed}{bound.kind.capitalize()}; {origin}.",
            r"\par\endgroup",
            "",
        ]
    )


def proof_piece(bound: Bound, form: Form = TEXT_FORM) -> str:
    """The proof, a paragraph a step and a box at its end; remarks on what is not ours; nothing where there is none."""
    if not bound.proof.strip():
        return ""
    lines = [r"\begingroup\emergencystretch=6em", steps(bound.proof, form.letters)]
    if bound.provenance == DERIVED:
        lines.append(QED)
    return "\n".join([*lines, r"\par\endgroup", ""])
