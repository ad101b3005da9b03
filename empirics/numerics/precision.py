"""How exact float32 products are: full ones, unless asked otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

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
