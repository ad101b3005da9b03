"""What an agent brings: the loss of its fine-tuning steps and that of the outer gradient, in most cases the same."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
import torch

from empirics.testing.models import Model
from empirics.testing.shown import Shown

Vector = tuple[float, ...]


@dataclass(frozen=True)
class TermSizes:
    """Sums of the absolute values of all terms of a gradient, a Hessian and a third derivative at a point.

    A floating-point evaluation in any order is off by at most `operations` roundings relative to these sums.
    """

    gradient: float
    hessian: float
    third: float
    operations: int


class Agent(ABC):
    """Fine-tuning follows the gradients of `support`, the outer gradient is that of `query`: the same in most cases."""

    support: Any
    query: Any
    samples: int = 1

    @property
    @abstractmethod
    def d(self) -> int:
        """Length of w and of every gradient."""

    @abstractmethod
    def scaled(self, factor: float) -> Self:
        """Its losses times `factor`."""

    @abstractmethod
    def raised(self, constant: float) -> Self:
        """Its losses plus `constant`."""


class Transformable(Agent):
    """Losses of a family that changes of coordinates do not leave."""

    @abstractmethod
    def stretched(self, factor: float) -> Self:
        """u -> f(u / factor)."""

    @abstractmethod
    def moved(self, shift: Vector) -> Self:
        """u -> f(u - shift)."""

    @abstractmethod
    def rotated(self, rotation: np.ndarray) -> Self:
        """u -> f(rotation^T u)."""


class Problem(Agent):
    """A loss f : R^d -> R. `loss` is made of differentiable torch operations when w is a tensor."""

    @property
    def support(self) -> Self:
        """This loss."""
        return self

    @property
    def query(self) -> Self:
        """This loss."""
        return self

    @abstractmethod
    def loss(self, w: Any) -> Any:
        """f(w), a scalar of the library of w."""

    @abstractmethod
    def gradient(self, w: Any) -> Any:
        """grad f(w), shape (d,)."""

    @abstractmethod
    def hvp(self, w: Any, v: Any) -> Any:
        """hess f(w) v, shape (d,)."""

    @abstractmethod
    def sizes(self, w: np.ndarray) -> TermSizes:
        """Magnitudes that a rounding-error bound at w needs."""

    @abstractmethod
    def model(self, w: torch.Tensor) -> Model:
        """The same loss as a fresh module at w, with the data and the loss function that make it."""

    def _as(self, w: Any, **values: Any) -> SimpleNamespace:
        """The given numbers as arrays of the library, precision and device of w.

        NumPy arrays are kept; tensors are views of them, made each time: one made under a transform of torch.func
        belongs to that transform and must not outlive it.
        """
        kept: dict[str, dict[str, np.ndarray]] = vars(self).setdefault("_made", {})
        precision = str(w.dtype).removeprefix("torch.")
        if precision not in kept:
            kept[precision] = {name: np.array(value, dtype=precision) for name, value in values.items()}
        if not isinstance(w, torch.Tensor):
            return SimpleNamespace(**kept[precision])
        return SimpleNamespace(**{name: torch.from_numpy(v).to(w.device) for name, v in kept[precision].items()})


@dataclass(frozen=True, repr=False)
class SupportQuery(Shown, Transformable):
    """Ordinary MAML: w^{l+1} = w^l - alpha grad s(w^l), and the answer is prod_l (I - alpha hess s(w^l)) grad q(w^nu).

    >>> from empirics.testing import Quadratic
    >>> agent = SupportQuery(support=Quadratic(A=((1.0,),), c=(0.0,)), query=Quadratic(A=((2.0,),), c=(0.0,)))
    >>> agent.support.gradient(np.array([3.0])), agent.query.gradient(np.array([3.0]))
    (array([3.]), array([6.]))
    """

    support: Any
    query: Any

    @property
    def d(self) -> int:
        """Length of w, the same for both."""
        return self.support.d

    @property
    def samples(self) -> int:
        """Data points of the support set."""
        return self.support.samples

    def scaled(self, factor: float) -> SupportQuery:
        """Both losses times the factor."""
        return self._both("scaled", factor)

    def raised(self, constant: float) -> SupportQuery:
        """Both losses plus the constant."""
        return self._both("raised", constant)

    def stretched(self, factor: float) -> SupportQuery:
        """Both in another unit of w."""
        return self._both("stretched", factor)

    def moved(self, shift: Vector) -> SupportQuery:
        """Both about another origin."""
        return self._both("moved", shift)

    def rotated(self, rotation: np.ndarray) -> SupportQuery:
        """Both along other axes."""
        return self._both("rotated", rotation)

    def _both(self, change: str, by: Any) -> SupportQuery:
        return SupportQuery(getattr(self.support, change)(by), getattr(self.query, change)(by))
