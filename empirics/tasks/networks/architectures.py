"""Smooth reference architectures, initialised from a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import nn

from empirics.numerics.checks import integer


def multilayer_perceptron(widths: Sequence[int], *, seed: int = 0, activation: type[nn.Module] = nn.Tanh) -> nn.Module:
    """Linear layers of these widths with an activation between them, torch's default initialisation.

    >>> multilayer_perceptron((2, 3, 1))
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): Tanh()
      (2): Linear(in_features=3, out_features=1, bias=True)
    )
    """
    sizes = [integer(f"widths[{place}]", width, at_least=1) for place, width in enumerate(widths)]

    def made() -> nn.Module:
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), activation()]
        return nn.Sequential(*layers[:-1])

    return seeded(made, seed)


def small_cnn(channels: Sequence[int] = (4, 8), classes: int = 10, side: int = 8, *, seed: int = 0) -> nn.Module:
    """3x3 convolutions, each followed by tanh and 2x2 average pooling, and one linear layer, for 1 x side x side.

    >>> small_cnn()(torch.zeros(5, 1, 8, 8, dtype=torch.float64)).shape
    torch.Size([5, 10])
    """

    def made() -> nn.Module:
        layers: list[nn.Module] = []
        for inputs, outputs in zip((1, *channels), channels, strict=False):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2)]
        size = channels[-1] * (side >> len(channels)) ** 2
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(size, classes))

    return seeded(made, seed)


def seeded(make: Callable[[], nn.Module], seed: int) -> nn.Module:
    """A float64 module whose initialisation depends on the seed alone; torch's own generator is left as it was.

    >>> one, two = (seeded(lambda: nn.Linear(1, 1), 3) for _ in range(2))
    >>> bool(one.weight == two.weight)
    True
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(integer("seed", seed, at_least=0))
        return make().to(torch.float64)
