"""S4m: how much a meta loss curves downwards between two points."""

from __future__ import annotations

import torch
from torch import Tensor

from empirics.algorithm.meta_gradients import trajectory
from reports.balls.ball import squared_norm
from reports.judging.measurement import Measurement
from reports.measure.at_point import AtPoint
from reports.measure.at_points import AtPoints
from reports.measure.point_search import Objective, Search
from reports.measure.slices import evaluated
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, EXPONENT, TERM, becomes, versions


def _bent_down(search: Search) -> Objective:
    def between(w: Tensor, u: Tensor | None) -> Tensor:
        assert u is not None
        at_w, at_u = evaluated(
            search.task, torch.cat([w, u]), lambda part, x: trajectory(part, x, search.alpha, search.nu).exact()
        ).split(len(w))
        apart = (w - u)[:, None]
        return -((at_w - at_u) * apart).sum(-1) / apart.square().sum(-1)

    return between


def _rows(at: AtPoint) -> list[Measurement]:
    apart = at.w - at.u
    change = at.meta.exact(at.w) - at.meta.exact(at.u)
    return [at.row("S4m", "S4m", -(change.transpose() * apart)[0, 0] / squared_norm(apart))]


_SCRIPT = "measured = max(-(meta(i, w) - meta(i, u)) @ (w - u) for i in range(n)) / ((w - u) @ (w - u))"

MEASURED = AtPoints(
    id="S4m",
    left=(LeftSide("S4m", "S4m", script=_SCRIPT),),
    objective=_bent_down,
    measure=_rows,
    pairs=True,
    headline=(
        dict(task="witness-ridge", alpha="1/2", nu=1, at=[0], pair=["-1/4294967296"]),
        dict(task="witness-concave", alpha="1/2", nu=[1, 2], at=[1], pair=["1/2"]),
    ),
    witnesses=(
        dict(task="witness-bowls", alpha="1/2", nu=[2, 4], at=[1], pair=["1/2"]),
    ),
    wrong=(
        *versions(
            "S4m", "mu_J",
            (EXPONENT, "q^nu for q^(2 nu)", becomes("max(mu, 0)*max(1 - alpha*L, 0)**(2*nu) + min(mu, 0)*q**nu")),
            (EXPONENT, "mu q^(2 nu) for mu > 0 too", becomes("mu*q**(2*nu)"), True),
            (EXPONENT, "(1 - alpha L)^nu for its square",
             becomes("max(mu, 0)*max(1 - alpha*L, 0)**nu + min(mu, 0)*q**(2*nu)"), True),
        ),
        *versions(
            "S4m", "S4m",
            (CONSTANT, "0.95 of the change of the Jacobians", becomes(
                "-max(-L_F, mu_J - 0.95*alpha*rho*B_q*q**(nu - 1)*S(nu, q))"), True),
            (TERM, "the change of the Jacobians lost", becomes("-max(-L_F, mu_J)")),
        ),
    ),
)  # fmt: skip
