"""A run cell with its numbers, before anything is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import torch

import theory
from empirics import MetaFedAvg, Task
from empirics.algorithm.sampling import Sampling
from reports.cells.run_cell import RunCell
from reports.judging.rows import StatedConstant
from reports.measure.power import FEWEST, PowerCalculation
from reports.measure.task_instance import TaskInstance


@dataclass(frozen=True)
class RunSpecification:
    """A run cell with its numbers: exact theory inputs, the engine's settings, and why it may not apply.

    settled: the hypotheses that no input decides, each with why it holds. run_as: task and settings of the run itself
    where the agents have weights: `instance` and `settings` then are of copies of them with equal weights, by which F
    and everything else is read. beyond: why nothing is known about the limit of the run, where a statement asked.
    """

    instance: TaskInstance
    cell: RunCell
    constants: dict[str, StatedConstant]
    inputs: dict[str, str]
    settings: MetaFedAvg
    start: torch.Tensor
    refusal: str | None
    power: tuple[PowerCalculation, ...] = ()
    seeds: int = 1
    settled: Mapping[str, str] = field(default_factory=dict)
    run_as: tuple[Task, MetaFedAvg] | None = None
    beyond: str | None = None

    @property
    def ran(self) -> tuple[Task, MetaFedAvg]:
        """Task and settings of the run itself."""
        return self.run_as or (self.instance.task, self.settings)

    @property
    def n(self) -> int:
        """Number of agents of the run."""
        return self.ran[0].n

    @property
    def m(self) -> int:
        """Number of results that a round of it averages."""
        return self.ran[1].participants_of(self.n)

    @property
    def noise_shared(self) -> list[int]:
        """For every agent of `instance`, how many of them have its noise.

        The copies of a weighted agent that takes part once see the same batches; draws of it have their own.
        """
        weights = self.ran[1].weights
        if weights is None or self.settings.sampling is Sampling.REPLACEMENT:
            return [1] * self.instance.task.n
        counts = [int(weight * self.instance.task.n) for weight in weights]
        return [count for count in counts for _ in range(count)]

    @cached_property
    def L_F(self) -> float:
        """The smoothness constant that enters the right sides."""
        return theory.quantity("L_F").value(**self.inputs)

    @cached_property
    def B_F(self) -> float:
        """The bound on norm(grad F_i)."""
        return theory.quantity("B_F").value(**self.inputs)

    @property
    def quadratic(self) -> bool:
        """Whether the closed forms Q1-Q3 apply."""
        return self.instance.quadratic

    @property
    def surely_one_path(self) -> bool:
        """Whether every replica is the same: no batches and no sampling of agents."""
        return not self.cell.mode.draws and not self.settings.draws_agents(self.instance.task.n)

    @property
    def affine(self) -> bool:
        """Whether the run is a random affine map: a quadratic task whose noise, if the mode draws any, is additive."""
        return self.quadratic and (not self.cell.mode.draws or bool(self.instance.covariances))


def replicas(specification: RunSpecification) -> int:
    """Independent runs: one path without randomness, else what the plan or the power calculation fixed."""
    if specification.surely_one_path:
        return 1
    if specification.cell.replicas is not None:
        return specification.cell.replicas
    if specification.affine:  # the expectation is computed exactly; the runs only stand beside it
        return FEWEST
    return min(specification.cell.most, max((one.needed for one in specification.power), default=FEWEST))
