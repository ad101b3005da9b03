"""Tables for the terminal, from the same records as the page's."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from reports.sections import SectionTable


def show(console: Console, table: SectionTable) -> None:
    """Print a table of the report: numbers to the right."""
    shown = Table(title=table.caption, title_justify="left", title_style="")
    for name, numeric in zip(table.columns, table.numeric, strict=True):
        shown.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for line in table.lines:
        shown.add_row(*("" if cell is None else f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in line))
    console.print(shown)
