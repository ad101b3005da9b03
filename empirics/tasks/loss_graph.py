"""A task's loss of one agent as a graph of plain operations: the one source that every other arithmetic reads."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.fx import GraphModule

from empirics.graphs.real_functions import recorded_function
from empirics.graphs.recording import UntraceableError
from empirics.numerics.workers import in_recording_thread
from empirics.tasks.networks.agent_model import AgentModel
from empirics.tasks.task import Task

AGENTS, POINTS = 16, 3
"""Agents and points at which a recording is compared with the task, whatever their number."""

_known: WeakKeyDictionary[Task, LossGraph | str] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class LossGraph:
    """(w (d,), one agent's arrays in the order of `names`) -> its loss, a tensor of one number.

    What all agents have in common is a constant of the graph.
    """

    graph: GraphModule
    names: tuple[str, ...]
    d: int

    def value(self, w: Tensor, own: Mapping[str, Tensor]) -> Tensor:
        """The loss at w (d,) of the agent with these arrays, run by torch."""
        return self.graph(w, *(own[name] for name in self.names))[0]


def loss_graph(task: Task) -> LossGraph:
    r"""Record f_i(w) of one agent, w (d,) and the agent's stored arrays being the arguments.

    What is recorded is the loss that runs: `raw_loss` of the task of one agent, or the module and the loss of a
    `NetworkTask`. The recording is then compared with `raw_loss` of all agents at once, for up to 16 of them and three
    points, so that a branch, a state or a draw does not go unnoticed. A task is recorded once.

    Args:
        task: a task of stored agents, not a selection.

    Raises:
        UntraceableError: the loss is no fixed sequence of torch operations on w and the agent's arrays.

    >>> from empirics.tasks.quadratic import QuadraticTask
    >>> task = QuadraticTask(A=[[[2.0]], [[4.0]]], c=[[1.0], [0.0]])
    >>> found = loss_graph(task)
    >>> found.names, found.value(torch.tensor([3.0]).double(), agent_arrays(task, 0))
    (('A', 'c', 'e'), tensor(4., dtype=torch.float64))
    """
    if task not in _known:
        try:
            _known[task] = in_recording_thread(lambda: _checked(task))
        except UntraceableError as error:
            _known[task] = str(error)
    found = _known[task]
    if isinstance(found, str):
        raise UntraceableError(found)
    return found


def agent_arrays(task: Task, agent: int) -> dict[str, Tensor]:
    """One agent's stored arrays (...) by name."""
    return {name: value[agent] for name, value in task.agents_parameters().items()}


def _checked(task: Task) -> LossGraph:
    if task.on_demand:
        raise UntraceableError("its agents are drawn when they take part: no agent is stored whose loss to record")
    names = tuple(task.agents_parameters())
    first = agent_arrays(task, 0)
    graph = recorded_function(loss_of_one(task), (probe_point(task, 0), *first.values()))
    found = LossGraph(graph, names, task.d)
    _compare(task, found)
    return found


def loss_of_one(task: Task) -> Callable[..., Tensor]:
    """(w (d,), one agent's arrays in their order) -> its loss, as `raw_loss` or the module itself computes it."""
    names = tuple(task.agents_parameters())
    model = network_model(task)
    if model is not None:

        def loss(w: Tensor, *own: Tensor) -> Tensor:
            arrays = dict(zip(names, own, strict=True))
            return model.loss(model.split(w), arrays["x"], arrays["y"]).reshape(())

        return loss

    def raw(w: Tensor, *own: Tensor) -> Tensor:
        arrays = {name: value.unsqueeze(0) for name, value in zip(names, own, strict=True)}
        found = task.alone(arrays).raw_loss(w.view(1, 1, -1))
        if found.shape != (1, 1):
            raise UntraceableError(f"raw_loss of one agent has shape {tuple(found.shape)}: expected (1, 1)")
        return found.reshape(())

    return raw


def network_model(task: Task) -> AgentModel | None:
    """The module and the loss of a network, None for any other task."""
    network = task.network()
    return None if network is None else AgentModel(network.module, network._loss)


@torch.no_grad()
def _compare(task: Task, found: LossGraph) -> None:
    """Recorded and run losses differ by rounding only: a few units times the number of operations of a sum."""
    tolerance = 1e-3 if task.dtype == torch.float32 else 1e-9
    for turn in range(POINTS):
        w = probe_point(task, turn)
        at = w.expand(1, task.n, task.d)
        for expected in (task.raw_loss(at)[0], task.raw_loss(at)[0]):
            for agent in sorted({k * (task.n - 1) // max(1, AGENTS - 1) for k in range(AGENTS)}):
                mine, its = float(found.value(w, agent_arrays(task, agent))), float(expected[agent])
                if not alike(mine, its, tolerance):
                    raise UntraceableError(
                        f"the recorded loss of agent {agent} is {mine:.17g} where raw_loss gives {its:.17g}: it "
                        "depends on more than w and the agent's arrays (a branch on values, state, randomness, or "
                        "other agents)"
                    )


def alike(mine: float, its: float, tolerance: float) -> bool:
    """Within the tolerance, or neither a number: a probe may lie where a logarithm has no value."""
    if not math.isfinite(its):
        return mine == its or (math.isnan(mine) and math.isnan(its))
    return abs(mine - its) <= tolerance * (1 + abs(its))


def probe_point(task: Task, turn: int) -> Tensor:
    """The task's centre, moved by at most 1/2 in every coordinate, another way for every turn after 0."""
    place = torch.arange(task.d, dtype=task.dtype, device=task.device)
    return task.centre.to(task.device, task.dtype) + torch.cos(place + turn) * (turn / 4)
