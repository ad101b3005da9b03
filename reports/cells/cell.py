"""What every cell says, and how its numbers are written."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Kind = Literal["points", "noise", "runs"]


def _rational(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | str | Fraction):
        raise ValueError(f"expected an integer or a string such as '1/4', got {value!r}")
    if isinstance(value, str) and not (len(value) <= _LONGEST and _NUMBER.fullmatch(value)):
        raise ValueError("expected a number such as 2, 0.1, 1e-3 or 1/4")
    found = Fraction(value)
    if found and not _SMALLEST <= abs(found) <= 1 / _SMALLEST:
        raise ValueError("expected a number whose size is between 1e-300 and 1e300, or 0")
    return found


def _positive(value: Fraction) -> Fraction:
    if value <= 0:
        raise ValueError("expected a number > 0")
    return value


_LONGEST = 400
_SMALLEST = Fraction(1, 10**300)
_NUMBER = re.compile(r"\s*[+-]?((\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?|\d+/0*[1-9]\d*)\s*")
Rational = Annotated[Fraction, BeforeValidator(_rational)]
PositiveRational = Annotated[Fraction, BeforeValidator(_rational), AfterValidator(_positive)]
LARGEST_COUNT = 10**9  # of rounds, replicas and batches: beyond, no array has an index
STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)


class TaskPlan(BaseModel):
    """A task by the name its rows carry, the factory that makes it and the factory's arguments."""

    model_config = STRICT
    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    factory: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class Cell(BaseModel):
    """The statements, the task, and the fine-tuning as alpha (absolute, or as a multiple of 1/L) and nu."""

    model_config = STRICT
    kind: ClassVar[Kind]
    task: str
    alpha: PositiveRational | None = None
    alpha_L: PositiveRational | None = None
    nu: int = Field(ge=0, le=100)
    label: str = Field(default="", pattern=r"^[A-Za-z0-9.=_/-]*$")
    statements: list[str] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_alpha(self) -> Cell:
        if (self.alpha is None) == (self.alpha_L is None):
            raise ValueError("give exactly one of alpha and alpha_L (alpha as a multiple of 1/L)")
        return self

    def step(self, L: float | None) -> float:
        """The fine-tuning step alpha for a task whose smoothness constant is L, as the float64 that is run with.

        Raises:
            ValueError: the step is a multiple of 1/L and the task states no L.
        """
        if self.alpha is not None:
            return float(self.alpha)
        assert self.alpha_L is not None
        if L is None:
            raise ValueError(f"task {self.task}: alpha_L = {self.alpha_L} is a multiple of 1/L, but no L is stated")
        return float(self.alpha_L / Fraction(L))
