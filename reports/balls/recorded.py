"""The losses of any task in balls, read from the recording of what runs: every derivative from the loss alone."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import final

import flint
from flint import arb, arb_mat
from torch import Tensor

from empirics.tasks.batch_graph import batch_graph, stacked_batch_graph
from empirics.tasks.loss_graph import agent_arrays, loss_graph
from empirics.tasks.task import Task
from reports.balls.arrays import ONE, ZERO, Array, constant, filled
from reports.balls.ball import BallLoss, Vector
from reports.balls.jets import Part
from reports.balls.program import Program
from reports.balls.side_by_side import SideBySide
from reports.balls.tape import Tape
from reports.balls.tapes import Tapes

# Losses and points that one sweep serves: an operation costs more than its numbers.
_ROWS = 64


def recorded_losses(task: Task, agents: Iterable[int] | None = None) -> list[BallLoss]:
    """One ball loss an agent, of all or of those named, read from the recording of the task's own loss.

    Raises:
        UntraceableError: the loss cannot be recorded, or depends on more than w and the agent's arrays.
        UnknownOperationError: it uses an operation without a rule, which the message names.

    >>> from empirics.tasks.quadratic import QuadraticTask
    >>> f, _ = recorded_losses(QuadraticTask(A=[[[2.0]], [[4.0]]], c=[[1.0], [0.0]]))
    >>> w = arb_mat(1, 1, [3])
    >>> f.loss(w) == 4, f.gradient(w)[0, 0] == 4, f.hvp(w, w)[0, 0] == 6
    (True, True, True)
    """
    recording, tapes = loss_graph(task), Tapes()
    losses: list[BallLoss] = []
    for agent in range(task.n) if agents is None else agents:
        own = agent_arrays(task, agent)
        arrays = {name: own[name] for name in recording.names}
        losses.append(RecordedLoss(Program(recording.graph, recording.d, arrays), tapes))
    return losses


def recorded_batches(task: Task, values: Tensor) -> list[list[BallLoss]]:
    """For every agent its losses on batches (S, n, ...), read from the recording of its sampler's loss.

    Raises:
        UntraceableError: the sampler states no loss, or one that cannot be recorded.
        UnknownOperationError: it uses an operation without a rule, which the message names.

    >>> import torch
    >>> from empirics import Noise, QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]]], c=[[0.0]], noise=Noise.coordinate(1, 1, gradient=2.0))
    >>> ((one, two),) = recorded_batches(task, torch.tensor([[[1.0, 1.0]], [[0.5, 1.0]]]).double())
    >>> one.gradient(arb_mat(1, 1, [3])), two.gradient(arb_mat(1, 1, [3]))
    ([5.00000000000000], [4.00000000000000])
    """
    recording, tapes = batch_graph(task, values), Tapes()
    return [
        [
            RecordedLoss(Program(recording.graph, recording.d, {"values": batch[agent], **_own(task, agent)}), tapes)
            for batch in values
        ]
        for agent in range(task.n)
    ]


def batches_side_by_side(task: Task, values: Tensor) -> list[SideBySide]:
    """For every agent all its losses on batches (S, n, ...), evaluated together.

    Raises as `recorded_batches`.
    """
    points = max(1, _ROWS // len(values)) if task.network() is None else 1
    rows = values.repeat(points, *(1 for _ in values.shape[1:]))
    recording = stacked_batch_graph(task, rows)
    return [
        SideBySide(
            Program(recording.graph, recording.d, {"values": rows[:, agent], **_own(task, agent)}),
            task.d, len(values), points,
        )
        for agent in range(task.n)
    ]  # fmt: skip


def _own(task: Task, agent: int) -> dict[str, Tensor]:
    """An agent's arrays under names that no other argument has."""
    return {f"array {name}": value for name, value in agent_arrays(task, agent).items()}


@final
class RecordedLoss(BallLoss):
    """f_i of a recorded loss: value, gradient, Hessian and third derivatives, at points and on boxes.

    Points are columns (d, 1) of balls of any radius; a result encloses what it stands for at every point inside.
    Where a condition or a kink is not decided on a box, both sides are enclosed.
    """

    def __init__(self, program: Program, tapes: Tapes) -> None:
        """Read a program, its tapes kept among those given; nothing is evaluated before the first use."""
        self._program, self._tapes = program, tapes
        self._forms: dict[int, tuple[arb_mat, Vector]] = {}

    @property
    def d(self) -> int:
        """Length of w."""
        return self._program.d

    @property
    def program(self) -> Program:
        """Its steps."""
        return self._program

    @property
    def degree(self) -> float:
        """A number that the loss' degree as a polynomial in w does not exceed; infinite where none is known."""
        return self._program.degree

    def loss(self, w: Vector) -> arb:
        """f(w)."""
        out = self._program.out
        if out is None:
            return self._program.constant_loss()
        return w[0, 0] if out < 0 else _entry(self._tape(w).loss(0))

    def gradient(self, w: Vector) -> Vector:
        """The gradient of f at w, (d, 1)."""
        if self.degree <= 2:
            hessian, start = self._form()
            return hessian * w + start
        if self.d == 1:
            return self._line(w, 1)
        return self._column(self._tape(w).gradient(0))

    def hvp(self, w: Vector, v: Vector) -> Vector:
        """The Hessian of f at w times v, (d, 1)."""
        if self.degree <= 2:
            return self._form()[0] * v
        if self.d == 1:
            return self._line(w, 2) * v * arb(2)
        tape = self._tape(w)
        tape.along(self._row(v))
        return self._column(tape.gradient(1))

    def hessian(self, w: Vector) -> arb_mat:
        """The Hessian of f at w, (d, d)."""
        if self.degree <= 2:
            return self._form()[0]
        return self._line(w, 2) * arb(2) if self.d == 1 else self._hessian(w)

    def third(self, w: Vector, u: Vector, v: Vector | None = None) -> Vector:
        """The third derivative of f at w along u and v (u itself when absent), (d, 1).

        For two directions by polarisation: 4 T[u, v] = T[u + v, u + v] - T[u - v, u - v].
        """
        if self.degree <= 2:
            return arb_mat(self.d, 1)
        if self.d == 1:
            return self._line(w, 3) * u * (u if v is None else v) * arb(6)
        if v is not None:
            return (self.third(w, u + v) - self.third(w, u - v)) * arb(0.25)
        tape = self._tape(w)
        tape.along(self._row(u))
        return self._column(tape.gradient(2)) * arb(2)

    def kink(self, w: Vector) -> str | None:
        """The operation whose kink or jump may lie in the box w; None where the loss is smooth wherever it is finite.

        Without one, every operation is an analytic function on the box, or infinite there.
        """
        return None if self.degree <= 2 else self._tape(w).kink()

    def along(self, w: Vector, v: Vector, order: int) -> Vector:
        """The derivative of that order + 1 at w along v, `order` times over, (d, 1): order 3 is the fourth."""
        if self.degree <= 2:
            return self.hvp(w, v) if order == 1 else arb_mat(self.d, 1) if order else self.gradient(w)
        if self.d == 1:
            return self._line(w, order + 1) * v[0, 0] ** order * arb(math.factorial(order + 1))
        tape = self._tape(w)
        tape.along(self._row(v))
        return self._column(tape.gradient(order)) * arb(math.factorial(order))

    def _line(self, w: Vector, order: int) -> Vector:
        """In one dimension: a coefficient of the loss' jet along 1.

        Values are hulls over all sides of what is not decided; adjoints only add up what may flow on every side.
        """
        return arb_mat(1, 1, [_entry(self._tape(w).loss(order))])

    def form(self) -> tuple[arb_mat, Vector, arb] | None:
        """Hessian, gradient and value at 0 where the loss is proved to be a quadratic: f = f_0 + g.w + w.H w / 2."""
        if self.degree > 2:
            return None
        hessian, gradient = self._form()
        return hessian, gradient, self.loss(arb_mat(self.d, 1))

    def _hessian(self, w: Vector) -> arb_mat:
        columns: list[list[arb]] = []
        tape = self._tape(w)
        for place in range(self.d):
            unit = constant(ZERO, (self.d,))
            unit[place] = ONE
            tape.along(unit)
            columns.append(self._entries(tape.gradient(1)))
        return arb_mat(self.d, self.d, [x for row in zip(*columns, strict=True) for x in row])

    def _form(self) -> tuple[arb_mat, Vector]:
        """Hessian and gradient at 0 of a loss of degree two: its gradient everywhere is H w + g.

        They are worked out with more digits, so that sums and products of floats are exact more often than not.
        """
        bits = flint.ctx.prec
        if bits not in self._forms:
            with flint.ctx.workprec(4 * bits):
                zero = arb_mat(self.d, 1)
                if self._program.out is None or self._program.out < 0:
                    slope = [ONE] if self._program.out == -1 else [ZERO] * self.d
                    self._forms[bits] = arb_mat(self.d, self.d), arb_mat(self.d, 1, slope)
                else:
                    gradient = self._column(self._tape(zero).gradient(0))
                    self._forms[bits] = self._hessian(zero), gradient
        return self._forms[bits]

    def _tape(self, w: Vector) -> Tape:
        return self._tapes.of(self._program, w)

    def _row(self, v: Vector) -> Array:
        return filled(v.entries(), (self.d,))

    def _entries(self, part: Part) -> list[arb]:
        return [ZERO] * self.d if part is None else part.ravel().tolist()

    def _column(self, part: Part) -> Vector:
        return arb_mat(self.d, 1, self._entries(part))


def _entry(part: Part) -> arb:
    return ZERO if part is None else part.item()
