"""A cell that looks at the batches of stochastic meta-gradients."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from reports.cells.cell import LARGEST_COUNT, Cell, Kind, PositiveRational, Rational
from reports.cells.options import BATCHES


class NoiseCell(Cell):
    """Bias and mean squared error of the stochastic meta-gradients at one point, by enumeration or by sampling."""

    kind: ClassVar[Kind] = "noise"
    D: int = Field(ge=1, le=LARGEST_COUNT, description=BATCHES["D"], examples=[4])
    D_prime: int = Field(ge=1, le=LARGEST_COUNT, description=BATCHES["D_prime"], examples=[4])
    D_H: int = Field(ge=1, le=LARGEST_COUNT, description=BATCHES["D_H"], examples=[2])
    delta: PositiveRational | None = Field(default=None, description=BATCHES["delta"], examples=["1/16"])
    method: Literal["enumerate", "sample"] = Field(
        description="exact over all outcomes of the batches, or by independent replicas", examples=["enumerate"]
    )
    replicas: int = Field(
        default=0, ge=0, le=LARGEST_COUNT, description="with method = sample: how many", examples=[2048]
    )
    radius: PositiveRational = Field(
        default=Fraction(1), description="how far from the centre the point is drawn", examples=[1]
    )
    at: list[Rational] | None = Field(default=None, description="the point, instead of a draw", examples=[[1, "1/2"]])

    @model_validator(mode="after")
    def _sampled_by(self) -> NoiseCell:
        if self.method == "sample" and self.replicas < 1:
            raise ValueError("method = 'sample' needs replicas >= 1")
        return self
