"""How fast a device copies and how long it takes to start an operation."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmarks.machine import seconds
from empirics.backends.cuda_graphs import capture

_LAUNCHES = 1000


def copy_bytes_per_second(device: str, size: int, repeats: int = 5) -> float:
    """Bytes read and written a second by the best of some copies of `size` bytes."""
    source = torch.zeros(size // 8, dtype=torch.float64, device=device)
    target = torch.empty_like(source)
    return 2 * size / min(seconds(lambda: target.copy_(source), device) for _ in range(repeats))


def launch_seconds(device: str, *, replayed: bool = False) -> float:
    """Seconds an operation on one number takes in a row of them: the device has nothing to do but start it.

    `replayed`: inside a recorded CUDA graph.
    """
    number = torch.zeros(1, device=device)

    def row() -> Tensor:
        for _ in range(_LAUNCHES):
            number.add_(1.0)
        return number

    work = capture(row)[0] if replayed else row
    work()
    return min(seconds(work, device) for _ in range(3)) / _LAUNCHES
