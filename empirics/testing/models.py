"""Losses as training code meets them: a torch module, its data, and a loss of its output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call


def output(module: nn.Module, parameters: dict[str, Any], x: Any) -> Any:
    """module(x) with the given parameters; a tuple x is module(*x), a dict module(**x).

    >>> output(nn.Bilinear(1, 1, 1, bias=False), {"weight": torch.full((1, 1, 1), 2.0)}, (torch.ones(1), torch.ones(1)))
    tensor([2.])
    """
    if isinstance(x, dict):
        return functional_call(module, parameters, (), x)
    return functional_call(module, parameters, x if isinstance(x, tuple) else (x,))


def each_tensor(change: Callable[[Tensor], Tensor], x: Any) -> Any:
    """The inputs, a tensor or a tuple or dict of tensors, with every tensor changed."""
    if isinstance(x, dict):
        return {name: each_tensor(change, part) for name, part in x.items()}
    return tuple(each_tensor(change, part) for part in x) if isinstance(x, tuple) else change(x)


def tensors_of(x: Any) -> dict[str, Tensor]:
    """The tensors of the inputs, each with what has to be written after x to name it."""
    if isinstance(x, torch.Tensor):
        return {"": x}
    return {f"[{key!r}]": part for key, part in (x.items() if isinstance(x, dict) else enumerate(x))}


@dataclass(frozen=True)
class Model:
    """f(w) = loss(module(x), y), with w the trainable parameters of the module one after another."""

    module: nn.Module
    x: Any
    y: Any
    loss: Callable[[Any, Any], Tensor]

    def trainable(self) -> dict[str, nn.Parameter]:
        """Parameters with requires_grad, by name, in the order of w."""
        return {name: p for name, p in self.module.named_parameters() if p.requires_grad}

    def output(self) -> Any:
        """module(x) at its own parameters."""
        return output(self.module, {}, self.x)


class Projection(nn.Module):
    """x -> x w with w = (rows of `weight`, `bias`): a matrix from five parameters on, and names not in their order.

    >>> [(name, tuple(p.shape)) for name, p in Projection(torch.zeros(6)).named_parameters()]
    [('weight', (2, 2)), ('bias', (2,))]
    >>> Projection(torch.tensor([1.0, 2.0]))(torch.tensor([[3.0, 4.0]])).tolist()
    [11.0]
    """

    def __init__(self, w: Tensor) -> None:
        """Copy w (d,) into a matrix of two rows and a rest; into a vector and one more entry for d = 2, 3, 4."""
        super().__init__()
        d = len(w)
        columns = (d - 1) // 2
        shape, size = ((2, columns), 2 * columns) if columns > 1 else ((d - 1,), d - 1)
        self.weight = nn.Parameter(w[:size].detach().clone().reshape(shape)) if size else None
        self.bias = nn.Parameter(w[size:].detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        """Products of the rows of x (..., d) with w."""
        return x @ (self.bias if self.weight is None else torch.cat([self.weight.reshape(-1), self.bias]))


class TanhLayer(nn.Module):
    """z -> head . tanh(hidden z).

    >>> TanhLayer(torch.tensor([0.0, 0.0, 1.0]), hidden=1)(torch.tensor([[1.0, 1.0]])).tolist()
    [0.0]
    """

    def __init__(self, w: Tensor, hidden: int) -> None:
        """Copy w = (rows of `hidden`, `head`)."""
        super().__init__()
        self.hidden = nn.Parameter(w[:-hidden].detach().clone().reshape(hidden, -1))
        self.head = nn.Parameter(w[-hidden:].detach().clone())

    def forward(self, z: Tensor) -> Tensor:
        """One output for each row of z."""
        return torch.tanh(z @ self.hidden.T) @ self.head
