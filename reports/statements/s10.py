"""S10: how much one fine-tuning step lowers a loss."""

from __future__ import annotations

import torch
from torch import Tensor

from empirics import Task
from empirics.algorithm.meta_gradients import fine_tuning
from reports.balls.ball import norm
from reports.cells.points_cell import PointsCell
from reports.judging.measurement import Measurement
from reports.measure.at_point import AtPoint
from reports.measure.at_points import AtPoints
from reports.measure.point_search import Objective, Search
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, becomes, versions


def _needs_a_step(cell: PointsCell) -> str | None:
    return "compares nu with nu - 1 fine-tuning steps and needs nu >= 1" if cell.nu == 0 else None


def _descent(search: Search) -> Objective:
    alpha, L = search.alpha, search.instance.constants["L"].value

    def descent(part: Task, w: Tensor) -> Tensor:
        before = fine_tuning(part, w, alpha, search.nu - 1)[-1]
        gradient = part.raw_gradient(before)
        after = torch.sub(before, gradient, alpha=alpha)
        return part.raw_loss(after) - part.raw_loss(before) + alpha * (1 - alpha * L / 2) * gradient.square().sum(-1)

    return search.at(descent)


def _rows(at: AtPoint) -> list[Measurement]:
    *_, before, after = at.meta.trajectory(at.w)
    change = at.meta.f.loss(after) - at.meta.f.loss(before)
    return [at.row("S10", "S10", change, grad_norm_i=norm(at.meta.f.gradient(before)))]


_SCRIPT = "measured = max(loss(i, path(i, w)[-1]) - loss(i, path(i, w)[-2]) for i in range(n))"

MEASURED = AtPoints(
    id="S10",
    left=(LeftSide("S10", "S10", script=_SCRIPT),),
    cell=_needs_a_step,
    seen=False,
    objective=_descent,
    measure=_rows,
    headline=(
        dict(task="witness-bowl", alpha="1/2", nu=[1, 2, 3], at=[1]),
    ),
    wrong=versions(
        "S10", "S10",
        (CONSTANT, "1 for 1 - alpha L / 2", becomes("-alpha*grad_norm_i**2")),
        (CONSTANT, "1 - alpha L / 4 for 1 - alpha L / 2", becomes("-alpha*(1 - alpha*L/4)*grad_norm_i**2"), True),
    ),
)  # fmt: skip
