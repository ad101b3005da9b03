"""Agents with samples of their own: how heterogeneous they are is set by a level, the split by a seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from empirics import NetworkTask, Samples, natural_partition
from reports.plans.studies import Level
from reports.tasks.own_network import network_task

CLASSES = 10


@dataclass(frozen=True)
class Population:
    """Agents' samples to fine-tune on (`x`, `y`) and held-out ones; the first `seen` agents take part in training."""

    x: np.ndarray
    y: np.ndarray
    x_held: np.ndarray
    y_held: np.ndarray
    seen: int

    def tasks(self, module: torch.nn.Module, device: str) -> tuple[NetworkTask, NetworkTask, NetworkTask]:
        """The training task (seen agents), and all agents' own and held-out samples, on one module."""

        def task(x: np.ndarray, y: np.ndarray) -> NetworkTask:
            return network_task(module, x, y).to(device)

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


def population(
    level: Level, seed: int, *, seen: int, new: int, samples: int, held_out: int, source: Samples | None = None
) -> Population:
    """Agents of one level, all with equally many samples of the source (by default digits), no sample at two agents.

    At a natural level they are agents of the source that have so many, drawn at random, with samples drawn from their
    own. At others each agent has label shares of its own: from a Dirichlet law with all parameters equal to
    level.concentration, or equal on level.labels labels drawn at random. Its samples are drawn by these shares from
    what earlier agents left; a label that has run out is passed over. Then level.relabelled of the agent's labels are
    permuted at random. Which samples are held out is drawn as well, so an agent's two sets follow one law.

    Raises:
        ValueError: the samples do not suffice.
    """
    source = digits() if source is None else source
    agents, size, known = seen + new, samples + held_out, np.unique(source.y)
    generator = np.random.default_rng(seed)
    chosen, labels = np.empty((agents, size), dtype=int), np.empty((agents, size), dtype=np.int64)
    deal = _natural if level.natural else _dealt
    for agent, drawn in enumerate(deal(generator, level, source, agents, size)):
        chosen[agent] = generator.permutation(drawn)[:size]
        labels[agent] = _relabelling(generator, level.relabelled, known)[source.y[chosen[agent]]]
    x = source.x[chosen]
    return Population(x[:, :samples], labels[:, :samples], x[:, samples:], labels[:, samples:], seen)


def _natural(
    generator: np.random.Generator, level: Level, source: Samples, agents: int, size: int
) -> Iterator[np.ndarray]:
    if source.agent is None:
        raise ValueError(f"level {level.name} is natural, but the samples name no agents")
    parts = list(natural_partition(source.agent, at_least=size).values())
    if len(parts) < agents:
        raise ValueError(f"{len(parts)} agents have {size} samples: expected {agents}")
    yield from (parts[place] for place in generator.permutation(len(parts))[:agents])


def _dealt(
    generator: np.random.Generator, level: Level, source: Samples, agents: int, size: int
) -> Iterator[list[int]]:
    if agents * size > len(source.y):
        raise ValueError(f"{agents} agents with {size} samples each: expected at most {len(source.y)} in all")
    classes = np.unique(source.y)
    left = [list(generator.permutation(np.flatnonzero(source.y == label))) for label in classes]
    for _ in range(agents):
        yield _drawn(generator, _shares(generator, level, len(classes)), left, size)


def _shares(generator: np.random.Generator, level: Level, classes: int) -> np.ndarray:
    if level.concentration is not None:
        return generator.dirichlet(np.full(classes, level.concentration))
    shares = np.zeros(classes)
    shares[generator.choice(classes, level.labels, replace=False)] = 1.0 / (level.labels or 1)
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


def _relabelling(generator: np.random.Generator, count: int, known: np.ndarray) -> np.ndarray:
    """A map from labels to labels that permutes `count` of the known ones."""
    mapping = np.arange(known.max() + 1)
    moved = generator.choice(known, count, replace=False)
    mapping[moved] = generator.permutation(moved)
    return mapping


def in_float32(source: Samples) -> Samples:
    """The same with real numbers of x in single precision, which is what the study computes in."""
    return replace(source, x=source.x.astype(np.float32)) if source.x.dtype.kind == "f" else source


@lru_cache(maxsize=1)
def digits() -> Samples:
    """8x8 images scaled to [0, 1] as float32, and their labels: the digits that scikit-learn ships."""
    from sklearn.datasets import load_digits

    loaded: Any = load_digits()
    return Samples((np.asarray(loaded.data) / 16).astype(np.float32), np.asarray(loaded.target))
