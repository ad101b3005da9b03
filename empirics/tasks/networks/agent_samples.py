"""Training and held-out samples of agents, equally many for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from empirics.numerics.checks import integer
from empirics.numerics.errors import InputError
from empirics.tasks.datasets.partitions import Partition
from empirics.tasks.networks.network import NetworkTask


@dataclass(frozen=True)
class AgentData:
    """Equally many training samples x, y and held-out samples of every agent, agents on axis 0.

    >>> data = AgentData(np.zeros((3, 4, 2)), np.zeros((3, 4)), np.zeros((3, 1, 2)), np.zeros((3, 1)))
    >>> data.agents(slice(1, 3)).held_x.shape
    (2, 1, 2)
    """

    x: np.ndarray
    y: np.ndarray
    held_x: np.ndarray
    held_y: np.ndarray

    def agents(self, which: Any) -> AgentData:
        """The data of some agents, by a slice or a list of indices."""
        return AgentData(self.x[which], self.y[which], self.held_x[which], self.held_y[which])

    def task(self, module: nn.Module, loss: Callable[[Any, Any], Any], *, smooth: bool | None = None) -> NetworkTask:
        """The training task of these agents."""
        return NetworkTask(module, self.x, self.y, loss, smooth=smooth)

    def held_out_task(
        self, module: nn.Module, loss: Callable[[Any, Any], Any], *, smooth: bool | None = None
    ) -> NetworkTask:
        """The same agents' losses on their held-out samples."""
        return NetworkTask(module, self.held_x, self.held_y, loss, smooth=smooth)


def agent_data(
    x: np.ndarray, y: np.ndarray, parts: Partition, samples: int, held_out: int, *, seed: int = 0
) -> AgentData:
    """Training and held-out samples of every agent, `samples` and `held_out` of them, from parts of any size.

    An agent's part is put in a random order and cut in two in the proportion samples : held_out (each side gets at
    least one sample), so that no sample is on both sides; each side is then cut to its count or, when it is too
    short, filled up with samples of its own drawn again, with replacement.

    Raises:
        InputError: bad input, or an agent with fewer than two samples.

    >>> data = agent_data(np.arange(12.0), np.arange(12), [np.arange(9), np.arange(9, 12)], 4, 2)
    >>> data.x.shape, data.held_y.shape, [set(a) & set(b) for a, b in zip(data.x, data.held_x)]
    ((2, 4), (2, 2), [set(), set()])
    """
    samples, held_out = integer("samples", samples, at_least=1), integer("held_out", held_out, at_least=1)
    generator = np.random.default_rng([integer("seed", seed, at_least=0), 1])
    kept, held = [], []
    for agent, part in enumerate(parts):
        if len(part) < 2:
            raise InputError(f"agent {agent} has {len(part)} samples: expected at least 2, to train on and to hold out")
        order = generator.permutation(part)
        cut = min(len(part) - 1, max(1, round(len(part) * samples / (samples + held_out))))
        kept.append(_resized(order[:cut], samples, generator))
        held.append(_resized(order[cut:], held_out, generator))
    return AgentData(x[np.array(kept)], y[np.array(kept)], x[np.array(held)], y[np.array(held)])


def _resized(indices: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    if len(indices) >= count:
        return indices[:count]
    return np.concatenate([indices, generator.choice(indices, count - len(indices))])
