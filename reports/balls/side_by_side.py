"""Derivatives of many losses at many points in one sweep: what a tree of batches asks for again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from flint import arb, arb_mat

from reports.balls.arrays import ONE, constant, filled
from reports.balls.ball import Vector
from reports.balls.program import Program
from reports.balls.tape import Tape

_TWO = arb(2)


@final
class SideBySide:
    """Losses f_1, ..., f_S of w (d,), from a recording of `points` copies of them, each row of which has its own w.

    Row p S + s is f_s at point p. With d = 1 the recording's result is the rows' losses, whose jets along 1 are their
    derivatives; else it is their sum, whose gradient is that of every row.
    """

    def __init__(self, program: Program, d: int, losses: int, points: int) -> None:
        """Read a program; nothing is evaluated yet."""
        self._program, self._d, self._losses, self._points = program, d, losses, points

    def gradients(self, points: Sequence[Vector]) -> list[list[Vector]]:
        """For every point the gradients (d, 1) of all losses."""
        found: list[list[Vector]] = []
        for start in range(0, len(points), self._points):
            chosen = points[start : start + self._points]
            found += self._rows(self._tape(chosen), None)[: len(chosen)]
        return found

    def products(self, points: Sequence[Vector], along: Sequence[Sequence[Vector]]) -> list[list[list[Vector]]]:
        """For every point, for every of its directions, the Hessians of all losses times it.

        All points have equally many directions.
        """
        found: list[list[list[Vector]]] = []
        for start in range(0, len(points), self._points):
            chosen, own = points[start : start + self._points], along[start : start + self._points]
            tape = self._tape(chosen)
            turns = [self._rows(tape, [vectors[k] for vectors in own])[: len(chosen)] for k in range(len(own[0]))]
            found += [list(one) for one in zip(*turns, strict=True)]
        return found

    def _tape(self, points: Sequence[Vector]) -> Tape | None:
        """None where the losses do not depend on w, or are w itself."""
        if self._program.out is None or self._program.out < 0:
            return None
        entries = self._stacked(points)
        # never wide: outcomes are points, and their enclosures are the rounding of one
        tape = Tape(self._program, filled(entries, (len(entries),)), wide=False)
        if self._d == 1:
            tape.along(constant(ONE, (len(entries),)))
        return tape

    def _rows(self, tape: Tape | None, v: Sequence[Vector] | None) -> list[list[Vector]]:
        """(points, losses) columns: gradients, or products with a direction a point."""
        rows = self._points * self._losses
        if tape is None:
            slope = 1 if v is None and self._program.out == -1 else 0
            entries = [arb(slope)] * (rows * self._d)
        elif self._d == 1:
            part = tape.loss(1 if v is None else 2)
            entries = [arb(0)] * rows if part is None else part.ravel().tolist()
            if v is not None:
                entries = [x * y * _TWO for x, y in zip(entries, self._stacked(v), strict=True)]
        else:
            if v is not None:
                tape.along(filled(self._stacked(v), (rows * self._d,)))
            part = tape.gradient(0 if v is None else 1)
            entries = [arb(0)] * (rows * self._d) if part is None else part.ravel().tolist()
        columns = [arb_mat(self._d, 1, entries[k : k + self._d]) for k in range(0, len(entries), self._d)]
        return [columns[k : k + self._losses] for k in range(0, rows, self._losses)]

    def _stacked(self, vectors: Sequence[Vector]) -> list[arb]:
        """Each vector once a loss, the last one filling up the points that are not asked for."""
        padded = [*vectors, *[vectors[-1]] * (self._points - len(vectors))]
        return [x for vector in padded for x in vector.entries() * self._losses]
