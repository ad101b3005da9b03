"""Tasks of one's own in the compiled engine: their two derivatives are recorded for one agent."""

from __future__ import annotations

import logging
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from empirics.backends.native.recorded import RecordedModel, alike, recorded_model, vector_width
from empirics.backends.native.writer import UnsupportedError
from empirics.graphs.decompositions import elementary_decompositions
from empirics.graphs.recording import Parts, UntraceableError, recorded
from empirics.tasks.task import Task

# The first recording of a process loads torch's compiler, a second or more: below so many numbers a local step, torch
# has often finished by then.
_WORTH_RECORDING = 4096

_known: WeakKeyDictionary[Task, RecordedModel | None] = WeakKeyDictionary()


def task_model(task: Task, participants: int) -> RecordedModel | None:
    """The program of a task for exact gradients; None where torch has to serve it, or does as well.

    What a task computes for one agent is recorded once. At other points and for other agents the program is then
    compared with the task itself, so that a branch taken for one agent only does not go unnoticed.
    """
    width = vector_width(task.dtype)
    if width is None or participants * task.d < _WORTH_RECORDING:
        return None
    if task not in _known:
        _known[task] = _made(task, width)
    return _known[task]


def _made(task: Task, width: int) -> RecordedModel | None:
    log = logging.getLogger("empirics")
    names = list(task.agents_parameters())

    def flat(w: Tensor, *given: Tensor) -> Parts:
        *own, v = given
        one = task.alone(dict(zip(names, own, strict=True)))
        return one.raw_gradient(w), one.raw_hvp(w, v)

    tensors = tuple(task.agents_parameters().values())
    w, v = _probes(task, 0)
    try:
        record = recorded(flat, (w, *(tensor[:1] for tensor in tensors), v), elementary_decompositions())
        if any(part.shape != w.shape for part in record.expected):
            raise UnsupportedError("derivatives of one agent of another shape")
        native = recorded_model([record], [1], [tensor.unsqueeze(1) for tensor in tensors], [(1, task.d)], width)
    except (UntraceableError, UnsupportedError) as error:
        log.info("the compiled engine does not serve this task (%s): running on torch", error)
        return None
    for agent in sorted({0, task.n // 2, task.n - 1}):
        w, v = _probes(task, agent + 1)
        expected = [part.flatten() for part in flat(w, *(tensor[agent : agent + 1] for tensor in tensors), v)]
        if not alike(native.derivatives(agent, 1, w.flatten(), v.flatten()), expected):
            log.warning("a program of this task does not reproduce it for agent %d: running on torch", agent)
            return None
    return native


def _probes(task: Task, turn: int) -> tuple[Tensor, Tensor]:
    """A point and a vector (1, 1, d), others for every turn."""
    place = torch.arange(task.d, dtype=task.dtype)
    return torch.cos(place + turn).view(1, 1, -1) / 2, torch.sin(place - turn).view(1, 1, -1)
