"""The mean over rounds and local steps of norm(grad F)^2 at the mean of all agents' local iterates, as C2 has it."""

from __future__ import annotations

import flint

from reports.balls import ball
from reports.balls.ball import BallMeta, column, squared_norm
from reports.judging.measurement import Enclosed, Evidence, Measurement
from reports.measure.along_run import NOTHING, AlongRun
from reports.measure.ball_work import affordable
from reports.measure.mean_squared import sampled_squares, squares_in_float64
from reports.measure.moments import local_mean_squared_gradient
from reports.measure.one_round import LARGEST_ENUMERATION
from reports.measure.run_specification import RunSpecification


def local_mean_squared_row(run: AlongRun, bound: str, quantity: str) -> Measurement:
    """The row of a bound on it: in balls where quadratics give its expectation or a short run takes one path."""
    p, trivial = run.specification, run.specification.B_F**2
    if run.recorded is None:
        return run.row(bound, quantity, NOTHING, trivial, rounds=p.cell.rounds)
    values = run.recorded.local_squared_gradients.mean(axis=(1, 2))
    exact = local_mean_squared_gradient(p) if p.affine and not p.surely_one_path else None
    if not p.surely_one_path:
        evidence: Evidence = exact or sampled_squares(run, values)
    elif p.instance.in_balls and _few_steps(p):
        evidence = _in_balls(p)
    else:
        evidence = squares_in_float64(run, float(values[0]))
    return run.row(bound, quantity, evidence, trivial, rounds=p.cell.rounds, witness=run.engine(values))


def _few_steps(p: RunSpecification) -> bool:
    steps = p.cell.rounds * p.settings.tau
    return steps <= LARGEST_ENUMERATION and affordable(p.instance, 2 * steps * (2 * p.settings.nu + 1))


def _in_balls(p: RunSpecification) -> Enclosed:
    """Every agent's local steps from the common point, which after them is the mean of them all."""
    bits = 2 * ball.BITS
    with flint.ctx.workprec(bits):
        s = p.settings
        agents = [BallMeta(f, ball.ball(s.alpha), s.nu) for f in p.instance.losses]
        beta, w, total = ball.ball(s.beta), column(p.start.numpy()), ball.ball(0)
        for _ in range(p.cell.rounds):
            points = [w] * len(agents)
            for _ in range(s.tau):
                mean = ball.mean(points)
                total += squared_norm(ball.mean([agent.exact(mean) for agent in agents]))
                points = [
                    point - agent.meta_gradient(point, p.cell.mode, s.delta) * beta
                    for agent, point in zip(agents, points, strict=True)
                ]
            w = ball.mean(points)
        lower, upper = ball.bounds(total / (p.cell.rounds * s.tau))
    return Enclosed(lower, upper, f"the one path of the run, Arb balls at {bits} bits")
