"""One agent's module and loss as functions of its parameters, and their derivatives, run or recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from empirics.graphs.decompositions import Decompositions
from empirics.graphs.recording import Parts, Recording, UntraceableError, recorded
from empirics.numerics.forward_derivatives import jvp
from empirics.tasks.networks.dense_form import loss_name

# a parameter that the loss does not use has gradient 0
_UNUSED: dict[str, Any] = {"allow_unused": True, "materialize_grads": True}


class AgentModel:
    """A module and a loss as functions of one agent's parameters, given as a tuple in module.parameters() order."""

    def __init__(self, module: nn.Module, loss: Callable[[Any, Any], Any]) -> None:
        """Keep both; a parameter that is used in several places, or whose module is, appears once."""
        # torch's own squared loss has no forward derivative.
        self.module, self.given = module, loss
        self.criterion = _mean_square if loss_name(loss) == "mse" else loss
        # A call of the module exchanges its parameters for the given ones and back: one thread at a time.
        self.lock = threading.RLock()
        parameters = list(module.parameters())
        self._shapes = tuple(parameter.shape for parameter in parameters)
        self.sizes = tuple(shape.numel() for shape in self._shapes)
        self._slots = _slots(module, {id(parameter): index for index, parameter in enumerate(parameters)})
        # What a module stores while it is evaluated belongs to that evaluation, and can be neither copied nor pickled.
        self._kept = [(vars(part), dict(vars(part))) for part in module.modules()]

    def __getstate__(self) -> dict[str, Any]:
        """A lock belongs to its process."""
        return {name: value for name, value in self.__dict__.items() if name not in ("lock", "_kept")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the state and a lock of one's own."""
        self.__dict__.update(state)
        self.lock = threading.RLock()
        self._kept = [(vars(part), dict(vars(part))) for part in self.module.modules()]

    def split(self, w: Tensor) -> tuple[Tensor, ...]:
        """Parameters (..., *shape) of points (..., d)."""
        pieces = w.split(self.sizes, dim=-1)
        return tuple(piece.unflatten(-1, shape) if shape else piece.squeeze(-1) for piece, shape in self._with(pieces))

    def join(self, parameters: tuple[Tensor, ...]) -> Tensor:
        """Points (A, d) of parameters (A, *shape)."""
        return torch.cat(
            [part.reshape(len(part), size) for part, size in zip(parameters, self.sizes, strict=True)], dim=1
        )

    def output(self, parameters: tuple[Tensor, ...], x: Tensor) -> Any:
        """The module's output on one agent's samples."""
        given = {name: parameters[index] for name, index in self._slots}
        # The fused attention kernels have no second derivative. Ties are spelled out in the slots: torch's own way of
        # keeping them exchanges the parameters of a module that is used twice a second time, and back only once.
        with sdpa_kernel(SDPBackend.MATH):
            try:
                return functional_call(self.module, given, (x,), tie_weights=False)
            finally:
                self._forget()

    def _forget(self) -> None:
        for attributes, before in self._kept:
            for name, value in list(attributes.items()):
                if isinstance(value, Tensor) and before.get(name) is not value:
                    del attributes[name]
                    attributes.update({name: before[name]} if name in before else {})

    def loss(self, parameters: tuple[Tensor, ...], x: Tensor, y: Tensor) -> Tensor:
        """The loss of one agent."""
        return self.criterion(self.output(parameters, x), y)

    def gradient(self, parameters: tuple[Tensor, ...], x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """The gradient of that loss in the parameters."""
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
            return _detached(_slopes(self.loss(point, x, y), point))

    def recorded_hvp(
        self, parameters: tuple[Tensor, ...], x: Tensor, y: Tensor, vectors: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        """The Hessian times a vector by torch.autograd, twice."""
        with torch.enable_grad():
            point = tuple(part.detach().clone().requires_grad_() for part in parameters)
            gradient = _slopes(self.loss(point, x, y), point, create_graph=True)
            along: Any = sum((g * v).sum() for g, v in zip(gradient, vectors, strict=True))
            return _detached(_slopes(along, point))

    def _with(self, pieces: tuple[Tensor, ...]) -> Any:
        return zip(pieces, self._shapes, strict=True)


def _slots(module: nn.Module, places: dict[int, int]) -> tuple[tuple[str, int], ...]:
    """Every attribute of a distinct submodule that holds a parameter, with the place of that parameter."""
    return tuple(
        (f"{prefix}.{name}" if prefix else name, places[id(parameter)])
        for prefix, part in module.named_modules()
        for name, parameter in part._parameters.items()
        if parameter is not None
    )


def _slopes(value: Tensor, point: tuple[Tensor, ...], *, create_graph: bool = False) -> tuple[Tensor, ...]:
    if not value.requires_grad:
        # a value that does not depend on the point at all
        return tuple(torch.zeros_like(part) for part in point)
    return torch.autograd.grad(value, point, create_graph=create_graph, **_UNUSED)


def _detached(parts: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(part.detach() for part in parts)


def _mean_square(output: Any, y: Any) -> Tensor:
    return (output - y).square().mean()


def recorded_derivatives(
    model: AgentModel, point: Tensor, x: Tensor, y: Tensor, taken_apart: Decompositions
) -> Recording:
    """(w parts, x, y, v parts) -> (gradient parts, Hessian-vector product parts) at points (A, d).

    Forward over reverse or, where an operation has no forward derivative or another than its backward pass, reverse
    over reverse.

    Raises:
        UntraceableError: the module cannot be recorded, or what is recorded differs from torch.autograd on one agent.
    """
    try:
        return _derivatives_by(model.tangent, model, point, x, y, taken_apart)
    except UntraceableError:
        return _derivatives_by(model.cotangent, model, point, x, y, taken_apart)


def _derivatives_by(
    derivative: Callable[..., Any],
    model: AgentModel,
    point: Tensor,
    x: Tensor,
    y: Tensor,
    taken_apart: Decompositions,
) -> Recording:
    parts = len(model.sizes)

    def flat(*arguments: Tensor) -> Parts:
        gradient, product = vmap(derivative)(arguments[:parts], *arguments[parts : parts + 2], arguments[parts + 2 :])
        return (*gradient, *product)

    # The vectors are cut out of one tensor, as w is.
    v = torch.cos(torch.arange(point.numel(), dtype=point.dtype, device=point.device)).view_as(point)
    found = recorded(flat, (*model.split(point), x, y, *model.split(v)), taken_apart)
    _check(model, found, x[0], y[0])
    return found


def _check(model: AgentModel, found: Recording, x: Tensor, y: Tensor) -> None:
    """Batching rules and forward derivatives of a user's operations are compared with their backward passes."""
    parts = len(model.sizes)
    w, v = (tuple(part[0] for part in group) for group in (found.arguments[:parts], found.arguments[-parts:]))
    expected = (*model.recorded_gradient(w, x, y), *model.recorded_hvp(w, x, y, v))
    if not agree(tuple(part[0] for part in found.expected), expected):
        raise UntraceableError("what is recorded differs from torch.autograd")


def agree(batched: Parts, alone: Parts) -> bool:
    """Whether what was computed for one of many agents is what is computed for it alone.

    Up to rounding, which a module may do to float32 inside; a wrong rule is wrong in the first digits.
    """
    return all(
        bool((mine - its).norm() <= (1e-3 if its.dtype == torch.float32 else 1e-5) * (1 + its.norm()))
        for mine, its in zip(batched, alone, strict=True)
        if bool(torch.isfinite(its).all())
    )
