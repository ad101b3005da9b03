"""A family of instances: a box of parameters, left sides and constants in batches, each instance written out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from torch import Tensor

from reports.cells.cell import TaskPlan
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell

Target = tuple[str, str]  # statement and quantity, as in a built-in row
Cell = PointsCell | NoiseCell | RunCell


@dataclass(frozen=True)
class Parameter:
    """A number of an instance and where it is looked for; round numbers are tried first when a hit is simplified."""

    name: str
    low: float
    high: float
    logarithmic: bool = False


@dataclass(frozen=True)
class Batch:
    """Left sides by target, and the exact inputs of the right side, one entry an instance."""

    measured: Mapping[Target, Tensor]
    inputs: Mapping[str, Tensor]
    counts: Mapping[str, int]
    mode: Mapping[Target, str]


@dataclass(frozen=True)
class Instance:
    """An explicit instance: a task written out in a plan, and the cell that measures it."""

    task: TaskPlan
    cell: Cell


class Family(ABC):
    """Instances that differ in a few numbers; `options` are what is counted rather than varied (nu, tau, ...)."""

    name: str
    words: str
    parameters: tuple[Parameter, ...]
    targets: frozenset[Target]
    options: tuple[Mapping[str, int], ...]

    def box(self) -> np.ndarray:
        """Where points are looked for, (parameters, 2), in logarithms to base 10 where a parameter is logarithmic."""
        ends = np.array([(parameter.low, parameter.high) for parameter in self.parameters])
        logarithmic = np.array([parameter.logarithmic for parameter in self.parameters])
        return np.where(logarithmic[:, None], np.log10(np.where(logarithmic[:, None], ends, 1.0)), ends)

    @abstractmethod
    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """Left sides and constants at parameters (P, len(parameters))."""

    @abstractmethod
    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """The instance at exact parameters, for one statement."""


def task(name: str, factory: str, **arguments: Any) -> TaskPlan:
    """A task written out."""
    return TaskPlan(name=name, factory=factory, arguments=arguments)
