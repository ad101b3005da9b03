"""How fast a device copies and how long it takes to start an operation."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

_LAUNCHES = 1000


def copy_bytes_per_second(device: str, size: int, repeats: int = 5) -> float:
    """Bytes read and written a second by the best of some copies of `size` bytes."""
    source = torch.zeros(size // 8, dtype=torch.float64, device=device)
    target = torch.empty_like(source)
    return 2 * size / min(_seconds(lambda: target.copy_(source), device) for _ in range(repeats))


def launch_seconds(device: str) -> float:
    """Seconds an operation on one number takes in a row of them: the device has nothing to do but start it."""
    number = torch.zeros(1, device=device)

    def row() -> None:
        for _ in range(_LAUNCHES):
            number.add_(1.0)

    row()
    return min(_seconds(row, device) for _ in range(3)) / _LAUNCHES


def replay_seconds(device: str) -> float:
    """The same inside a recorded CUDA graph of such operations."""
    from empirics.backends.cuda_graphs import capture

    number = torch.zeros(1, device=device)

    def row() -> torch.Tensor:
        for _ in range(_LAUNCHES):
            number.add_(1.0)
        return number

    replay, _ = capture(row)
    return min(_seconds(replay, device) for _ in range(3)) / _LAUNCHES


def _seconds(work: Callable[[], object], device: str) -> float:
    _wait(device)
    started = time.perf_counter()
    work()
    _wait(device)
    return time.perf_counter() - started


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
