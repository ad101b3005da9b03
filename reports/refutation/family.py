"""A family of instances: a box of parameters, left sides and constants in batches, each instance written out."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirics.algorithm.modes import Mode
from reports.cells.cell import TaskPlan
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.measure.statement import Target
from reports.refutation.targets import statement_of

GAP = 2.0**-20  # between the points of a pair: difference quotients are derivatives there
Cell = PointsCell | NoiseCell | RunCell
_CELLS: dict[str, type[Cell]] = {kind.kind: kind for kind in (PointsCell, NoiseCell, RunCell)}
_NAME = "found"


@dataclass(frozen=True)
class Parameter:
    """A number of an instance and where it is looked for; round numbers are tried first when a hit is simplified."""

    name: str
    low: float
    high: float
    logarithmic: bool = False


@dataclass(frozen=True)
class Batch:
    """Left sides by target, and the exact inputs of the right side, one entry an instance.

    own: inputs that the right side of one target takes in place of, or beside, those of all. options: words that choose
    between cases of right sides, such as the drift.
    """

    measured: Mapping[Target, Tensor]
    inputs: Mapping[str, Tensor]
    counts: Mapping[str, int]
    own: Mapping[Target, Mapping[str, Tensor]] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Instance:
    """An explicit instance: a task written out in a plan, and the cell that measures it."""

    task: TaskPlan
    cell: Cell


class Family(ABC):
    """Instances that differ in a few numbers; `options` are what is counted rather than varied (nu, tau, ...).

    mode: of its runs; None where the statement at hand has one. most: the largest counts that it can evaluate in time,
    where a hypothesis asks for more than the options have.
    """

    name: str
    words: str
    parameters: tuple[Parameter, ...]
    targets: frozenset[Target]
    options: tuple[Mapping[str, int], ...]
    mode: Mode | None = None
    most: Mapping[str, int] = MappingProxyType({"nu": 64, "n": 256})

    def rounded(self, x: Sequence[float], denominator: int) -> tuple[Fraction, ...]:
        """The point with every number replaced by a fraction of at most this denominator."""
        return tuple(Fraction(value).limit_denominator(denominator) for value in x)

    def serves(self, target: Target, option: Mapping[str, int]) -> bool:
        """Whether a batch of this option has the left side of a target."""
        return target in self.targets

    def plain(self, x: Sequence[float]) -> tuple[float, ...]:
        """A point like this one that is easier to read, to be tried first."""
        return tuple(x)

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


def task(factory: str, **arguments: Any) -> TaskPlan:
    """The task of an instance, written out."""
    return TaskPlan(name=_NAME, factory=factory, arguments=arguments)


def two_signs(
    gradient: float, n: int, *, amplitude: float = 0.0, frequency: float = 1.0, phase: float = 0.0
) -> dict[str, Any]:
    """Noise of two signs of n agents, as a plan writes it."""
    return {
        "gradient": gradient, "amplitude": amplitude, "frequency": frequency, "u": [[1.0]] * n, "v": [[1.0]] * n,
        "phi": [phase] * n,
    }  # fmt: skip


def batch_means(size: int) -> list[tuple[float, float]]:
    """The law of the mean of that many signs: (probability, mean).

    >>> batch_means(2)
    [(0.25, -1.0), (0.5, 0.0), (0.25, 1.0)]
    """
    return [(math.comb(size, k) / 2**size, (2 * k - size) / size) for k in range(size + 1)]


def largest_of(*values: Tensor) -> Tensor:
    """The largest absolute value at every instance."""
    return torch.stack(torch.broadcast_tensors(*values)).abs().amax(0)


def constants_of(alpha: Tensor, L: Tensor, mu: Tensor, rho: Tensor, B: Tensor, **more: Tensor) -> dict[str, Tensor]:
    """The constants of instances; agents are equal and without noise unless `more` says so."""
    still = dict.fromkeys(("gamma_G", "gamma_H", "sigma_G", "sigma_H"), torch.zeros_like(alpha))
    return {"alpha": alpha, "L": L, "mu": mu, "rho": rho, "B": B, **still, **more}


def counts_of(option: Mapping[str, int]) -> dict[str, int]:
    """An option as counts of a right side: batches of one sample and every agent in every round unless it says so."""
    return {"D": 1, "D_prime": 1, "D_H": 1, "m": option["n"], **option}


def cell(target: Target, **fields: Any) -> Cell:
    """The cell that measures a target on the task of an instance; one about batches enumerates those of one sample.

    Raises:
        pydantic.ValidationError: the fields are not those of a cell of the statement's kind.
    """
    statement = statement_of(target)
    batches = {"D": 1, "D_prime": 1, "D_H": 1, "method": "enumerate"} if statement.kind == NoiseCell.kind else {}
    return _CELLS[statement.kind](task=_NAME, statements=[statement.id], **{**batches, **fields})
