"""Small modules, the data they are tried on, and the task that is made of both."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from empirics import NetworkTask

N, S, P = 3, 8, 6


def inputs():
    return torch.randn(N, S, P, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


LABELS = torch.arange(N * S).reshape(N, S) % 2
WORDS = torch.randint(0, 4, (N, S, 5), generator=torch.Generator().manual_seed(2))


class Of(nn.Module):
    """A forward pass written as a function of the module and its input, parts given by name."""

    def __init__(self, run, **parts):
        super().__init__()
        self.run = run
        for name, part in parts.items():
            if isinstance(part, torch.Tensor) and not isinstance(part, nn.Parameter):
                self.register_buffer(name, part)
            else:
                setattr(self, name, part)

    def forward(self, x):
        return self.run(self, x)


def layer():
    return nn.Linear(P, 2)


def frozen(module, *names):
    for name in names:
        module.get_parameter(name).requires_grad_(False)
    return module


def recurrent(kind, **options):
    return Of(lambda m, x: m.out(m.steps(x.unsqueeze(-1))[0][:, -1]),
              steps=kind(1, 3, batch_first=True, **options), out=nn.Linear(3, 2))  # fmt: skip


def transformer(**options):
    encoder = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True, **{"dropout": 0.0, "activation": "gelu"} | options)
    return Of(lambda m, x: m.out(m.mix(m.up(x.unsqueeze(-1)))[:, -1]),
              up=nn.Linear(1, 4), mix=encoder, out=nn.Linear(4, 2))  # fmt: skip


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        return 2 * ctx.saved_tensors[0] * g


class Steeper(Square):
    @staticmethod
    def backward(ctx, g):
        return 2.0001 * ctx.saved_tensors[0] * g


def with_function(function):
    return nn.Sequential(nn.Linear(P, 3), nn.Tanh(), Of(lambda m, x: function.apply(x)), nn.Linear(3, 2))


def made(module, x=None, y=LABELS, loss=functional.cross_entropy, smooth=True):
    return NetworkTask(module, inputs() if x is None else x, y, loss, smooth=smooth)


def moved(task, seed=3):
    draws = torch.randn(task.d, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return task.start + 0.1 * draws
