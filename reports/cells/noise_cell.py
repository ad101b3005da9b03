"""A cell that looks at the batches of stochastic meta-gradients."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from reports.cells.cell import LARGEST_COUNT, Cell, Kind, PositiveRational, Rational


class NoiseCell(Cell):
    """Bias and mean squared error of the stochastic meta-gradients at one point, by enumeration or by sampling."""

    kind: ClassVar[Kind] = "noise"
    D: int = Field(ge=1, le=LARGEST_COUNT)
    D_prime: int = Field(ge=1, le=LARGEST_COUNT)
    D_H: int = Field(ge=1, le=LARGEST_COUNT)
    delta: PositiveRational | None = None
    method: Literal["enumerate", "sample"]
    replicas: int = Field(default=0, ge=0, le=LARGEST_COUNT)
    radius: PositiveRational = Fraction(1)
    at: list[Rational] | None = None

    @model_validator(mode="after")
    def _sampled_by(self) -> NoiseCell:
        if self.method == "sample" and self.replicas < 1:
            raise ValueError("method = 'sample' needs replicas >= 1")
        return self
