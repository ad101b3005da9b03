"""Constants of a task that hold on a ball only, and what every batch obeys there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch

from empirics.numerics.constants import Constant
from empirics.tasks.sampler import AlmostSureBounds


@dataclass(frozen=True, eq=False)
class LocalConstants:
    """What is known on norm(w - centre) <= radius: constants of A2-A6, sigma included, and sure bounds on batches.

    lowest: below the mean over agents of their losses' infima there, where that is known.

    >>> local = LocalConstants(torch.zeros(1), 2.0, {"L": Constant(1.0, "upper")}, AlmostSureBounds(None, -1.0, 1.0))
    >>> local.contains(torch.tensor([[1.0], [3.0]])).tolist()
    [True, False]
    """

    centre: torch.Tensor
    radius: float
    constants: Mapping[str, Constant]
    almost_sure: AlmostSureBounds
    lowest: Constant | None = None

    def __post_init__(self) -> None:
        """Keep the constants read-only."""
        object.__setattr__(self, "constants", MappingProxyType(dict(self.constants)))

    def contains(self, w: torch.Tensor) -> torch.Tensor:
        """Whether each point (..., d) lies in the ball, (...)."""
        return (w - self.centre.to(w)).norm(dim=-1) <= self.radius

    def __reduce__(self) -> tuple:
        """Rebuild from plain parts, for worker processes."""
        return type(self), (self.centre, self.radius, dict(self.constants), self.almost_sure, self.lowest)
