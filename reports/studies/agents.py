"""Agents with handwritten digits of their own: how heterogeneous they are is set by a level, the split by a seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from empirics.tasks.networks.network import NetworkTask
from reports.plans.studies import Level

CLASSES = 10


@dataclass(frozen=True)
class Population:
    """Agents' samples to fine-tune on (`x`, `y`) and held-out ones; the first `seen` agents take part in training."""

    x: np.ndarray
    y: np.ndarray
    x_held: np.ndarray
    y_held: np.ndarray
    seen: int

    def tasks(self, hidden: list[int], seed: int, device: str) -> tuple[NetworkTask, NetworkTask, NetworkTask]:
        """The training task (seen agents), and all agents' own and held-out samples, on one tanh network."""
        module = network([self.x.shape[-1], *hidden, CLASSES], seed)
        loss = torch.nn.functional.cross_entropy

        def task(x: np.ndarray, y: np.ndarray) -> NetworkTask:
            return NetworkTask(module, torch.as_tensor(x), torch.as_tensor(y), loss).to(device)

        return task(self.x[: self.seen], self.y[: self.seen]), task(self.x, self.y), task(self.x_held, self.y_held)


def network(widths: list[int], seed: int) -> torch.nn.Sequential:
    """A tanh network with Glorot's uniform weights and zero biases, a function of the widths and the seed alone."""
    generator = np.random.default_rng(seed)
    layers: list[torch.nn.Module] = []
    for wide, out in pairwise(widths):
        linear, reach = torch.nn.Linear(wide, out), np.sqrt(6.0 / (wide + out))
        weight = generator.uniform(-reach, reach, size=(out, wide))
        linear.weight = torch.nn.Parameter(torch.as_tensor(weight, dtype=torch.float32))
        linear.bias = torch.nn.Parameter(torch.zeros(out))
        layers += [linear, torch.nn.Tanh()]
    return torch.nn.Sequential(*layers[:-1])


def population(level: Level, seed: int, *, seen: int, new: int, samples: int, held_out: int) -> Population:
    """Agents of one level, all with equally many samples, no sample at two agents.

    Each agent has label shares of its own: from a Dirichlet law with all parameters equal to level.concentration, or
    equal on level.labels labels drawn at random. Its samples are drawn by these shares from what earlier agents left;
    a label that has run out is passed over. Then level.relabelled of the agent's labels are permuted at random. Which
    samples are held out is drawn as well, so an agent's two sets follow one law.

    Raises:
        ValueError: the digits do not suffice.
    """
    pixels, digits = _digits()
    agents, size = seen + new, samples + held_out
    if agents * size > len(digits):
        raise ValueError(f"{agents} agents with {size} samples each: expected at most {len(digits)} in all")
    generator = np.random.default_rng(seed)
    left = [list(generator.permutation(np.flatnonzero(digits == label))) for label in range(CLASSES)]
    chosen, labels = np.empty((agents, size), dtype=int), np.empty((agents, size), dtype=np.int64)
    for agent in range(agents):
        drawn = _drawn(generator, _shares(generator, level), left, size)
        chosen[agent] = generator.permutation(drawn)
        labels[agent] = _relabelling(generator, level.relabelled)[digits[chosen[agent]]]
    x = pixels[chosen]
    return Population(x[:, :samples], labels[:, :samples], x[:, samples:], labels[:, samples:], seen)


def _shares(generator: np.random.Generator, level: Level) -> np.ndarray:
    if level.concentration is not None:
        return generator.dirichlet(np.full(CLASSES, level.concentration))
    shares = np.zeros(CLASSES)
    shares[generator.choice(CLASSES, level.labels, replace=False)] = 1.0 / (level.labels or 1)
    return shares


def _drawn(generator: np.random.Generator, shares: np.ndarray, left: list[list[int]], size: int) -> list[int]:
    drawn: list[int] = []
    while len(drawn) < size:
        remaining = np.array([len(pool) for pool in left])
        open_shares = np.where(remaining > 0, shares, 0.0)
        if open_shares.sum() < 1e-12:  # all of the agent's labels have run out: whatever is left
            open_shares = remaining.astype(float)
        counts = generator.multinomial(size - len(drawn), open_shares / open_shares.sum())
        for pool, count in zip(left, np.minimum(counts, remaining), strict=True):
            drawn += [pool.pop() for _ in range(count)]
    return drawn


def _relabelling(generator: np.random.Generator, count: int) -> np.ndarray:
    mapping = np.arange(CLASSES)
    moved = generator.choice(CLASSES, count, replace=False)
    mapping[moved] = generator.permutation(moved)
    return mapping


@lru_cache(maxsize=1)
def _digits() -> tuple[np.ndarray, np.ndarray]:
    """8x8 images scaled to [0, 1] as float32, and their labels: the digits that scikit-learn ships."""
    from sklearn.datasets import load_digits

    loaded: Any = load_digits()
    return (np.asarray(loaded.data) / 16).astype(np.float32), np.asarray(loaded.target)
