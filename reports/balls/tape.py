"""A program at one point: values and adjoints as jets that grow order by order and share all lower orders."""

from __future__ import annotations

from typing import Any

import numpy as np

from reports.balls.arrays import ONE, Array, boxed, constant
from reports.balls.jets import Jet, Part
from reports.balls.operations.operation import Call
from reports.balls.program import Program, Source, as_numbers

W = -1
UNDECIDED = 2


class Tape:
    """Orders are computed when they are first asked for; `along` starts orders 1, 2, ... again in a new direction.

    With w + t v in place of w, coefficient k of the loss' jet is its k-th derivative along v over k!, and coefficient k
    of w's adjoint is the same of the gradient: order 0 the gradient, order 1 the Hessian times v. The program has at
    least one step.
    """

    def __init__(self, program: Program, w: Array, wide: bool) -> None:
        """Nothing is computed yet; `wide` where w is a box rather than a point."""
        self._program, self._w, self._wide = program, Jet([w]), wide
        self._calls: list[Call] = []
        self._results: list[Any] = []
        # the last one is w's
        self._adjoints = [Jet([]) for _ in range(len(program.steps) + 1)]
        self._forward = self._backward = 0

    def along(self, v: Array) -> None:
        """Move w along v from now on; what is known of the same direction stays, if it is exact."""
        if len(self._w.parts) > 1 and bool((self._w.parts[1] == v).all()):
            return
        for call in self._calls:
            call.cut()
        for jet in (self._w, *self._adjoints):
            jet.cut()
        self._w.parts.append(v)
        self._forward, self._backward = min(self._forward, 1), min(self._backward, 1)

    def loss(self, order: int) -> Part:
        """A coefficient of the loss' jet, an array without axes."""
        while self._forward <= order:
            self._advance(self._forward)
            self._forward += 1
        return self._results[-1][order]

    def gradient(self, order: int) -> Part:
        """A coefficient of the gradient's jet, (d,)."""
        self.loss(order)
        while self._backward <= order:
            self._return(self._backward)
            self._backward += 1
        return self._adjoints[W][order]

    def kink(self) -> str | None:
        """The first operation, by name, that may do one thing or another inside the box; None where all are smooth.

        Comparisons are undecided there, a slope jumps, or two entries may both be the largest.
        """
        self.loss(0)
        for step, call, found in zip(self._program.steps, self._calls, self._results, strict=True):
            undecided = isinstance(found, np.ndarray) and bool((found == UNDECIDED).any())
            if undecided or (step.operation.kinked is not None and step.operation.kinked(call)):
                return str(step.site.target)
        return None

    def _advance(self, order: int) -> None:
        if order == 0:
            for step, still in zip(self._program.steps, self._program.inputs(), strict=True):
                inputs = [
                    self._value(source) if fixed is None else fixed
                    for source, fixed in zip(step.sources, still, strict=True)
                ]
                call = Call(step.site, inputs, self._wide)
                found = step.operation.forward(call, 0)
                # Conditions are arrays of small integers, and have no higher orders.
                condition = found is not None and found.dtype == np.int8
                call.result.parts.append(None if condition else found)
                self._calls.append(call)
                self._results.append(found if condition else call.result)
            return
        for step, call in zip(self._program.steps, self._calls, strict=True):
            call.result.parts.append(step.operation.forward(call, order))

    def _value(self, source: Source) -> Any:
        assert source.step is not None
        value = self._w if source.step == W else self._results[source.step]
        return value if source.condition else as_numbers(value)

    def _return(self, order: int) -> None:
        flowing: list[Part] = [None] * len(self._adjoints)
        steps, out = self._program.steps, self._program.out
        assert out is not None
        if order == 0:
            flowing[out] = constant(ONE, self._results[out].first.shape)
        for place in range(len(steps) - 1, -1, -1):
            adjoint, step = self._adjoints[place], steps[place]
            adjoint.parts.append(flowing[place])
            if all(part is None for part in adjoint.parts):
                continue
            for source, part in zip(
                step.sources, step.operation.reverse(self._calls[place], order, adjoint), strict=True
            ):
                if part is not None and source.step is not None:
                    known = flowing[source.step]
                    flowing[source.step] = part if known is None else boxed(known + part)
        self._adjoints[W].parts.append(flowing[W])
