"""What classic mistakes of training code on modules would have given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirics.testing.models import Model, output

Data = tuple[Any, Any]


def order_mistakes(model: Model, alpha: float, nu: int, query: Data | None = None) -> Iterator[tuple[str, np.ndarray]]:
    """Sentences and the answers (d,) that they would explain: order of parameters, layout of matrices."""
    whole = (model.x, model.y)
    right = _gradients(model, alpha, nu, whole, query or whole)
    by_name = {name: right[name] for name in sorted(right)}
    yield "the gradients are in alphabetical order of the parameters' names", _flat(by_name)
    turned = {name: g.mT if g.dim() == 2 else g for name, g in right.items()}
    yield "matrices are flattened column by column", _flat(turned)


def model_mistakes(model: Model, alpha: float, nu: int) -> Iterator[tuple[str, np.ndarray]]:
    """The same, and data that are left out or exchanged."""
    whole = (model.x, model.y)
    yield from order_mistakes(model, alpha, nu)
    named: list[tuple[str, Callable[[Data], Data], Callable[[Data], Data]]] = [
        ("the outer loss sees the first half of the samples", _same, _first_half),
        ("the outer loss sees the second half of the samples", _same, _second_half),
        ("the outer loss sees the first sample only", _same, _first),
        ("fine-tuning sees the first half of the samples", _first_half, _same),
        ("fine-tuning sees the second half of the samples", _second_half, _same),
        ("fine-tuning sees the first sample only", _first, _same),
        ("fine-tuning sees the first half of the samples and the outer loss the second", _first_half, _second_half),
        ("fine-tuning sees the second half of the samples and the outer loss the first", _second_half, _first_half),
        ("everything sees the first half of the samples", _first_half, _first_half),
        ("x is set to zero", _without_inputs, _without_inputs),
        ("y is set to zero", _without_targets, _without_targets),
        ("x and y are set to zero", _without_data, _without_data),
        ("x and y are exchanged", _exchanged, _exchanged),
    ]
    for sentence, inner, outer in named:
        # Shapes of x and y need not allow what the sentence says.
        with suppress(RuntimeError, ValueError, IndexError, TypeError):
            yield sentence, _flat(_gradients(model, alpha, nu, inner(whole), outer(whole)))


def _gradients(model: Model, alpha: float, nu: int, inner: Data, outer: Data) -> dict[str, Tensor]:
    """Exact mode, through the graph, with one pair of data for fine-tuning and one for the outer loss."""
    start = model.trainable()

    def loss(parameters: dict[str, Any], data: Data) -> Tensor:
        return model.loss(output(model.module, parameters, data[0]), data[1])

    fast: dict[str, Any] = dict(start)
    unused: dict[str, Any] = {"allow_unused": True, "materialize_grads": True}
    for _ in range(nu):
        slopes = torch.autograd.grad(loss(fast, inner), list(fast.values()), create_graph=True, **unused)
        fast = {name: p - alpha * g for (name, p), g in zip(fast.items(), slopes, strict=True)}
    slopes = torch.autograd.grad(loss(fast, outer), list(start.values()), **unused)
    return dict(zip(start, slopes, strict=True))


def _flat(gradients: dict[str, Tensor]) -> np.ndarray:
    return torch.cat([g.reshape(-1) for g in gradients.values()]).numpy()


def _same(data: Data) -> Data:
    return data


def _first(data: Data) -> Data:
    return data[0][:1], data[1][:1]


def _first_half(data: Data) -> Data:
    half = len(data[0]) // 2
    return data[0][:half], data[1][:half]


def _second_half(data: Data) -> Data:
    half = len(data[0]) // 2
    return data[0][half:], data[1][half:]


def _without_inputs(data: Data) -> Data:
    return torch.zeros_like(data[0]), data[1]


def _without_targets(data: Data) -> Data:
    return data[0], torch.zeros_like(data[1])


def _without_data(data: Data) -> Data:
    return torch.zeros_like(data[0]), torch.zeros_like(data[1])


def _exchanged(data: Data) -> Data:
    return data[1], data[0]
