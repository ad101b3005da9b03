"""The samples and targets of a network task, checked."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import _WeightNorm as FusedWeightNorm

from empirics.numerics.checks import array
from empirics.numerics.errors import InputError
from empirics.tasks.networks.dense_form import DenseForm, loss_name
from empirics.tasks.networks.layer_kinds import described
from empirics.tasks.networks.module_traces import one_line


def parameter_count(module: nn.Module) -> int:
    """Number of trainable parameters of a module; refused when there are none, or some that are not finite reals."""
    named, parts = dict(module.named_parameters()), dict(module.named_modules())
    if not named:
        raise InputError("the module has no parameters: expected at least one")
    for name, parameter in named.items():
        owner = described(place := name.rpartition(".")[0], parts[place])
        if not parameter.is_floating_point():
            raise InputError(
                f"{owner}: parameter {name} has dtype {parameter.dtype}: expected real floating-point numbers; keep "
                "real and imaginary parts as two parameters"
            )
        if not bool(torch.isfinite(parameter).all()):
            raise InputError(f"{owner}: parameter {name} has a value that is not finite: expected finite numbers")
    trainable = [parameter for parameter in named.values() if parameter.requires_grad]
    if not trainable:
        raise InputError(
            f"every parameter of the module is frozen, from {next(iter(named))} on: expected at least one with "
            "requires_grad=True, as w holds those"
        )
    return sum(parameter.numel() for parameter in trainable)


def own_copy(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy whose parameters are the trainable ones; what is frozen is among its buffers.

    >>> layer = nn.Linear(2, 1)
    >>> _ = layer.bias.requires_grad_(False)
    >>> [name for name, _ in own_copy(layer, torch.float64).named_parameters()]
    ['weight']
    """
    try:
        copied = copy.deepcopy(module)
    except Exception as error:
        # whatever an attribute of a user's module raises
        raise InputError(
            f"the module cannot be copied: {one_line(error)}; expected one that copy.deepcopy takes: make in forward "
            "what it keeps besides parameters, buffers and submodules"
        ) from None
    for part in copied.modules():
        for name, parameter in list(part._parameters.items()):
            if parameter is not None and not parameter.requires_grad:
                delattr(part, name)
                part.register_buffer(name, parameter.detach())
        for name, child in list(part.named_children()):
            if type(child) is FusedWeightNorm:
                part._modules[name] = WeightNorm(child.dim)
    return in_precision(copied, dtype)


class WeightNorm(nn.Module):
    """What torch.nn.utils.parametrizations.weight_norm computes, whose fused operation has a wrong second derivative.

    >>> WeightNorm(0)(torch.tensor([[10.0]]), torch.tensor([[3.0, 4.0]]))
    tensor([[6., 8.]])
    """

    def __init__(self, dim: int | None) -> None:
        """Norms are taken over all axes but `dim`, over all for None or -1."""
        super().__init__()
        self.dim = dim

    def forward(self, size: Tensor, direction: Tensor) -> Tensor:
        """The direction at that size."""
        axes = [axis for axis in range(direction.dim()) if axis != self.dim]
        return direction * (size / direction.square().sum(axes, keepdim=True).sqrt())


def in_precision(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """The module itself, its real numbers in float32 or float64; complex buffers stay complex."""
    return module.double() if dtype == torch.float64 else module.float()


def as_samples(module: nn.Module, x: Any) -> Tensor:
    """x as a tensor of its own: floating, or integers for a module with an Embedding."""
    values = _values("x", x)
    tables = (nn.Embedding, nn.EmbeddingBag)
    if not values.is_floating_point() and any(isinstance(part, tables) for part in module.modules()):
        return values.detach().clone().to(torch.int64)
    return array("x", x, "(n, samples, ...)", tuple(range(2, 9))).contiguous()


def as_targets(y: Any) -> Tensor:
    """y as a tensor of its own: integers stay integers."""
    values = _values("y", y)
    if values.dtype in (torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8):
        return values.to(torch.int64, copy=True).contiguous()
    return array("y", y, "(n, samples, ...)", tuple(range(2, 9))).contiguous()


def _values(name: str, given: Any) -> Tensor:
    try:
        values = given.detach() if isinstance(given, Tensor) else torch.as_tensor(np.array(given))
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is not a numeric array: {error}; expected shape (n, samples, ...)") from None
    if values.is_floating_point() and values.dtype not in (torch.float32, torch.float64):
        raise InputError(
            f"{name} has dtype {values.dtype}: expected float64, or float32 for a float32 task; convert it, as half "
            "precision rounds away the differences that are measured"
        )
    return values


def refuse_shapes(x: Tensor, y: Tensor) -> None:
    """Refuse samples and targets that do not belong together."""
    if x.shape[:2] != y.shape[:2]:
        raise InputError(
            f"x has shape {tuple(x.shape)} and y {tuple(y.shape)}: expected the same agents and samples on axes 0, 1"
        )


def refuse_labels(loss: Callable[[Any, Any], Any], output: Tensor, y: Tensor) -> None:
    """Refuse class labels that the output has no entry for."""
    if loss_name(loss) != "cross_entropy" or y.is_floating_point() or output.dim() < 2:
        return
    classes = output.shape[1]
    wrong = (y < 0) | (y >= classes)
    if bool(wrong.any()):
        where = tuple(int(i) for i in torch.nonzero(wrong)[0])
        raise InputError(f"y{list(where)} = {int(y[where])}: expected labels 0 to {classes - 1}")


def fits(form: DenseForm, x: Tensor, y: Tensor) -> bool:
    """Whether samples and targets have the plain shapes for which derivatives are written by hand."""
    if x.dim() != 3:
        return False
    if form.loss == "cross_entropy":
        return y.dim() == 2 and not y.is_floating_point()
    return y.dim() == 3 and y.shape[2] == form.widths[-1] and y.is_floating_point()
