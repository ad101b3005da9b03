"""The gallery of the page: every statement with its formula, hypotheses, proof, verdicts, tightness and figure."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

import theory
from reports.figures import Figure
from reports.judging.closeness import ratio_of, tightest
from reports.judging.frames import by_statement
from reports.judging.rows import Row
from reports.pages.html.findings import finding
from reports.pages.html.formulas import display, inline, prose
from reports.pages.html.notation import symbols_of
from reports.pages.html.numerals import raised_powers
from theory.formal.listing import described, machine_checked
from theory.printing.latex import hypothesis_latex
from theory.printing.prose import paragraphs
from theory.statements.lemmas import LEMMAS
from theory.tables import Table


def statement_entries(
    summary: Sequence[Mapping[Hashable, Any]], table: Table, rows: Sequence[Row], figures: Sequence[Figure]
) -> list[dict[str, Any]]:
    """One entry a statement, in the order of the theory. summary: the lines of reports.judging.frames.summary_frame."""
    lines = {line["bound"]: line for line in summary}
    mine = by_statement(rows, table)
    return [
        _statement(bound, lines[bound.id], table)
        | {
            "finding": finding(mine[bound.id]),
            "by_task": _by_task(mine[bound.id]),
            "figure": _figure_of(bound.id, figures),
        }
        for bound in table.bounds()
    ]


def _by_task(rows: Sequence[Row]) -> list[Row]:
    """The tightest row on each task, the tightest of all first."""
    best = [tightest(row for row in rows if row.task == task) for task in dict.fromkeys(row.task for row in rows)]
    return sorted((row for row in best if row is not None), key=lambda row: -ratio_of(row))


def _figure_of(bound: str, figures: Sequence[Figure]) -> tuple[int, Figure] | None:
    """The figure about a statement, with its number; else the one about all statements, if there is one."""
    numbered = list(enumerate(figures, 1))
    about = [entry for entry in numbered if bound in entry[1].bounds]
    return next(iter(about or [entry for entry in numbered if not entry[1].bounds]), None)


def _statement(bound: theory.Bound, line: Mapping[Hashable, Any], table: Table) -> dict[str, Any]:
    return {
        "bound": bound,
        "line": line,
        "formula": display(bound),
        "claim": prose(bound.claim),
        "theorem": machine_checked(bound.id),
        "checked": described(bound.id),
        "symbols": symbols_of(bound, table),
        "proof": [linked(part) for part in paragraphs(bound.proof)],
        "hypotheses": [inline(hypothesis_latex(item)) for item in bound.hypotheses],
        "units": [
            (inline(table.symbols[name].record.latex), _unit(table.quantity(name).unit)) for name in bound.quantities
        ],
    }


def lemma_entries() -> list[dict[str, Any]]:
    """The arguments that several proofs share, each printed once; proofs link to them."""
    return [
        {
            "id": lemma.id,
            "title": lemma.title,
            "claim": linked(lemma.claim),
            "proof": [linked(part) for part in paragraphs(lemma.proof)],
        }
        for lemma in LEMMAS
    ]


def linked(text: str) -> Markup:
    """Prose in which the names of lemmas are links."""
    return Markup(re.sub(r"\b(L\d+)\b(?![^<]*>)", r'<a href="#\1">\1</a>', prose(text)))


def _unit(unit: object) -> str:
    """A unit such as F^2/W^2 with raised exponents."""
    return "a number" if str(unit) == "1" else raised_powers(str(unit))
