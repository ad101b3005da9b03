"""S9: what probing the Hessians costs."""

from __future__ import annotations

from torch import Tensor

from empirics import Task
from empirics.algorithm.meta_gradients import trajectory
from empirics.algorithm.modes import Mode
from reports.balls import ball
from reports.balls.ball import norm
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.judging.measurement import Measurement
from reports.measure.at_point import AtPoint
from reports.measure.at_points import AtPoints
from reports.measure.point_search import Objective, Search
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, EXPONENT, FACTOR, SUM, swap, times, versions
from theory.language.symbols import delta


def needs_delta(cell: PointsCell | NoiseCell) -> str | None:
    """A probe step is asked for."""
    return "needs delta, the probe step" if cell.delta is None else None


def probe_step(cell: PointsCell | NoiseCell) -> float:
    """The probe step delta of a cell that was checked to have one."""
    assert cell.delta is not None, "a cell without it is refused"
    return float(cell.delta)


def _error(search: Search) -> Objective:
    step = probe_step(search.cell)

    def error(part: Task, w: Tensor) -> Tensor:
        path = trajectory(part, w, search.alpha, search.nu)
        return (path.exact() - path.hessian_free(step)).norm(dim=-1)

    return search.at(error)


def _rows(at: AtPoint) -> list[Measurement]:
    step = probe_step(at.cell)
    error = norm(at.meta.exact(at.w) - at.meta.hessian_free(at.w, ball.ball(step)))
    return [at.row("S9", "b_HF", error, mode=Mode.HESSIAN_FREE, trivial=2 * at.value("B_F"), delta=step)]


_SCRIPT = "measured = max(norm(free(i, w) - meta(i, w)) for i in range(n))"

MEASURED = AtPoints(
    id="S9",
    left=(LeftSide("S9", "b_HF", measures="hessian_free_error", script=_SCRIPT),),
    cell=needs_delta,
    objective=_error,
    measure=_rows,
    mode=Mode.HESSIAN_FREE,
    headline=(
        dict(task="witness-kink", alpha="1/2", nu=1, at=[0], delta="1/10000"),
    ),
    witnesses=(
        dict(task="witness-two-kinks", alpha="1/2", nu=2, at=[0], delta="1/10000"),
    ),
    wrong=versions(
        "S9", "b_HF",
        (EXPONENT, "delta^2 for delta", lambda e: e * delta),
        (CONSTANT, "a quarter for a half", times("1/2")),
        (SUM, "nu for S_nu(q)", swap("S(nu, q)", "nu"), True),
        (FACTOR, "q^(nu-1) lost", swap("q**(nu-1)", "1")),
        (EXPONENT, "B for B^2", swap("B_q**2", "B_q")),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    ),
)  # fmt: skip
