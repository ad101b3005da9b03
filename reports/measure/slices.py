"""A task evaluated at many points: in slices whose intermediate values stay in cache, wide agents one at a time.

Every agent's value at a point depends on that agent and that point alone, so how the work is cut is a matter of speed:
results agree to rounding, and a slice of a few thousand values is several times faster than one pass over all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from empirics import Task

# float64 values of one intermediate result: half a megabyte, the second-level cache of one core
_VALUES = 2**16
_ON_A_GPU = 2**26
# a network goes forward and back, in operations that take longer than products
_SWEEPS = 4
# below this many values per agent and point the calls cost more than the arithmetic
_WIDE = 64

Evaluated = Callable[[Task, Tensor], Tensor]


@lru_cache(maxsize=16)
def one_agent_tasks(task: Task) -> tuple[Task, ...]:
    """One task an agent where agents are wide and differ in size, so that none pays for another; else the task."""
    return task.unpadded() if _width(task) >= _WIDE else (task,)


@torch.no_grad()
def evaluated(task: Task, w: Tensor, function: Evaluated) -> Tensor:
    """function(task, points (P, n, d)) -> (P, n, ...) with every agent at the same points w (P, d), cut for speed.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[2.0]], [[4.0]]], c=[[0.0], [1.0]])
    >>> evaluated(task, torch.tensor([[1.0], [2.0]], dtype=torch.float64), lambda task, w: task.raw_gradient(w))[..., 0]
    tensor([[2., 0.],
            [4., 4.]], dtype=torch.float64)
    """
    columns = []
    for part in one_agent_tasks(task):
        values = _VALUES if part.device.type == "cpu" else _ON_A_GPU
        step = max(1, values // (part.n * _width(part)))
        cuts = [function(part, spread(part, points)) for points in w.split(step)]
        columns.append(torch.cat(cuts))
    return columns[0] if len(columns) == 1 else torch.cat(columns, dim=1)


def spread(task: Task, w: Tensor) -> Tensor:
    """Points (P, d) for every agent: (P, n, d)."""
    return w[:, None, :].expand(-1, task.n, -1)


def price(task: Task) -> int:
    """Products, in order of magnitude, that all agents' gradients at one point take.

    >>> from empirics import QuadraticTask
    >>> price(QuadraticTask(A=[[[2.0]], [[4.0]]], c=[[0.0], [1.0]]))                # A, c and b: 3 numbers an agent
    6
    """
    network = task.network()
    return task.n * (task.values_per_agent if network is None else _SWEEPS * network.samples * task.d)


def _width(task: Task) -> int:
    """Numbers that one agent makes at one point: its dimension, or its samples or features."""
    return max(task.d, task.values_per_agent // task.d)
