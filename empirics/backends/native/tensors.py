"""Tensors of a recorded program while it is written: which memory they lie in, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

Strides = tuple[int, ...]
# The value of a program's clock: phase, and instruction within it.
Moment = tuple[int, int]


@dataclass(eq=False)
class Storage:
    """Some consecutive values: `area` and `offset` say where, once that is known; `uses` when they are touched."""

    size: int
    area: str | None = None
    offset: int = 0
    uses: list[Moment] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor in a storage: a meta tensor carries shape, strides and first value, so torch's own views act on it."""

    storage: Storage
    meta: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of its axes, as Python integers."""
        return tuple(self.meta.shape)

    @property
    def first(self) -> int:
        """Place of its first value in the storage."""
        return int(self.meta.storage_offset())

    def seen(self, meta: Tensor) -> Value:
        """Another tensor in the same storage, laid out as the meta tensor says."""
        return Value(self.storage, meta)


def rounded(size: int, width: int) -> int:
    """Whole vectors.

    >>> rounded(10, 8), rounded(16, 8)
    (16, 16)
    """
    return -(-size // width) * width


def matrix_strides(shape: Sequence[int], width: int) -> Strides:
    """Row by row, the last axis padded to whole vectors.

    >>> matrix_strides((2, 3, 1), 8)
    (24, 8, 1)
    """
    strides, step = [], 1
    for place in range(len(shape) - 1, -1, -1):
        strides.append(step)
        step *= rounded(shape[place], width) if place == len(shape) - 1 else shape[place]
    return tuple(reversed(strides))


def compact_strides(shape: Sequence[int], width: int) -> Strides:
    """The same without axes of length 1: the last axis of more is padded.

    >>> compact_strides((2, 3, 1), 8)
    (8, 1, 1)
    """
    long = [place for place, size in enumerate(shape) if size > 1]
    inner = matrix_strides([shape[place] for place in long], width)
    strides = dict(zip(long, inner, strict=True))
    return tuple(strides.get(place, 1) for place in range(len(shape)))


def allotted(shape: Sequence[int], strides: Strides, width: int) -> Value:
    """A tensor with a storage of its own, whose rows end on whole vectors."""
    reach = 1 + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    return Value(Storage(rounded(reach, width)), torch.empty_strided(shape, strides, device="meta"))


def covers(value: Value, strides: Strides, size: int) -> bool:
    """Whether a tensor is all of its storage, laid out so."""
    pairs = zip(value.shape, value.meta.stride(), strides, strict=True)
    alike = all(length == 1 or mine == its for length, mine, its in pairs)
    return alike and value.first == 0 and value.storage.size == size
