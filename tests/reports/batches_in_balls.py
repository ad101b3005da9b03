"""Meta-gradients and rounds on batches that were drawn, in balls: the definitions, from the recorded losses."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from flint import arb

from empirics import MetaFedAvg, Task
from empirics.algorithm.meta_gradients import Batches, draw_batches
from empirics.algorithm.modes import Mode
from empirics.numerics.randomness import Draws, participants
from empirics.tasks.sampler import Batch
from reports.balls import ball
from reports.balls.ball import BallLoss, Vector, column
from reports.balls.recorded import recorded_batches, recorded_losses


@dataclass(frozen=True)
class DrawnLosses:
    """One agent's losses at the steps of a fine-tuning, at its end, and for its factors."""

    inner: list[BallLoss]
    outer: BallLoss
    factors: list[BallLoss]

    def meta_gradient(self, w: Vector, alpha: arb, mode: Mode, delta: arb) -> Vector:
        """Of this agent at w."""
        points = [w]
        for f in self.inner:
            points.append(points[-1] - f.gradient(points[-1]) * alpha)
        v = self.outer.gradient(points[-1])
        if not mode.curved:
            return v
        for f, point in zip(reversed(self.factors), reversed(points[:-1]), strict=True):
            if mode.probes:
                product = (f.gradient(point + v * delta) - f.gradient(point - v * delta)) * (1 / (2 * delta))
            else:
                product = f.hvp(point, v)
            v = v - product * alpha
        return v


def whole(task: Task, nu: int) -> list[DrawnLosses]:
    """Full losses throughout."""
    return [DrawnLosses([f] * nu, f, [f] * nu) for f in recorded_losses(task)]


def drawn(task: Task, batches: Batches) -> list[DrawnLosses]:
    """The losses on batches of one replica, for every agent."""

    def losses(batch: Batch) -> list[BallLoss]:
        return [own[0] for own in recorded_batches(task, batch.values[:1])]

    inner, outer, factors = (
        [losses(batch) for batch in batches.inner], losses(batches.outer), [losses(batch) for batch in batches.hessian]
    )  # fmt: skip
    return [
        DrawnLosses([one[agent] for one in inner], outer[agent], [one[agent] for one in factors])
        for agent in range(task.n)
    ]


def losses_of_step(task: Task, settings: MetaFedAvg, draws: Draws) -> list[DrawnLosses]:
    """What every agent's meta-gradient uses in one local step."""
    if settings.sizes is None:
        return whole(task, settings.nu)
    return drawn(task, draw_batches(task, draws, settings.mode, settings.nu, settings.sizes))


def one_round(task: Task, settings: MetaFedAvg, w: torch.Tensor, seed: int) -> Vector:
    """The server's iterate after round 0 from w (d,), as replica 0 of a run draws it."""
    replica = torch.tensor([0])
    count = settings.participants_of(task.n)
    chosen = list(range(task.n))
    if count < task.n:
        chosen = participants(Draws(seed, 0, 0, replica), task.n, count)[0].tolist()
    alpha, beta = ball.ball(settings.alpha), ball.ball(settings.beta)
    delta = ball.ball(settings.delta or 1.0)
    local = [column(w.numpy()) for _ in range(task.n)]
    for step in range(settings.tau):
        losses = losses_of_step(task, settings, Draws(seed, 0, step, replica))
        for agent in chosen:
            moved = losses[agent].meta_gradient(local[agent], alpha, Mode(settings.mode), delta)
            local[agent] = local[agent] - moved * beta
    total = sum((local[agent] for agent in chosen[1:]), local[chosen[0]])
    return total * (arb(1) / count)
