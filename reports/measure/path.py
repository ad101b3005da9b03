"""A whole run of a deterministic mode with every agent taking part, in balls: for rows that float64 cannot decide."""

from __future__ import annotations

import flint
from flint import arb

from reports.balls import ball
from reports.balls.ball import BallMeta, Vector, column
from reports.judging.measurement import Enclosed
from reports.measure.one_round import local_steps, server_iterate
from reports.measure.run_specification import RunSpecification

# balls widen at every step whatever the precision, so a long path needs bits in proportion to its steps
_PRECISIONS = (256, 1024, 4096)


def mean_squared_gradient(specification: RunSpecification) -> Enclosed | None:
    """(1/K) sum_{k<K} norm(grad F(w_k))^2 of the exact run; None when no precision encloses it usefully."""
    for bits in _PRECISIONS:
        with flint.ctx.workprec(bits):
            value = _mean_squared_gradient(specification)
            if value.is_finite() and value.rel_accuracy_bits() > 60:
                lower, upper = ball.bounds(value)
                return Enclosed(lower, upper, f"the whole run in Arb balls at {bits} bits")
    return None


def _mean_squared_gradient(specification: RunSpecification) -> arb:
    agents = _agents(specification)
    w, total = column(specification.start.numpy()), arb(0)
    for _ in range(specification.cell.rounds):
        total += ball.squared_norm(ball.mean([agent.exact(w) for agent in agents]))
        w = _round(agents, w, specification)
    return total / specification.cell.rounds


def _agents(specification: RunSpecification) -> list[BallMeta]:
    s = specification.settings
    return [BallMeta(f, ball.ball(s.alpha), s.nu) for f in specification.instance.losses]


def _round(agents: list[BallMeta], w: Vector, specification: RunSpecification) -> Vector:
    return server_iterate(w, ball.mean([local_steps(agent, w, specification) for agent in agents]), specification)
