"""The tables of the appendix that list every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from reports.figures.modes import mode_letters
from reports.judging.frames import by_statement
from reports.judging.rows import Row, Verdict
from reports.pages.appendix.forms import TEXT_FORM, Form
from reports.pages.appendix.names import file_stem, fresh
from reports.pages.appendix.paging import Chunk, paged
from reports.pages.displays import width
from reports.pages.latex import aligned_number, escaped, number
from reports.pages.tables import Column, floating_table
from theory.tables import Table

LONGEST_NAME = 22
_SECTION_HEAD = 10  # lines that the title of the section and its first words take
VERDICT_WORDS = {
    Verdict.HOLDS: "holds",
    Verdict.VIOLATED: "violated",
    Verdict.VACUOUS: "vacuous",
    Verdict.NOT_APPLICABLE: "not appl.",
    Verdict.INCONCLUSIVE: "inconcl.",
}


@dataclass(frozen=True)
class RowTable:
    """A table of rows: its name, its text, and whether a new page of the appendix begins with it."""

    name: str
    text: str
    new_page: bool


def row_tables(
    rows: Sequence[Row], table: Table, form: Form = TEXT_FORM, dimensions: Mapping[str, int] = MappingProxyType({})
) -> list[RowTable]:
    """The tables that list every row, cut where pages, or columns, end. dimensions: d of each task that is known."""
    used: set[str] = set()
    groups = [
        (bound, fresh(f"rows-{file_stem(bound)}", used), mine)
        for bound, mine in by_statement(rows, table).items()
        if mine
    ]
    settings = [_settings(mine, table, form, dimensions) for _, _, mine in groups]
    heights = [[len(one) + (0 if form.spans else 2) for one in lines] for lines, _ in settings]
    numbers: Counter[str] = Counter()
    made = []
    for chunk in paged(heights, taken=_SECTION_HEAD):
        (bound, stem, mine), (lines, common) = groups[chunk.table], settings[chunk.table]
        numbers[stem] += 1
        part, about = mine[chunk.start : chunk.stop], lines[chunk.start : chunk.stop]
        name = f"{stem}-{numbers[stem]}"
        caption = _caption(bound, chunk, mine, table, common)
        made.append(RowTable(name, _row_table(part, about, caption, f"tab:{name}", form), chunk.new_page))
    return made


def _row_table(rows: Sequence[Row], about: Sequence[list[str]], caption: str, label: str, form: Form) -> str:
    """The rows with their settings, in so many lines each, beside or above the numbers."""
    numbers = [
        Column("Measured", [aligned_number(row.measured) for row in rows], "n"),
        Column("Predicted", [aligned_number(row.predicted) for row in rows], "n"),
        Column("Ratio", [aligned_number(row.tightness) for row in rows], "n"),
        Column("Verdict", [VERDICT_WORDS[row.verdict] for row in rows]),
    ]
    if not form.spans:
        return floating_table([Column(r"\quad", [""] * len(rows)), *numbers], caption, label, spans=False, above=about)
    # a setting of several lines goes on under its first one, where the other columns are empty
    more = [[r"\quad " + text for text in texts[1:]] for texts in about]
    return floating_table([Column("Setting", [texts[0] for texts in about]), *numbers], caption, label, below=more)


def _caption(bound: str, chunk: Chunk, whole: Sequence[Row], table: Table, common: Sequence[str]) -> str:
    all_of_them = chunk.stop - chunk.start == len(whole)
    where = "" if all_of_them else f", rows {chunk.start + 1} to {chunk.stop} of {len(whole)}"
    title = next((known.title for known in table.bounds() if known.id == bound), "") if chunk.start == 0 else ""
    shared = f" In all rows {', '.join(common)}." if common else ""
    return f"Verdicts of {escaped(bound)}{f' ({escaped(title)})' if title else ''}{where}.{shared}"


def _settings(
    rows: Sequence[Row], table: Table, form: Form, dimensions: Mapping[str, int]
) -> tuple[list[list[str]], list[str]]:
    """The lines that say what each row is about, and what all rows share."""
    parts = [_parts(row, table, dimensions.get(row.task)) for row in rows]
    common = [] if len(rows) < 2 else [part for part in parts[0] if all(part in other for other in parts)]
    common = [part for part in common if part.startswith("$")]
    return [_wrapped([part for part in mine if part not in common], form.setting) for mine in parts], common


def _parts(row: Row, table: Table, d: int | None) -> list[str]:
    """Task, mode and settings of a row, and the confidence limits where what is measured is not exact."""
    bounded = [] if row.quantity == row.bound else [f"${_symbol(row.quantity, table)}$"]
    found = [clipped(row.task), *bounded, escaped(mode_letters(row.mode)), rf"$\nu = {row.nu}$"]
    if row.tau is not None:
        found += [rf"$\tau = {row.tau}$", rf"$m/n = {row.n if row.m is None else row.m}/{row.n}$"]
    found.append(rf"$\alpha = {_plain(row.alpha)}$")
    sized = ((r"\beta", row.beta), ("K", row.K), ("d", d))
    found += [rf"${symbol} = {_plain(value)}$" for symbol, value in sized if value]
    batches = {"D": "D", "D'": "D_prime", "D_H": "D_H"}
    sizes = [(name, row.inputs[key]) for name, key in batches.items() if key in row.inputs]
    if sizes:
        found.append(f"${', '.join(name for name, _ in sizes)} = {', '.join(escaped(size) for _, size in sizes)}$")
    if "delta" in row.inputs:
        found.append(rf"$\delta = {_plain(float(Fraction(row.inputs['delta'])))}$")
    if row.lower is not None and row.upper is not None and row.lower != row.upper:
        found.append(f"measured in [{number(row.lower, 3)}, {number(row.upper, 3)}]")
    return found


def _wrapped(parts: Sequence[str], limit: float) -> list[str]:
    """The parts in lines of at most so many letters, as far as a part is not longer itself."""
    lines = [""]
    for part in parts:
        joined = f"{lines[-1]}, {part}" if lines[-1] else part
        if lines[-1] and _letters(joined) > limit:
            lines[-1] += ","
            lines.append(part)
        else:
            lines[-1] = joined
    return lines


def _letters(text: str) -> float:
    return width(text.replace(r"\ensuremath", "").replace("$", ""))


def _symbol(quantity: str, table: Table) -> str:
    return table.symbols[quantity].record.latex if quantity in table.formulas else rf"\text{{{clipped(quantity)}}}"


def _plain(value: float) -> str:
    """A number inside a formula, three digits."""
    return number(value).removeprefix(r"\ensuremath{").removesuffix("}")


def clipped(name: str) -> str:
    """A name short enough for a column; captions have it whole."""
    return escaped(name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 3] + "...")
