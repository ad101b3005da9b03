"""S8: what dropping the Hessians costs."""

from __future__ import annotations

from torch import Tensor

from empirics import Task
from empirics.algorithm.meta_gradients import trajectory
from empirics.algorithm.modes import Mode
from reports.balls.ball import norm
from reports.judging.measurement import Measurement
from reports.measure.at_point import AtPoint
from reports.measure.at_points import AtPoints
from reports.measure.point_search import Objective, Search
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, EXPONENT, SUM, TERM, becomes, swap, times, versions


def _error(search: Search) -> Objective:
    def error(part: Task, w: Tensor) -> Tensor:
        path = trajectory(part, w, search.alpha, search.nu)
        return (path.exact() - path.outer).norm(dim=-1)

    return search.at(error)


def _rows(at: AtPoint) -> list[Measurement]:
    error = norm(at.meta.exact(at.w) - at.meta.first_order(at.w))
    trivial = (1 + at.value("S2")) * at.instance.constants["B"].value
    return [at.row("S8", "b_FO", error, mode=Mode.FIRST_ORDER, trivial=trivial)]


_SCRIPT = "measured = max(norm(grad(i, path(i, w)[-1]) - meta(i, w)) for i in range(n))"

MEASURED = AtPoints(
    id="S8",
    left=(LeftSide("S8", "b_FO", measures="first_order_error", script=_SCRIPT),),
    objective=_error,
    measure=_rows,
    mode=Mode.FIRST_ORDER,
    headline=(
        dict(task="witness-concave", alpha="1/2", nu=[1, 2, 3], at=[1], pair=["1/2"]),
    ),
    witnesses=(
        dict(task="witness-bowl", alpha="3", nu=[2, 3], at=[1], pair=["1/2"]),  # alpha L > 2: overshoots
        dict(task="witness-wave", alpha="1", nu=[1, 2, 3], at=[0], pair=["1/1048576"]),
    ),
    wrong=versions(
        "S8", "b_FO",
        (SUM, "nu for S_nu(q)", swap("S(nu, q)", "nu"), True),
        (EXPONENT, "q^(nu-1) for q^nu in the second branch", becomes("min(alpha*L*S(nu, q), 1 + q**(nu-1))*B_q")),
        (TERM, "q^nu for 1 + q^nu", becomes("min(alpha*L*S(nu, q), q**nu)*B_q"), True),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    ),
)  # fmt: skip
