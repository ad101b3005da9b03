"""What a share of peak refers to: the most that the device was seen to do, which nothing may exceed.

On the CPU that is independent multiply-adds in the registers of all threads, through the compiled engine, or a matrix
product through torch where that is faster or the engine is missing; on a GPU the matrix product.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch
from torch import Tensor

from benchmarks import machine
from empirics.backends.native.library import library

_SIDES = {"cpu": 1024, "cuda": 8192}
_TURNS = 2**20  # some hundredths of a second


def peak_flops(dtype: str, device: str, threads: int, *, seconds: float = 0.3) -> float:
    """Operations a second at most; a multiplication and an addition are two."""
    fastest = matmul_flops(dtype, device, threads, seconds=seconds)
    if device.startswith("cuda") or library() is None:
        return fastest
    return max(fastest, register_flops(dtype, threads, seconds=seconds))


def matmul_flops(dtype: str, device: str, threads: int, *, seconds: float = 0.3) -> float:
    """The best of several large square matrix products through torch, in the precision that torch is set to."""
    side, before = _SIDES[device.partition(":")[0]], torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        left, right = _operands(side, dtype, device)
        return 2 * side**3 / _shortest(lambda: torch.mm(left, right), seconds, device)
    finally:
        torch.set_num_threads(before)  # whatever is measured next has chosen its own


def register_flops(dtype: str, threads: int, *, seconds: float = 0.3) -> float:
    """The best of several rows of independent multiply-adds on every thread at once, through the compiled engine."""
    loaded = library()
    assert loaded is not None
    adds = getattr(loaded, f"empirics_multiply_adds_{dtype}")
    each = getattr(loaded, f"empirics_operations_a_turn_{dtype}")()
    with ThreadPoolExecutor(threads) as pool:
        shortest = _shortest(lambda: list(pool.map(adds, [_TURNS] * threads)), seconds)
    return threads * _TURNS * each / shortest


def _shortest(work: Callable[[], object], within: float, device: str = "cpu") -> float:
    best, started = float("inf"), time.perf_counter()
    while time.perf_counter() - started < within:
        best = min(best, machine.seconds(work, device))
    return best


@cache
def _operands(side: int, dtype: str, device: str) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    kind = getattr(torch, dtype)
    left, right = (torch.randn(side, side, generator=generator, dtype=kind).to(device) for _ in range(2))
    torch.mm(left, right)
    return left, right
