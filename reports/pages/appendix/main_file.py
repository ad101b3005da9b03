"""The main file of the appendix: it compiles alone and only inputs pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reports.figures import Figure
from reports.judging.frames import summary_frame
from reports.judging.rows import Row, Verdict
from reports.pages.appendix.forms import COLUMN_FORM, TEXT_FORM, Form
from reports.pages.appendix.names import file_stem
from reports.pages.appendix.row_tables import VERDICT_WORDS, RowTable
from reports.pages.appendix.sources import SOURCES
from reports.pages.latex import code, escaped, number, prose
from reports.pages.templating import TEX, environment
from reports.pages.words import GROUPS
from theory.formal.listing import described
from theory.language.records import DERIVED
from theory.tables import Table


def main_file(
    rows: Sequence[Row],
    listed: Mapping[Form, Sequence[RowTable]],
    about: Sequence[str],
    figures: Sequence[Figure],
    manifest: Mapping[str, Any],
    table: Table,
) -> str:
    """The text of appendix.tex.

    listed: the tables of all rows, by form. about: the names of the tables on the suite itself.
    """
    templates = environment(**TEX)
    templates.filters.update(escaped=escaped, prose=prose, code=code, file=file_stem)
    lines = {line["bound"]: line for line in summary_frame(rows, table).to_dict("records")}
    bounds = list(table.bounds())
    placed = _placed(figures, [bound.id for bound in bounds])
    context = {
        "title": str(manifest.get("title", "")),
        "groups": [
            (title, [bound for bound in bounds if bound.provenance == provenance])
            for provenance, title in GROUPS.items()
        ],
        "verdicts": {bound.id: _verdict_line(lines[bound.id]) + _shown(figures, placed, bound.id) for bound in bounds},
        "checked": {bound.id: described(bound.id) for bound in bounds if bound.provenance == DERIVED},
        "drawn": placed,
        "listed": listed[TEXT_FORM],
        "listed_in_columns": listed[COLUMN_FORM],
        "about": about,
        "figures": figures,
        "sources": SOURCES,
        "facts": _facts(manifest),
        "command": " ".join(map(str, manifest.get("command") or ["python", "-m", "reports.build"])),
        "distribution": str(manifest.get("distribution", "meta-fedavg-bounds")),
        "version": str(manifest.get("version", "")),
        "example": min(
            (row for row in rows if row.verdict is Verdict.HOLDS and row.provenance != "claim"),
            key=lambda row: len(str(row.inputs)),
            default=None,
        ),
    }
    return templates.get_template("appendix.tex.j2").render(context)


def _placed(figures: Sequence[Figure], bounds: Sequence[str]) -> dict[str, list[str]]:
    """Figure names by the first statement each is about; those about none of them by the empty id."""
    first = {figure.name: next((bound for bound in bounds if bound in figure.bounds), "") for figure in figures}
    return {bound: [name for name, about in first.items() if about == bound] for bound in (*bounds, "")}


def _shown(figures: Sequence[Figure], placed: Mapping[str, Sequence[str]], bound: str) -> str:
    """References to the figures about a statement, in the order in which the appendix has them."""
    order = [name for names in placed.values() for name in names]
    about = {figure.name for figure in figures if bound in figure.bounds}
    references = [rf"\ref{{fig:{name}}}" for name in order if name in about]
    if not references:
        return ""
    return f" See Figure{'s' if len(references) > 1 else ''}~{' and~'.join(references)}."


def _verdict_line(line: Mapping[Any, Any]) -> str:
    """What was found, in a sentence."""
    if not line["rows"]:
        return "Not measured by this plan."
    counts = [f"{line[verdict.value]} {VERDICT_WORDS[verdict]}" for verdict in Verdict if line[verdict.value]]
    text = f"{line['rows']} row{'s' if line['rows'] != 1 else ''}: {', '.join(counts)}"
    if line["largest_row"]:
        low, high = number(line["smallest_tightness"], 2), number(line["largest_tightness"])
        text += f"; tightness {low} to {high} (on {escaped(str(line['largest_task']))})"
    return f"{text}."


def _facts(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What must be the same to get the same numbers: no times, no paths."""
    versions = manifest.get("versions", {})
    pairs = [(key, manifest.get(key)) for key in ("plan", "seed", "seeds", "device", "python", "platform")]
    return [(key, str(value)) for key, value in pairs if value is not None] + [
        (str(name), str(version)) for name, version in versions.items()
    ]
