"""S2: how far fine-tuning drives two points apart."""

from __future__ import annotations

from empirics.algorithm.meta_gradients import fine_tuning
from reports.balls.ball import norm
from reports.judging.measurement import Measurement
from reports.measure.at_point import AtPoint
from reports.measure.at_points import AtPoints
from reports.measure.point_search import Objective, Search
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, EXPONENT, SUM, becomes, times, versions


def _stretch(search: Search) -> Objective:
    return search.quotient(lambda part, w: fine_tuning(part, w, search.alpha, search.nu)[-1])


def _moved(at: AtPoint) -> list[Measurement]:
    moved = at.meta.trajectory(at.w)[-1] - at.meta.trajectory(at.u)[-1]
    return [at.row("S2", "S2", norm(moved) / norm(at.w - at.u))]


_SCRIPT = "measured = max(norm(path(i, w)[-1] - path(i, u)[-1]) for i in range(n)) / norm(w - u)"

MEASURED = AtPoints(
    id="S2",
    left=(LeftSide("S2", "S2", script=_SCRIPT),),
    objective=_stretch,
    measure=_moved,
    pairs=True,
    headline=(
        dict(task="witness-concave", alpha="1/2", nu=[1, 2, 3], at=[1], pair=["1/2"]),
    ),
    witnesses=(
        dict(task="witness-bowl", alpha="3", nu=[2, 3], at=[1], pair=["1/2"]),  # alpha L > 2: overshoots
    ),
    wrong=versions(
        "S2", "S2",
        (EXPONENT, "q^(nu-1) for q^nu", becomes("q**(nu-1)")),
        (SUM, "1 + alpha nu L for (1 + alpha L)^nu", becomes("1 + alpha*nu*L"), True),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    ),
)  # fmt: skip
