"""Any module's derivatives as flat graphs: torch.func is interpreted once per shape, then only its operations run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.func import functionalize, vmap
from torch.fx import GraphModule

from empirics.graphs import accumulating, cleaned, split
from empirics.sweeps import AgentModel, EagerSweeps, Linearisation, Sweeps
from empirics.workers import in_new_thread

_FEW = 64

Parts = tuple[Tensor, ...]
Program = Callable[..., Parts]


@dataclass(frozen=True)
class Derivatives:
    """The recorded derivatives for one shape of points and samples.

    `primal`: (w parts, x, y) -> gradient parts and residuals; `tangent`: (residuals, v parts) -> Hessian-vector product
    parts.
    """

    primal: Program
    tangent: Program


class UntraceableError(RuntimeError):
    """The module cannot be recorded, or the cleaned record does not reproduce it."""


class TracedSweeps(Sweeps):
    """Recorded graphs of forward-over-reverse derivatives, agents batched, cached by shape.

    A shape whose recording fails is served by torch.func itself.
    """

    def __init__(self, model: AgentModel) -> None:
        """Nothing is recorded before the first use; `path` becomes `eager` once a recording has failed."""
        self.path = "traced"
        self._model, self._eager = model, EagerSweeps(model)
        self._programs: dict[Any, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the recorded graphs, which are made again on first use."""
        return {**self.__dict__, "_programs": {}}

    def outputs(self, w: Tensor, x: Tensor) -> Tensor:
        """The recorded module."""
        program = self._forward("outputs", self._model.output, w, x)
        return self._eager.outputs(w, x) if program is None else program(*self._model.split(w.contiguous()), x)[0]

    def loss(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """The recorded loss."""
        program = self._forward("loss", self._model.loss, w, x, y)
        return self._eager.loss(w, x, y) if program is None else program(*self._model.split(w.contiguous()), x, y)[0]

    def gradient(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """The recorded gradient."""
        program = self._forward("gradient", self._model.gradient, w, x, y)
        if program is None:
            return self._eager.gradient(w, x, y)
        return self._model.join(program(*self._model.split(w.contiguous()), x, y))

    def linearisation(self, w: Tensor, x: Tensor, y: Tensor) -> Linearisation:
        """The gradient and what its derivative needs are computed once, then each product from them."""
        program = self._derivatives(w, x, y)
        if program is None:
            return self._eager.linearisation(w, x, y)
        parts = len(self._model.sizes)
        results = program.primal(*self._model.split(w.contiguous()), x, y)
        gradient, residuals = self._model.join(results[:parts]), results[parts:]

        def product(v: Tensor) -> Tensor:
            return self._model.join(program.tangent(*residuals, *self._model.split(v.contiguous())))

        return gradient, product

    def _derivatives(self, w: Tensor, x: Tensor, y: Tensor) -> Derivatives | None:
        return self._recorded("derivatives", (w, x, y), lambda point: _derivatives(self._model, point, x, y))

    def _forward(self, name: str, function: Callable[..., Any], w: Tensor, *data: Tensor) -> Program | None:
        return self._recorded(name, (w, *data), lambda point: _forward(self._model, function, point, *data))

    def _recorded(self, name: str, arguments: Parts, record: Callable[[Tensor], Any]) -> Any:
        w, *data = arguments
        key = (name, w.shape, w.dtype, *((part.shape, part.stride(), part.dtype) for part in data))
        if key not in self._programs:
            with self._model.lock:
                if key not in self._programs:
                    try:
                        self._programs[key] = in_new_thread(lambda: record(w.contiguous()))
                    except UntraceableError:
                        self._programs[key], self.path = None, "eager"
        return self._programs[key]


def _derivatives(model: AgentModel, point: Tensor, x: Tensor, y: Tensor) -> Derivatives:
    """Forward over reverse or, where an operation has no forward derivative, reverse over reverse."""
    try:
        return _derivatives_by(model.tangent, model, point, x, y)
    except UntraceableError:
        return _derivatives_by(model.cotangent, model, point, x, y)


def _derivatives_by(
    derivative: Callable[..., Any], model: AgentModel, point: Tensor, x: Tensor, y: Tensor
) -> Derivatives:
    parts, w = len(model.sizes), model.split(point)

    def flat(*arguments: Tensor) -> Parts:
        gradient, product = vmap(derivative)(arguments[:parts], *arguments[parts : parts + 2], arguments[parts + 2 :])
        return (*gradient, *product)

    # A graph is recorded for the strides of its arguments, so the vectors are cut out of one tensor as w is.
    v = model.split(torch.cos(torch.arange(point.numel(), dtype=point.dtype, device=point.device)).view_as(point))
    with torch.no_grad():
        graph = _graph(flat, (*w, x, y, *v))
        expected = graph(*w, x, y, *v)
        primal, tangent = (accumulating(part).forward for part in split(cleaned(graph), parts + 2, parts))
        results = primal(*w, x, y)
        _check((*results[:parts], *tangent(*results[parts:], *v)), expected)
    return Derivatives(primal, tangent)


def _forward(model: AgentModel, function: Callable[..., Any], point: Tensor, *data: Tensor) -> Program:
    parts, w = len(model.sizes), model.split(point)

    def flat(*arguments: Tensor) -> Parts:
        found = vmap(function)(arguments[:parts], *arguments[parts:])
        return found if isinstance(found, tuple) else (found,)

    with torch.no_grad():
        graph = _graph(flat, (*w, *data))
        expected = graph(*w, *data)
        program = accumulating(cleaned(graph)).forward
        _check(program(*w, *data), expected)
    return program


def _graph(flat: Callable[..., Parts], arguments: Parts) -> GraphModule:
    """Record what runs on these arguments; writes in place become new tensors."""
    # Recording loads most of torch's compiler, which a user of other tasks never needs.
    from torch.fx.experimental.proxy_tensor import make_fx

    try:
        # Fake tensors would be quicker to record with, but forward derivatives bring zeros without a device.
        return make_fx(functionalize(flat), _decompositions(), tracing_mode="real")(*arguments)
    except Exception as error:
        # Whatever an arbitrary module raises here, torch.func itself is tried next and raises it again if need be.
        raise UntraceableError(str(error)) from error


def _decompositions() -> dict[Any, Callable[..., Tensor]]:
    """torch's softmax spends its time on setting up rows; over few classes, operations on all rows are faster."""

    def log_softmax(x: Tensor, dim: int, half_to_float: bool) -> Tensor:
        if x.shape[dim] > _FEW:
            return NotImplemented
        shifted = x - x.amax(dim, keepdim=True)
        return shifted - shifted.exp().sum(dim, keepdim=True).log()

    def log_softmax_backward(error: Tensor, output: Tensor, dim: int, dtype: torch.dtype) -> Tensor:
        if output.shape[dim] > _FEW:
            return NotImplemented
        return error - output.exp() * error.sum(dim, keepdim=True)

    return {
        torch.ops.aten._log_softmax.default: log_softmax,
        torch.ops.aten._log_softmax_backward_data.default: log_softmax_backward,
    }


def _check(found: Parts, expected: Parts) -> None:
    """Cleaning may only change the order of sums."""
    for mine, its in zip(found, expected, strict=True):
        tolerance = 1e-3 if its.dtype == torch.float32 else 1e-9
        if not bool((mine - its).norm() <= tolerance * its.norm() + torch.finfo(its.dtype).tiny):
            raise UntraceableError("the cleaned graph does not reproduce the recorded one")
