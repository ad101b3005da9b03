"""Agents in opposite pairs and the spread of what they compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


def opposite_sides(n: int) -> list[int]:
    """Agents in opposite pairs; an odd one out is between them."""
    return [(1, -1)[i % 2] for i in range(n - n % 2)] + [0] * (n % 2)


def spread(agents: Mapping[int, Tensor], sides: Sequence[int]) -> Tensor:
    """The root of the mean squared distance from the mean."""
    values = torch.stack([agents[side] for side in sides])
    return (values - values.mean(0)).square().mean(0).sqrt()
