"""Training code that works on modules, made checkable: it is handed every loss as a module with its data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirics.testing.agent import Agent
from empirics.testing.arrays import WrongResultError
from empirics.testing.model_suspects import model_mistakes, order_mistakes
from empirics.testing.models import Model, tensors_of


class OnModules:
    """A function for `check_meta_gradient` that calls train(module, x, y, loss, alpha, nu)."""

    adapter = "on_modules"

    def __init__(self, train: Callable[..., Any]) -> None:
        """Keep the training code, and its name for messages."""
        self.train = train
        self.__qualname__ = f"{self.adapter}({getattr(train, '__qualname__', 'train')})"

    def __call__(self, problem: Agent, w: Tensor, alpha: float, nu: int, mode: str, delta: float | None) -> Tensor:
        """The meta-gradient (d,) that the training code finds on the problem's model at w."""
        return self._trained(*self._models(problem, w), alpha, nu)

    def changes(self, problem: Agent, w: Tensor, alpha: float, nu: int, mode: str, delta: float | None) -> list[str]:
        """What a call leaves changed of the module and the data that it is given; filled .grad is allowed."""
        models = self._models(problem, w)
        before = _state(*models)
        self._trained(*models, alpha, nu)
        after = _state(*models)
        return [name for name, value in before.items() if not _equal(value, after.get(name))]

    def suspects(self, problem: Agent, w: np.ndarray, alpha: float, nu: int) -> Iterator[tuple[str, np.ndarray]]:
        """Answers of mistakes that only training code on modules makes."""
        yield from model_mistakes(problem.support.model(torch.from_numpy(w.copy())), alpha, nu)

    @staticmethod
    def _models(problem: Agent, w: Tensor) -> tuple[Model, ...]:
        return (problem.support.model(w),)

    def _answered(self, models: tuple[Model, ...], alpha: float, nu: int) -> Any:
        (model,) = models
        return self.train(model.module, model.x, model.y, model.loss, alpha, nu)

    def _trained(self, *given: Any) -> Tensor:
        *models, alpha, nu = given
        gradients = self._answered(tuple(models), alpha, nu)
        parameters = models[0].trainable()
        gradients = [p.grad for p in parameters.values()] if gradients is None else list(gradients)
        if len(gradients) != len(parameters):
            raise WrongResultError(
                f"{len(gradients)} gradients: expected one for each of the {len(parameters)} parameters "
                f"{', '.join(parameters)}",
                "gradients are returned for something else than the trainable parameters",
            )
        unused = _unused(models) if any(g is None for g in gradients) else set()
        named = dict(zip(parameters, gradients, strict=True))
        missing = [name for name, g in named.items() if g is None and name not in unused]
        if missing:
            raise WrongResultError(
                f"no gradient for the parameters {', '.join(missing)}",
                "the graph to the parameters was cut: they were copied or detached on the way",
            )
        parts = [parameters[name].new_zeros(parameters[name].shape) if g is None else g for name, g in named.items()]
        return torch.cat([part.detach().reshape(-1) for part in parts])


class OnEpisodes(OnModules):
    """A function for `check_meta_gradient` that calls train(module, support, query, loss, alpha, nu)."""

    adapter = "on_episodes"
    episodes = True

    def suspects(self, problem: Agent, w: np.ndarray, alpha: float, nu: int) -> Iterator[tuple[str, np.ndarray]]:
        """Answers of mistakes that only training code on modules makes."""
        support, query = self._models(problem, torch.from_numpy(w.copy()))
        yield from order_mistakes(support, alpha, nu, (query.x, query.y))

    @staticmethod
    def _models(problem: Agent, w: Tensor) -> tuple[Model, ...]:
        return problem.support.model(w), problem.query.model(w)

    def _answered(self, models: tuple[Model, ...], alpha: float, nu: int) -> Any:
        support, query = models
        return self.train(support.module, (support.x, support.y), (query.x, query.y), support.loss, alpha, nu)


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


def on_episodes(train: Callable[..., Any]) -> OnEpisodes:
    """Ordinary MAML: the same for train(module, support, query, loss, alpha, nu), support and query pairs (x, y).

    Fine-tuning goes down loss(module(x), y) on the support set, the outer gradient is that of the query set.

    >>> def without_steps(module, support, query, loss, alpha, nu):
    ...     x, y = query
    ...     return torch.autograd.grad(loss(module(x), y), list(module.parameters()))
    >>> from empirics.testing import Quadratic, SupportQuery
    >>> agent = SupportQuery(Quadratic(A=((1.0,),), c=(0.0,)), Quadratic(A=((3.0,),), c=(0.0,)))
    >>> on_episodes(without_steps)(agent, torch.tensor([1.0]), 0.1, 0, "exact", None)
    tensor([3.])
    """
    return OnEpisodes(train)


def _unused(models: Any) -> set[str]:
    """Parameters that no loss depends on: autograd has no gradient for them, and none is 0."""
    unused = set(models[0].trainable())
    for model in models:
        parameters = model.trainable()
        with torch.enable_grad():
            value = model.loss(model.output(), model.y)
            slopes = torch.autograd.grad(value, list(parameters.values()), allow_unused=True)
        unused &= {name for name, slope in zip(parameters, slopes, strict=True) if slope is None}
    return unused


def _state(*models: Model) -> dict[str, Any]:
    module = models[0].module
    parts = dict(module.named_modules())
    sets = ("",) if len(models) == 1 else (" of the support set", " of the query set")
    data = {
        f"the data {name}{key}{words}": part.clone()
        for words, model in zip(sets, models, strict=True)
        for name in ("x", "y")
        for key, part in tensors_of(getattr(model, name)).items()
    }
    return {
        **{f"the values of parameter {name}": p.detach().clone() for name, p in module.named_parameters()},
        **{f"the values of buffer {name}": b.detach().clone() for name, b in module.named_buffers()},
        **{f"requires_grad of parameter {name}": p.requires_grad for name, p in module.named_parameters()},
        **{f"the training mode of module {name or '(root)'}": part.training for name, part in parts.items()},
        **data,
    }


def _equal(before: Any, after: Any) -> bool:
    if not isinstance(before, Tensor):
        return before == after
    return isinstance(after, Tensor) and torch.equal(before, after)
