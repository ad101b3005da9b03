"""Maximising a left side over points: batched random starts, then shrinking perturbations of the best ones.

A sampled supremum is a lower estimate; the search only makes it a good one. The instance it returns is then evaluated
in balls, so that the verdict never depends on the search's own arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

# products of one search: some five seconds, which only networks of a thousand parameters reach
SEARCH = 2.0**30


@dataclass(frozen=True)
class Box:
    """Where the parts of a candidate may lie: each part a point of norm at most radius about the origin."""

    parts: int
    d: int
    radius: float

    def project(self, x: Tensor) -> Tensor:
        """The nearest admissible candidates, x of shape (..., parts, d)."""
        if self.d == 1:  # exactly inside
            return x.clamp(-self.radius, self.radius)
        norms = x.norm(dim=-1, keepdim=True)
        return x * torch.clamp(self.radius / norms.clamp_min(1e-300), max=1.0)


@dataclass(frozen=True)
class Effort:
    """How many candidates a generation has, and how many generations there are."""

    population: int = 256
    generations: int = 36

    @classmethod
    def within(cls, work: float, price: float) -> Effort:
        """The default, or as much less of both as keeps to the work, one candidate having that price.

        >>> Effort.within(work=2**20, price=1), Effort.within(work=2**20, price=2**10)
        (Effort(population=256, generations=36), Effort(population=85, generations=12))
        """
        full = cls()
        part = min(1.0, (work / (price * full.population * full.generations)) ** 0.5)
        return cls(max(8, int(part * full.population)), max(2, int(part * full.generations)))


def maximise(objective: Callable[[Tensor], Tensor], box: Box, *, seed: int, effort: Effort | None = None) -> Tensor:
    """The best candidate (parts, d) found for an objective that maps (P, parts, d) to (P,).

    A (mu + lambda) evolution: a quarter survives, each survivor gets Gaussian children whose scale halves every twelfth
    part of the generations. Non-finite values count as minus infinity.

    >>> best = maximise(lambda x: -(x[:, 0] - 1.0).square().sum(-1), Box(1, 2, 3.0), seed=0)
    >>> bool((best - 1.0).abs().max() < 0.05)
    True
    """
    effort = effort or Effort()
    population, generations = effort.population, effort.generations
    generator = torch.Generator().manual_seed(seed)

    def normal(count: int) -> Tensor:
        return torch.randn(count, box.parts, box.d, generator=generator, dtype=torch.float64)

    survivors = max(1, population // 4)
    spread = box.radius / box.d**0.5
    candidates = box.project(normal(population) * spread)
    values = _finite(objective(candidates))
    for generation in range(generations):
        top = values.topk(survivors).indices
        parents = candidates[top]
        scale = spread * 0.5 ** (1 + 12 * generation / generations)
        children = box.project(parents.repeat(3, 1, 1) + scale * normal(3 * survivors))
        candidates = torch.cat([parents, children])
        values = torch.cat([values[top], _finite(objective(children))])
    return candidates[values.argmax()]


def _finite(values: Tensor) -> Tensor:
    return torch.where(torch.isfinite(values), values, -torch.inf)
