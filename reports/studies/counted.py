"""A task that counts what it is asked for, and an engine that counts what is sent."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from empirics import MetaFedAvg, Sampler, Task
from empirics.algorithm.one_round import one_round
from empirics.backends.backend import TorchBackend
from empirics.numerics.randomness import Words


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

    @contextmanager
    def within_a_batch(self) -> Iterator[None]:
        """What is evaluated inside is part of a batch evaluation, which has counted itself."""
        self.inside = True
        try:
            yield
        finally:
            self.inside = False

    def _arrived(self, w: Tensor) -> None:
        """Note what the agents received: the points of a round's first evaluation."""
        if self.beginning:
            self.received += w.numel() * w.element_size()
            self.beginning = False


def counting(task: Task, counts: Counts) -> Task:
    """A copy of a task that notes in `counts` every evaluation and every agent that it makes.

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
    counted.sampler = _counting_samples(task.sampler, counts)
    return counted


def _counting_samples(sampler: Sampler, counts: Counts) -> Sampler:
    """A copy of a sampler that notes every batch evaluation as so many sample evaluations.

    The size of a batch travels with its values, as one more column.
    """
    kind: Any = type(sampler)
    shapes: dict[int, tuple[int, ...]] = {}

    class CountingSamples(kind):
        def draw(self, task: Task, words: Words, size: int) -> Tensor:
            values = super().draw(task, words, size)
            shapes[size] = tuple(values.shape[3:])
            flat = values.reshape(*values.shape[:3], -1) if values.numel() else values.flatten(3)
            return torch.cat([flat, flat.new_full((*flat.shape[:3], 1), size)], dim=-1)

        def gradient(self, task: Task, w: Tensor, values: Tensor) -> Tensor:
            size, own = unpacked(values)
            counts.full(w)
            counts.sample_gradients += size * w.shape[0] * w.shape[1]
            with counts.within_a_batch():
                return super().gradient(task, w, own)

        def hvp(self, task: Task, w: Tensor, v: Tensor, values: Tensor) -> Tensor:
            size, own = unpacked(values)
            counts.sample_products += size * w.shape[0] * w.shape[1]
            with counts.within_a_batch():
                return super().hvp(task, w, v, own)

    def unpacked(values: Tensor) -> tuple[int, Tensor]:
        size = int(values[0, 0, -1])
        return size, values[..., :-1].reshape(*values.shape[:2], *shapes[size])

    counted = copy.copy(sampler)
    object.__setattr__(counted, "__class__", CountingSamples)  # a frozen sampler takes no other way
    return counted


class CountingBackend(TorchBackend):
    """The torch engine, round by round, which notes the models that agents receive and return."""

    name = "counting"

    def __init__(self, counts: Counts) -> None:
        """Note in `counts` what is sent; it is changed by every round."""
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
