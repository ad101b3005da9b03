"""Networks of any module: their recorded derivatives, written as programs of the compiled engine."""

from __future__ import annotations

import ctypes
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from empirics.decompositions import few_kinds
from empirics.native.addresses import SLACK, Assembly, assembled
from empirics.native.instructions import Program, Rows
from empirics.native.job import Job
from empirics.native.library import library
from empirics.native.lowering import lowered
from empirics.native.operations import written
from empirics.native.problems import Problem
from empirics.native.tensors import rounded
from empirics.native.writer import UnsupportedError
from empirics.network import NetworkTask
from empirics.recorded_graph import Recording, UntraceableError, derivatives
from empirics.traced import TracedSweeps

# How far a program may be from torch: only the order of sums and the last digits of tanh and exp differ.
_TOLERANCE = {torch.float32: 1e-3, torch.float64: 1e-9}


@final
@dataclass(frozen=True, eq=False)
class RecordedProblem(Problem):
    """Samples, targets as real numbers, and a program for every size of a batch."""

    inputs: Tensor
    answers: Tensor
    shapes: tuple[tuple[int, ...], ...]
    assemblies: tuple[Assembly, ...]
    programs: ctypes.Array[Program]
    rows: ctypes.Array[Rows]
    width: int

    def fill(self, job: Job) -> None:
        """Addresses of data and programs, and the sizes of what a thread needs."""
        job.inputs, job.answers, job.samples = self.inputs.data_ptr(), self.answers.data_ptr(), self.inputs.shape[1]
        job.programs, job.program_count = ctypes.addressof(self.programs), len(self.programs)
        job.parameters, job.parameter_count = ctypes.addressof(self.rows), len(self.rows)
        job.point_values = SLACK + sum(row.rows * rounded(row.columns, self.width) for row in self.rows)
        job.scratch_values = max(assembly.scratch for assembly in self.assemblies)
        job.x[:], job.y[:] = _sample(self.inputs), _sample(self.answers)


def recorded_problem(task: NetworkTask, batches: Sequence[int]) -> RecordedProblem | None:
    """The programs of a task for batches of these sizes; None where torch has to serve it.

    A program is compared with torch on the first agent's samples before it is used.
    """
    sweeps, loaded = task.sweeps, library()
    if loaded is None or not isinstance(sweeps, TracedSweeps):
        return None
    width = loaded.empirics_vector_bytes() // task.dtype.itemsize
    whole = task.whole("x")
    sizes = tuple(sorted(set(batches) or {whole.shape[1]}))
    key = ("programs", sizes, width, task.dtype, whole.data_ptr(), task.whole("y").data_ptr())
    return sweeps.remembered(key, lambda: _made(task, sizes, width))


def _made(task: NetworkTask, sizes: Sequence[int], width: int) -> RecordedProblem | None:
    assert isinstance(task.sweeps, TracedSweeps)
    x, y, point = task.whole("x"), task.whole("y"), task.start.unsqueeze(0)
    try:
        model = task.sweeps.model
        records = [derivatives(model, point, x[:1, :size], y[:1, :size], few_kinds()) for size in sizes]
        parts = len(model.sizes)
        drafts = [lowered(record.graph, parts, width, written) for record in records]
    except (UntraceableError, UnsupportedError) as error:
        logging.getLogger("empirics").info(
            "the compiled engine does not serve this module (%s): running on torch", error
        )
        return None
    assemblies = tuple(assembled(draft, size, task.dtype) for draft, size in zip(drafts, sizes, strict=True))
    programs = (Program * len(sizes))(*(assembly.program for assembly in assemblies))
    shapes = tuple(tuple(parameter.shape) for parameter in task.module.parameters())
    rows = (Rows * len(shapes))(*(_rows(shape) for shape in shapes))
    inputs, answers = (part.to(task.dtype).contiguous() for part in (x, y))
    problem = RecordedProblem(inputs, answers, shapes, assemblies, programs, rows, width)
    for size, record in zip(sizes, records, strict=True):
        if not _agrees(problem, task, size, record):
            logging.getLogger("empirics").warning("a program of this module does not reproduce torch: running on torch")
            return None
    return problem


def _agrees(problem: RecordedProblem, task: NetworkTask, size: int, record: Recording) -> bool:
    loaded = library()
    assert loaded is not None
    job = Job(d=task.d, count=1, agents=1, replicas=1)
    problem.fill(job)
    parts = len(problem.rows)
    groups = (record.arguments[:parts], record.arguments[parts + 2 :], record.expected[:parts], record.expected[parts:])
    w, v, *expected = (torch.cat([part.flatten() for part in group]) for group in groups)
    found = [torch.empty_like(w), torch.empty_like(w)]
    entry = getattr(loaded, f"empirics_derivatives_{str(task.dtype).removeprefix('torch.')}")
    if entry(ctypes.byref(job), size, *(part.data_ptr() for part in (w, v, *found))) < 0:
        raise MemoryError("the compiled engine found no memory for one agent")
    tolerance, tiny = _TOLERANCE[task.dtype], torch.finfo(task.dtype).tiny
    pairs = zip(found, expected, strict=True)
    return all(bool((mine - its).norm() <= tolerance * its.norm() + tiny) for mine, its in pairs)


def _rows(shape: tuple[int, ...]) -> Rows:
    return Rows(rows=math.prod(shape[:-1]), columns=shape[-1] if shape else 1)


def _sample(data: Tensor) -> tuple[int, int]:
    shape = tuple(data.shape[2:])
    return (math.prod(shape[:-1]), shape[-1]) if shape else (0, 1)
