"""A cell that looks at points."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from pydantic import model_validator

from reports.cells.cell import Cell, Kind, PositiveRational, Rational


class PointsCell(Cell):
    """Deterministic statements at points: searched for, or given (`at`, and `pair` for two-point statements)."""

    kind: ClassVar[Kind] = "points"
    delta: PositiveRational | None = None
    radius: PositiveRational = Fraction(2)
    at: list[Rational] | None = None
    pair: list[Rational] | None = None

    @model_validator(mode="after")
    def _two_points(self) -> PointsCell:
        if self.pair is not None and self.at is None:
            raise ValueError("pair: expected `at` beside it, the first of the two points")
        if self.pair is not None and self.pair == self.at:
            raise ValueError(f"pair = {[str(x) for x in self.pair]}: expected a point other than `at`")
        return self
