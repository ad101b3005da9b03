"""Three user implementations of the meta-gradient, one right and two with the most common mistakes, put through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from empirics.testing.adapter import on_modules
from empirics.testing.failure import CheckFailedError


def maml(module: Any, x: Tensor, y: Tensor, loss: Any, alpha: float, nu: int) -> tuple[Tensor, ...]:
    """Right: the loop of MAML libraries, differentiated through."""
    fast = dict(module.named_parameters())
    for _ in range(nu):
        inner = loss(functional_call(module, fast, (x,)), y)
        grads = torch.autograd.grad(inner, list(fast.values()), create_graph=True)
        fast = {name: p - alpha * g for (name, p), g in zip(fast.items(), grads, strict=True)}
    return torch.autograd.grad(loss(functional_call(module, fast, (x,)), y), list(module.parameters()))


def graph_lost(problem: Any, w: Tensor, alpha: float, nu: int, mode: str, delta: float | None) -> Tensor:
    """Wrong: without create_graph the inner gradients are constants, so this is first order."""
    w = w.clone().requires_grad_(True)
    fast = w
    for _ in range(nu):
        (g,) = torch.autograd.grad(problem.loss(fast), fast)
        fast = fast - alpha * g
    return torch.autograd.grad(problem.loss(fast), w)[0]


def hessian_after_adaptation(problem: Any, w: Any, alpha: float, nu: int, mode: str, delta: float | None) -> Any:
    """Wrong: each Hessian is taken after its step instead of before it, as if the loop had moved on."""
    points = [w]
    for _ in range(nu):
        points.append(points[-1] - alpha * problem.gradient(points[-1]))
    v = problem.gradient(points[-1])
    for point in reversed(points[1:]):
        v = v - alpha * problem.hvp(point, v)
    return v


IMPLEMENTATIONS: tuple[tuple[str, Callable[..., Any], Any], ...] = (
    ("a MAML loop on modules", on_modules(maml), torch.float64),
    ("a MAML loop that lost its graph", graph_lost, torch.float64),
    ("a NumPy loop with its Hessians one step late", hessian_after_adaptation, "numpy.float64"),
)


def demo(max_examples: int | None = None) -> Iterator[str]:
    """What the checker says about each, piece by piece."""
    # Only here: a script that repeats a failure imports this module without hypothesis.
    from empirics.testing.checkers import check_meta_gradient

    for title, implementation, dtype in IMPLEMENTATIONS:
        yield f"== {title}: check_meta_gradient({implementation.__qualname__}, dtype={dtype})\n\n"
        try:
            yield f"{check_meta_gradient(implementation, dtype=dtype, max_examples=max_examples)}\n\n"
        except CheckFailedError as error:
            yield f"{error}\n\n"
