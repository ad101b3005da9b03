"""The loss of one agent, or of one of its samples, as a graph of the operations that have rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule

from empirics.graphs.decompositions import elementary_decompositions
from empirics.graphs.recording import Parts, UntraceableError, recorded
from empirics.tasks.networks.agent_model import AgentModel
from empirics.tasks.task import Task

aten = torch.ops.aten
# One smooth map each, with sharper bounds than its parts have.
_WHOLE = (
    *(aten._log_softmax, aten._softmax, aten._safe_softmax, aten.logsumexp, aten.native_layer_norm, aten.gelu),
    *(aten.silu, aten.softplus, aten.log_sigmoid_forward, aten.mv, aten.dot, aten.addmv, aten.native_group_norm),
)

_SOFTMAXES = (aten._log_softmax, aten._softmax, aten._safe_softmax, aten.logsumexp)


@dataclass(frozen=True, eq=False)
class RecordedLoss:
    """(w (d,), arrays...) -> (loss,): `graph` for norms, `plain` for derivatives by torch; `arrays` (N, ...) each.

    N counts agents, or samples of all agents one agent after another.
    """

    graph: GraphModule
    plain: GraphModule
    arrays: Parts

    @property
    def count(self) -> int:
        """N."""
        return len(self.arrays[0])

    def loss(self, w: Tensor, *own: Tensor) -> Tensor:
        """The loss at w (d,), a number, by operations whose derivatives torch computes rightly."""
        return self.plain(w, *own)[0]


def agent_losses(task: Task) -> RecordedLoss:
    """f_i for every agent i.

    Raises:
        UntraceableError: the loss is no fixed sequence of torch operations on w and the agent's arrays.

    >>> from empirics import QuadraticTask
    >>> loss = agent_losses(QuadraticTask(A=[[[2.0]]], c=[[1.0]]))
    >>> loss.loss(torch.tensor([3.0]).double(), *(array[0] for array in loss.arrays))
    tensor(4., dtype=torch.float64)
    """
    network = task.network()
    if network is not None:
        return _recorded(_of_network(network), task, tuple(task.agents_parameters().values()))
    names = tuple(task.agents_parameters())

    def raw(w: Tensor, *own: Tensor) -> Tensor:
        one = task.alone({name: array.unsqueeze(0) for name, array in zip(names, own, strict=True)})
        return one.raw_loss(w.view(1, 1, -1)).reshape(())

    return _recorded(raw, task, tuple(task.agents_parameters().values()))


def sample_losses(task: Task) -> RecordedLoss | None:
    """Each sample's loss, (n S, ...) arrays, where the agents' losses are a network's means over samples; else None."""
    network = task.network()
    if network is None:
        return None
    x, y = network.whole("x"), network.whole("y")
    return _recorded(_of_network(network), task, (x.flatten(0, 1).unsqueeze(1), y.flatten(0, 1).unsqueeze(1)))


def _of_network(network: Any) -> Callable[..., Tensor]:
    model = AgentModel(network.module, network._loss)

    def loss(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return model.loss(model.split(w), x, y).reshape(())

    return loss


def _recorded(function: Callable[..., Tensor], task: Task, arrays: Parts) -> RecordedLoss:
    def flat(*given: Tensor) -> Parts:
        return (function(*given),)

    whole = {getattr(packet, name) for packet in _WHOLE for name in packet.overloads()}
    parts = elementary_decompositions()
    softmaxes = {getattr(packet, name) for packet in _SOFTMAXES for name in packet.overloads()}
    kept = {target: part for target, part in parts.items() if target not in whole}
    kept[aten.native_batch_norm.default] = _one_sample_s_batch_norm
    apart = {
        **{target: part for target, part in parts.items() if target not in softmaxes},
        aten.native_group_norm.default: _group_norm,
        aten.native_batch_norm.default: lambda x, weight, bias, mean, variance, training, momentum, eps: (
            _group_norm(x, weight, bias, 1, x.shape[1], 0, x.shape[1], eps)
            if _is_one(x, mean, variance, training)
            else NotImplemented
        ),
        aten.log_sigmoid_forward.default: lambda x: (-(-x).exp().log1p(), torch.zeros_like(x)),
    }
    given = (task.centre.to(task.device, task.dtype), *(array[0] for array in arrays))
    return RecordedLoss(recorded(flat, given, kept).graph, recorded(flat, given, apart).graph, arrays)


def _is_one(x: Tensor, mean: Any, variance: Any, training: bool) -> bool:
    """Whether a batch norm has one row a channel and no statistics kept: what instance norm is in torch."""
    return training and mean is None and variance is None and x.shape[0] == 1


def _one_sample_s_batch_norm(
    x: Tensor, weight: Any, bias: Any, mean: Any, variance: Any, training: bool, momentum: float, eps: float
) -> Any:
    if not _is_one(x, mean, variance, training):
        return NotImplemented
    channels, places = x.shape[1], x[0, 0].numel()
    return aten.native_group_norm.default(x, weight, bias, 1, channels, places, channels, eps)


def _group_norm(
    x: Tensor, weight: Any, bias: Any, count: int, channels: int, places: int, groups: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    # torch's third derivative of a fused normalisation is wrong, that of its parts is right
    rows = x.reshape(count, groups, -1)
    mean = rows.mean(-1, keepdim=True)
    scale = ((rows - mean).square().mean(-1, keepdim=True) + eps).rsqrt()
    result = ((rows - mean) * scale).reshape(x.shape)
    shape = [1, -1, *(1 for _ in range(x.dim() - 2))]
    result = result if weight is None else result * weight.reshape(shape)
    result = result if bias is None else result + bias.reshape(shape)
    return result, mean.reshape(count, groups), scale.reshape(count, groups)


__all__ = ["RecordedLoss", "UntraceableError", "agent_losses", "sample_losses"]
