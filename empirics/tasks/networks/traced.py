"""Any module's derivatives as flat graphs: torch.func is interpreted once per shape, then only its operations run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

from empirics.graphs.decompositions import small_softmax_decompositions
from empirics.graphs.passes import accumulating, split
from empirics.graphs.recording import Flat, Parts, UntraceableError, recorded
from empirics.numerics.workers import in_recording_thread
from empirics.tasks.networks.agent_model import AgentModel, agree, recorded_derivatives
from empirics.tasks.networks.fingerprint import Fingerprint
from empirics.tasks.networks.sweeps import EagerSweeps, Linearisation, Sweeps


@dataclass(frozen=True)
class Derivatives:
    """The recorded derivatives for one shape of points and samples.

    `primal`: (w parts, x, y) -> gradient parts and residuals; `tangent`: (residuals, v parts) -> Hessian-vector product
    parts.
    """

    primal: Flat
    tangent: Flat


class TracedSweeps(Sweeps):
    """Recorded graphs of forward-over-reverse derivatives, agents batched, cached by shape.

    A shape whose recording fails is served by torch.func itself. Every recording is one of the same loss, that of
    `made`, or refused.
    """

    def __init__(self, model: AgentModel, made: Fingerprint) -> None:
        """Nothing is recorded before the first use; `path` becomes `eager` once a recording has failed."""
        self.path = "traced"
        self.model, self._eager, self._made = model, EagerSweeps(model), made
        self._programs: dict[Any, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the recorded graphs, which are made again on first use."""
        return {**self.__dict__, "_programs": {}}

    def outputs(self, w: Tensor, x: Tensor) -> Tensor:
        """The recorded module, or torch.func where it cannot be recorded."""
        program = self._forward("outputs", self.model.output, self.model.output, w, x)
        return self._eager.outputs(w, x) if program is None else program(*self.model.split(w.contiguous()), x)[0]

    def loss(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """The recorded loss, or torch.func where it cannot be recorded."""
        program = self._forward("loss", self.model.loss, self.model.loss, w, x, y)
        return self._eager.loss(w, x, y) if program is None else program(*self.model.split(w.contiguous()), x, y)[0]

    def gradient(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """The recorded gradient, or torch.func where it cannot be recorded."""
        program = self._forward("gradient", self.model.gradient, self.model.recorded_gradient, w, x, y)
        if program is None:
            return self._eager.gradient(w, x, y)
        return self.model.join(program(*self.model.split(w.contiguous()), x, y))

    def linearisation(self, w: Tensor, x: Tensor, y: Tensor) -> Linearisation:
        """The gradient and what its derivative needs are computed once, then each product from them."""
        program = self._derivatives(w, x, y)
        if program is None:
            return self._eager.linearisation(w, x, y)
        parts = len(self.model.sizes)
        results = program.primal(*self.model.split(w.contiguous()), x, y)
        gradient, residuals = self.model.join(results[:parts]), results[parts:]

        def product(v: Tensor) -> Tensor:
            return self.model.join(program.tangent(*residuals, *self.model.split(v.contiguous())))

        return gradient, product

    def _derivatives(self, w: Tensor, x: Tensor, y: Tensor) -> Derivatives | None:
        return self._recorded("derivatives", (w, x, y), lambda point: _derivatives(self.model, point, x, y))

    def _forward(
        self, name: str, function: Callable[..., Any], alone: Callable[..., Any], w: Tensor, *data: Tensor
    ) -> Flat | None:
        return self._recorded(name, (w, *data), lambda point: _forward(self.model, function, alone, point, *data))

    def _recorded(self, name: str, arguments: Parts, record: Callable[[Tensor], Any]) -> Any:
        w, *data = arguments
        key = (name, w.shape, w.dtype, *((part.shape, part.stride(), part.dtype) for part in data))

        def made() -> Any:
            try:
                return record(w.contiguous())
            except UntraceableError:
                self.path = "eager"
                return None

        return self.remembered(key, made)

    def remembered(self, key: Any, make: Callable[[], Any]) -> Any:
        """make(), called once for each key, in the thread that records."""

        def once() -> None:
            # Locked in that thread: whoever waited for it with the model locked would keep out what it is doing now.
            with self.model.lock:
                if key not in self._programs:
                    self._made.refuse_changes(self.model)
                    self._programs[key] = make()

        if key not in self._programs:
            in_recording_thread(once)
        return self._programs[key]


def _derivatives(model: AgentModel, point: Tensor, x: Tensor, y: Tensor) -> Derivatives:
    parts, found = len(model.sizes), recorded_derivatives(model, point, x, y, small_softmax_decompositions())
    primal, tangent = (accumulating(part).forward for part in split(found.graph, parts + 2, parts))
    with torch.no_grad():
        results = primal(*found.arguments[: parts + 2])
        products = tangent(*results[parts:], *found.arguments[parts + 2 :])
    _check((*results[:parts], *products), found.expected)
    return Derivatives(primal, tangent)


def _forward(
    model: AgentModel, function: Callable[..., Any], alone: Callable[..., Any], point: Tensor, *data: Tensor
) -> Flat:
    """The graph of `function` for all agents, which must be what `alone` computes for the first."""
    parts = len(model.sizes)

    def flat(*arguments: Tensor) -> Parts:
        found = vmap(function)(arguments[:parts], *arguments[parts:])
        return found if isinstance(found, tuple) else (found,)

    found = recorded(flat, (*model.split(point), *data), small_softmax_decompositions())
    program = accumulating(found.graph).forward
    with torch.no_grad():
        _check(program(*found.arguments), found.expected)
        first = alone(tuple(part[0] for part in found.arguments[:parts]), *(part[0] for part in data))
    if not agree(tuple(part[0] for part in found.expected), first if isinstance(first, tuple) else (first,)):
        raise UntraceableError("a batching rule of the module is wrong")
    return program


def _check(found: Parts, expected: Parts) -> None:
    """Cleaning may only change the order of sums."""
    for mine, its in zip(found, expected, strict=True):
        tolerance = 1e-3 if its.dtype == torch.float32 else 1e-9
        if not bool((mine - its).norm() <= tolerance * its.norm() + torch.finfo(its.dtype).tiny):
            raise UntraceableError("the cleaned graph does not reproduce the recorded one")
