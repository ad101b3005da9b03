"""S7: how much the agents' meta-gradients differ."""

from __future__ import annotations

from functools import lru_cache

from flint import arb
from torch import Tensor

from empirics.algorithm.meta_gradients import trajectory
from reports.balls import ball
from reports.judging.measurement import Measurement
from reports.measure.at_point import AtPoint
from reports.measure.at_points import AtPoints
from reports.measure.point_search import Objective, Search
from reports.measure.slices import evaluated
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, EXPONENT, FACTOR, SUM, TERM, swap, times, versions


def _spread(search: Search) -> Objective:
    def spread(w: Tensor, _: Tensor | None) -> Tensor:
        task = search.task
        g = evaluated(task, w, lambda part, at: trajectory(part, at, search.alpha, search.nu).exact())
        return (g - g.mean(dim=1, keepdim=True)).square().sum(-1).mean(-1).sqrt()[:, None].expand(-1, task.n)

    return spread


@lru_cache(maxsize=1)
def squared_spread(at: AtPoint) -> arb:
    """(1/n) sum_i norm(grad F_i(w) - grad F(w))^2; of one agent exactly 0, which a ball minus itself would not be."""
    if at.instance.task.n == 1:
        return arb(0)
    gradients = [at.meta_of(i).exact(at.w) for i in range(at.instance.task.n)]
    centre = ball.mean(gradients)
    return sum((ball.squared_norm(g - centre) for g in gradients), arb(0)) / len(gradients)


def _rows(at: AtPoint) -> list[Measurement]:
    return [at.row("S7", "gamma_F", ball.root(squared_spread(at)), trivial=at.value("B_F"))]


SCRIPT = """gradients = [meta(i, w) for i in range(n)]
measured = np.mean([norm(g - np.mean(gradients, axis=0)) ** 2 for g in gradients]).sqrt()"""

MEASURED = AtPoints(
    id="S7",
    left=(LeftSide("S7", "gamma_F", measures="meta_gradient_squared_spread", script=SCRIPT),),
    objective=_spread,
    measure=_rows,
    headline=(
        dict(task="witness-spread", alpha="1/2", nu=[1, 2, 3], at=[1]),
        dict(task="witness-wave-spread", alpha="1", nu=[1, 2, 3], at=[0]),
    ),
    witnesses=(dict(task="witness-tilt", alpha="1/2", nu=2, at=[0]),),
    wrong=versions(
        "S7", "gamma_F",
        (FACTOR, "the growth 1 + alpha L S_nu(q) lost", swap("alpha*L*S(nu, q) + 1", "1")),
        (EXPONENT, "q^(nu-1) for q^nu", swap("q**nu", "q**(nu-1)")),
        (SUM, "nu for S_nu(q)", swap("S(nu, q)", "nu"), True),
        (TERM, "the gamma_H term lost", swap("gamma_H", "0"), True),
        (FACTOR, "gamma_H for nu gamma_H", swap("gamma_H*nu", "gamma_H"), True),
        (CONSTANT, "gamma_H halved", swap("gamma_H", "gamma_H/2"), True),
        (CONSTANT, "0.95 of it", times("0.95"), True),
        (TERM, "the rho term lost", swap("rho", "0"), True),
    ),
)  # fmt: skip
