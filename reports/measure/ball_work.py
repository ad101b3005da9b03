"""What an evaluation in balls would take, in numbers: a machine that is slower or faster decides nothing by it."""

from __future__ import annotations

from reports.balls.recorded import RecordedLoss
from reports.measure.task_instance import TaskInstance

# numbers of an evaluation that is made, a minute's
WORK = 2**26
# an operation costs as much as so many numbers
_OPERATION = 16


def affordable(instance: TaskInstance, derivatives: int) -> bool:
    """Whether so many derivatives of every agent's loss take a minute at most; a quadratic's always do.

    Where they do not, float64 with its rounding, or samples, have to decide.
    """
    programs = [loss.program for loss in instance.losses if isinstance(loss, RecordedLoss) and loss.degree > 2]
    return derivatives * sum(one.numbers + _OPERATION * len(one.steps) for one in programs) <= WORK
