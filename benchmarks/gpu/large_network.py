"""A network task whose replicas together are too much for a CPU, and a small one to rehearse with."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from empirics.tasks.networks.network import NetworkTask


@dataclass(frozen=True)
class Size:
    """Widths of a tanh network, agents and their samples; participants and replicas of the run."""

    name: str
    widths: tuple[int, ...]
    agents: int
    samples: int
    participants: int
    replicas: int

    @property
    def d(self) -> int:
        """Weights and biases."""
        return sum((fan_in + 1) * fan_out for fan_in, fan_out in zip(self.widths, self.widths[1:], strict=False))

    @property
    def bytes_of_a_vector(self) -> int:
        """Float64 bytes of one vector for every participant of every replica; a meta-gradient holds nu + 1 and more."""
        return 8 * self.d * self.participants * self.replicas


# 1.2 GB a vector, so that a local step with nu = 3 takes some 12 GB: 40 times what a batch gets on the CPU
REAL = Size("real", (64, 64, 64, 10), agents=64, samples=32, participants=32, replicas=512)
REHEARSED = Size("rehearsed", (8, 4, 3), agents=4, samples=8, participants=2, replicas=4)


def real() -> NetworkTask:
    """The one for a GPU."""
    return _made(REAL)


def rehearsed() -> NetworkTask:
    """The small one."""
    return _made(REHEARSED)


def _made(size: Size) -> NetworkTask:
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers: list[nn.Module] = []
        for fan_in, fan_out in zip(size.widths, size.widths[1:], strict=False):
            layers += [nn.Linear(fan_in, fan_out), nn.Tanh()]
        module = nn.Sequential(*layers[:-1])
    x = torch.randn(size.agents, size.samples, size.widths[0], generator=generator, dtype=torch.float64)
    y = torch.randint(0, size.widths[-1], (size.agents, size.samples), generator=generator)
    return NetworkTask(module, x, y, nn.functional.cross_entropy, smooth=True)
