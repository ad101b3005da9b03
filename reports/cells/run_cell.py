"""A cell that runs meta-FedAvg."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from empirics.algorithm.modes import MODES, Mode
from empirics.algorithm.sampling import Sampling, exact_weights
from reports.cells.cell import LARGEST_COUNT, Cell, Kind, PositiveRational, Rational
from reports.cells.options import BATCHES, OPTIONS, problem_with
from theory.language.errors import near

WITHOUT_REPLACEMENT, SERVER_STEP, EQUAL_WEIGHTS = "sampling without replacement", "server step 1", "equal weights"


def _mode(value: Any) -> Mode:
    if value not in MODES:
        raise ValueError(f"expected one of {', '.join(MODES)}{near(str(value), MODES)}")
    return Mode(value)


def _sampling(value: Any) -> Sampling:
    if value not in tuple(Sampling):
        raise ValueError(f"expected one of {', '.join(Sampling)}{near(str(value), Sampling)}")
    return Sampling(value)


class RunCell(Cell):
    """A meta-FedAvg run; the meta step is given as a fraction of the largest admissible one, or as beta."""

    kind: ClassVar[Kind] = "runs"
    mode: Annotated[Mode, BeforeValidator(_mode)] = Field(
        description=f"the meta-gradient: {', '.join(MODES)}", examples=["first_order"]
    )
    tau: int = Field(ge=1, le=10_000, description="local steps of an agent in a round", examples=[5])
    m: int | None = Field(default=None, ge=1, description="agents in a round; left out, all n", examples=[2])
    fraction: PositiveRational | None = Field(
        default=None,
        description="meta step as a part of the largest that the hypotheses admit; exactly one of fraction and beta",
        examples=["1/2"],
    )
    beta: PositiveRational | None = Field(default=None, description="meta step", examples=["1/100"])
    rounds: int = Field(ge=1, le=LARGEST_COUNT, description="K, the rounds of a run", examples=[40])
    replicas: int | None = Field(
        default=None,
        ge=1,
        le=LARGEST_COUNT,
        description="independent runs; left out, a power calculation from the theory fixes them, at most `most`",
        examples=[512],
    )
    most: int = Field(default=16384, ge=1, le=LARGEST_COUNT, description="see replicas", examples=[1024])
    note: str = Field(
        default="",
        description="why the plan has the cell, shown with a row that is not applicable on purpose",
        examples=["beyond the largest step"],
    )
    D: int | None = Field(default=None, ge=1, le=LARGEST_COUNT, description=BATCHES["D"], examples=[4])
    D_prime: int | None = Field(default=None, ge=1, le=LARGEST_COUNT, description=BATCHES["D_prime"], examples=[4])
    D_H: int | None = Field(default=None, ge=1, le=LARGEST_COUNT, description=BATCHES["D_H"], examples=[2])
    delta: PositiveRational | None = Field(default=None, description=BATCHES["delta"], examples=["1/16"])
    start: list[Rational] | None = Field(
        default=None,
        description="w_0; left out, (1, ..., 1)/sqrt(d), or the centre of a network or a ball",
        examples=[[1, "1/2"]],
    )
    sampling: Annotated[Sampling, BeforeValidator(_sampling)] = Field(
        default=Sampling.SUBSET,
        description="subset (m of n agents without replacement), replacement (m draws with replacement, each with its "
        "own batches) or full (every agent)",
        examples=["replacement"],
    )
    weights: list[PositiveRational] | None = Field(
        default=None,
        description="p_i of F = sum_i p_i F_i, one an agent, of sum 1; left out, 1/n each",
        examples=[["1/2", "1/4", "1/4"]],
    )
    server_step: PositiveRational = Field(
        default=Fraction(1),
        description="beta_s, how far along the way to the average of the results the server goes",
        examples=["3/2"],
    )

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

    @model_validator(mode="after")
    def _weights_of_its_sampling(self) -> RunCell:
        if self.weights is not None:
            exact_weights(self.weights)
        if self.weights is not None and self.sampling is Sampling.SUBSET:
            raise ValueError("weights: expected beside them sampling = 'replacement' or 'full'; a subset takes none")
        if self.sampling is Sampling.FULL and self.m is not None:
            raise ValueError(f"m = {self.m}: sampling = 'full' takes every agent; leave m out")
        return self

    @model_serializer(mode="wrap")
    def _as_before(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the settings of section 1's algorithm: its runs keep the random numbers that they have always had."""
        plain = {key: type(self).model_fields[key].default for key in ("sampling", "weights", "server_step")}
        return {key: value for key, value in dump(self).items() if key not in plain or getattr(self, key) != plain[key]}

    @property
    def draws_agents(self) -> bool:
        """Whether the participants of a round may be drawn, as far as the plan alone tells."""
        return self.m is not None or self.sampling is Sampling.REPLACEMENT

    @property
    def departures(self) -> dict[str, str]:
        """What is not as in section 1's algorithm: the hypothesis that fails, and what is done instead."""
        found = {}
        if self.sampling is Sampling.REPLACEMENT:
            found[WITHOUT_REPLACEMENT] = "agents are drawn with replacement"
        if self.server_step != 1:
            found[SERVER_STEP] = f"it is {self.server_step}"
        if self.weights is not None:
            given = ", ".join(map(str, self.weights[:_SHOWN])) + (", ..." if len(self.weights) > _SHOWN else "")
            found[EQUAL_WEIGHTS] = f"they are {given}"
        return found


_SHOWN = 4
