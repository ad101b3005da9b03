"""Sections of the page that are prose and tables: what an analysis has to say, without knowing how a page is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Cell = str | float | int | None


@dataclass(frozen=True)
class SectionTable:
    """A table: a caption, the head of every column, and lines of cells; numbers are set to the right."""

    caption: str
    columns: tuple[str, ...]
    lines: Sequence[Sequence[Cell]]
    folded: bool = False

    @property
    def numeric(self) -> list[bool]:
        """Which columns hold numbers (or nothing) in every line."""
        return [
            any(isinstance(line[place], int | float) for line in self.lines)
            and all(line[place] is None or isinstance(line[place], int | float) for line in self.lines)
            for place in range(len(self.columns))
        ]


@dataclass(frozen=True)
class Section:
    """A section: its anchor, its title, paragraphs with $inline formulas$, and tables."""

    anchor: str
    title: str
    paragraphs: tuple[str, ...]
    tables: tuple[SectionTable, ...] = ()
