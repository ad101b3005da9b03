"""What a study is asked to do, as strict frozen data; an entry [[studies]] of a plan is one of these."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from empirics.algorithm.modes import Mode

_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
StudyMode = Annotated[Mode, Field(strict=False)]  # written by its name


class Level(BaseModel):
    """How different the agents are: as they are, by a Dirichlet concentration of labels, or a number of labels each."""

    model_config = _STRICT
    name: str = Field(
        pattern=r"^[a-z][a-z0-9.-]*$", description="what its rows call the level", examples=["dirichlet-0.1"]
    )
    concentration: Positive | None = Field(
        default=None,
        description="Dirichlet concentration of the agents' labels; exactly one of it, labels and natural",
        examples=[0.1],
    )
    labels: int | None = Field(default=None, ge=1, description="number of labels that each agent has", examples=[2])
    natural: bool = Field(
        default=False, description="agents are those that the data names, with their own samples", examples=[True]
    )
    relabelled: int = Field(
        default=0,
        ge=0,
        description="how many of the labels every agent permutes among themselves in its own way, so that no "
        "single model can serve all agents (0: labels mean the same for all of them)",
        examples=[4],
    )

    @model_validator(mode="after")
    def _one_skew(self) -> Level:
        if (self.concentration is not None) + (self.labels is not None) + self.natural != 1:
            raise ValueError("give exactly one of concentration, labels and natural = true")
        if self.relabelled == 1:
            raise ValueError("relabelled = 1 permutes nothing; give 0 or at least 2")
        return self


class PersonalisationPlan(BaseModel):
    """Train with nu fine-tuning steps, test after others, on agents seen in training and on new ones."""

    model_config = _STRICT
    kind: Literal["personalisation"] = Field(description="which study", examples=["personalisation"])
    data: str | None = Field(
        default=None,
        description="a file of samples of your own (.npz, .csv, IDX images); left out, handwritten digits",
        examples=["mine.npz"],
    )
    model: str | None = Field(
        default=None,
        description="MODULE:NAME of your own nn.Module, or of what makes one, for data; left out, a tanh network",
        examples=["mymodel:Net"],
    )
    levels: list[Level] = Field(
        min_length=1, description="in order of growing heterogeneity", examples=[[{"name": "two", "labels": 2}]]
    )
    seen: int = Field(default=20, ge=1, description="agents of the training", examples=[20])
    new: int = Field(default=10, ge=1, description="agents that training never saw", examples=[10])
    samples: int = Field(
        default=32, ge=1, description="samples of an agent that it trains on and is fine-tuned with", examples=[32]
    )
    held_out: int = Field(default=24, ge=1, description="samples of an agent that it is tested on", examples=[24])
    hidden: list[int] = Field(
        default=[24], min_length=1, description="widths of the network's hidden layers", examples=[[24]]
    )
    rounds: int = Field(default=100, ge=1, description="K, the rounds of a run", examples=[100])
    tau: int = Field(default=5, ge=1, description="local steps of an agent in a round", examples=[5])
    nus: list[int] = Field(
        default=[0, 1, 2, 3, 5, 10], description="fine-tuning steps of the arms in exact mode", examples=[[0, 1, 5]]
    )
    approximate: list[int] = Field(
        default=[1, 5], description="those of nus that also run in first-order and Hessian-free mode", examples=[[1, 5]]
    )
    delta: Positive = Field(default=0.01, description="probe step of the Hessian-free arms", examples=[0.01])
    steps: int = Field(default=10, ge=1, description="fine-tuning steps in the test, 0..steps", examples=[10])
    compared: list[int] = Field(
        default=[1, 5, 10], min_length=1, description="steps in the test at which arms are compared", examples=[[1, 5]]
    )
    shown: int = Field(
        default=5, ge=0, description="the one of compared that curves and targets are drawn for", examples=[5]
    )
    betas: list[Positive] = Field(
        default=[2.0, 4.0, 8.0, 16.0, 32.0],
        min_length=1,
        description="the grid of server steps in units of alpha, from which every arm takes the one with the smallest "
        "own training objective, at its largest after 1/2, 3/4 and all of pilot_rounds on a seed of its own",
        examples=[[2.0, 4.0]],
    )
    pilot_rounds: int = Field(default=100, ge=1, description="see betas", examples=[100])
    product_price: Positive = Field(
        default=2.0, description="gradients that one Hessian-vector product costs", examples=[2.0]
    )
    budget_nu: int = Field(
        default=3,
        ge=0,
        description="equal compute is what the exact mode with so many steps uses in `rounds` rounds",
        examples=[3],
    )
    target: Positive = Field(
        default=0.95,
        description="the share of Per-FedAvg's final accuracy that rounds, samples and seconds are counted to",
        examples=[0.95],
    )
    seeds: int = Field(default=10, ge=1, description="roots of the seed tree; --seeds has more", examples=[10])

    @model_validator(mode="after")
    def _complete(self) -> PersonalisationPlan:
        if not {0, 1} <= set(self.nus) or len(set(self.nus)) != len(self.nus) or min(self.nus) < 0:
            raise ValueError("nus: distinct steps >= 0, among them 0 (FedAvg) and 1 (Per-FedAvg)")
        if not set(self.approximate) <= set(self.nus) - {0}:
            raise ValueError("approximate: steps >= 1 that nus has as well, so that there is an exact arm beside them")
        if not all(0 <= step <= self.steps for step in self.compared) or self.shown not in self.compared:
            raise ValueError(f"compared: steps between 0 and steps = {self.steps}, among them shown = {self.shown}")
        if (self.data is None) != (self.model is None):
            raise ValueError("data and model: give both, or neither")
        if self.data is None and any(max(one.labels or 0, one.relabelled) > 10 or one.natural for one in self.levels):
            raise ValueError("levels: the digits have 10 labels and name no agents")
        names = [level.name for level in self.levels]
        if len(set(names)) != len(names):
            raise ValueError("levels: two have the same name")
        return self


class ScalingPlan(BaseModel):
    """Cost of a run against the counts of T7, over numbers of agents and of fine-tuning steps."""

    model_config = _STRICT
    kind: Literal["scaling"] = Field(description="which study", examples=["scaling"])
    agents: list[int] = Field(
        default=[10, 100, 1000, 10_000, 100_000, 1_000_000],
        min_length=1,
        description="numbers of agents",
        examples=[[10, 1000]],
    )
    participants: int = Field(
        default=1000, ge=1, description="the most agents that take part in a round", examples=[1000]
    )
    d: int = Field(default=32, ge=1, description="dimension of w", examples=[32])
    nus: list[int] = Field(
        default=[0, 1, 2, 3, 5, 10], min_length=1, description="numbers of fine-tuning steps", examples=[[0, 1, 5]]
    )
    modes: list[StudyMode] = Field(
        default=[Mode.EXACT], min_length=1, description="the modes that are counted", examples=[["exact"]]
    )
    sizes: list[int] = Field(
        default=[4, 4, 2],
        min_length=3,
        max_length=3,
        description="D, D_prime and D_H of the modes with batches",
        examples=[[4, 4, 2]],
    )
    delta: Positive = Field(default=0.001, description="probe step of the Hessian-free modes", examples=[0.001])
    tau: int = Field(default=25, ge=1, description="local steps of an agent in a round", examples=[25])
    rounds: int = Field(default=2, ge=1, description="K, the rounds of a run", examples=[2])
    flat: Positive = Field(
        default=1.25,
        description="the largest ratio of memory growth, between the most agents and the fewest that still give all "
        "participants, that is called flat",
        examples=[1.5],
    )

    @model_validator(mode="after")
    def _complete(self) -> ScalingPlan:
        if min(self.agents) < 1 or min(self.nus) < 0 or min(self.sizes) < 1:
            raise ValueError("agents and sizes are at least 1, nus at least 0")
        return self


StudyPlan = Annotated[PersonalisationPlan | ScalingPlan, Field(discriminator="kind")]
