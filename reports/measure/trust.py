"""What a task promises, held against the loss that runs at points that a cell looked at.

A task without proved float errors says of itself how its derivatives are computed and where its constants hold. Neither
is believed at points that were visited: there gradients and Hessian-vector products of all agents are held against the
recorded loss, and of some agents norms of both, in balls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import flint
import numpy as np
import torch
from torch import Tensor

from empirics.algorithm.meta_gradients import fine_tuning
from empirics.numerics.errors import InputError
from reports.balls import ball
from reports.balls.ball import column, norm
from reports.measure.task_instance import TaskInstance
from reports.tasks.derivatives import AGENTS, place, some, wrong_derivative

# points and samples that are looked at, whatever their number
_POINTS, _SAMPLES = 3, 256


def broken_promise(instance: TaskInstance, points: Iterable[np.ndarray], alpha: float, nu: int) -> str | None:
    """What is wrong with the task at some of these points (d,), with agent and both numbers; None where nothing is.

    Each agent's own fine-tuning leads from there to others; the last of these is looked at as well.

    A constant that is only estimated from below promises nothing and is not looked at.
    """
    visited = [np.asarray(w, float) for w in some(list(points), _POINTS)]
    with flint.ctx.workprec(ball.BITS):
        return next((why for w in visited for why in _broken(instance, w, alpha, nu)), None)


def _broken(instance: TaskInstance, w: np.ndarray, alpha: float, nu: int) -> Iterator[str]:
    if not instance.task.sampler.noiseless:
        yield from _noise(instance, w)
    if not instance.unread and instance.promised_only:
        at = torch.as_tensor(w).expand(1, instance.task.n, instance.task.d)
        yield from _at(instance, at)
        if nu > 0:
            yield from _at(instance, fine_tuning(instance.task, at.to(instance.task.dtype), alpha, nu)[-1])
        yield from _lowest(instance, w)


def _at(instance: TaskInstance, at: Tensor) -> Iterator[str]:
    """At points (1, n, d), one an agent."""
    task, losses = instance.task, instance.losses
    wrong = wrong_derivative(task, [at], losses.__getitem__, instance.made)
    if wrong is not None:
        yield wrong
    gradient = task.raw_gradient(at.to(task.dtype))[0]
    steepest = int(gradient.norm(dim=-1).argmax())
    for agent in sorted({*some(range(task.n), AGENTS), steepest}):
        yield from _constants(instance, agent, at[0, agent].double())


def _constants(instance: TaskInstance, agent: int, w: Tensor) -> Iterator[str]:
    stated, loss, at = instance.constants, instance.losses[agent], column(w.tolist())
    v = torch.sin(torch.arange(len(w), dtype=torch.float64) + 1)
    along = column((v / v.norm()).tolist())
    for name, found in (("B", norm(loss.gradient(at))), ("L", norm(loss.hvp(at, along)) / norm(along))):
        if name in stated and stated[name].side != "lower" and found > ball.ball(stated[name].value):
            where = f"agent {agent} at {place(w)}"
            yield f"{name} is stated as {stated[name].value:.9g}, and {where} has {float(found.mid()):.9g}"


def _lowest(instance: TaskInstance, w: np.ndarray) -> Iterator[str]:
    """The mean loss at a point, held against the number that is said to be below it everywhere."""
    if instance.task.n > AGENTS:
        return
    try:
        low, losses = instance.task.loss_lower_bound().value, instance.losses
    except InputError:  # none is stated, and none enters what is measured
        return
    mean = sum((loss.loss(column(w)) for loss in losses), ball.ball(0)) / len(losses)
    if mean < ball.ball(low):
        where = f"a point of norm {float(np.linalg.norm(w)):.6g}"
        yield f"loss_lower_bound is {low:.9g}, and the mean loss at {where} is {float(mean.mid()):.9g}"


def _noise(instance: TaskInstance, w: np.ndarray) -> Iterator[str]:
    """The variance of the samples that a sampler lists, held against the sigma_G that it states."""
    task = instance.task
    listed, stated = task.sampler.outcomes(task), instance.constants.get("sigma_G")
    if listed is None or stated is None or stated.side == "lower" or len(listed.values) > _SAMPLES:
        return
    at = torch.as_tensor(w).expand(len(listed.values), task.n, task.d)
    error = task.sampler.gradient(task, at, listed.values) - task.raw_gradient(at[:1])
    variance = (error.square().sum(-1) * listed.weights).sum(0)
    agent = int(variance.argmax())
    found = float(variance[agent]) ** 0.5
    if found > stated.value * (1 + 2.0**-30) + 2.0**-40:
        yield f"sigma_G is stated as {stated.value:.9g}, and the samples of agent {agent} have {found:.9g}"
