"""Constants of a network known from both sides: certified layer by layer, and found by ascent on the same ball."""

from __future__ import annotations

from collections.abc import Sequence

from empirics.estimation import Ball, estimate, looseness
from reports.cells.cell import TaskPlan
from reports.sections import Section, SectionTable
from reports.tasks.factories import make_task

_NETWORKS = ("small-network",)
_NAMES = ("L", "rho", "B", "gamma_G", "gamma_H", "sigma_G", "sigma_H")


def two_sided_sections(plans: Sequence[TaskPlan]) -> list[Section]:
    """One table for every network of the plan that certifies constants on a ball; absent when there is none.

    >>> two_sided_sections([TaskPlan(name="quadratic", factory="quadratic")])
    []
    """
    tables = [table for plan in plans if plan.factory in _NETWORKS and (table := _table(plan)) is not None]
    if not tables:
        return []
    text = (
        "The certified value bounds the constant from above on the whole ball: norms of the layers composed, and "
        "Taylor's formula about the centre where that is smaller. The estimate is the largest value met by ascent over "
        "the same ball, so it bounds the constant from below. The truth lies between the two; their ratio is the "
        "most that the certified value can be too large by."
    )
    return [Section("two-sided", "Constants of a network, from both sides", (text,), tuple(tables))]


def _table(plan: TaskPlan) -> SectionTable | None:
    task = make_task(plan)
    if (local := task.local) is None:
        return None
    found = estimate(task, Ball(local.centre, local.radius), names=_NAMES)
    ratios = looseness(local.constants, found)
    lines = [
        (name, local.constants[name].value, found[name].value, ratios.get(name), found[name].points) for name in _NAMES
    ]
    caption = (
        f"{plan.name}: {task.d} parameters, {task.n} agents, on the ball of radius {local.radius:g} about its start."
    )
    head = ("constant", "certified, at most", "found by ascent, at least", "ratio", "points evaluated")
    return SectionTable(caption, head, lines)
