"""One round of a deterministic mode in balls, its expectation over the sampled agents by enumerating the subsets."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import flint
from flint import arb

from empirics.algorithm.sampling import Sampling
from reports.balls import ball
from reports.balls.ball import BallMeta, Vector, column, norm, root, squared_norm
from reports.measure.ball_work import affordable
from reports.measure.run_specification import RunSpecification

LARGEST_ENUMERATION = 64


@dataclass(frozen=True)
class OneRound:
    """F(w_0), norm(grad F(w_0)), the spread of the grad F_i(w_0) and E F(w_1)."""

    before: arb
    gradient_norm: arb
    spread: arb
    after: arb
    subsets: int


def enumerable(specification: RunSpecification) -> bool:
    """Whether no batches are drawn, and balls can be had of the round for all subsets, or tuples, of agents."""
    if specification.cell.mode.draws or not specification.instance.in_balls:
        return False
    s, n = specification.settings, specification.instance.task.n
    m = s.participants_of(n)
    drawings = n**m if s.sampling == Sampling.REPLACEMENT else math.comb(n, m)
    derivatives = (s.tau + 1) * (2 * s.nu + 1) + (drawings + 1) * (s.nu + 1)
    return drawings <= LARGEST_ENUMERATION and affordable(specification.instance, derivatives)


def expected_round(specification: RunSpecification) -> OneRound:
    """One round from w_0, every agent's tau local steps and every subset of m agents, or tuple of m draws."""
    with flint.ctx.workprec(ball.BITS):
        s, losses = specification.settings, specification.instance.losses
        agents = [BallMeta(f, ball.ball(s.alpha), s.nu) for f in losses]
        start = column(specification.start.numpy())
        results = [local_steps(agent, start, specification) for agent in agents]
        m = s.participants_of(len(agents))
        again = s.sampling == Sampling.REPLACEMENT
        subsets = list(itertools.product(results, repeat=m) if again else itertools.combinations(results, m))
        servers = [server_iterate(start, ball.mean(subset), specification) for subset in subsets]
        after = sum((_objective(agents, w) for w in servers), arb(0)) / len(subsets)
        gradients = [agent.exact(start) for agent in agents]
        gradient = ball.mean(gradients)
        return OneRound(_objective(agents, start), norm(gradient), spread_of(gradients), after, len(subsets))


def spread_of(vectors: list[Vector]) -> arb:
    """The root of the mean squared distance from the mean."""
    centre = ball.mean(vectors)
    return root(sum((squared_norm(one - centre) for one in vectors), arb(0)) / len(vectors))


def local_steps(agent: BallMeta, w: Vector, specification: RunSpecification) -> Vector:
    """The point of one agent after its tau local steps from w, in a deterministic mode."""
    s, beta = specification.settings, ball.ball(specification.settings.beta)
    for _ in range(s.tau):
        w = w - agent.meta_gradient(w, specification.cell.mode, s.delta) * beta
    return w


def server_iterate(w: Vector, mean: Vector, specification: RunSpecification) -> Vector:
    """C3: w + beta_s (mean - w), the mean itself at beta_s = 1."""
    step = specification.settings.server_step
    return mean if step == 1 else w + (mean - w) * ball.ball(step)


def _objective(agents: list[BallMeta], w: Vector) -> arb:
    return sum((agent.loss(w) for agent in agents), arb(0)) / len(agents)
