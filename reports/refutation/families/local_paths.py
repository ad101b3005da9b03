"""What local steps add up to on a line: the sums of powers behind local runs and D1's ball."""

from __future__ import annotations

import torch
from torch import Tensor


def geometric(x: Tensor, count: int) -> Tensor:
    """1 + x + ... + x^(count - 1) for every entry.

    >>> geometric(torch.tensor([2.0, 1.0]), 3).tolist()
    [7.0, 3.0]
    """
    return sum((x**power for power in range(count)), torch.zeros_like(x))


def drift_ball(h: Tensor, low: Tensor | float, tau: int) -> tuple[Tensor, Tensor]:
    """Centre psi and radius omega of D1's ball for curvatures between low and 1, at L_F = 1 and beta = h / tau.

    >>> [float(one) for one in drift_ball(torch.tensor(1.0), -1.0, 2)]  # means 5/4 and 3/4 of the steps' powers
    [1.0, 0.25]
    """
    minus, plus = (geometric(1 - bend * h / tau, tau) / tau for bend in (low, 1.0))
    return (minus + plus) / 2, (minus - plus) / 2
