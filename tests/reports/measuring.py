"""What tests of the measurements share."""

from __future__ import annotations

from typing import Any

import numpy as np

from reports.measure.run_specification import RunSpecification
from reports.measure.specify import run_arrays, run_cell
from reports.statements import measured


def of(cell: Any) -> list:
    """The records of a cell's statements."""
    return [measured(name) for name in cell.statements]


def record_run(specification: RunSpecification, seed: int, device: str = "cpu") -> dict[str, np.ndarray]:
    """The server iterates of a cell; none when its hypotheses already fail."""
    run = run_cell(specification, seed, device)
    return run_arrays([] if run is None else [run])
