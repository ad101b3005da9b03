"""Tables of a study's section, made from its frames."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from reports.figures.selection import lines
from reports.sections import Cell, SectionTable

Line = dict[str, Any]


def section_table(
    caption: str, frame: pd.DataFrame, columns: Mapping[str, str | Callable[[Line], Cell]], *, folded: bool = False
) -> SectionTable:
    """One line per line of the frame; columns: by its head, a column of the frame or what is made of a line.

    A cell that is NaN is left empty.
    """
    cells = [[_cell(line, column) for column in columns.values()] for line in lines(frame)]
    return SectionTable(caption, tuple(columns), cells, folded)


def interval_cell(line: Line, name: str, scale: float, digits: int) -> str:
    """A mean with its interval, from the columns NAME, NAME_low and NAME_high; without it for a single seed.

    >>> interval_cell({"loss": 0.5, "loss_low": 0.25, "loss_high": 0.75}, "loss", 1.0, 2)
    '0.50 [0.25, 0.75]'
    """
    mean, low, high = (scale * line[key] for key in (name, f"{name}_low", f"{name}_high"))
    return f"{mean:.{digits}f}" + ("" if math.isnan(low) else f" [{low:.{digits}f}, {high:.{digits}f}]")


def _cell(line: Line, column: str | Callable[[Line], Cell]) -> Cell:
    value = line[column] if isinstance(column, str) else column(line)
    return None if isinstance(value, float) and math.isnan(value) else value
