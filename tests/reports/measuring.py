"""What tests of the measurements share."""

from __future__ import annotations

from typing import Any

import numpy as np

from reports.measure.prepare import run_arrays, run_cell
from reports.measure.prepared import Prepared
from reports.statements import measured


def of(cell: Any) -> list:
    """The records of a cell's statements."""
    return [measured(name) for name in cell.statements]


def record_run(prepared: Prepared, seed: int, device: str = "cpu") -> dict[str, np.ndarray]:
    """The server iterates of a cell; none when its hypotheses already fail."""
    run = run_cell(prepared, seed, device)
    return run_arrays([] if run is None else [run])
