"""The kinds of cells by the name of their tables in a plan."""

from __future__ import annotations

from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell

CELLS: dict[str, type[PointsCell | NoiseCell | RunCell]] = {
    cell.kind: cell for cell in (PointsCell, NoiseCell, RunCell)
}
