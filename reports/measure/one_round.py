"""One round of a deterministic mode in balls, its expectation over the sampled agents by enumerating the subsets."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import flint
from flint import arb

from reports.balls import ball
from reports.balls.ball import BallMeta, Vector, column, norm
from reports.measure.run_specification import RunSpecification

LARGEST_ENUMERATION = 64


@dataclass(frozen=True)
class OneRound:
    """F(w_0), norm(grad F(w_0)) and E F(w_1)."""

    before: arb
    gradient_norm: arb
    after: arb
    subsets: int


def enumerable(specification: RunSpecification) -> bool:
    """Whether the mode draws no batches and the agents' subsets are few enough to be enumerated."""
    s, n = specification.settings, specification.instance.task.n
    return not specification.cell.mode.draws and math.comb(n, s.participants_of(n)) <= LARGEST_ENUMERATION


def expected_round(specification: RunSpecification) -> OneRound:
    """One round from w_0, every agent's tau local steps and every subset of m agents."""
    with flint.ctx.workprec(ball.BITS):
        s, losses = specification.settings, specification.instance.losses
        agents = [BallMeta(f, ball.ball(s.alpha), s.nu) for f in losses]
        start = column(specification.start.numpy())
        results = [local_steps(agent, start, specification) for agent in agents]
        subsets = list(itertools.combinations(results, s.participants_of(len(agents))))
        after = sum((_objective(agents, ball.mean(subset)) for subset in subsets), arb(0)) / len(subsets)
        gradient = ball.mean([agent.exact(start) for agent in agents])
        return OneRound(_objective(agents, start), norm(gradient), after, len(subsets))


def local_steps(agent: BallMeta, w: Vector, specification: RunSpecification) -> Vector:
    """The point of one agent after its tau local steps from w, in a deterministic mode."""
    s, beta = specification.settings, ball.ball(specification.settings.beta)
    for _ in range(s.tau):
        w = w - agent.meta_gradient(w, specification.cell.mode, s.delta) * beta
    return w


def _objective(agents: list[BallMeta], w: Vector) -> arb:
    return sum((agent.loss(w) for agent in agents), arb(0)) / len(agents)
