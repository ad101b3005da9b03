"""What a network path provides: losses, gradients and Hessian-vector products of many agents' networks at once.

A path works on a flat axis of agents: points (A, d), samples x (A, S, ...), targets y (A, S, ...). Agents are
independent of one another, so a caller may cut that axis anywhere.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

from empirics.numerics.memory import out_of_memory
from empirics.tasks.networks.agent_model import AgentModel, agree

Linearisation = tuple[Tensor, Callable[[Tensor], Tensor]]


class Sweeps(ABC):
    """One way of evaluating all agents' networks."""

    path: str

    @abstractmethod
    def outputs(self, w: Tensor, x: Tensor) -> Tensor:
        """The module's outputs (A, S, ...) on every sample."""

    @abstractmethod
    def loss(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Every agent's loss (A,), a mean over its samples."""

    @abstractmethod
    def gradient(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Every agent's gradient (A, d) in its parameters."""

    @abstractmethod
    def linearisation(self, w: Tensor, x: Tensor, y: Tensor) -> Linearisation:
        """Gradient (A, d), and the map from vectors (A, d) to Hessian-vector products (A, d)."""

    def hvp(self, w: Tensor, x: Tensor, y: Tensor, v: Tensor) -> Tensor:
        """Every agent's Hessian (not formed) times its vector, (A, d)."""
        return self.linearisation(w, x, y)[1](v)


class EagerSweeps(Sweeps):
    """torch.func with agents batched by vmap or, where that fails, torch.autograd one agent after another."""

    path = "eager"

    def __init__(self, model: AgentModel) -> None:
        """Nothing is tried before the first use."""
        self._model = model
        self._batched = True
        # functions whose batched results were found to be those of one agent alone
        self._compared: set[str] = set()

    def outputs(self, w: Tensor, x: Tensor) -> Tensor:
        """Outputs of all agents, by vmap where that works."""
        return self._map(self._model.output, self._model.output, self._model.split(w), x)

    def loss(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Losses of all agents, by vmap where that works."""
        return self._map(self._model.loss, self._model.loss, self._model.split(w), x, y)

    def gradient(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Gradients by torch.func or, one after another, by torch.autograd."""
        model = self._model
        return model.join(self._map(model.gradient, model.recorded_gradient, model.split(w), x, y))

    def linearisation(self, w: Tensor, x: Tensor, y: Tensor) -> Linearisation:
        """Nothing is shared between the gradient and the products."""
        return self.gradient(w, x, y), lambda v: self.hvp(w, x, y, v)

    def hvp(self, w: Tensor, x: Tensor, y: Tensor, v: Tensor) -> Tensor:
        """Reverse over reverse, which needs no forward derivatives."""
        model = self._model
        return model.join(self._map(_second(model.cotangent), model.recorded_hvp, model.split(w), x, y, model.split(v)))

    def _map(self, function: Callable[..., Any], one: Callable[..., Any], *arguments: Any) -> Any:
        with self._model.lock:
            if self._batched:
                try:
                    found = vmap(function)(*arguments)
                    if self._agrees(found, one, arguments):
                        return found
                    self._batched = False
                except RuntimeError as error:
                    if out_of_memory(error):
                        raise
                    # Control flow that depends on data, or an operation without a batching rule: autograd will tell a
                    # module that works but cannot be batched from one that does not work.
                    self._batched = False
            agents = range(len(arguments[1]))
            return _stacked([one(*(_row(argument, agent) for argument in arguments)) for agent in agents])

    def _agrees(self, found: Any, one: Callable[..., Any], arguments: tuple[Any, ...]) -> bool:
        """Whether the first agent's result is that of it alone: a batching rule of the user's may be wrong."""
        if one.__name__ not in self._compared:
            alone, first = one(*(_row(argument, 0) for argument in arguments)), _row(found, 0)
            if not agree(*(part if isinstance(part, tuple) else (part,) for part in (first, alone))):
                return False
            self._compared.add(one.__name__)
        return True


def _second(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments: function(*arguments)[1]


def _row(argument: Any, agent: int) -> Any:
    return tuple(part[agent] for part in argument) if isinstance(argument, tuple) else argument[agent]


def _stacked(results: list[Any]) -> Any:
    if isinstance(results[0], tuple):
        return tuple(_stacked(list(parts)) for parts in zip(*results, strict=True))
    return torch.stack(results)
