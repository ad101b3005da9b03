"""A cell that runs meta-FedAvg."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from empirics.algorithm.modes import MODES, Mode
from reports.cells.cell import Cell, Kind, Rational


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
    tau: int = Field(ge=1)
    m: int | None = Field(default=None, ge=1)
    fraction: Rational | None = None
    beta: Rational | None = None
    rounds: int = Field(ge=1)
    replicas: int | None = Field(default=None, ge=1)
    most: int = Field(default=16384, ge=1)
    note: str = ""
    D: int | None = Field(default=None, ge=1)
    D_prime: int | None = Field(default=None, ge=1)
    D_H: int | None = Field(default=None, ge=1)
    delta: Rational | None = None
    start: list[Rational] | None = None

    @model_validator(mode="after")
    def _one_step(self) -> RunCell:
        if (self.fraction is None) == (self.beta is None):
            raise ValueError("give exactly one of fraction (of the largest admissible beta) and beta")
        return self
