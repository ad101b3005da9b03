"""Hypotheses that no number decides, each with why it holds on a run or at a point."""

from __future__ import annotations

from empirics.algorithm.modes import Mode
from reports.cells.run_cell import RunCell
from reports.measure.task_instance import TaskInstance
from theory.statements.s09s import SHARED_PROBES as SHARED

SHARED_PROBES = {
    SHARED.name: "both probes of a step see one batch, whose Hessian noise is the derivative of its gradient noise"
}


def drift_ball(instance: TaskInstance, cell: RunCell) -> dict[str, str]:
    """W0+ and W0n with why they hold on a run; empty where they are not both known.

    W0+: every F_i has its curvature on the balls whose diameters are segments between points of W0.
    W0n: W0 holds the exact local paths of every agent from every w_k.
    """
    if instance.quadratic:
        return {
            "W0+": "every F_i is quadratic: its curvature is the same everywhere",
            "W0n": "every F_i is quadratic: its curvature bounds hold wherever the exact local paths lead",
        }
    if instance.task.everywhere:
        return {
            "W0+": "the constants hold on all of R^d, so W0 may be all of it",
            "W0n": "the constants hold on all of R^d, so W0 may be all of it",
        }
    if instance.task.curved_everywhere and cell.mode is Mode.EXACT:
        return {
            "W0+": "L and mu hold on all of R^d",
            "W0n": "mode exact: the exact local paths are the local runs",
        }
    if instance.task.d == 1 and not instance.estimated and cell.mode is Mode.EXACT:
        return {
            "W0+": "d = 1: the balls are the segments, and W0 is convex",
            "W0n": "mode exact: the exact local paths are the local runs",
        }
    return {}
