"""The first table of the appendix: one line a statement."""

from __future__ import annotations

from collections.abc import Sequence

from reports.judging.frames import summary_frame
from reports.judging.rows import Row, Verdict
from reports.pages.appendix.forms import TEXT_FORM, Form
from reports.pages.appendix.row_tables import clipped
from reports.pages.latex import aligned_number
from reports.pages.tables import Column, floating_table
from theory.tables import Table

_HEADS = {
    Verdict.HOLDS: ("h", "holds"),
    Verdict.VIOLATED: ("v", "violated"),
    Verdict.VACUOUS: ("t", "true but vacuous"),
    Verdict.NOT_APPLICABLE: ("n", "not applicable"),
    Verdict.INCONCLUSIVE: ("i", "inconclusive"),
}


def summary_table(rows: Sequence[Row], table: Table, form: Form = TEXT_FORM) -> str:
    """One line per statement: rows per verdict, and the smallest and largest tightness of its rows that hold."""
    lines = [line for line in summary_frame(rows, table).to_dict("records") if line["rows"]]
    shown = [v for v in Verdict if v in (Verdict.HOLDS, Verdict.VIOLATED) or any(row.verdict is v for row in rows)]
    columns = [
        Column("Bound", [clipped(str(line["bound"])) for line in lines]),
        Column("Rows", [str(line["rows"]) for line in lines], "r"),
        *(Column(_HEADS[verdict][0], [str(line[verdict.value]) for line in lines], "r") for verdict in shown),
        Column("Tightest", [aligned_number(line["largest_tightness"]) for line in lines], "n"),
    ]
    if form.spans:
        columns.insert(-1, Column("Loosest", [aligned_number(line["smallest_tightness"]) for line in lines], "n"))
        columns.append(Column("on", [clipped(str(line["largest_task"])) for line in lines]))
    caption = (
        f"Rows per verdict ({', '.join(f'{short}: {words}' for short, words in map(_HEADS.__getitem__, shown))}), and "
        f"the {'smallest and ' if form.spans else ''}largest tightness (measured divided by predicted, one is "
        "attained) of the rows that hold."
    )
    return floating_table(columns, caption, "tab:summary", spans=form.spans)
