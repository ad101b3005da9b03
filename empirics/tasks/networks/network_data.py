"""The samples and targets of a network task, checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from empirics.numerics.checks import array
from empirics.numerics.errors import InputError
from empirics.tasks.networks.dense_form import DenseForm, loss_name


def parameter_count(module: nn.Module) -> int:
    """Number of parameters of a module; refused when there are none, or some that are not real."""
    if not isinstance(module, nn.Module):
        raise InputError(f"module is a {type(module).__name__}: expected a torch.nn.Module")
    parameters = list(module.parameters())
    if not parameters:
        raise InputError("the module has no parameters: expected at least one")
    for name, parameter in module.named_parameters():
        if not parameter.is_floating_point():
            raise InputError(f"parameter {name} has dtype {parameter.dtype}: expected real floating-point numbers")
    return sum(parameter.numel() for parameter in parameters)


def as_samples(module: nn.Module, x: Any) -> Tensor:
    """x as a tensor of its own: floating, or integers for a module with an Embedding."""
    values = x if isinstance(x, Tensor) else torch.as_tensor(np.array(x))
    if not values.is_floating_point() and any(isinstance(part, nn.Embedding) for part in module.modules()):
        return values.detach().clone().to(torch.int64)
    return array("x", x, "(n, samples, ...)", tuple(range(2, 9))).contiguous()


def as_targets(y: Any) -> Tensor:
    """y as a tensor of its own: integers stay integers."""
    values = y.detach() if isinstance(y, Tensor) else torch.as_tensor(np.array(y))
    if values.dtype in (torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8):
        return values.to(torch.int64, copy=True).contiguous()
    return array("y", y, "(n, samples, ...)", tuple(range(2, 9))).contiguous()


def refuse_shapes(x: Tensor, y: Tensor) -> None:
    """Refuse samples and targets that do not belong together."""
    if x.shape[:2] != y.shape[:2]:
        raise InputError(
            f"x has shape {tuple(x.shape)} and y {tuple(y.shape)}: expected the same agents and samples on axes 0, 1"
        )


def refuse_labels(loss: Callable[[Any, Any], Any], output: Tensor, y: Tensor) -> None:
    """Refuse class labels that the output has no entry for."""
    if loss_name(loss) != "cross_entropy" or y.is_floating_point():
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
