"""S3: how much larger a meta-gradient is than the gradient at the same point, and how large at all."""

from __future__ import annotations

from torch import Tensor

from empirics import Task
from empirics.algorithm.meta_gradients import trajectory
from reports.balls.ball import norm
from reports.judging.measurement import Measurement
from reports.measure.at_point import AtPoint
from reports.measure.at_points import AtPoints
from reports.measure.point_search import Objective, Search
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, EXPONENT, FACTOR, becomes, swap, times, versions


def _growth(search: Search) -> Objective:
    def growth(part: Task, w: Tensor) -> Tensor:
        return trajectory(part, w, search.alpha, search.nu).exact().norm(dim=-1) / part.raw_gradient(w).norm(dim=-1)

    return search.at(growth)


def _sizes(at: AtPoint) -> list[Measurement]:
    size = norm(at.meta.exact(at.w))
    factor = size / norm(at.meta.f.gradient(at.w))
    return [at.row("S3", "S3", factor, grad_norm_i=1), at.row("S3", "B_F", size)]


_SCRIPT = "measured = max(norm(meta(i, w)) for i in range(n))"

MEASURED = AtPoints(
    id="S3",
    left=(
        LeftSide("S3", "S3", script=_SCRIPT.replace("(meta(i, w))", "(meta(i, w)) / norm(grad(i, w))")),
        LeftSide("S3", "B_F", script=_SCRIPT),
    ),
    objective=_growth,
    measure=_sizes,
    headline=(
        dict(task="witness-concave", alpha="1/2", nu=[1, 2, 3], at=[1], pair=["1/2"]),
    ),
    witnesses=(
        dict(task="witness-bowl", alpha="3", nu=[2, 3], at=[1], pair=["1/2"]),  # alpha L > 2: overshoots
    ),
    wrong=(
        *versions(
            "S3", "S3",
            (EXPONENT, "q^nu for q^(2 nu)", swap("q**(2*nu)", "q**nu")),
            (EXPONENT, "q^(2 nu - 1) for q^(2 nu)", swap("q**(2*nu)", "q**(2*nu-1)")),
            (CONSTANT, "0.95 of it", times("0.95"), True),
        ),
        *versions(
            "S3", "B_F",
            (FACTOR, "B for q^nu B", becomes("B")),
            (EXPONENT, "q^(nu-1) for q^nu", swap("q**nu", "q**(nu-1)")),
        ),
    ),
)  # fmt: skip
