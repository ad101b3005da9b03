"""Certified constants on a ball by both ways that there are, the better of each: intervals and norms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from empirics.certificates.certified_constants import certified_constants
from empirics.graphs.recording import UntraceableError
from empirics.numerics.checks import array
from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.tasks.task import Task
from reports.balls.operations.operation import UnknownOperationError
from reports.balls.program import Program
from reports.balls.recorded import RecordedLoss, recorded_losses
from reports.certificates.over_box import certified_over_box

# Dimensions up to which boxes are few enough to say more than norms do.
DIMENSIONS = 10
# Sweeps through single steps of the recorded losses, of some 30 microseconds each: about three seconds in all. A step
# whose arrays are large counts as so many of _ENTRIES entries.
_WORK, _ENTRIES = 3 * 2**15, 16
_BOXES = 2000


def certified_over_ball(task: Task, centre: Any, radius: float) -> dict[str, Constant]:
    """B, L, rho, gamma_G, gamma_H, sigma_G, sigma_H from above, mu, mu_mean and the loss from below, on a ball.

    Norms carried through the recorded operations (`empirics.certificates`), and in up to ten dimensions intervals on
    boxes that are subdivided: of each constant the better value, with a note that says which. A name is absent where
    neither has a finite bound.

    Args:
        task: float64, its loss a fixed sequence of torch operations.
        centre: of the ball, (d,).
        radius: > 0; infinity for all of R^d, which only norms bound.

    Raises:
        InputError: float32 or a radius that is not positive; NoRuleError and UnboundedError, its subclasses, name an
            operation that has no rule either way, or that may not be smooth on the ball.
        UntraceableError: the loss cannot be recorded.

    >>> from empirics import CosineTask
    >>> task = CosineTask(a=[[1.0, 1.0]], s=[[2.0]], phi=[[0.0]])                        # 2 cos(w_1 + w_2)
    >>> found = certified_over_ball(task, [0.0, 0.0], 1.0)
    >>> bool(4 <= found["L"].value < 4.0001)                                            # |s| norm(a)^2
    True
    """
    refusal: InputError | None = None
    try:
        found = certified_constants(task, centre, radius)
    except UntraceableError:
        raise
    except InputError as error:
        found, refusal = {}, error
    point = array("centre", centre, "(d,)", 1).double().numpy()
    if len(point) == task.d <= DIMENSIONS and 0 < radius < math.inf:
        try:
            others = _by_intervals(task, point, float(radius))
        except UnknownOperationError as error:
            refusal, others = refusal or InputError(str(error)), {}
        except InputError as error:
            # a place that boxes do not exclude, and norms do
            refusal, others = refusal or error, {}
        else:
            refusal = None if others else refusal
        found = found | {name: _better(found.get(name), other) for name, other in others.items()}
    if refusal is not None and not found:
        raise refusal
    if task.sampler.noiseless:
        found |= {name: Constant(0.0, "exact", "no noise") for name in ("sigma_G", "sigma_H") if name not in found}
    return found


def _better(norms: Constant | None, boxes: Constant) -> Constant:
    if norms is None:
        return boxes
    pick = max if boxes.side == "lower" else min
    return pick((norms, boxes), key=lambda one: one.value)


def _by_intervals(task: Task, centre: np.ndarray, radius: float) -> dict[str, Constant]:
    losses = [loss for loss in recorded_losses(task) if isinstance(loss, RecordedLoss)]
    budget = boxes_worth(losses)
    return certified_over_box(losses, centre, radius, budget) if budget else {}


def boxes_worth(losses: list[RecordedLoss]) -> int:
    """How many boxes a few seconds are enough for: a count, so that equal tasks get equal answers.

    >>> from empirics import LogCoshTask
    >>> boxes_worth(recorded_losses(LogCoshTask(a=[[1.0]], s=[[1.0]], phi=[[0.0]]))) > 1000
    True
    """
    d = losses[0].d
    pairs = (d - 1) * (d - 2)
    sweeps = 2 + 2 * d + 2 * (d + pairs)
    return min(_BOXES, int(_WORK / (sweeps * sum(_weight(loss.program) for loss in losses))))


def _weight(program: Program) -> float:
    shapes = [[*step.site.shapes, step.site.shape] for step in program.steps]
    return 1 + sum(1 + max(math.prod(shape) for shape in own) / _ENTRIES for own in shapes)
