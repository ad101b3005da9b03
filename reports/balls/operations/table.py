"""The table of operations that ball arithmetic reads, by torch's own names."""

from __future__ import annotations

from typing import Any

from reports.balls.operations import (
    arithmetic,
    convolution,
    elementary,
    products,
    reductions,
    selections,
    softmax,
    structural,
)
from reports.balls.operations.operation import Operation

OPERATIONS: dict[Any, Operation] = {
    **structural.TABLE,
    **arithmetic.TABLE,
    **elementary.TABLE,
    **reductions.TABLE,
    **products.TABLE,
    **softmax.TABLE,
    **convolution.TABLE,
    **selections.TABLE,
}
