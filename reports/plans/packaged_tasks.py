"""The tasks of the packaged plans by name: what a plan of a user's, or one setting, may take without describing it."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from reports.cells.cell import TaskPlan


@cache
def packaged_tasks() -> dict[str, TaskPlan]:
    """Every task of a packaged plan and of the witnesses, by name; a name means the same task in all of them.

    >>> packaged_tasks()["quadratic-mild"].arguments["mu"], packaged_tasks()["witness-bowl"].factory
    (0.5, 'explicit-quadratic')
    """
    folder = resources.files("reports")
    plans = sorted((file for file in (folder / "plans").iterdir() if file.name.endswith(".toml")), key=lambda f: f.name)
    found: dict[str, TaskPlan] = {}
    for file in (*plans, folder / "statements" / "witness_tasks.toml"):
        for task in tomllib.loads(file.read_text(encoding="utf-8")).get("tasks", ()):
            found.setdefault(task["name"], TaskPlan.model_validate(task))
    return found
