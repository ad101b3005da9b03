"""Writing the steps of a program one after another, before its tensors have addresses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from empirics.backends.native.instructions import AXES, PHASES
from empirics.backends.native.tensors import (
    Moment,
    Storage,
    Strides,
    Value,
    allotted,
    compact_strides,
    matrix_strides,
    rounded,
)

SAMPLES, PRIMAL, GRADIENT, TANGENT = range(len(PHASES))


class UnsupportedError(RuntimeError):
    """The graph has an operation that programs do not know."""


@dataclass(frozen=True, eq=False)
class Part:
    """An operand of a step."""

    storage: Storage
    offset: int
    strides: Strides


@dataclass(frozen=True, eq=False)
class Step:
    """An instruction whose tensors have no address yet; `along` and `size` belong to the axis of an index."""

    operation: str
    extents: tuple[int, ...]
    out: Part
    arguments: tuple[Part, ...]
    along: int = 0
    size: int = 0


@dataclass(frozen=True, eq=False)
class Draft:
    """A program before its tensors have addresses."""

    data: tuple[Value, ...]
    steps: tuple[tuple[Step, ...], ...]
    constants: tuple[tuple[Storage, Tensor], ...]
    storages: tuple[Storage, ...]


class Writer:
    """Writes steps in order: each method computes one tensor, making copies where the engine needs another layout."""

    def __init__(self, width: int) -> None:
        """`width` is the number of values in the engine's vectors."""
        self.width, self.phase = width, SAMPLES
        self.steps: list[list[Step]] = [[] for _ in PHASES]
        self.storages: list[Storage] = []
        self.constants: list[tuple[Storage, Tensor]] = []
        self.copies: dict[tuple[Any, ...], Value] = {}
        self._numbers: dict[float, Value] = {}

    def new(self, shape: Sequence[int], strides: Strides | None = None) -> Value:
        """A tensor that the next step fills."""
        value = allotted(shape, compact_strides(shape, self.width) if strides is None else strides, self.width)
        self.storages.append(value.storage)
        return value

    def constant(self, tensor: Tensor) -> Value:
        """A tensor known when the program is written; one number where all entries are equal."""
        tensor = tensor.detach().cpu().to(torch.float64)
        if tensor.numel() and bool((tensor == tensor.flatten()[0]).all()):
            number = self.number(float(tensor.flatten()[0]))
            return number.seen(number.meta.expand(tensor.shape))
        value = allotted(tensor.shape, compact_strides(tensor.shape, self.width), self.width)
        value.storage.area = "constants"
        laid = torch.zeros(value.storage.size, dtype=torch.float64)
        laid.as_strided(tensor.shape, value.meta.stride()).copy_(tensor)
        self.constants.append((value.storage, laid))
        return value

    def value(self, argument: Any) -> Value:
        """A value as it is; a tensor or a number as a constant."""
        if isinstance(argument, Value):
            return argument
        return self.constant(argument) if isinstance(argument, Tensor) else self.number(float(argument))

    def number(self, number: float) -> Value:
        """A single number, kept once however often it is asked for."""
        if number not in self._numbers:
            value = allotted((), (), self.width)
            value.storage.area = "constants"
            self.constants.append((value.storage, torch.full((value.storage.size,), number, dtype=torch.float64)))
            self._numbers[number] = value
        return self._numbers[number]

    def elementwise(self, operation: str, *arguments: Value, into: Value | None = None) -> Value:
        """One number from each argument, arguments broadcast; into a tensor given or a new one."""
        shape = torch.broadcast_shapes(*(argument.shape for argument in arguments))
        out = self.new(shape) if into is None else into
        metas = [out.meta, *(argument.meta.expand(out.shape) for argument in arguments)]
        axes = [axis for axis, length in enumerate(out.shape) if length > 1]
        values = [out, *arguments]
        if axes and operation != "copy":
            for place in range(1, len(values)):
                if metas[place].stride(axes[-1]) not in (0, 1):
                    values[place] = self.copied(values[place], compact_strides(values[place].shape, self.width))
                    metas[place] = values[place].meta.expand(out.shape)
        extents = [out.shape[axis] for axis in axes] or [1]
        strides = [[meta.stride(axis) for axis in axes] or [0] for meta in metas]
        if into is None and strides[0][-1] == 1:
            # The padding of a new tensor may hold anything.
            extents[-1] = rounded(extents[-1], self.width)
        _merge(extents, strides)
        self._write(operation, extents, values, strides)
        return out

    def copied(self, value: Value, strides: Strides | None = None) -> Value:
        """The same tensor in a layout of its own, copied once."""
        wanted = matrix_strides(value.shape, self.width) if strides is None else strides
        key = (value.storage, value.first, value.shape, value.meta.stride(), wanted)
        if key not in self.copies:
            self.copies[key] = self._transposed(value, wanted) or self._copy(value, wanted)
        return self.copies[key]

    def product(self, a: Value, b: Value, onto: Value | None = None) -> Value:
        """a b for (batch, M, K) and (batch, K, N), added to what `onto` holds if that is given."""
        if b.shape[2] == 1:
            return self._column(a, b, onto)
        batch, rows, inner = a.shape
        if inner > 1 and a.meta.stride(2) != 1 and rows > 1 and a.meta.stride(1) != 1:
            a = self.copied(a)
        if not self._whole_rows(b):
            b = self.copied(b)
        left = list(a.meta.stride())
        if inner == 1:
            left[2] = 1
        if inner > 1 and left[2] != 1 and rows == 1:
            left[1] = 1
        out = onto or self.new((batch, rows, b.shape[2]), self.product_strides((batch, rows, b.shape[2])))
        strides = [list(out.meta.stride()), left, list(b.meta.stride())]
        return self._multiply([batch, rows, b.shape[2], inner], out, a, b, strides, onto)

    def product_strides(self, shape: tuple[int, ...]) -> Strides:
        """How a product lies: rows on whole vectors, a single column as one row."""
        return (matrix_strides if shape[-1] > 1 else compact_strides)(shape, self.width)

    def _column(self, a: Value, b: Value, onto: Value | None) -> Value:
        batch, rows, inner = a.shape
        turned = a.seen(a.meta.transpose(1, 2))
        out = onto or self.new((batch, rows, 1), self.product_strides((batch, rows, 1)))
        lying = [out.meta.stride(0), out.meta.stride(1), 1]
        if rows > 1 and inner > 1 and a.meta.stride(2) != 1 and self._whole_rows(turned):
            strides = [[lying[0], lying[1], 1], [b.meta.stride(0), 1, b.meta.stride(1)], list(turned.meta.stride())]
            return self._multiply([batch, 1, rows, inner], out, b, turned, strides, onto)
        if inner > 1 and a.meta.stride(2) != 1:
            a = self.copied(a)
        if inner > 1 and b.meta.stride(1) != 1:
            b = self.copied(b, compact_strides(b.shape, self.width))
        strides = [lying, list(a.meta.stride()), [b.meta.stride(0), 1, 1]]
        return self._multiply([batch, rows, 1, inner], out, a, b, strides, onto)

    def _multiply(
        self, extents: list[int], out: Value, a: Value, b: Value, strides: list[list[int]], onto: Value | None
    ) -> Value:
        self._write("product" if onto is None else "accumulate", extents, [out, a, b], strides)
        if onto is not None:
            self.copies = {key: copy for key, copy in self.copies.items() if key[0] is not onto.storage}
        return out

    def reduced(self, operation: str, neutral: float, value: Value, dims: Sequence[int]) -> Value:
        """Over some axes, which stay with length 1."""
        gone = {dim % len(value.shape) for dim in dims}
        out = self.new([1 if axis in gone else length for axis, length in enumerate(value.shape)])
        flat = torch.empty_strided((out.storage.size,), (1,), device="meta")
        self.elementwise("copy", self.number(neutral), into=out.seen(flat))
        axes = [axis for axis, length in enumerate(value.shape) if length > 1]
        # Vectors run along the axis whose neighbours are neighbours in memory.
        axes.sort(key=lambda axis: value.meta.stride(axis) == 1)
        extents = [value.shape[axis] for axis in axes] or [1]
        strides = [
            [0 if axis in gone else out.meta.stride(axis) for axis in axes] or [0],
            [value.meta.stride(axis) for axis in axes] or [0],
        ]
        self._write(operation, extents, [out, value], strides)
        return out

    def indexed(self, operation: str, out: Value, source: Value, index: Value, dim: int) -> None:
        """Entries of `source` (gather) or places of `out` (scatter) given by an index along one axis."""
        whole = source if operation == "gather" else out
        dim %= len(index.shape)
        strides = [list(value.meta.stride()) for value in (out, source, index)]
        along = whole.meta.stride(dim)
        strides[1 if operation == "gather" else 0][dim] = 0
        values = [out, source, index]
        extents = list(index.shape) or [1]
        self._write(operation, extents, values, [own or [0] for own in strides], along, whole.shape[dim])

    def reshaped(self, value: Value, shape: Sequence[int]) -> Value:
        """In another shape that no view of it has: copied, with padded rows where those allow it."""
        for strides in (matrix_strides(shape, self.width), torch.empty(tuple(shape), device="meta").stride()):
            made = allotted(shape, strides, self.width)
            try:
                target = made.meta.view(value.shape)
            except RuntimeError:
                continue
            self.storages.append(made.storage)
            self.elementwise("copy", value, into=made.seen(target))
            return made
        raise UnsupportedError(f"a view of {value.shape} as {tuple(shape)}")

    def _whole_rows(self, b: Value) -> bool:
        """Whether a right factor's rows can be read as vectors where they lie."""
        batch, inner, columns = b.shape
        steps = [b.first, b.meta.stride(0) if batch > 1 else 0, b.meta.stride(1) if inner > 1 else 0]
        return (columns == 1 or b.meta.stride(2) == 1) and all(step % self.width == 0 for step in steps)

    def _transposed(self, value: Value, wanted: Strides) -> Value | None:
        """A copy of matrices that lie column by column, block by block; None when they do not."""
        if value.meta.dim() < 2 or value.shape[-1] == 1 or value.shape[-2] == 1:
            return None
        if wanted != matrix_strides(value.shape, self.width) or math.prod(value.shape[:-3]) > 1:
            return None
        meta, batch = value.meta, value.shape[-3] if value.meta.dim() > 2 else 1
        between = meta.stride(-3) if batch > 1 else 0
        whole = all(step % self.width == 0 for step in (value.first, meta.stride(-1), between))
        if meta.stride(-2) != 1 or not whole or meta.stride(-1) < value.shape[-2]:
            return None
        out = self.new(value.shape, wanted)
        strides = [[wanted[-3] if batch > 1 else 0, wanted[-2], 1], [between, 1, meta.stride(-1)]]
        extents = [batch, value.shape[-2], value.shape[-1]]
        self._write("transpose", extents, [out, value], strides)
        return out

    def _copy(self, value: Value, wanted: Strides) -> Value:
        out = self.new(value.shape, wanted)
        return self.elementwise("copy", value, into=out)

    def _write(
        self,
        operation: str,
        extents: Sequence[int],
        values: Sequence[Value],
        strides: Sequence[Sequence[int]],
        along: int = 0,
        size: int = 0,
    ) -> None:
        if len(extents) > AXES:
            raise UnsupportedError(f"{operation} over {len(extents)} axes: at most {AXES}")
        now: Moment = (self.phase, len(self.steps[self.phase]))
        parts = []
        for value, own in zip(values, strides, strict=True):
            value.storage.uses.append(now)
            parts.append(Part(value.storage, value.first, tuple(own)))
        out, *arguments = parts
        self.steps[self.phase].append(Step(operation, tuple(extents), out, tuple(arguments), along, size))


def _merge(extents: list[int], strides: list[list[int]]) -> None:
    """Join neighbouring axes along which every operand goes on in equal steps; both lists are changed in place."""
    axis = len(extents) - 2
    while axis >= 0:
        if all(own[axis] == extents[axis + 1] * own[axis + 1] for own in strides):
            extents[axis] *= extents.pop(axis + 1)
            for own in strides:
                own[axis] = own.pop(axis + 1)
        axis -= 1
