"""Networks of any module in the compiled engine."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import torch

from empirics.backends.native.recorded import RecordedModel, alike, recorded_model, vector_width
from empirics.backends.native.writer import UnsupportedError
from empirics.graphs.decompositions import elementary_decompositions
from empirics.graphs.recording import UntraceableError
from empirics.tasks.networks.agent_model import recorded_derivatives
from empirics.tasks.networks.network import NetworkTask
from empirics.tasks.networks.traced import TracedSweeps


def network_model(task: NetworkTask, batches: Sequence[int]) -> RecordedModel | None:
    """The programs of a task for batches of these sizes; None where torch has to serve it.

    A program is compared with torch on the first agent's samples before it is used.
    """
    sweeps, width = task.sweeps, vector_width(task.dtype)
    if width is None or not isinstance(sweeps, TracedSweeps):
        return None
    whole = task.whole("x")
    sizes = tuple(sorted(set(batches) or {whole.shape[1]}))
    key = ("programs", sizes, width, task.dtype, whole.data_ptr(), task.whole("y").data_ptr())
    return sweeps.remembered(key, lambda: _made(task, sweeps, sizes, width))


def _made(task: NetworkTask, sweeps: TracedSweeps, sizes: Sequence[int], width: int) -> RecordedModel | None:
    log = logging.getLogger("empirics")
    x, y, point, model = task.whole("x"), task.whole("y"), task.start.unsqueeze(0), sweeps.model
    shapes = [tuple(parameter.shape) for parameter in task.module.parameters()]
    try:
        parts = elementary_decompositions()
        records = [recorded_derivatives(model, point, x[:1, :size], y[:1, :size], parts) for size in sizes]
        native = recorded_model(records, sizes, (x.to(task.dtype), y.to(task.dtype)), shapes, width)
    except (UntraceableError, UnsupportedError) as error:
        log.info("the compiled engine does not serve this module (%s): running on torch", error)
        return None
    parts = len(shapes)
    for size, record in zip(sizes, records, strict=True):
        given, expected = record.arguments, record.expected
        groups = (given[:parts], given[-parts:], expected[:parts], expected[parts:])
        w, v, *wanted = (torch.cat([part.flatten() for part in group]) for group in groups)
        if not alike(native.derivatives(0, size, w, v), wanted):
            log.warning("a program of this module does not reproduce torch: running on torch")
            return None
    return native
