"""The tables of the appendix: a summary, and every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from reports.figures.modes import mode_letters
from reports.judging.frames import statement_order, summary_frame
from reports.judging.rows import Row, Verdict
from reports.pages.appendix.names import file_stem, fresh
from reports.pages.appendix.paging import Chunk, paged
from reports.pages.latex import Column, aligned_number, escaped, floating_table, number
from theory.tables import Table

_LONGEST_NAME = 22
_SECTION_HEAD = 8  # lines that the title of the section and its first words take
VERDICT_WORDS = {
    Verdict.HOLDS: "holds",
    Verdict.VIOLATED: "violated",
    Verdict.VACUOUS: "vacuous",
    Verdict.NOT_APPLICABLE: "not appl.",
    Verdict.INCONCLUSIVE: "inconcl.",
}


def summary_table(rows: Sequence[Row], table: Table) -> str:
    """One line per statement: rows per verdict, and the smallest and largest tightness of its rows that hold."""
    lines = [line for line in summary_frame(rows, table).to_dict("records") if line["rows"]]
    shown = [v for v in Verdict if v in (Verdict.HOLDS, Verdict.VIOLATED) or any(row.verdict is v for row in rows)]
    columns = [
        Column("Bound", [_clipped(str(line["bound"])) for line in lines]),
        Column("Rows", [str(line["rows"]) for line in lines], "r"),
        *(Column(VERDICT_WORDS[verdict], [str(line[verdict.value]) for line in lines], "r") for verdict in shown),
        Column("Loosest", [aligned_number(line["smallest_tightness"]) for line in lines], "n"),
        Column("Tightest", [aligned_number(line["largest_tightness"]) for line in lines], "n"),
        Column("on", [_clipped(str(line["largest_task"])) for line in lines]),
    ]
    caption = (
        "Rows per verdict, and the smallest and largest tightness (measured divided by predicted, one is attained) of "
        "the rows that hold."
    )
    return floating_table(columns, caption, "tab:summary")


@dataclass(frozen=True)
class RowTable:
    """A table of rows: its name, its text, and whether a new page of the appendix begins with it."""

    name: str
    text: str
    new_page: bool


def row_tables(rows: Sequence[Row], table: Table) -> list[RowTable]:
    """The tables that list every row, cut where pages end."""
    used: set[str] = set()
    groups = [(bound, [row for row in rows if row.bound == bound]) for bound in statement_order(rows, table)]
    groups = [(bound, fresh(f"rows-{file_stem(bound)}", used), mine) for bound, mine in groups if mine]
    numbers: Counter[str] = Counter()
    made = []
    for chunk in paged([len(mine) for _, _, mine in groups], taken=_SECTION_HEAD):
        bound, stem, mine = groups[chunk.table]
        numbers[stem] += 1
        part = mine[chunk.start : chunk.stop]
        name = f"{stem}-{numbers[stem]}"
        columns = _row_columns(part, mine, table)
        made.append(
            RowTable(name, floating_table(columns, _caption(bound, chunk, mine, table), f"tab:{name}"), chunk.new_page)
        )
    return made


def _caption(bound: str, chunk: Chunk, whole: Sequence[Row], table: Table) -> str:
    all_of_them = chunk.stop - chunk.start == len(whole)
    where = "" if all_of_them else f", rows {chunk.start + 1} to {chunk.stop} of {len(whole)}"
    title = next((known.title for known in table.bounds() if known.id == bound), "") if chunk.start == 0 else ""
    return f"Verdicts of {escaped(bound)}{f' ({escaped(title)})' if title else ''}{where}."


def _row_columns(rows: Sequence[Row], whole: Sequence[Row], table: Table) -> list[Column]:
    """The columns of some rows; a column that is the same dash in the whole list is left out."""
    columns = [
        Column("Task", [_clipped(row.task) for row in rows]),
        Column("Mode", [escaped(mode_letters(row.mode)) for row in rows]),
        Column(r"$\nu$", [str(row.nu) for row in rows], "r"),
    ]
    if len({row.quantity for row in whole}) > 1:
        columns.insert(0, Column("Bounds", [f"${_symbol(row.quantity, table)}$" for row in rows]))
    if any(row.tau is not None for row in whole):
        columns.append(Column(r"$\tau$", ["--" if row.tau is None else str(row.tau) for row in rows], "r"))
        columns.append(Column(r"$m/n$", [f"{row.n if row.m is None else row.m}/{row.n}" for row in rows], "r"))
    if any("D" in row.inputs for row in whole):
        columns.append(Column(r"$D$, $D'$, $D_H$", [_batches(row) for row in rows]))
    if any("delta" in row.inputs for row in whole):
        columns.append(Column(r"$\delta$", [_delta(row) for row in rows], "r"))
    columns += [
        Column("Measured", [aligned_number(row.measured) for row in rows], "n"),
        Column("Predicted", [aligned_number(row.predicted) for row in rows], "n"),
        Column("Ratio", [aligned_number(row.tightness) for row in rows], "n"),
        Column("Verdict", [VERDICT_WORDS[row.verdict] for row in rows]),
    ]
    return columns


def _symbol(quantity: str, table: Table) -> str:
    return table.symbols[quantity].record.latex if quantity in table.formulas else rf"\text{{{_clipped(quantity)}}}"


def _clipped(name: str) -> str:
    """A name short enough for a column; captions have it whole."""
    return escaped(name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 3] + "...")


def _batches(row: Row) -> str:
    sizes = [row.inputs.get(key) for key in ("D", "D_prime", "D_H")]
    return ", ".join("--" if size is None else escaped(size) for size in sizes) if any(sizes) else "--"


def _delta(row: Row) -> str:
    return number(float(Fraction(row.inputs["delta"])), 2) if "delta" in row.inputs else "--"
