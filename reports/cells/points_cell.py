"""A cell that looks at points."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from pydantic import Field, model_validator

from reports.cells.cell import Cell, Kind, PositiveRational, Rational
from reports.cells.options import BATCHES


class PointsCell(Cell):
    """Deterministic statements at points: searched for, or given (`at`, and `pair` for two-point statements)."""

    kind: ClassVar[Kind] = "points"
    delta: PositiveRational | None = Field(default=None, description=BATCHES["delta"], examples=["1/16"])
    radius: PositiveRational = Field(
        default=Fraction(2), description="how far from the centre points are searched for", examples=[2]
    )
    at: list[Rational] | None = Field(default=None, description="the point, instead of a search", examples=[[1, "1/2"]])
    pair: list[Rational] | None = Field(
        default=None, description="the second point, for what compares two", examples=[[0, "1/4"]]
    )

    @model_validator(mode="after")
    def _two_points(self) -> PointsCell:
        if self.pair is not None and self.at is None:
            raise ValueError("pair: expected `at` beside it, the first of the two points")
        if self.pair is not None and self.pair == self.at:
            raise ValueError(f"pair = {[str(x) for x in self.pair]}: expected a point other than `at`")
        return self
