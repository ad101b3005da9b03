"""The tapes of points at which the losses of a task were looked at, as many as memory is meant to hold."""

from __future__ import annotations

from typing import final

import flint
from flint import arb, arb_mat

from reports.balls.arrays import ONE, constant, filled
from reports.balls.ball import Vector
from reports.balls.program import Program
from reports.balls.tape import Tape

# Points of one loss whose values and adjoints are kept: the trajectory of a fine-tuning is walked forth and back.
_KEPT = 4
# Numbers that the steps of all kept tapes compute, 2 GB: with adjoints and directions one takes some 600 bytes.
_NUMBERS = 3 * 2**20
# Half-widths from which on a ball is a box, worth enclosures that are tight rather than quick.
_BOX = arb(2) ** -40


@final
class Tapes:
    """What the losses of one task share: the last four tapes of each, fewer of wide ones, the last used going last."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._kept: dict[Program, list[tuple[int, Vector, Tape]]] = {}
        self._numbers = 0

    def of(self, program: Program, w: Vector) -> Tape:
        """The tape of a program at a column (d, 1); equal boxes at equal precision share one."""
        bits, own = flint.ctx.prec, self._kept.pop(program, [])
        for place, (known, point, tape) in enumerate(own):
            if known == bits and point.contains(w) and w.contains(point):
                self._kept[program] = [*own[:place], *own[place + 1 :], own[place]]
                return tape
        entries = w.entries()
        tape = Tape(program, filled(entries, (program.d,)), wide=any(x.rad() > _BOX for x in entries))
        if program.d == 1:
            tape.along(constant(ONE, (1,)))
        self._kept[program] = [*own, (bits, arb_mat(w), tape)]
        self._numbers += program.numbers
        self._forget(program)
        return tape

    def _forget(self, program: Program) -> None:
        if len(self._kept[program]) > _KEPT:
            self._drop(program)
        while self._numbers > _NUMBERS and sum(map(len, self._kept.values())) > 1:
            self._drop(next(iter(self._kept)))

    def _drop(self, program: Program) -> None:
        """The tape of a program that was not used for longest."""
        del self._kept[program][0]
        self._numbers -= program.numbers
        if not self._kept[program]:
            del self._kept[program]
