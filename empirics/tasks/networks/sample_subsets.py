"""Minibatches of a network's samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from empirics.numerics.constants import Constant
from empirics.tasks.sampler import AlmostSureBounds
from empirics.tasks.subsets import Subsets, gathered


@dataclass(frozen=True)
class SampleSubsets(Subsets):
    """Subsets of the samples of a `NetworkTask`, of which every agent has equally many."""

    def counts(self, task: Any) -> Tensor:
        """The common number of samples, for every agent."""
        return torch.full((task.n,), task.whole("x").shape[1], device=task.device)

    def loss(self, task: Any, w: Tensor, values: Tensor) -> Tensor:
        """Mean loss over the batch."""
        return task.sample_loss(w, gathered(task, "x", values), gathered(task, "y", values))

    def gradient(self, task: Any, w: Tensor, values: Tensor) -> Tensor:
        """Gradient of the mean loss over the batch."""
        return task.sample_gradient(w, gathered(task, "x", values), gathered(task, "y", values))

    def hvp(self, task: Any, w: Tensor, v: Tensor, values: Tensor) -> Tensor:
        """Hessian of the mean loss over the batch, times v."""
        return task.sample_hvp(w, v, gathered(task, "x", values), gathered(task, "y", values))

    def constants(self, task: Any) -> dict[str, Constant]:
        """Those stated on a ball; else none: suprema over w of a network's noise are estimated, not known."""
        stated = {} if task.local is None else task.local.constants
        return {name: constant for name, constant in stated.items() if name.startswith("sigma")}

    def almost_sure_bounds(self, task: Any, constants: dict[str, Constant]) -> AlmostSureBounds:
        """What is stated on a ball; nothing holds for every batch at every w."""
        return AlmostSureBounds(None, None, None) if task.local is None else task.local.almost_sure
