"""Smooth activations with their first two derivatives, elementwise."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Jet = tuple[Tensor, Tensor, Tensor]


def value(name: str, z: Tensor) -> Tensor:
    """phi(z) of a named activation.

    >>> value("tanh", torch.zeros(1)).item(), value("sigmoid", torch.zeros(1)).item()
    (0.0, 0.5)
    """
    return _VALUES[name](z)


def jet(name: str, z: Tensor) -> Jet:
    """phi(z), phi'(z), phi''(z).

    >>> [part.item() for part in jet("tanh", torch.zeros(1))]
    [0.0, 1.0, -0.0]
    """
    return _JETS[name](z)


def _tanh(z: Tensor) -> Jet:
    t = torch.tanh(z)
    slope = torch.addcmul(t.new_ones(()), t, t, value=-1)
    return t, slope, torch.mul(t, slope).mul_(-2)


def _sigmoid(z: Tensor) -> Jet:
    s = torch.sigmoid(z)
    slope = torch.addcmul(s, s, s, value=-1)
    return s, slope, slope * (1 - 2 * s)


def _softplus(z: Tensor) -> Jet:
    # torch's softplus is the identity above 20, and so are its derivatives.
    s = torch.sigmoid(z).masked_fill_(z > 20, 1.0)
    return functional.softplus(z), s, torch.addcmul(s, s, s, value=-1)


def _silu(z: Tensor) -> Jet:
    s, slope, bend = _sigmoid(z)
    return z * s, torch.addcmul(s, z, slope), torch.addcmul(2 * slope, z, bend)


def _gelu(z: Tensor) -> Jet:
    cumulated = torch.special.ndtr(z)
    density = torch.exp(z.square().mul_(-0.5)).mul_(1 / math.sqrt(2 * math.pi))
    return z * cumulated, torch.addcmul(cumulated, z, density), density * (2 - z.square())


_VALUES: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": functional.softplus,
    "silu": functional.silu,
    "gelu": functional.gelu,
}
_JETS: dict[str, Callable[[Tensor], Jet]] = {
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "silu": _silu,
    "gelu": _gelu,
}
