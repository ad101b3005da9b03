"""A plan of a user's own is looked at before any work: can its tasks be made, and measure what is asked of them?"""

from __future__ import annotations

from reports.measure.task_instance import TaskInstance
from reports.plans.plan import Plan, PlanError, witness_plan
from reports.statements import measured, with_own
from reports.tasks.conformance import ConformanceError, require_conformance
from reports.tasks.factories import TaskError, make_task
from reports.user_objects import UserObjectError
from theory.tables import default_table


def check_tasks(plan: Plan) -> None:
    """Make every task of a plan once, so that a bad one is refused before any work.

    Raises PlanError for a task that cannot be made, a user's own that does not do what a task does, and for a statement
    that a task cannot measure.
    """
    try:
        with_own(default_table(), plan.own_statements)
    except UserObjectError as error:
        raise PlanError(str(error)) from None
    if plan.own_statements:
        witness_plan(plan.own_statements)
    for one in plan.tasks:
        try:
            task = make_task(one)
            if ":" in one.factory:
                require_conformance(one.factory, task)
        except (TaskError, ConformanceError) as error:
            raise PlanError(str(error)) from None
        for cell in (cell for cell in plan.noise if cell.task == one.name and cell.method == "enumerate"):
            instance = TaskInstance(one, task)
            why = instance.unread or (instance.noises if isinstance(instance.noises, str) else "")
            if why:
                raise PlanError(f'task {one.name}: method = "{cell.method}": {why}')
        for name in sorted({name for cell in plan.cells if cell.task == one.name for name in cell.statements}):
            if (why := measured(name).task(task)) is not None:
                raise PlanError(f"task {one.name}: {name} {why}")
