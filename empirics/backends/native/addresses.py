"""Where the tensors of a program lie: those of one phase share a scratch area, those of several are kept."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from empirics.backends.native.instructions import AREAS, AXES, OPERATIONS, PHASES, Instruction, Operand, Program
from empirics.backends.native.tensors import Storage
from empirics.backends.native.writer import SAMPLES, Draft, Part, Step

# Vectors may be read past the end of a row: at most one, of at most 64 bytes.
SLACK = 16


@dataclass(frozen=True, eq=False)
class Assembly:
    """A program with addresses; `scratch` is the number of values that it needs there."""

    program: Program
    scratch: int
    constants: Tensor
    held: tuple[ctypes.Array[Any], ...]


def assembled(draft: Draft, samples: int, dtype: torch.dtype) -> Assembly:
    """Write the instructions out; the storages of the draft are changed: each gets its area and its offset."""
    batch = max((value.storage.offset + value.storage.size for value in draft.data), default=0)
    own = [storage for storage in draft.storages if storage.area is None and storage.uses]
    lasting = [storage for storage in own if _phases(storage)[0] != _phases(storage)[1]]
    brief = [storage for storage in own if _phases(storage)[0] == _phases(storage)[1]]
    batch = _in_a_row([one for one in lasting if _phases(one)[0] == SAMPLES], "batch", batch)
    kept = _in_a_row([one for one in lasting if _phases(one)[0] != SAMPLES], "kept", 0)
    scratch = max(_shared([one for one in brief if _phases(one)[0] == phase]) for phase in range(len(PHASES)))
    fixed = _in_a_row([storage for storage, _ in draft.constants], "constants", 0)
    constants = torch.zeros(fixed + SLACK, dtype=dtype)
    for storage, values in draft.constants:
        constants[storage.offset : storage.offset + len(values)] = values.to(dtype)
    offsets = (ctypes.c_int64 * len(draft.data))(*(value.storage.offset for value in draft.data))
    program = Program(
        samples=samples,
        kept_values=kept + SLACK,
        batch_values=batch + SLACK,
        offsets=offsets,
        constants=constants.data_ptr(),
    )
    held = tuple((Instruction * len(steps))(*map(_instruction, steps)) for steps in draft.steps)
    for phase, instructions in enumerate(held):
        program.counts[phase] = len(instructions)
        program.phases[phase] = ctypes.cast(instructions, ctypes.POINTER(Instruction))
    return Assembly(program, scratch + SLACK, constants, (offsets, *held))


def _phases(storage: Storage) -> tuple[int, int]:
    return storage.uses[0][0], storage.uses[-1][0]


def _in_a_row(storages: Sequence[Storage], area: str, start: int) -> int:
    """Place storages one after another from `start` on, which is written into them; the end of the last."""
    for storage in storages:
        storage.area, storage.offset = area, start
        start += storage.size
    return start


def _shared(storages: Sequence[Storage]) -> int:
    """Place the tensors of one phase in scratch, which is written into them; how many values that takes.

    Each goes into the first gap wide enough, among those alive at that time.
    """
    placed: list[Storage] = []
    reach = 0
    for storage in storages:  # in the order in which they are made
        born = storage.uses[0]
        alive = sorted((other for other in placed if other.uses[-1] >= born), key=lambda other: other.offset)
        offset = 0
        for other in alive:
            if other.offset - offset >= storage.size:
                break
            offset = max(offset, other.offset + other.size)
        storage.area, storage.offset = "scratch", offset
        placed.append(storage)
        reach = max(reach, offset + storage.size)
    return reach


def _instruction(step: Step) -> Instruction:
    made = Instruction(operation=OPERATIONS.index(step.operation), rank=len(step.extents))
    made.extents[:] = [*step.extents, *[1] * (AXES - len(step.extents))]
    made.out = _operand(step.out)
    for name, part in zip(("a", "b", "c"), step.arguments, strict=False):
        setattr(made, name, _operand(part))
    if step.size:
        made.c.offset = step.along
        made.c.strides[0] = step.size
    return made


def _operand(part: Part) -> Operand:
    assert part.storage.area is not None
    operand = Operand(area=AREAS.index(part.storage.area), offset=part.storage.offset + part.offset)
    operand.strides[:] = [*part.strides, *[0] * (AXES - len(part.strides))]
    return operand
