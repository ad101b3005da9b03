"""Tasks whose derivatives were recorded as graphs, written as programs of the compiled engine."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from empirics.backends.native.addresses import SLACK, Assembly, assembled
from empirics.backends.native.instructions import Data, Program, Rows
from empirics.backends.native.job import Job
from empirics.backends.native.library import library
from empirics.backends.native.lowering import lowered
from empirics.backends.native.model import NativeModel
from empirics.backends.native.operations import written
from empirics.backends.native.tensors import rounded
from empirics.graphs.recording import Recording

# How far a program may be from torch: only the order of sums and the last digits of tanh and exp differ.
_TOLERANCE = {torch.float32: 1e-3, torch.float64: 1e-9}


@final
@dataclass(frozen=True, eq=False)
class RecordedModel(NativeModel):
    """What the agents have, (n, samples, ...) each, and a program for every size of a batch."""

    tensors: tuple[Tensor, ...]
    assemblies: tuple[Assembly, ...]
    programs: ctypes.Array[Program]
    data: ctypes.Array[Data]
    rows: ctypes.Array[Rows]
    width: int

    def fill(self, job: Job) -> None:
        """Addresses of data and programs, and the sizes of what a thread needs."""
        job.samples = self.tensors[0].shape[1]
        job.programs, job.program_count = self.programs, len(self.programs)
        job.parameters, job.parameter_count = self.rows, len(self.rows)
        job.data, job.data_count = self.data, len(self.data)
        job.point_values = SLACK + sum(row.rows * rounded(row.columns, self.width) for row in self.rows)
        job.scratch_values = max(assembly.scratch for assembly in self.assemblies)

    def derivatives(self, agent: int, size: int, w: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Gradient and Hessian-vector product (d,) of an agent on its first `size` samples."""
        loaded = library()
        assert loaded is not None  # checked before this model was made
        w, v = w.contiguous(), v.contiguous()
        job, found = Job(d=len(w), count=1, agents=1, replicas=1), (torch.empty_like(w), torch.empty_like(w))
        self.fill(job)
        entry = getattr(loaded, f"empirics_derivatives_{str(w.dtype).removeprefix('torch.')}")
        if entry(ctypes.byref(job), agent, size, *(part.data_ptr() for part in (w, v, *found))) < 0:
            raise MemoryError("the compiled engine found no memory for one agent")
        return found


def vector_width(dtype: torch.dtype) -> int | None:
    """Numbers in a vector of the compiled engine, None where it is not installed."""
    loaded = library()
    return None if loaded is None else loaded.empirics_vector_bytes() // dtype.itemsize


def recorded_model(
    records: Sequence[Recording],
    sizes: Sequence[int],
    tensors: Sequence[Tensor],
    shapes: Sequence[tuple[int, ...]],
    width: int,
) -> RecordedModel:
    """A program for each record, of a batch of that size, for points made of parameters of these shapes.

    Raises:
        UnsupportedError: an operation that programs do not know.
    """
    drafts = [lowered(record.graph, len(shapes), width, written) for record in records]
    held = tuple(tensor.contiguous() for tensor in tensors)
    assemblies = tuple(assembled(draft, size, held[0].dtype) for draft, size in zip(drafts, sizes, strict=True))
    return RecordedModel(
        tensors=held,
        assemblies=assemblies,
        programs=(Program * len(sizes))(*(assembly.program for assembly in assemblies)),
        data=(Data * len(held))(*map(_data, held)),
        rows=(Rows * len(shapes))(*(Rows(*_matrix(shape)) for shape in shapes)),
        width=width,
    )


def alike(found: Sequence[Tensor], expected: Sequence[Tensor]) -> bool:
    """Whether derivatives agree as well as two ways of computing them can."""
    dtype = found[0].dtype
    tolerance, tiny = _TOLERANCE[dtype], torch.finfo(dtype).tiny
    pairs = zip(found, expected, strict=True)
    return all(bool((mine - its).norm() <= tolerance * its.norm() + tiny) for mine, its in pairs)


def _data(tensor: Tensor) -> Data:
    shape = tuple(tensor.shape[2:])
    rows, columns = _matrix(shape) if shape else (0, 1)
    return Data(values=tensor.data_ptr(), rows=rows, columns=columns)


def _matrix(shape: tuple[int, ...]) -> tuple[int, int]:
    return math.prod(shape[:-1]), shape[-1] if shape else 1
