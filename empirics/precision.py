"""How exact float32 arithmetic is: full products unless asked otherwise, and a comparison with float64."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from empirics.settings import MetaFedAvg
    from empirics.task import Task

PRECISIONS = ("ieee", "tf32")
_TORCH = {"ieee": "highest", "tf32": "high"}


@contextmanager
def products(precision: str) -> Iterator[None]:
    """Within it, float32 products use float32 factors ("ieee") or may round them to 10 bits ("tf32").

    This concerns matrix products and convolutions. Whatever the process had chosen before is restored.

    >>> with products("ieee"):
    ...     torch.get_float32_matmul_precision()
    'highest'
    """
    before, convolutions = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision(_TORCH[precision])
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
        torch.backends.cudnn.allow_tf32 = convolutions


def float64_distance(
    settings: MetaFedAvg, task: Task, start: Tensor, kept: tuple[int, ...], seed: int, iterates: Tensor
) -> float:
    """The largest norm of the difference between replica 0 of `iterates` and the same run in float64.

    start (1, d) is where replica 0 began; `kept` lists the rounds of the iterates (replicas, kept, d).
    """
    from empirics.fedavg import run

    wide, every = task.to(dtype=torch.float64), (*kept, 1)[1]
    again = run(settings, wide, start.to(torch.float64), kept[-1], seed=seed, replicas=1, keep=every)
    return float((iterates[0].to(torch.float64) - again.iterates[0]).norm(dim=-1).max())
