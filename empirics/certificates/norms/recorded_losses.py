"""The loss of one agent, or of one of its samples, as a graph of the operations that have rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

import torch
from torch import Tensor
from torch.func import vmap
from torch.fx import GraphModule

from empirics.graphs.decompositions import Decompositions, elementary_decompositions
from empirics.graphs.real_functions import real_parts, recorded_function
from empirics.graphs.recording import Parts, UntraceableError
from empirics.tasks.batch_graph import batch_graph, loss_of_one_batch
from empirics.tasks.loss_graph import AGENTS, POINTS, agent_arrays, alike, loss_graph, loss_of_one, probe_point
from empirics.tasks.networks.module_checks import spaced
from empirics.tasks.sampler import listed
from empirics.tasks.task import Task

aten = torch.ops.aten
# One smooth map each, with sharper bounds than its parts have.
_WHOLE = (
    *(aten._log_softmax, aten._softmax, aten._safe_softmax, aten.logsumexp, aten.native_layer_norm, aten.gelu),
    *(aten.silu, aten.softplus, aten.log_sigmoid_forward, aten.mv, aten.dot, aten.addmv, aten.native_group_norm),
)

_NORMALISATIONS = (aten.native_group_norm.default, aten.native_batch_norm.default)
_SOFTMAXES = (aten._log_softmax, aten._softmax, aten._safe_softmax, aten.logsumexp)


# Numbers in the arrays of all samples: their norms are worked out for all of them at once.
_NUMBERS = 2**24


@dataclass(frozen=True, eq=False)
class RecordedLoss:
    """(w (d,), arrays...) -> (loss,): `graph` for norms, `plain` for derivatives by torch; `arrays` (N, ...) each.

    N counts agents, or samples of all agents one agent after another.
    """

    record: Callable[[Decompositions], GraphModule]
    plain: GraphModule
    arrays: Parts

    @cached_property
    def graph(self) -> GraphModule:
        """Recorded when it is first asked for: who wants derivatives alone does not wait for it."""
        return self.record(_for_norms())

    @property
    def count(self) -> int:
        """N."""
        return len(self.arrays[0])

    @property
    def widest(self) -> int:
        """Numbers in the largest intermediate result of one loss."""
        made = (node.meta.get("val") for node in self.plain.graph.nodes)
        return max(value.numel() for value in made if isinstance(value, Tensor))

    def loss(self, w: Tensor, *own: Tensor) -> Tensor:
        """The loss at w (d,), a number, by operations whose derivatives torch computes rightly."""
        return self.plain(w, *own)[0]


def agent_losses(task: Task) -> RecordedLoss:
    """f_i for every agent i.

    Raises:
        UntraceableError: the loss is no fixed sequence of torch operations on w and the agent's arrays.
        InputError: a network computes something else than when it was made.

    >>> from empirics import QuadraticTask
    >>> loss = agent_losses(QuadraticTask(A=[[[2.0]]], c=[[1.0]]))
    >>> loss.loss(torch.tensor([3.0]).double(), *(array[0] for array in loss.arrays))
    tensor(4., dtype=torch.float64)
    """
    network = task.network()
    if network is not None:
        network.refuse_changes()
    loss_graph(task)  # compares what is recorded with what runs, and refuses what is no function of w
    return _recorded(task, tuple(task.agents_parameters().values()))


def sample_losses(task: Task) -> RecordedLoss | None:
    """Each sample's loss, (n S, ...) arrays, one agent after another; None where the sampler lists none that is known.

    A network's samples are those of its data, whatever its sampler.
    """
    network = task.network()
    if network is not None:
        x, y = network.whole("x"), network.whole("y")
        return _recorded(task, (x.flatten(0, 1).unsqueeze(1), y.flatten(0, 1).unsqueeze(1)))
    found = listed(task)
    if found is None or task.sampler.noiseless or task.n * len(found.values) * task.values_per_agent > _NUMBERS:
        return None
    try:
        batch_graph(task, found.values)  # compares what is recorded with what runs
    except UntraceableError:
        return None
    own = (value.repeat_interleave(len(found.values), dim=0) for value in task.agents_parameters().values())
    return _recorded(task, (found.values.transpose(0, 1).flatten(0, 1), *own), loss_of_one_batch(task))


@torch.no_grad()
def refuse_mixing(task: Task, samples: RecordedLoss) -> None:
    """Raise UntraceableError where an agent's loss is not the mean of its samples'.

    They are compared away from the centre too: at a network's start a weight of 0 may hide what mixes samples.
    """
    graph, count = loss_graph(task), samples.count // task.n
    each = (None, *(0 for _ in samples.arrays))
    batched = vmap(samples.loss, in_dims=each, chunk_size=max(1, _NUMBERS // samples.widest))
    for turn in range(POINTS):
        w = probe_point(task, turn)
        for agent in spaced(task.n, AGENTS):
            own = (array[agent * count : (agent + 1) * count] for array in samples.arrays)
            whole, mean = float(graph.value(w, agent_arrays(task, agent))), float(batched(w, *own).mean())
            if not alike(whole, mean, 1e-9):
                raise UntraceableError(
                    f"the loss of agent {agent} is {whole:.17g} near the centre, where the mean over its samples, one "
                    f"at a time, is {mean:.17g}: module or loss mix samples; expected samples apart, on axis 0"
                )


def _recorded(task: Task, arrays: Parts, loss: Callable[..., Tensor] | None = None) -> RecordedLoss:
    given = (task.centre.to(task.device, task.dtype), *(array[0] for array in arrays))
    loss = loss or loss_of_one(task)
    record = partial(recorded_function, loss, given)
    return RecordedLoss(record, record(_for_derivatives()), arrays)


@cache
def _for_norms() -> Decompositions:
    """What has one rule stays whole."""
    whole = {getattr(packet, name) for packet in _WHOLE for name in packet.overloads()}
    kept = {target: part for target, part in elementary_decompositions().items() if target not in whole}
    return {**kept, aten.native_batch_norm.default: _one_sample_s_batch_norm}


@cache
def _for_derivatives() -> Decompositions:
    """Fused normalisations, whose third derivatives torch gets wrong, are taken apart; softmax and its kin are not."""
    softmaxes = {getattr(packet, name) for packet in _SOFTMAXES for name in packet.overloads()}
    elementary = {target: part for target, part in elementary_decompositions().items() if target not in softmaxes}
    log_sigmoid = {aten.log_sigmoid_forward.default: lambda x: (-(-x).exp().log1p(), torch.zeros_like(x))}
    return {**elementary, **{target: real_parts()[target] for target in _NORMALISATIONS}, **log_sigmoid}


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


__all__ = ["RecordedLoss", "UntraceableError", "agent_losses", "refuse_mixing", "sample_losses"]
