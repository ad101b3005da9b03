"""What a network path provides: losses, gradients and Hessian-vector products of many agents' networks at once.

A path works on a flat axis of agents: points (A, d), samples x (A, S, ...), targets y (A, S, ...). Agents are
independent of one another, so a caller may cut that axis anywhere.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, jvp, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from empirics.dense_form import loss_name

Linearisation = tuple[Tensor, Callable[[Tensor], Tensor]]


class AgentModel:
    """A module and a loss as functions of one agent's parameters, given as a tuple in module.parameters() order."""

    def __init__(self, module: nn.Module, loss: Callable[[Any, Any], Any]) -> None:
        """Keep both; shared parameters appear once."""
        # torch's own squared loss has no forward derivative.
        self.module, self.criterion = module, _mean_square if loss_name(loss) == "mse" else loss
        # A call of the module exchanges its parameters for the given ones and back: one thread at a time.
        self.lock = threading.RLock()
        self._names, self._shapes = zip(*((name, p.shape) for name, p in module.named_parameters()), strict=True)
        self.sizes = tuple(shape.numel() for shape in self._shapes)

    def __getstate__(self) -> dict[str, Any]:
        """A lock belongs to its process."""
        return {name: value for name, value in self.__dict__.items() if name != "lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the state and a lock of one's own."""
        self.__dict__.update(state)
        self.lock = threading.RLock()

    def split(self, w: Tensor) -> tuple[Tensor, ...]:
        """Parameters (..., *shape) of points (..., d)."""
        pieces = w.split(self.sizes, dim=-1)
        return tuple(piece.unflatten(-1, shape) if shape else piece.squeeze(-1) for piece, shape in self._with(pieces))

    def join(self, parameters: tuple[Tensor, ...]) -> Tensor:
        """Points (A, d) of parameters (A, *shape)."""
        return torch.cat([part.reshape(len(part), -1) for part in parameters], dim=1)

    def output(self, parameters: tuple[Tensor, ...], x: Tensor) -> Any:
        """The module's output on one agent's samples."""
        # The fused attention kernels have no second derivative.
        with sdpa_kernel(SDPBackend.MATH):
            return functional_call(self.module, dict(zip(self._names, parameters, strict=True)), (x,))

    def loss(self, parameters: tuple[Tensor, ...], x: Tensor, y: Tensor) -> Tensor:
        """The loss of one agent."""
        return self.criterion(self.output(parameters, x), y)

    def gradient(self, parameters: tuple[Tensor, ...], x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """Its gradient."""
        return grad(self.loss)(parameters, x, y)

    def tangent(
        self, parameters: tuple[Tensor, ...], x: Tensor, y: Tensor, vectors: tuple[Tensor, ...]
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Its gradient and its Hessian times a vector, forward over reverse."""
        return jvp(lambda point: self.gradient(point, x, y), (parameters,), (vectors,))  # type: ignore[return-value]

    def cotangent(
        self, parameters: tuple[Tensor, ...], x: Tensor, y: Tensor, vectors: tuple[Tensor, ...]
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """The same, reverse over reverse: for modules with an operation that has no forward derivative."""

        def along(point: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
            gradient = self.gradient(point, x, y)
            return sum((g * v).sum() for g, v in zip(gradient, vectors, strict=True)), gradient  # type: ignore

        product, gradient = grad(along, has_aux=True)(parameters)
        return gradient, product

    def recorded_gradient(self, parameters: tuple[Tensor, ...], x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """The gradient by torch.autograd: for modules that torch.func refuses."""
        with torch.enable_grad():
            point = tuple(part.detach().clone().requires_grad_() for part in parameters)
            found = torch.autograd.grad(self.loss(point, x, y), point, allow_unused=True, materialize_grads=True)
        return tuple(part.detach() for part in found)

    def recorded_hvp(
        self, parameters: tuple[Tensor, ...], x: Tensor, y: Tensor, vectors: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        """The Hessian times a vector by torch.autograd, twice."""
        options: dict[str, Any] = {"allow_unused": True, "materialize_grads": True}
        with torch.enable_grad():
            point = tuple(part.detach().clone().requires_grad_() for part in parameters)
            gradient = torch.autograd.grad(self.loss(point, x, y), point, create_graph=True, **options)
            along = sum((g * v).sum() for g, v in zip(gradient, vectors, strict=True))
            found = torch.autograd.grad(along, point, **options)  # type: ignore[arg-type]
        return tuple(part.detach() for part in found)

    def _with(self, pieces: tuple[Tensor, ...]) -> Any:
        return zip(pieces, self._shapes, strict=True)


class Sweeps(ABC):
    """One way of evaluating all agents' networks."""

    path: str

    @abstractmethod
    def outputs(self, w: Tensor, x: Tensor) -> Tensor:
        """(A, S, ...)."""

    @abstractmethod
    def loss(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """(A,)."""

    @abstractmethod
    def gradient(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """(A, d)."""

    @abstractmethod
    def linearisation(self, w: Tensor, x: Tensor, y: Tensor) -> Linearisation:
        """Gradient (A, d), and the map from vectors (A, d) to Hessian-vector products (A, d)."""

    def hvp(self, w: Tensor, x: Tensor, y: Tensor, v: Tensor) -> Tensor:
        """(A, d)."""
        return self.linearisation(w, x, y)[1](v)


class EagerSweeps(Sweeps):
    """torch.func with agents batched by vmap or, where that fails, torch.autograd one agent after another."""

    path = "eager"

    def __init__(self, model: AgentModel) -> None:
        """Nothing is tried before the first use."""
        self._model = model
        self._batched = True

    def outputs(self, w: Tensor, x: Tensor) -> Tensor:
        """Every agent's outputs."""
        return self._map(self._model.output, self._model.output, self._model.split(w), x)

    def loss(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Every agent's loss."""
        return self._map(self._model.loss, self._model.loss, self._model.split(w), x, y)

    def gradient(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Every agent's gradient."""
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
                    return vmap(function)(*arguments)
                except RuntimeError:
                    # Control flow that depends on data, or an operation without a batching rule: autograd will tell a
                    # module that works but cannot be batched from one that does not work.
                    self._batched = False
            agents = range(len(arguments[1]))
            return _stacked([one(*(_row(argument, agent) for argument in arguments)) for agent in agents])


def _mean_square(output: Any, y: Any) -> Tensor:
    return (output - y).square().mean()


def _second(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments: function(*arguments)[1]


def _row(argument: Any, agent: int) -> Any:
    return tuple(part[agent] for part in argument) if isinstance(argument, tuple) else argument[agent]


def _stacked(results: list[Any]) -> Any:
    if isinstance(results[0], tuple):
        return tuple(_stacked(list(parts)) for parts in zip(*results, strict=True))
    return torch.stack(results)
