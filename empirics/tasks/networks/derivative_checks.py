"""Whether torch's derivatives of a network are those of its loss, and if not, which layer is at fault."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from empirics.numerics.errors import InputError
from empirics.numerics.memory import out_of_memory
from empirics.tasks.networks.agent_model import AgentModel
from empirics.tasks.networks.dense_form import loss_name
from empirics.tasks.networks.differences import Differentiable, mistake
from empirics.tasks.networks.layer_kinds import all_known
from empirics.tasks.networks.module_checks import spaced
from empirics.tasks.networks.module_traces import Call, calls, one_line, tensors
from empirics.tasks.networks.network_data import in_precision

# values in the widest layer that one evaluation may hold: for layers of the user's own, and for torch's
_VALUES, _VALUES_KNOWN = 2**17, 2**13
_SEEDS = (1, 2)
_KNOWN: set[Any] = set()
_ADVICE = (
    "expected a twice differentiable loss whose derivatives are torch's; write the layer in torch operations, without "
    "detach, no_grad, checkpoints or in-place writes, or correct its backward"
)


def refuse_derivatives(model: AgentModel, x: Tensor, y: Tensor, widest: int, smooth: bool) -> None:
    """Compare gradient and Hessian-vector products with differences, at the module's parameters and near them.

    The loss is that of the samples of all agents together, evenly thinned out where they are many: as the loss is a
    mean over samples, a wrong derivative of one agent's shows in it. A network that is not smooth is looked at near its
    parameters only, since they may lie on a kink. Torch's own layers of known kinds are looked at once for each
    architecture and shape.

    Raises:
        InputError: it has no derivative, or another than torch computes; the layer is named where it can be found.
    """
    known = all_known(model.module) and loss_name(model.given) is not None
    data = x.shape[2:], y.shape[2:], y.dtype, loss_name(model.given)
    key = (repr(model.module), model.sizes, *data) if known else None
    if key in _KNOWN:
        return
    most = max(1, (_VALUES_KNOWN if known else _VALUES) // widest)
    rows = torch.tensor(spaced(len(x) * x.shape[1], most), device=x.device)
    x, y = x.flatten(0, 1)[rows], y.flatten(0, 1)[rows]
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        # older ways of writing operations warn; what they compute is looked at here
        warnings.simplefilter("ignore")
        model, x, y = _in_double(model, x, y)
        _refuse(model, x, y, smooth)
    if known:
        _KNOWN.add(key)


def _in_double(model: AgentModel, x: Tensor, y: Tensor) -> tuple[AgentModel, Tensor, Tensor]:
    """Differences of float32 losses show little; a module that runs in float64 is looked at there."""
    single = [part.dtype == torch.float32 for part in (*model.module.parameters(), x, y) if part.is_floating_point()]
    if not any(single):
        return model, x, y
    wide = AgentModel(in_precision(copy.deepcopy(model.module), torch.float64), model.given)
    wide_x, wide_y = (part.double() if part.is_floating_point() else part for part in (x, y))
    try:
        with torch.no_grad():
            wide.loss(tuple(wide.module.parameters()), wide_x, wide_y)
    except Exception as error:
        if out_of_memory(error):
            raise
        # it asks for float32 somewhere
        return model, x, y
    return wide, wide_x, wide_y


def _refuse(model: AgentModel, x: Tensor, y: Tensor, smooth: bool) -> None:
    start = torch.cat([part.detach().reshape(-1) for part in model.module.parameters()])
    function = _function(model, x, y)
    for seed in (0, *_SEEDS[:1]) if smooth else _SEEDS:
        w = start if seed == 0 else _near(start, seed)
        where = "at the module's own parameters" if seed == 0 else "near the module's own parameters"
        try:
            found: Any = mistake(function, w, seed)
        except Exception as error:
            if out_of_memory(error):
                raise
            found = f"it cannot be differentiated twice: {one_line(error)}"
        if found is not None:
            words = _culprit(model, w, x, y, seed) or "the module"
            raise InputError(f"{words}: {found}, {where}: {_ADVICE}")


def _near(start: Tensor, seed: int) -> Tensor:
    size = 0.05 + 0.1 * float(start.square().mean().sqrt())
    draws = torch.randn(start.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return start + size * draws.to(start)


def _function(model: AgentModel, x: Tensor, y: Tensor) -> Differentiable:
    def value(w: Tensor) -> Tensor:
        with torch.no_grad():
            return model.loss(model.split(w), x, y).reshape(())

    def gradient(w: Tensor) -> Tensor:
        return _flat(model.recorded_gradient(model.split(w), x, y))

    def reverse(w: Tensor, v: Tensor) -> Tensor:
        return _flat(model.recorded_hvp(model.split(w), x, y, model.split(v)))

    return Differentiable(value, gradient, (reverse,))


def _culprit(model: AgentModel, w: Tensor, x: Tensor, y: Tensor, seed: int) -> str | None:
    """The innermost submodule, or the loss, whose own derivatives are wrong or missing."""
    parameters = model.split(w)
    with torch.no_grad():
        seen = calls(model.module, lambda: model.output(parameters, x))
        output = model.output(parameters, x)
    for call in seen:
        points = [*call.parameters.values(), *(part for part in _inputs(call) if part.is_floating_point())]
        if points and _mistaken(_scalar(call), points, seed):
            return call.words
    if _mistaken(lambda given: model.criterion(given[0], y), [output], seed):
        return f"the loss {getattr(model.given, '__name__', type(model.given).__name__)}"
    return None


def _scalar(call: Call) -> Callable[[list[Tensor]], Tensor]:
    """A submodule's results and half their squares, weighted and summed, as a function of its parameters and inputs.

    The squares make its derivative depend on its results, so that a missing second derivative is missed.
    """

    def value(given: list[Tensor]) -> Tensor:
        own = dict(zip(call.parameters, given, strict=False))
        inputs = iter(given[len(own) :])
        arguments, options = _replaced((call.arguments, call.options), inputs)
        result = functional_call(call.part, own, arguments, options, tie_weights=False)
        parts = [part for part in tensors(result) if part.is_floating_point()]
        return sum((((part + part.square() / 2) * _weights(part)).sum() for part in parts), given[0].new_zeros(()))

    return value


def _weights(part: Tensor) -> Tensor:
    return torch.cos(torch.arange(part.numel(), dtype=part.dtype, device=part.device)).view(part.shape)


def _inputs(call: Call) -> list[Tensor]:
    return tensors((call.arguments, call.options))


def _replaced(nested: Any, inputs: Any) -> Any:
    """The same arguments with new floating-point tensors, in the order of `tensors`."""
    if isinstance(nested, Tensor):
        return next(inputs) if nested.is_floating_point() else nested
    if isinstance(nested, dict):
        return {name: _replaced(value, inputs) for name, value in nested.items()}
    if isinstance(nested, (tuple, list)):
        return type(nested)(_replaced(part, inputs) for part in nested)
    return nested


def _mistaken(value: Callable[[list[Tensor]], Tensor], points: list[Tensor], seed: int) -> bool:
    shapes, sizes = [part.shape for part in points], [part.numel() for part in points]

    def split(w: Tensor) -> list[Tensor]:
        return [part.view(shape) for part, shape in zip(w.split(sizes), shapes, strict=True)]

    def plain(w: Tensor) -> Tensor:
        with torch.no_grad():
            return value(split(w)).reshape(())

    def gradient(w: Tensor, create_graph: bool = False) -> Tensor:
        with torch.enable_grad():
            point = w if create_graph else w.detach().clone().requires_grad_()
            total = value(split(point))
            (found,) = torch.autograd.grad(
                total + 0 * point.sum(), point, create_graph=create_graph, allow_unused=True, materialize_grads=True
            )
            return found if create_graph else found.detach()

    def product(w: Tensor, v: Tensor) -> Tensor:
        with torch.enable_grad():
            point = w.detach().clone().requires_grad_()
            along = gradient(point, create_graph=True) @ v + 0 * point.sum()
            return torch.autograd.grad(along, point)[0].detach()

    w = torch.cat([part.detach().reshape(-1) for part in points])
    try:
        return mistake(Differentiable(plain, gradient, (product,)), w, seed) is not None
    except Exception as error:
        if out_of_memory(error):
            raise
        return True


def _flat(parts: tuple[Tensor, ...]) -> Tensor:
    return torch.cat([part.detach().reshape(-1) for part in parts])
