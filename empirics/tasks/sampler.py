"""What a batch is: how a task draws one, and what the batch gradient and batch Hessian are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.func import grad

from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.numerics.forward_derivatives import jvp
from empirics.numerics.randomness import Words
from empirics.numerics.rounding import up


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

    def raw_loss(self, w: Tensor) -> Tensor:
        """Full losses (R, n)."""
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
    r"""How batches are drawn and used. Points are (R, n, d); `values` is what `draw` returned for one batch.

    A batch of D samples has the mean of D losses, each of them drawn as for D = 1: independently, or without
    replacement where `replaces` says so. A sampler of your own is `draw`, `blocks`, `loss` and what it can state:

    >>> class Tilts(Sampler):
    ...     '''A sample adds s <1, w> to the loss, s = -1 or 1 for all agents alike; a batch the mean of its s.'''
    ...     def blocks(self, size):
    ...         return size
    ...     def draw(self, task, words, size):
    ...         return (1.0 - 2.0 * (words[0][..., :size] % 2)).mean(-1, keepdim=True).to(task.dtype)
    ...     def loss(self, task, w, values):
    ...         return task.raw_loss(w) + values[..., 0] * w.sum(-1)
    ...     def outcomes(self, task):
    ...         return [(0.5, torch.full((task.n, 1), s)) for s in (-1.0, 1.0)]
    ...     def constants(self, task):
    ...         root = Constant(2.0, "upper", "norm(1) <= 2 where d <= 4")
    ...         return {"sigma_G": root, "sigma_H": Constant(0.0, "exact", "linear noise")}
    ...     def almost_sure_bounds(self, task, constants):
    ...         return full_loss_bounds(constants, noise=2.0)
    >>> from empirics import MetaFedAvg, QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]]], c=[[0.0]])
    >>> task.sampler = Tilts()
    >>> w = torch.ones(1, 1, 1).double()
    >>> task.sampler.gradient(task, w, torch.ones(1, 1, 1).double()).item()                # w + s
    2.0
    >>> [float(weight) for weight in listed(task).weights.flatten()]
    [0.5, 0.5]
    """

    def check(self, task: Sampled, size: int) -> None:  # noqa: B027
        """Refuse a batch size that some agent cannot serve, naming the agent; by default any size will do."""

    @abstractmethod
    def blocks(self, size: int) -> int:
        """Counter blocks that a batch of this size consumes, for each agent and replica."""

    @abstractmethod
    def draw(self, task: Sampled, words: Words, size: int) -> Tensor:
        """Batches (purposes, R, n, ...) from random words (purposes, R, n, blocks)."""

    def loss(self, task: Sampled, w: Tensor, values: Tensor) -> Tensor:
        """Batch losses (R, n): what every other arithmetic reads.

        A sampler that states none runs by its own `gradient` and `hvp`, and its batches are only drawn, never listed.
        """
        raise InputError(f"{type(self).__name__} states no loss of a batch: override Sampler.loss")

    def gradient(self, task: Sampled, w: Tensor, values: Tensor) -> Tensor:
        """Batch gradients (R, n, d); torch's derivative of `loss` unless overridden."""
        return grad(lambda at: self.loss(task, at, values).sum())(w)

    def hvp(self, task: Sampled, w: Tensor, v: Tensor, values: Tensor) -> Tensor:
        """Batch Hessians times v, (R, n, d); torch's derivative of `loss` unless overridden."""
        # forward derivatives refuse points that are one point, expanded
        return jvp(grad(lambda at: self.loss(task, at, values).sum()), (w.clone(),), (v.clone(),))[1]

    @abstractmethod
    def constants(self, task: Sampled) -> dict[str, Constant]:
        """sigma_G and sigma_H of A4, per sample, for the worst agent."""

    @property
    def noiseless(self) -> bool:
        """Whether every sample is the agent's loss itself."""
        return False

    @property
    def replaces(self) -> bool:
        """Whether the samples of a batch are independent; else no sample is twice in it."""
        return True

    def outcomes(self, task: Sampled) -> Outcomes | Sequence[tuple[Any, Any]] | None:
        """All samples, where they are finitely many; None where they can only be drawn.

        Pairs (probability, values) do: a number, or one an agent (n,), and (n, ...) as `draw` gives it for D = 1.
        """
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

    def loss(self, task: Sampled, w: Tensor, values: Tensor) -> Tensor:
        """The full loss."""
        return task.raw_loss(w)

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


def full_loss_bounds(constants: dict[str, Constant], noise: float = 0.0) -> AlmostSureBounds:
    """Bounds on a batch's gradient, the full one with at most that much noise, and on the full Hessian.

    From B, L and mu (or -L).
    """
    high = constants["L"].value if "L" in constants else None
    low = constants["mu"].value if "mu" in constants else (None if high is None else -high)
    gradient = None if "B" not in constants else constants["B"].value
    if gradient is not None and noise:
        gradient = up(gradient + noise)
    return AlmostSureBounds(gradient, low, high)


def listed(task: Any) -> Outcomes | None:
    """All single samples of a task's sampler, values (S, n, ...) and weights (S, n); None where it lists none.

    Raises:
        InputError: probabilities that are negative or do not sum to 1 within 1e-9, or values of another shape.

    >>> from empirics import QuadraticTask
    >>> listed(QuadraticTask(A=[[[1.0]]], c=[[0.0]])).weights
    tensor([[1.]], dtype=torch.float64)
    """
    found = task.sampler.outcomes(task)
    if found is None:
        return None
    name = type(task.sampler).__name__
    if not isinstance(found, Outcomes):
        pairs = list(found)
        if not pairs:
            raise InputError(f"{name}.outcomes lists nothing: expected (probability, values) pairs, or None")
        likely, values = zip(*pairs, strict=True)
        weights = [torch.as_tensor(one, dtype=task.dtype, device=task.device).expand(task.n) for one in likely]
        found = Outcomes(
            torch.stack([torch.as_tensor(one, device=task.device) for one in values]), torch.stack(weights)
        )
    if found.values.shape[:2] != found.weights.shape or found.weights.shape[1] != task.n:
        raise InputError(
            f"{name}.outcomes has values {tuple(found.values.shape)} and weights {tuple(found.weights.shape)}: "
            f"expected (S, {task.n}, ...) and (S, {task.n})"
        )
    totals = found.weights.sum(0)
    if bool((found.weights < 0).any()) or bool(((totals - 1).abs() > 1e-9).any()):
        raise InputError(f"{name}.outcomes has probabilities that are negative or do not sum to 1")
    return found
