"""A cell that looks at points."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from reports.cells.cell import Cell, Kind, Rational


class PointsCell(Cell):
    """Deterministic statements at points: searched for, or given (`at`, and `pair` for two-point statements)."""

    kind: ClassVar[Kind] = "points"
    delta: Rational | None = None
    radius: Rational = Fraction(2)
    at: list[Rational] | None = None
    pair: list[Rational] | None = None
