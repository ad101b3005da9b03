"""A task that counts what it is asked for, and an engine that counts what is sent."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from empirics import MetaFedAvg, Sampler, Task
from empirics.algorithm.one_round import one_round
from empirics.backends.backend import TorchBackend
from empirics.numerics.constants import Constant
from empirics.numerics.randomness import Words
from empirics.tasks.sampler import AlmostSureBounds


@dataclass
class Counts:
    """What was done, over all agents: evaluations, agents made, and bytes received and returned by agents.

    made: agents whose parameters were made; together: the most of them that were made at once.
    """

    gradients: int = 0
    products: int = 0
    sample_gradients: int = 0
    sample_products: int = 0
    made: int = 0
    together: int = 0
    received: int = 0
    returned: int = 0
    beginning: bool = field(default=False, repr=False)
    inside: bool = field(default=False, repr=False)

    def full(self, w: Tensor) -> bool:
        """Note a full-batch evaluation at points w; False inside a batch evaluation, which has counted itself."""
        self._arrived(w)
        return not self.inside

    def _arrived(self, w: Tensor) -> None:
        """The points of a round's first evaluation are the models that the agents received."""
        if self.beginning:
            self.received += w.numel() * w.element_size()
            self.beginning = False


def counting(task: Task, counts: Counts) -> Task:
    """The same task, which notes in `counts` every evaluation and every agent that it makes.

    The tasks that it selects count as well. An evaluation at points (R, m, d) is one for each of R m agents.
    """
    kind: Any = type(task)

    class Counting(kind):
        def raw_gradient(self, w: Tensor) -> Tensor:
            if counts.full(w):
                counts.gradients += w.shape[0] * w.shape[1]
            return super().raw_gradient(w)

        def raw_hvp(self, w: Tensor, v: Tensor) -> Tensor:
            if counts.full(w):
                counts.products += w.shape[0] * w.shape[1]
            return super().raw_hvp(w, v)

        def materialise(self, agents: Tensor) -> dict[str, Tensor]:
            counts.made += agents.numel()
            counts.together = max(counts.together, agents.numel())
            return super().materialise(agents)

    counted = copy.copy(task)
    counted.__class__ = Counting
    counted._cache = {}
    counted.sampler = CountingSamples(task.sampler, counts)
    return counted


class CountingSamples(Sampler):
    """Another sampler, with every batch evaluation counted as so many sample evaluations.

    The size of a batch travels with its values, as one more column.
    """

    def __init__(self, inner: Sampler, counts: Counts) -> None:
        """Wrap."""
        self._inner, self._counts = inner, counts
        self._shapes: dict[int, tuple[int, ...]] = {}

    def check(self, task: Task, size: int) -> None:
        """As the other one."""
        self._inner.check(task, size)

    def blocks(self, size: int) -> int:
        """As the other one."""
        return self._inner.blocks(size)

    def draw(self, task: Task, words: Words, size: int) -> Tensor:
        """The other one's batches, flat, with their size behind them."""
        values = self._inner.draw(task, words, size)
        self._shapes[size] = tuple(values.shape[3:])
        flat = values.reshape(*values.shape[:3], -1) if values.numel() else values.flatten(3)
        return torch.cat([flat, flat.new_full((*flat.shape[:3], 1), size)], dim=-1)

    def gradient(self, task: Task, w: Tensor, values: Tensor) -> Tensor:
        """A batch gradient, counted."""
        size, own = self._unpacked(values)
        self._counts.full(w)
        self._counts.sample_gradients += size * w.shape[0] * w.shape[1]
        return self._uncounted(self._inner.gradient, task, w, own)

    def hvp(self, task: Task, w: Tensor, v: Tensor, values: Tensor) -> Tensor:
        """A batch Hessian times v, counted."""
        size, own = self._unpacked(values)
        self._counts.sample_products += size * w.shape[0] * w.shape[1]
        return self._uncounted(self._inner.hvp, task, w, v, own)

    def constants(self, task: Task) -> dict[str, Constant]:
        """As the other one."""
        return self._inner.constants(task)

    def scalars(self) -> dict[str, float]:
        """As the other one."""
        return self._inner.scalars()

    def almost_sure_bounds(self, task: Task, constants: dict[str, Constant]) -> AlmostSureBounds:
        """As the other one."""
        return self._inner.almost_sure_bounds(task, constants)

    def _unpacked(self, values: Tensor) -> tuple[int, Tensor]:
        size = int(values[0, 0, -1])
        return size, values[..., :-1].reshape(*values.shape[:2], *self._shapes[size])

    def _uncounted(self, evaluate: Any, *arguments: Any) -> Tensor:
        self._counts.inside = True
        try:
            return evaluate(*arguments)
        finally:
            self._counts.inside = False


class CountingBackend(TorchBackend):
    """The torch engine, round by round, which notes the models that agents receive and return."""

    name = "counting"

    def __init__(self, counts: Counts) -> None:
        """Count into `counts`."""
        self._counts = counts

    @torch.no_grad()
    def rounds(
        self, settings: MetaFedAvg, task: Task, w: Tensor, first: int, count: int, seed: int, replicas: Tensor
    ) -> Tensor:
        """The iterates of the torch engine."""
        iterates = []
        for index in range(first, first + count):
            self._counts.beginning, steps = True, 0

            def watch(term: str, vector: Tensor) -> None:
                nonlocal steps
                steps += term == "local iterate"
                if term == "local iterate" and steps == settings.tau:
                    self._counts.returned += vector.numel() * vector.element_size()

            w = one_round(settings, task, w, index, seed, replicas, watch)
            iterates.append(w)
        return torch.stack(iterates, dim=1)
