"""What every cell says, and how its numbers are written."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Kind = Literal["points", "noise", "runs"]


def _rational(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | str | Fraction):
        raise ValueError(f"expected an integer or a string such as '1/4', got {value!r}")
    return Fraction(value)


Rational = Annotated[Fraction, BeforeValidator(_rational)]
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
    alpha: Rational | None = None
    alpha_L: Rational | None = None
    nu: int = Field(ge=0, le=100)
    label: str = Field(default="", pattern=r"^[A-Za-z0-9.=_/-]*$")
    statements: list[str]

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
