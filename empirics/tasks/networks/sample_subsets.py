"""Minibatches of real samples: uniform subsets of each agent's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.numerics.randomness import Words, subset_blocks, subsets
from empirics.tasks.sampler import AlmostSureBounds, Outcomes, Sampled, Sampler, of_data
from empirics.tasks.task import Task


@dataclass(frozen=True)
class SampleSubsets(Sampler):
    """D of an agent's samples without replacement: `values` (R, n, D) are their indices."""

    def outcomes(self, task: Sampled) -> Outcomes:
        """Each agent's own samples."""
        counts = torch.full((task.n,), task.whole("x").shape[1], dtype=torch.int64, device=task.device)
        return of_data(counts, task.dtype)

    def check(self, task: Task, size: int) -> None:
        """Refuse a batch larger than the agents' data."""
        samples = task.whole("x").shape[1]
        if size > samples:
            raise InputError(f"batch size = {size}: expected at most the {samples} samples of each agent")

    def blocks(self, size: int) -> int:
        """Two samples a block."""
        return subset_blocks(size)

    def draw(self, task: Task, words: Words, size: int) -> Tensor:
        """Uniform subsets of each agent's samples."""
        return subsets(words, size, torch.full((task.n,), task.whole("x").shape[1], device=task.device))

    def gradient(self, task: Any, w: Tensor, values: Tensor) -> Tensor:
        """Gradient of the mean loss over the batch."""
        return task.sample_gradient(w, _gather(task, "x", values), _gather(task, "y", values))

    def hvp(self, task: Any, w: Tensor, v: Tensor, values: Tensor) -> Tensor:
        """Hessian of the mean loss over the batch, times v."""
        return task.sample_hvp(w, v, _gather(task, "x", values), _gather(task, "y", values))

    def constants(self, task: Any) -> dict[str, Constant]:
        """Those stated on a ball; else none: suprema over w of a network's noise are estimated, not known."""
        local = task.local
        stated = {} if local is None else local.constants
        return {name: constant for name, constant in stated.items() if name.startswith("sigma")}

    def scalars(self) -> dict[str, float]:
        """None: the data is in the task's arrays."""
        return {}

    def almost_sure_bounds(self, task: Any, constants: dict[str, Constant]) -> AlmostSureBounds:
        """What is stated on a ball; nothing holds for every batch at every w."""
        local = task.local
        return AlmostSureBounds(None, None, None) if local is None else local.almost_sure


def _gather(task: Task, name: str, indices: Tensor) -> Tensor:
    """The drawn samples (R, n, D, ...), taken from the whole data so that a selection gathers only what it uses."""
    data = task.whole(name)
    return data.flatten(0, 1)[task.ids.unsqueeze(-1) * data.shape[1] + indices]
