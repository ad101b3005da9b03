"""The fastest matrix product of this machine through torch: what a share of peak refers to."""

from __future__ import annotations

import time
from functools import cache

import torch
from torch import Tensor

_SIDES = {"cpu": 1024, "cuda": 8192}


def matmul_flops(dtype: str, device: str, threads: int, *, seconds: float = 0.3) -> float:
    """Operations a second of the best of several large square matrix products; TF32 stays off."""
    torch.set_num_threads(threads)
    side = _SIDES[device.partition(":")[0]]
    left, right = _operands(side, dtype, device)
    best, started = float("inf"), time.perf_counter()
    while time.perf_counter() - started < seconds:
        before = time.perf_counter()
        torch.mm(left, right)
        if device.startswith("cuda"):
            torch.cuda.synchronize(device)
        best = min(best, time.perf_counter() - before)
    return 2 * side**3 / best


@cache
def _operands(side: int, dtype: str, device: str) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    kind = getattr(torch, dtype)
    left, right = (torch.randn(side, side, generator=generator, dtype=kind).to(device) for _ in range(2))
    torch.mm(left, right)
    return left, right
