"""What a batch is: how a task draws one, and what the batch gradient and batch Hessian are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from empirics.numerics.constants import Constant
from empirics.numerics.randomness import Words


class Sampled(Protocol):
    """What a sampler asks of the task whose samples it draws."""

    @property
    def n(self) -> int:
        """Agents (participants, in a selection)."""
        ...

    @property
    def ids(self) -> Tensor:
        """Their indices, (n,) or (R, m)."""
        ...

    @property
    def dtype(self) -> torch.dtype:
        """Precision of points and parameters."""
        ...

    @property
    def device(self) -> torch.device:
        """Where points and parameters lie."""
        ...

    def parameter(self, name: str) -> Tensor:
        """A parameter of the agents (or participants) at hand."""
        ...

    def whole(self, name: str) -> Tensor:
        """A parameter of all agents."""
        ...

    def raw_gradient(self, w: Tensor) -> Tensor:
        """Full gradients (R, n, d)."""
        ...

    def raw_hvp(self, w: Tensor, v: Tensor) -> Tensor:
        """Full Hessian-vector products (R, n, d)."""
        ...


@dataclass(frozen=True)
class Batch:
    """`size` samples of every agent: `values` (R, n, ...) is what the task's sampler needs to know about them."""

    size: int
    values: Tensor


@dataclass(frozen=True)
class AlmostSureBounds:
    """What holds for every batch of every agent, whatever is drawn, on the set on which the constants hold.

    `gradient` bounds the norm of a batch gradient (None when the task states no such bound); the eigenvalues of a
    batch Hessian lie in [curvature_low, curvature_high] (None when the task states no L).
    """

    gradient: float | None
    curvature_low: float | None
    curvature_high: float | None


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Single samples of every agent: `values` (S, n, ...) as its sampler takes them, `weights` (S, n) of sum 1.

    `complete`: they are all there is, so expectations over them are exact; else they are independent draws.
    """

    values: Tensor
    weights: Tensor
    complete: bool = True


class Sampler(ABC):
    """How batches are drawn and used. Points are (R, n, d); `values` is what `draw` returned for one batch."""

    def check(self, task: Sampled, size: int) -> None:  # noqa: B027
        """Refuse a batch size that some agent cannot serve, naming the agent; by default any size will do."""

    @abstractmethod
    def blocks(self, size: int) -> int:
        """Counter blocks that a batch of this size consumes, for each agent and replica."""

    @abstractmethod
    def draw(self, task: Sampled, words: Words, size: int) -> Tensor:
        """Batches (purposes, R, n, ...) from random words (purposes, R, n, blocks)."""

    @abstractmethod
    def gradient(self, task: Sampled, w: Tensor, values: Tensor) -> Tensor:
        """Batch gradients (R, n, d)."""

    @abstractmethod
    def hvp(self, task: Sampled, w: Tensor, v: Tensor, values: Tensor) -> Tensor:
        """Batch Hessians times v, (R, n, d)."""

    @abstractmethod
    def constants(self, task: Sampled) -> dict[str, Constant]:
        """sigma_G and sigma_H of A4, per sample, for the worst agent."""

    @property
    def noiseless(self) -> bool:
        """Whether every sample is the agent's loss itself."""
        return False

    def outcomes(self, task: Sampled) -> Outcomes | None:
        """All samples, where they are finitely many; None where they can only be drawn."""
        return None

    def almost_sure_noise(self, task: Sampled) -> tuple[float, float] | None:
        """Bounds on the gradient noise and the Hessian noise of any batch at any w; None where none is known."""
        return None

    def sign_scales(self) -> tuple[float, float, float] | None:
        """g, a and k where a sample adds s1 g <u, w> + s2 a cos(k <v, w> + phi) to the loss, s1 and s2 random signs."""
        return None

    def scalars(self) -> dict[str, float]:
        """Numbers, beyond the task's arrays, that an independent implementation needs; none by default."""
        return {}

    @abstractmethod
    def almost_sure_bounds(self, task: Sampled, constants: dict[str, Constant]) -> AlmostSureBounds:
        """Bounds that no batch can break."""


class ExactSamples(Sampler):
    """Every sample is the agent's loss itself: stochastic modes then equal their full-batch versions."""

    @property
    def noiseless(self) -> bool:
        """True: every batch has the full gradient."""
        return True

    def outcomes(self, task: Sampled) -> Outcomes:
        """One sample of weight 1, the loss itself."""
        values = torch.zeros((1, task.n, 0), dtype=task.dtype, device=task.device)
        return Outcomes(values, torch.ones((1, task.n), dtype=task.dtype, device=task.device))

    def almost_sure_noise(self, task: Sampled) -> tuple[float, float]:
        """0 and 0, as nothing is noisy."""
        return 0.0, 0.0

    def sign_scales(self) -> tuple[float, float, float]:
        """Zero scales, and any frequency."""
        return 0.0, 0.0, 1.0

    def blocks(self, size: int) -> int:
        """0, as nothing is drawn."""
        return 0

    def draw(self, task: Sampled, words: Words, size: int) -> Tensor:
        """Values (purposes, R, n, 0): there is nothing to know about a batch."""
        return torch.zeros((*words[0].shape[:3], 0), dtype=task.dtype, device=task.device)

    def gradient(self, task: Sampled, w: Tensor, values: Tensor) -> Tensor:
        """The gradient of the full loss."""
        return task.raw_gradient(w)

    def hvp(self, task: Sampled, w: Tensor, v: Tensor, values: Tensor) -> Tensor:
        """The full Hessian-vector product."""
        return task.raw_hvp(w, v)

    def constants(self, task: Sampled) -> dict[str, Constant]:
        """No noise at all."""
        return {"sigma_G": Constant(0.0, "exact", "no noise"), "sigma_H": Constant(0.0, "exact", "no noise")}

    def almost_sure_bounds(self, task: Sampled, constants: dict[str, Constant]) -> AlmostSureBounds:
        """The bounds of the full loss: B, and [mu, L]."""
        return full_loss_bounds(constants)


def full_loss_bounds(constants: dict[str, Constant]) -> AlmostSureBounds:
    """Bounds on the full gradient and the full Hessian, from B, L and mu (or -L)."""
    high = constants["L"].value if "L" in constants else None
    low = constants["mu"].value if "mu" in constants else (None if high is None else -high)
    return AlmostSureBounds(constants["B"].value if "B" in constants else None, low, high)
