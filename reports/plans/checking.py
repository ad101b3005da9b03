"""A plan of a user's own is looked at before any work: can its tasks be made, and measure what is asked of them?"""

from __future__ import annotations

from reports.plans.plan import Plan, PlanError
from reports.statements import measured
from reports.tasks.factories import TaskError, make_task


def check_tasks(plan: Plan) -> None:
    """Make every task of a plan once, so that a bad one is refused before any work.

    Raises PlanError for a task that cannot be made, and for a statement that it cannot measure.
    """
    for one in plan.tasks:
        try:
            task = make_task(one)
        except TaskError as error:
            raise PlanError(str(error)) from None
        for name in sorted({name for cell in plan.cells if cell.task == one.name for name in cell.statements}):
            if (why := measured(name).task(task)) is not None:
                raise PlanError(f"task {one.name}: {name} {why}")
