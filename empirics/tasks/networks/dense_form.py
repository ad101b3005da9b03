"""Which modules are plain multilayer perceptrons, for which derivatives are written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from torch import nn
from torch.nn import functional

ACTIVATIONS: dict[type[nn.Module], str] = {
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
    nn.Softplus: "softplus",
    nn.SiLU: "silu",
    nn.GELU: "gelu",
}
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


@dataclass(frozen=True)
class DenseForm:
    """A multilayer perceptron: widths (inputs, hidden ..., outputs), one activation between layers, a loss.

    `activation` is one of tanh, sigmoid, softplus, silu, gelu, or identity when there is one layer only; `loss` is
    cross_entropy (of integer labels, mean over samples) or mse (mean over samples and outputs). A point w of length
    `d` holds weight (row by row, widths[l + 1] rows) and bias of every layer in turn.

    >>> DenseForm((2, 3, 1), "tanh", "mse").d
    13
    """

    widths: tuple[int, ...]
    activation: str
    loss: str

    @property
    def d(self) -> int:
        """Number of parameters, weights and biases of all layers."""
        return sum(inputs * outputs + outputs for inputs, outputs in pairwise(self.widths))


def dense_form(module: nn.Module, loss: Callable[[Any, Any], Any]) -> DenseForm | None:
    """The dense form of a module and a loss, or None when they are anything else.

    The module is an nn.Sequential of nn.Linear with bias, the same smooth activation (with its default arguments)
    after each but the last, no hooks, no shared or frozen parameters; the loss is that of `loss_name`.

    >>> dense_form(nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2)), nn.functional.cross_entropy)
    DenseForm(widths=(2, 3, 2), activation='tanh', loss='cross_entropy')
    >>> dense_form(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2)), nn.functional.cross_entropy) is None
    True
    """
    name = loss_name(loss)
    if name is None or type(module) is not nn.Sequential or len(module) % 2 == 0:
        return None
    layers: list[Any] = list(module)
    linear, between = layers[::2], layers[1::2]
    if not all(untouched(part) for part in (module, *layers)):
        return None
    if any(type(layer) is not nn.Linear or layer.bias is None for layer in linear):
        return None
    # Each weight and bias once, none frozen.
    if len(list(module.parameters())) != 2 * len(linear):
        return None
    kinds = {activation_name(layer) for layer in between} or {"identity"}
    (kind, *others) = kinds
    widths = (linear[0].in_features, *(layer.out_features for layer in linear))
    chained = all(layer.in_features == width for layer, width in zip(linear, widths, strict=False))
    return None if others or kind is None or not chained else DenseForm(widths, kind, name)


def untouched(layer: nn.Module) -> bool:
    """Whether a layer has no hooks and the forward pass of its class.

    >>> untouched(nn.Linear(1, 1))
    True
    """
    return "forward" not in vars(layer) and not any(getattr(layer, hooks) for hooks in _HOOKS)


def activation_name(layer: nn.Module) -> str | None:
    """The name of a known activation with its default arguments, else None.

    >>> activation_name(nn.Tanh()), activation_name(nn.GELU(approximate="tanh"))
    ('tanh', None)
    """
    name = ACTIVATIONS.get(type(layer))
    if isinstance(layer, nn.Softplus) and (layer.beta, layer.threshold) != (1, 20):
        return None
    return None if isinstance(layer, nn.GELU) and layer.approximate != "none" else name


def loss_name(loss: Callable[[Any, Any], Any]) -> str | None:
    """cross_entropy or mse for torch's own loss of that name with its default arguments, else None.

    >>> loss_name(nn.MSELoss()), loss_name(nn.functional.cross_entropy), loss_name(nn.MSELoss(reduction="sum"))
    ('mse', 'cross_entropy', None)
    """
    if loss is functional.cross_entropy:
        return "cross_entropy"
    if loss is functional.mse_loss:
        return "mse"
    if type(loss) is nn.MSELoss and loss.reduction == "mean":
        return "mse"
    if type(loss) is nn.CrossEntropyLoss:
        plain = loss.weight is None and loss.ignore_index < 0 and loss.label_smoothing == 0
        return "cross_entropy" if plain and loss.reduction == "mean" else None
    return None
