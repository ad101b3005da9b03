"""What a plan's tasks and cells need to hold at least, against the memory at hand: said before any work."""

from __future__ import annotations

import math
import os
import resource
from pathlib import Path

from empirics import Task
from reports.cells.cell import TaskPlan
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell

# of one number of a task, which is held in float64 and in balls, and copied while it is made
_OF_A_NUMBER = 64
# of an agent's loss as an object of its own, which its balls are
_OF_AN_AGENT = 2000
# of one number of an iterate: the run, the record, and what is evaluated along it
_OF_AN_ITERATE = 24
_FEWEST = 128


def at_hand() -> int:
    """Bytes that this process may still take: of the machine, of its control group, of its limits."""
    bounds = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemAvailable:"):
            bounds.append(int(line.split()[1]) * 1024)
    bounds += [int(line) for line in _lines("/sys/fs/cgroup/memory.max") if line.strip().isdigit()]
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return min([*bounds, limit] if limit != resource.RLIM_INFINITY else bounds)


def task_bytes(task: TaskPlan) -> int:
    """What a packaged task holds at least, from its arguments alone; 0 where these do not tell.

    >>> task_bytes(TaskPlan(name="q", factory="quadratic", arguments={"n": 10, "d": 100}))
    6420000
    """
    sizes = {key: value for key, value in task.arguments.items() if type(value) is int and value > 0}
    wide = sizes.get("d", 1) ** (2 if task.factory == "quadratic" else 1)
    agents = sizes.get("n", 1) * sizes.get("agents", 1)
    wide *= math.prod(sizes.get(name, 1) for name in ("features", "samples", "hidden", "inputs"))
    return agents * (_OF_AN_AGENT + _OF_A_NUMBER * wide)


def cell_bytes(cell: PointsCell | NoiseCell | RunCell, task: Task) -> int:
    """What a cell records and evaluates at least."""
    if isinstance(cell, PointsCell):
        return 0
    if isinstance(cell, NoiseCell):
        return _OF_AN_ITERATE * 2 * cell.replicas * task.n * task.d
    one_path = not cell.mode.draws and (not cell.draws_agents or (cell.m == task.n and cell.sampling == "subset"))
    return _OF_AN_ITERATE * (1 if one_path else cell.replicas or _FEWEST) * (cell.rounds + 1) * task.d


def amount(count: float) -> str:
    """A number of bytes for a message.

    >>> amount(12_800_000_000), amount(9120), amount(7)
    ('12.8 GB', '9.12 kB', '0.007 kB')
    """
    size, unit = next((one for one in ((1e9, "GB"), (1e6, "MB")) if count >= one[0]), (1e3, "kB"))
    return f"{count / size:.3g} {unit}"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="ascii").splitlines()
    except OSError:
        return []
