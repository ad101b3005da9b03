"""Minibatches of finite data: uniform subsets of each agent's own samples."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from empirics.numerics.errors import InputError
from empirics.numerics.randomness import Words, subset_blocks, subsets
from empirics.tasks.sampler import Outcomes, Sampled, Sampler


@dataclass(frozen=True)
class Subsets(Sampler):
    """D of an agent's samples without replacement: `values` (R, n, D) are their indices.

    A leaf says how many samples there are, and what the loss, its gradient and its Hessian are for a batch.
    """

    @abstractmethod
    def counts(self, task: Any) -> Tensor:
        """Samples of each agent, integers (n,) or, in a selection, (R, m)."""

    @property
    def replaces(self) -> bool:
        """False: a batch has no sample twice."""
        return False

    def outcomes(self, task: Sampled) -> Outcomes:
        """Each agent's own samples, equally likely."""
        counts = self.counts(task)
        index = torch.arange(int(counts.max()), device=counts.device).unsqueeze(-1)
        return Outcomes(torch.minimum(index, counts - 1).unsqueeze(-1), (index < counts) / counts.to(task.dtype))

    def check(self, task: Sampled, size: int) -> None:
        """Refuse a batch larger than some agent's data."""
        counts = self.counts(task).flatten()
        least = int(counts.argmin())
        if size > int(counts[least]):
            agent = int(task.ids.flatten()[least])
            raise InputError(f"batch size = {size}: expected at most the {int(counts[least])} samples of agent {agent}")

    def blocks(self, size: int) -> int:
        """A counter block serves two samples."""
        return subset_blocks(size)

    def draw(self, task: Sampled, words: Words, size: int) -> Tensor:
        """Uniform subsets of each agent's samples, (purposes, R, n, size)."""
        return subsets(words, size, self.counts(task))


def gathered(task: Sampled, name: str, indices: Tensor) -> Tensor:
    """The drawn samples (R, n, D, ...), taken from the whole data so that a selection gathers only what it uses."""
    data = task.whole(name)
    return data.flatten(0, 1)[task.ids.unsqueeze(-1) * data.shape[1] + indices]
