"""A cell that runs meta-FedAvg."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from empirics.algorithm.modes import MODES, Mode
from reports.cells.cell import LARGEST_COUNT, Cell, Kind, PositiveRational, Rational
from reports.cells.options import OPTIONS, problem_with


def _mode(value: Any) -> Mode:
    if value not in MODES:
        raise ValueError(f"expected one of {', '.join(MODES)}")
    return Mode(value)


class RunCell(Cell):
    """A meta-FedAvg run; the server step is given as a fraction of the largest admissible one, or as beta.

    replicas: independent runs; left out, a power calculation from the theory fixes them, at most `most`.
    note: why the plan has the cell, shown with the verdict of a row that is not applicable on purpose.
    """

    kind: ClassVar[Kind] = "runs"
    mode: Annotated[Mode, BeforeValidator(_mode)]
    tau: int = Field(ge=1, le=10_000)
    m: int | None = Field(default=None, ge=1)
    fraction: PositiveRational | None = None
    beta: PositiveRational | None = None
    rounds: int = Field(ge=1, le=LARGEST_COUNT)
    replicas: int | None = Field(default=None, ge=1, le=LARGEST_COUNT)
    most: int = Field(default=16384, ge=1, le=LARGEST_COUNT)
    note: str = ""
    D: int | None = Field(default=None, ge=1, le=LARGEST_COUNT)
    D_prime: int | None = Field(default=None, ge=1, le=LARGEST_COUNT)
    D_H: int | None = Field(default=None, ge=1, le=LARGEST_COUNT)
    delta: PositiveRational | None = None
    start: list[Rational] | None = None

    @model_validator(mode="after")
    def _one_step(self) -> RunCell:
        if (self.fraction is None) == (self.beta is None):
            raise ValueError("give exactly one of fraction (of the largest admissible beta) and beta")
        return self

    @model_validator(mode="after")
    def _options_of_its_mode(self) -> RunCell:
        if (problem := problem_with(self.mode, {key: getattr(self, key) for key in OPTIONS})) is not None:
            raise ValueError(problem)
        return self
