"""The loss of one agent on one batch as a graph of plain operations: what enumeration and noise constants read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.fx import GraphModule

from empirics.graphs.real_functions import recorded_function
from empirics.graphs.recording import UntraceableError
from empirics.numerics.workers import in_recording_thread
from empirics.tasks.loss_graph import agent_arrays, alike, network_model, probe_point
from empirics.tasks.networks.sample_subsets import SampleSubsets
from empirics.tasks.sampler import Sampler
from empirics.tasks.task import Task

# Agents, points and batches at which a recording is compared with the sampler, whatever their number.
_AGENTS, _POINTS, _BATCHES = 8, 2, 8

# A sampler stands beside what was recorded of it: its id is its own as long as it lives.
_known: WeakKeyDictionary[Task, dict[Any, tuple[Sampler, BatchGraph | str]]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class BatchGraph:
    """(w (d,), values of a batch, one agent's arrays in their order) -> the batch's loss, a tensor of one number."""

    graph: GraphModule
    d: int

    def value(self, w: Tensor, values: Tensor, own: tuple[Tensor, ...]) -> Tensor:
        """The loss at w (d,) of an agent with these arrays on the batch with these values, run by torch."""
        return self.graph(w, values, *own)[0]


def batch_graph(task: Task, values: Tensor) -> BatchGraph:
    r"""Record the loss of one agent on a batch, `Sampler.loss`, batches of one shape being alike.

    The recording is compared with `Sampler.loss` of all agents at once, for some batches, agents and points.

    Args:
        task: a task of stored agents, not a selection.
        values: batches (S, n, ...) as `Sampler.draw` or `Sampler.outcomes` gives them.

    Raises:
        UntraceableError: the sampler states no loss, or one that is no fixed sequence of torch operations.

    >>> from empirics import Noise, QuadraticTask
    >>> noise = Noise.coordinate(1, 1, gradient=2.0)
    >>> task = QuadraticTask(A=[[[1.0]]], c=[[0.0]], noise=noise)
    >>> found = batch_graph(task, torch.tensor([[[1.0, -1.0]]]).double())
    >>> own = tuple(agent_arrays(task, 0).values())
    >>> found.value(torch.tensor([3.0]).double(), torch.tensor([1.0, -1.0]).double(), own)    # 9/2 + 2 * 3
    tensor(10.5000, dtype=torch.float64)
    """
    return _once(task, tuple(values.shape[2:]), lambda: _checked(task, values))


def stacked_batch_graph(task: Task, values: Tensor) -> BatchGraph:
    """Record one agent's S batches, each at a point of its own, w = (w_1, ..., w_S).

    The result is the sum of their losses, whose gradient is all of theirs at once; with d = 1 it is the losses (S,).
    Arguments are w (S d,), values (S, ...) and the agent's arrays. Raises as `batch_graph`, whose recording it is
    compared with.

    >>> from empirics import Noise, QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]]], c=[[0.0]], noise=Noise.coordinate(1, 1, gradient=2.0))
    >>> batches = torch.tensor([[[1.0, 1.0]], [[-1.0, 1.0]]]).double()
    >>> found = stacked_batch_graph(task, batches)
    >>> w, own = torch.tensor([3.0, 1.0]).double(), tuple(agent_arrays(task, 0).values())
    >>> found.value(w, batches[:, 0], own)                                                # 9/2 + 6, 1/2 - 2
    tensor([10.5000, -1.5000], dtype=torch.float64)
    """
    alone = batch_graph(task, values)
    return _once(task, (len(values), *values.shape[2:], "stacked"), lambda: _stacked(task, values, alone))


def _once(task: Task, key: tuple[Any, ...], record: Callable[[], BatchGraph]) -> BatchGraph:
    known, key = _known.setdefault(task, {}), (id(task.sampler), *key)
    if key not in known:
        try:
            known[key] = task.sampler, in_recording_thread(record)
        except UntraceableError as error:
            known[key] = task.sampler, str(error)
    _, found = known[key]
    if isinstance(found, str):
        raise UntraceableError(found)
    return found


def _checked(task: Task, values: Tensor) -> BatchGraph:
    if task.on_demand:
        raise UntraceableError("its agents are drawn when they take part: no agent is stored whose batches to record")
    own = agent_arrays(task, 0)
    graph = recorded_function(loss_of_one_batch(task), (probe_point(task, 0), values[0, 0], *own.values()))
    found = BatchGraph(graph, task.d)
    _compare(task, values, found)
    return found


@torch.no_grad()
def _stacked(task: Task, values: Tensor, alone: BatchGraph) -> BatchGraph:
    own = tuple(agent_arrays(task, 0).values())
    w = torch.cat([probe_point(task, turn) for turn in range(len(values))])
    graph = recorded_function(_batches_of_one_agent(task, len(values)), (w, values[:, 0], *own))
    found = BatchGraph(graph, len(w))
    parts = zip(w.split(task.d), values[:, 0], strict=True)
    mine = float(found.value(w, values[:, 0], own).sum())
    its = float(sum(alone.value(at, batch, own) for at, batch in parts))
    if not alike(mine, its, 1e-9):
        raise UntraceableError(f"batches side by side have the loss {mine:.17g} where one by one they have {its:.17g}")
    return found


def _batches_of_one_agent(task: Task, count: int) -> Callable[..., Tensor]:
    """(w (count d,), values (count, ...), one agent's arrays in their order) -> the batches' losses or their sum."""
    names, one = tuple(task.agents_parameters()), loss_of_one_batch(task)

    def one_by_one(w: Tensor, values: Tensor, *own: Tensor) -> Tensor:
        return torch.stack([one(at, batch, *own) for at, batch in zip(w.split(task.d), values, strict=True)])

    def together(w: Tensor, values: Tensor, *own: Tensor) -> Tensor:
        # one agent's arrays for as many agents as there are batches
        repeated = {name: value.expand(count, *value.shape) for name, value in zip(names, own, strict=True)}
        return task.sampler.loss(task.alone(repeated), w.view(1, count, -1), values.unsqueeze(0)).reshape(count)

    losses = one_by_one if task.network() is not None else together
    return losses if task.d == 1 else lambda *arguments: losses(*arguments).sum()


def loss_of_one_batch(task: Task) -> Callable[..., Tensor]:
    """(w (d,), values, one agent's arrays in their order) -> the loss of the batch."""
    names = tuple(task.agents_parameters())
    model = network_model(task)
    if model is not None and type(task.sampler) is SampleSubsets:

        def of_samples(w: Tensor, values: Tensor, *own: Tensor) -> Tensor:
            x, y = (dict(zip(names, own, strict=True))[name][values] for name in ("x", "y"))
            return model.loss(model.split(w), x, y).reshape(())

        return of_samples

    def raw(w: Tensor, values: Tensor, *own: Tensor) -> Tensor:
        alone = task.alone({name: value.unsqueeze(0) for name, value in zip(names, own, strict=True)})
        found = task.sampler.loss(alone, w.view(1, 1, -1), values.unsqueeze(0).unsqueeze(0))
        if found.shape != (1, 1):
            raise UntraceableError(f"Sampler.loss of one agent has shape {tuple(found.shape)}: expected (1, 1)")
        return found.reshape(())

    return raw


@torch.no_grad()
def _compare(task: Task, values: Tensor, found: BatchGraph) -> None:
    tolerance = 1e-3 if task.dtype == torch.float32 else 1e-9
    for turn in range(_POINTS):
        w = probe_point(task, turn)
        for batch in values[:: max(1, len(values) // _BATCHES)]:
            expected = task.sampler.loss(task, w.expand(1, task.n, task.d), batch.unsqueeze(0))[0]
            for agent in sorted({k * (task.n - 1) // (_AGENTS - 1) for k in range(_AGENTS)}):
                own = tuple(agent_arrays(task, agent).values())
                mine, its = float(found.value(w, batch[agent], own)), float(expected[agent])
                if not alike(mine, its, tolerance):
                    raise UntraceableError(
                        f"the recorded loss of a batch of agent {agent} is {mine:.17g} where Sampler.loss gives "
                        f"{its:.17g}: it depends on more than w, the batch and the agent's arrays"
                    )
