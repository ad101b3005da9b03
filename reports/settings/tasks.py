"""The tasks of a setting: of a packaged plan, of a factory, or a user's own, each with arguments given or changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.cells.cell import TaskPlan
from reports.plans.own_task import own_task
from reports.plans.packaged_tasks import packaged_tasks
from reports.refusal import described
from reports.settings.words import SettingError
from reports.tasks.conformance import load_task
from reports.tasks.packaged import FACTORIES
from theory.language.errors import near


def task_of(name: str, arguments: Mapping[str, Any]) -> TaskPlan:
    """The task of that name as a plan describes it; arguments change those of a packaged plan's, table by table.

    >>> task_of("quadratic-mild", {"n": 8, "noise": {"gradient": 0.5}}).arguments["noise"]
    {'gradient': 0.5}

    Raises:
        SettingError: an unknown name, or an object of a user's that makes no task.
    """
    if ":" in name:
        return _own(name, arguments)
    packaged = packaged_tasks()
    if name in packaged:
        found = packaged[name]
        return found.model_copy(update={"arguments": _changed(found.arguments, arguments)})
    if name in FACTORIES:
        return TaskPlan(name=name, factory=name, arguments=dict(arguments))
    known = [*packaged, *(one for one in FACTORIES if one not in packaged)]
    raise SettingError(f"task = {name}: unknown{near(name, known)}; expected {', '.join(known)}, or MODULE:NAME")


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    tables = {key: _changed(old[key], value) for key, value in new.items()
              if isinstance(value, dict) and isinstance(old.get(key), dict)}  # fmt: skip
    return {**old, **new, **tables}


def _own(name: str, arguments: Mapping[str, Any]) -> TaskPlan:
    try:
        return own_task(name, load_task(name, arguments), arguments)[0]
    except ValueError as error:
        raise SettingError(f"task {error}") from None
    except (Exception, SystemExit) as error:  # a user's code may raise anything
        raise SettingError(f"task {name}: {described(error)}") from None
