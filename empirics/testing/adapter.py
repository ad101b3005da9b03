"""Training code that works on modules, made checkable: it is handed every loss as a module with its data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirics.testing.model_suspects import model_mistakes
from empirics.testing.models import Model
from empirics.testing.problems import Problem


class OnModules:
    """A function for `check_meta_gradient` that calls train(module, x, y, loss, alpha, nu)."""

    def __init__(self, train: Callable[..., Any]) -> None:
        """Keep the training code, and its name for messages."""
        self.train = train
        self.__qualname__ = f"on_modules({getattr(train, '__qualname__', 'train')})"

    def __call__(self, problem: Problem, w: Tensor, alpha: float, nu: int, mode: str, delta: float | None) -> Tensor:
        """The meta-gradient (d,) that the training code finds on the problem's model at w."""
        return self._trained(problem.model(w), alpha, nu)

    def changes(self, problem: Problem, w: Tensor, alpha: float, nu: int, mode: str, delta: float | None) -> list[str]:
        """What a call leaves changed of the module and the data that it is given; filled .grad is allowed."""
        model = problem.model(w)
        before = _state(model)
        self._trained(model, alpha, nu)
        after = _state(model)
        return [name for name, value in before.items() if not _equal(value, after.get(name))]

    def suspects(self, problem: Problem, w: np.ndarray, alpha: float, nu: int) -> Iterator[tuple[str, np.ndarray]]:
        """Answers of mistakes that only training code on modules makes."""
        yield from model_mistakes(problem.model(torch.from_numpy(w.copy())), alpha, nu)

    def _trained(self, model: Model, alpha: float, nu: int) -> Tensor:
        gradients = self.train(model.module, model.x, model.y, model.loss, alpha, nu)
        parameters = model.trainable()
        gradients = [p.grad for p in parameters.values()] if gradients is None else list(gradients)
        if len(gradients) != len(parameters):
            raise ValueError(
                f"{len(gradients)} gradients returned: expected one for each of the {len(parameters)} parameters "
                f"{', '.join(parameters)}"
            )
        missing = [name for name, g in zip(parameters, gradients, strict=True) if g is None]
        if missing:
            raise ValueError(f"no gradient for the parameters {', '.join(missing)}: the graph to them was cut")
        return torch.cat([g.detach().reshape(-1) for g in gradients if g is not None])


def on_modules(train: Callable[..., Any]) -> OnModules:
    """Make train(module, x, y, loss, alpha, nu) -> gradients checkable by `check_meta_gradient`.

    The module's loss is loss(module(x), y), with data that matter: generated losses come as modules with matrices and
    vectors of several shapes, whose names are not in alphabetical order; `problem=module_problem(...)` runs a copy of
    your own module on your own data. `train` returns the meta-gradient with respect to the trainable ones among
    module.parameters(), in their order, or leaves it in their .grad and returns None. Dtype: torch.

    >>> def plain(module, x, y, loss, alpha, nu):
    ...     return torch.autograd.grad(loss(module(x), y), list(module.parameters()))
    >>> from empirics.testing import Quadratic
    >>> problem = Quadratic(A=((1.0, 0.0), (0.0, 3.0)), c=(0.0, 0.0))
    >>> on_modules(plain)(problem, torch.tensor([1.0, 1.0]), 0.1, 0, "exact", None)
    tensor([1., 3.])
    """
    return OnModules(train)


def _state(model: Model) -> dict[str, Any]:
    parts = dict(model.module.named_modules())
    return {
        **{f"the values of parameter {name}": p.detach().clone() for name, p in model.module.named_parameters()},
        **{f"requires_grad of parameter {name}": p.requires_grad for name, p in model.module.named_parameters()},
        **{f"the training mode of module {name or '(root)'}": part.training for name, part in parts.items()},
        **{f"the data {name}": getattr(model, name).clone() for name in ("x", "y")},
    }


def _equal(before: Any, after: Any) -> bool:
    if not isinstance(before, Tensor):
        return before == after
    return isinstance(after, Tensor) and torch.equal(before, after)
