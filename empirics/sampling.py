"""What a batch is: how a task draws one, and what the batch gradient and batch Hessian are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from empirics.constants import Constant
from empirics.randomness import Words

if TYPE_CHECKING:
    from empirics.task import Task


@dataclass(frozen=True)
class Batch:
    """`size` samples of every agent: `values` (R, n, ...) is what the task's sampler needs to know about them."""

    size: int
    values: Tensor


@dataclass(frozen=True)
class Sure:
    """What holds for every batch of every agent, whatever is drawn, on the set on which the constants hold.

    `gradient` bounds the norm of a batch gradient (None when the task states no such bound); the eigenvalues of a
    batch Hessian lie in [curvature_low, curvature_high] (None when the task states no L).
    """

    gradient: float | None
    curvature_low: float | None
    curvature_high: float | None


class Sampler(ABC):
    """How batches are drawn and used. Points are (R, n, d); `values` is what `draw` returned for one batch."""

    @abstractmethod
    def check(self, task: Task, size: int) -> None:
        """Refuse a batch size that some agent cannot serve, naming the agent."""

    @abstractmethod
    def blocks(self, size: int) -> int:
        """Counter blocks that a batch of this size consumes, for each agent and replica."""

    @abstractmethod
    def draw(self, task: Task, words: Words, size: int) -> Tensor:
        """Batches (purposes, R, n, ...) from random words (purposes, R, n, blocks)."""

    @abstractmethod
    def gradient(self, task: Task, w: Tensor, values: Tensor) -> Tensor:
        """Batch gradients (R, n, d)."""

    @abstractmethod
    def hvp(self, task: Task, w: Tensor, v: Tensor, values: Tensor) -> Tensor:
        """Batch Hessians times v, (R, n, d)."""

    @abstractmethod
    def constants(self, task: Task) -> dict[str, Constant]:
        """sigma_G and sigma_H of A4, per sample, for the worst agent."""

    @abstractmethod
    def scalars(self) -> dict[str, float]:
        """Numbers, beyond the task's arrays, that an independent implementation of the samples needs."""

    @abstractmethod
    def sure(self, task: Task, constants: dict[str, Constant]) -> Sure:
        """Bounds that no batch can break."""


class ExactSamples(Sampler):
    """Every sample is the agent's loss itself: stochastic modes then equal their full-batch versions."""

    def check(self, task: Task, size: int) -> None:
        """Any size will do."""

    def blocks(self, size: int) -> int:
        """Nothing is drawn."""
        return 0

    def draw(self, task: Task, words: Words, size: int) -> Tensor:
        """Empty values."""
        return torch.zeros((*words[0].shape[:3], 0), dtype=task.dtype, device=task.device)

    def gradient(self, task: Task, w: Tensor, values: Tensor) -> Tensor:
        """The full gradient."""
        return task.raw_gradient(w)

    def hvp(self, task: Task, w: Tensor, v: Tensor, values: Tensor) -> Tensor:
        """The full Hessian-vector product."""
        return task.raw_hvp(w, v)

    def constants(self, task: Task) -> dict[str, Constant]:
        """No noise at all."""
        return {"sigma_G": Constant(0.0, "exact", "no noise"), "sigma_H": Constant(0.0, "exact", "no noise")}

    def scalars(self) -> dict[str, float]:
        """None."""
        return {}

    def sure(self, task: Task, constants: dict[str, Constant]) -> Sure:
        """The bounds of the full loss: B, and [mu, L]."""
        return full_loss_sure(constants)


def full_loss_sure(constants: dict[str, Constant]) -> Sure:
    """Bounds on the full gradient and the full Hessian, from B, L and mu (or -L)."""
    high = constants["L"].value if "L" in constants else None
    low = constants["mu"].value if "mu" in constants else (None if high is None else -high)
    return Sure(constants["B"].value if "B" in constants else None, low, high)
