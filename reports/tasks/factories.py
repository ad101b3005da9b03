"""Tasks by name: what a plan may ask for."""

from __future__ import annotations

from empirics import Task
from reports.cells.cell import TaskPlan
from reports.tasks.conformance import ConformanceError, load_task
from reports.tasks.networks import on_its_ball, radius_of
from reports.tasks.packaged import FACTORIES
from theory.language.errors import near


class TaskError(ValueError):
    """A task that cannot be made from what a plan says of it."""


def make_task(plan: TaskPlan) -> Task:
    """The task that a plan describes.

    Raises TaskError for an unknown factory or arguments it does not take, naming the task.
    """
    if ":" in plan.factory:
        try:
            return load_task(plan.factory, plan.arguments)
        except ConformanceError as error:
            raise TaskError(f"task {plan.name}: {error}") from None
    name, at, ball = plan.factory.partition("@")
    if name not in FACTORIES:
        raise TaskError(
            f"task {plan.name}: factory {plan.factory!r} is unknown{near(name, FACTORIES)}; known are "
            f"{', '.join(sorted(FACTORIES))}"
        )
    try:
        made = FACTORIES[name](**plan.arguments)
        return on_its_ball(made, radius_of(ball)) if at else made
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise TaskError(f"task {plan.name}: {error}") from None
