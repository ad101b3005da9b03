"""Training code that works on modules, made checkable: it is handed generated losses as torch modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from empirics.testing.problems import Problem


class Parameters(nn.Module):
    """A module whose output, whatever its input, is its parameters: `head` (the first entry) and `tail` (the rest)."""

    def __init__(self, w: Tensor) -> None:
        """Copy w into two parameters, one when d = 1."""
        super().__init__()
        self.head = nn.Parameter(w[:1].detach().clone())
        self.tail = nn.Parameter(w[1:].detach().clone()) if len(w) > 1 else None

    def forward(self, x: Tensor) -> Tensor:
        """The parameters (d,), whatever x is."""
        return self.head if self.tail is None else torch.cat([self.head, self.tail])


def on_modules(train: Callable[..., Any]) -> Callable[..., Tensor]:
    """Make train(module, x, y, loss, alpha, nu) -> gradients checkable by `check_meta_gradient`.

    The module's loss is loss(module(x), y); x and y are placeholders of one entry. `train` returns the meta-gradient
    with respect to module.parameters(), in their order, or leaves it in their .grad and returns None. Dtype: torch.

    >>> def plain(module, x, y, loss, alpha, nu):
    ...     return torch.autograd.grad(loss(module(x), y), list(module.parameters()))
    >>> from empirics.testing import Quadratic
    >>> problem = Quadratic(A=((1.0, 0.0), (0.0, 3.0)), c=(0.0, 0.0))
    >>> on_modules(plain)(problem, torch.tensor([1.0, 1.0]), 0.1, 0, "exact", None)
    tensor([1., 3.])
    """

    def checked(problem: Problem, w: Tensor, alpha: float, nu: int, mode: str, delta: float | None) -> Tensor:
        module = Parameters(w)
        placeholder = torch.zeros(1, dtype=w.dtype)
        gradients = train(module, placeholder, placeholder, lambda output, y: problem.loss(output), alpha, nu)
        if gradients is None:
            gradients = [p.grad for p in module.parameters()]
        gradients = list(gradients)
        missing = [name for (name, _), g in zip(module.named_parameters(), gradients, strict=True) if g is None]
        if missing:
            raise ValueError(f"no gradient for the parameters {', '.join(missing)}: the graph to them was cut")
        return torch.cat([g.detach().reshape(-1) for g in gradients if g is not None])

    checked.__qualname__ = f"on_modules({getattr(train, '__qualname__', 'train')})"
    return checked
