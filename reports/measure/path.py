"""A whole run of a deterministic mode with every agent taking part, in balls: for rows that float64 cannot decide."""

from __future__ import annotations

from collections.abc import Iterator

import flint
from flint import arb

from reports.balls import ball
from reports.balls.ball import BallMeta, Vector, column
from reports.measure.ball_work import affordable
from reports.measure.one_round import local_steps, server_iterate
from reports.measure.run_specification import RunSpecification
from reports.measure.squared_gradients import SquaredGradients

# balls widen at every step whatever the precision, so a long path needs bits in proportion to its steps
_PRECISIONS = (256, 1024, 4096)


def squared_gradients_in_balls(specification: RunSpecification) -> SquaredGradients | None:
    """norm(grad F(w_k))^2 over k < K of the exact run; None when no precision encloses the mean usefully.

    None too where that would take minutes: float64 with the rounding that the task promises then has to do.
    """
    s = specification.settings
    if not affordable(specification.instance, specification.cell.rounds * (s.tau + 1) * (2 * s.nu + 1)):
        return None
    for bits in _PRECISIONS:
        with flint.ctx.workprec(bits):
            squares = list(_squares(specification))
            mean = sum(squares, arb(0)) / len(squares)
            if mean.is_finite() and mean.rel_accuracy_bits() > 60:
                return SquaredGradients.of(mean, squares, f"the whole run in Arb balls at {bits} bits")
    return None


def _squares(specification: RunSpecification) -> Iterator[arb]:
    agents = _agents(specification)
    w = column(specification.start.numpy())
    for _ in range(specification.cell.rounds):
        yield ball.squared_norm(ball.mean([agent.exact(w) for agent in agents]))
        w = _round(agents, w, specification)


def _agents(specification: RunSpecification) -> list[BallMeta]:
    s = specification.settings
    return [BallMeta(f, ball.ball(s.alpha), s.nu) for f in specification.instance.losses]


def _round(agents: list[BallMeta], w: Vector, specification: RunSpecification) -> Vector:
    return server_iterate(w, ball.mean([local_steps(agent, w, specification) for agent in agents]), specification)
