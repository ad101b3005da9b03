"""What a study is asked to do, as strict frozen data; an entry [[studies]] of a plan is one of these."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from empirics.algorithm.modes import Mode

_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
StudyMode = Annotated[Mode, Field(strict=False)]  # written by its name


class Level(BaseModel):
    """How different the agents are: a Dirichlet concentration of their labels, or a number of labels each.

    relabelled: how many of the ten labels every agent permutes among themselves in its own way, so that no single
    model can serve all agents (0: labels mean the same for all of them).
    """

    model_config = _STRICT
    name: str = Field(pattern=r"^[a-z][a-z0-9.-]*$")
    concentration: Positive | None = None
    labels: int | None = Field(default=None, ge=1, le=10)
    relabelled: int = Field(default=0, ge=0, le=10)

    @model_validator(mode="after")
    def _one_skew(self) -> Level:
        if (self.concentration is None) == (self.labels is None):
            raise ValueError("give exactly one of concentration and labels")
        if self.relabelled == 1:
            raise ValueError("relabelled = 1 permutes nothing; give 0 or at least 2")
        return self


class PersonalisationPlan(BaseModel):
    """Train with nu fine-tuning steps, test after others, on agents seen in training and on new ones.

    levels: in order of growing heterogeneity. nus: exact mode; approximate: those also run first order and
    Hessian free. steps: fine-tuning steps in the test, 0..steps; compared: those at which arms are compared; shown: the
    one of these that curves and targets are drawn for. betas: the grid of server steps in units of alpha, from which
    every arm takes the one with the smallest own training objective, at its largest after 1/2, 3/4 and all of
    pilot_rounds on a seed of its own. product_price: gradients that one Hessian-vector product costs. budget_nu: equal
    compute is what the exact mode with so many steps uses in `rounds` rounds. target: the share of Per-FedAvg's final
    accuracy that rounds, samples and seconds are counted to.
    """

    model_config = _STRICT
    kind: Literal["personalisation"]
    levels: list[Level] = Field(min_length=1)
    seen: int = Field(default=20, ge=1)
    new: int = Field(default=10, ge=1)
    samples: int = Field(default=32, ge=1)
    held_out: int = Field(default=24, ge=1)
    hidden: list[int] = Field(default=[24], min_length=1)
    rounds: int = Field(default=100, ge=1)
    tau: int = Field(default=5, ge=1)
    nus: list[int] = Field(default=[0, 1, 2, 3, 5, 10])
    approximate: list[int] = Field(default=[1, 5])
    delta: Positive = 0.01
    steps: int = Field(default=10, ge=1)
    compared: list[int] = Field(default=[1, 5, 10], min_length=1)
    shown: int = Field(default=5, ge=0)
    betas: list[Positive] = Field(default=[2.0, 4.0, 8.0, 16.0, 32.0], min_length=1)
    pilot_rounds: int = Field(default=100, ge=1)
    product_price: Positive = 2.0
    budget_nu: int = Field(default=3, ge=0)
    target: Positive = 0.95
    seeds: int = Field(default=10, ge=1)

    @model_validator(mode="after")
    def _complete(self) -> PersonalisationPlan:
        if not {0, 1} <= set(self.nus) or len(set(self.nus)) != len(self.nus) or min(self.nus) < 0:
            raise ValueError("nus: distinct steps >= 0, among them 0 (FedAvg) and 1 (Per-FedAvg)")
        if not set(self.approximate) <= set(self.nus) - {0}:
            raise ValueError("approximate: steps >= 1 that nus has as well, so that there is an exact arm beside them")
        if not all(0 <= step <= self.steps for step in self.compared) or self.shown not in self.compared:
            raise ValueError(f"compared: steps between 0 and steps = {self.steps}, among them shown = {self.shown}")
        names = [level.name for level in self.levels]
        if len(set(names)) != len(names):
            raise ValueError("levels: two have the same name")
        return self


class ScalingPlan(BaseModel):
    """Cost of a run against the counts of T7, over numbers of agents and of fine-tuning steps.

    agents: numbers of agents; participants is the most of them that take part in a round. d: dimension. nus: steps;
    modes: those that are counted. rounds and tau: of every run. sizes: D, D_prime and D_H of the stochastic modes.
    flat: the largest ratio of memory growth, between the most agents and the fewest that still give all participants,
    that is called flat.
    """

    model_config = _STRICT
    kind: Literal["scaling"]
    agents: list[int] = Field(default=[10, 100, 1000, 10_000, 100_000, 1_000_000], min_length=1)
    participants: int = Field(default=1000, ge=1)
    d: int = Field(default=32, ge=1)
    nus: list[int] = Field(default=[0, 1, 2, 3, 5, 10], min_length=1)
    modes: list[StudyMode] = Field(default=[Mode.EXACT], min_length=1)
    sizes: list[int] = Field(default=[4, 4, 2], min_length=3, max_length=3)
    delta: Positive = 0.001
    tau: int = Field(default=25, ge=1)
    rounds: int = Field(default=2, ge=1)
    flat: Positive = 1.25

    @model_validator(mode="after")
    def _complete(self) -> ScalingPlan:
        if min(self.agents) < 1 or min(self.nus) < 0 or min(self.sizes) < 1:
            raise ValueError("agents and sizes are at least 1, nus at least 0")
        return self


StudyPlan = Annotated[PersonalisationPlan | ScalingPlan, Field(discriminator="kind")]
