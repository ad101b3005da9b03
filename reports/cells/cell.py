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
    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="what its rows call the task", examples=["saddle"])
    factory: str = Field(
        description="who makes it: a packaged factory (python -m reports.plan tasks), or MODULE:NAME, a Task or what "
        "returns one; MODULE:NAME@1/4 has the constants proved on the ball of that radius about its centre",
        examples=["quadratic"],
    )
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="what the factory is called with", examples=[{"n": 8, "mu": 0.5}]
    )
    about: str = Field(
        default="", description="what is special about it, for the report", examples=["$f = -w^2/2$"], max_length=400
    )

    @property
    def outside(self) -> list[str]:
        """What it takes from outside the package, MODULE:NAME: the factory, and the model of `network`."""
        return [name for name in (self.factory, self.arguments.get("model")) if isinstance(name, str) and ":" in name]

    @property
    def files(self) -> list[str]:
        """The files that it reads."""
        return [self.arguments["data"]] if isinstance(self.arguments.get("data"), str) else []


class Cell(BaseModel):
    """The statements, the task, and the fine-tuning as alpha (absolute, or as a multiple of 1/L) and nu."""

    model_config = STRICT
    kind: ClassVar[Kind]
    task: str = Field(description="the name of one of the plan's tasks", examples=["quadratic"])
    alpha: PositiveRational | None = Field(
        default=None, description="fine-tuning step; exactly one of alpha and alpha_L", examples=["1/10"]
    )
    alpha_L: PositiveRational | None = Field(
        default=None, description="the same as a multiple of 1/L of the task", examples=["1/4"]
    )
    nu: int = Field(ge=0, le=100, description="number of fine-tuning steps", examples=[2])
    label: str = Field(
        default="", pattern=r"^[A-Za-z0-9.=_/-]*$", description="a last part of the row ids", examples=["long"]
    )
    statements: list[str] = Field(
        min_length=1,
        description="what is measured: IDs, or MODULE:NAME of a bound of your own",
        examples=[["T2", "T3"]],
    )

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
