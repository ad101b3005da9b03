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
from empirics.estimation.noise import samples_of
from empirics.numerics.errors import InputError
from reports.balls import ball
from reports.balls.ball import column, norm
from reports.measure.task_instance import TaskInstance
from reports.tasks.derivatives import (
    AGENTS,
    PROMISED,
    directions,
    looked_at,
    place,
    recorded_loss,
    some,
    wide,
    wrong_derivative,
)

# points and samples that are looked at, whatever their number
_POINTS, _SAMPLES = 3, 256


def broken_promise(instance: TaskInstance, points: Iterable[np.ndarray], alpha: float, nu: int) -> str | None:
    """What is wrong with the task at some of these points (d,), with agent and both numbers; None where nothing is.

    Each agent's own fine-tuning leads from there to others; the last of these is looked at as well.

    A constant that is only estimated from below promises nothing and is not looked at.
    """
    visited = [np.asarray(w, float) for w in some(list(points), 1 if wide(instance.task) else _POINTS)]
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
    steepest = int(task.raw_gradient(at.to(task.dtype))[0].norm(dim=-1).nan_to_num(nan=torch.inf).argmax())
    agents = looked_at(task, steepest)
    wrong = wrong_derivative(task, [at], losses.__getitem__, instance.made, agents)
    if wrong is not None:
        yield wrong
    for agent in agents:
        yield from _constants(instance, agent, at[0, agent].double())


def _constants(instance: TaskInstance, agent: int, w: Tensor) -> Iterator[str]:
    stated, loss, at = instance.constants, instance.losses[agent], column(w.tolist())
    along = column(directions(1, len(w))[0].tolist())
    for name, found in (("B", norm(loss.gradient(at))), ("L", norm(loss.hvp(at, along)) / norm(along))):
        if name in stated and stated[name].side != "lower" and found > ball.ball(stated[name].value):
            where = f"agent {agent} at {place(w)}"
            yield f"{name} is stated as {stated[name].value:.9g}, and {where} has {float(found.mid()):.9g}"


def _lowest(instance: TaskInstance, w: np.ndarray) -> Iterator[str]:
    """The mean loss at a point, held against the number that is said to be below it everywhere.

    Balls are asked where float64 does not find it far above.
    """
    if instance.task.n > AGENTS:
        return
    try:
        low, losses = instance.task.loss_lower_bound().value, instance.losses
    except InputError:  # none is stated, and none enters what is measured
        return
    run, at = recorded_loss(instance.made or instance.task), torch.as_tensor(w)
    values = torch.stack([run.loss(at, *(array[k] for array in run.arrays)) for k in range(instance.task.n)])
    if float(values.mean()) - low > PROMISED * (1 + abs(low) + float(values.abs().max())):
        return
    mean = sum((loss.loss(column(w)) for loss in losses), ball.ball(0)) / len(losses)
    if mean < ball.ball(low):
        where = f"a point of norm {float(np.linalg.norm(w)):.6g}"
        yield f"loss_lower_bound is {low:.9g}, and the mean loss at {where} is {float(mean.mid()):.9g}"


def _noise(instance: TaskInstance, w: np.ndarray) -> Iterator[str]:
    """What samples do, held against A4: no bias, sigma_G, sigma_H, and the sure bound on gradients of the sampler.

    Where it lists no samples some are drawn: then a mean has to exceed what is stated by six standard errors.
    """
    task, drawn = instance.task, samples_of(instance.task, _SAMPLES, 0)
    if len(drawn.values) > _SAMPLES:
        return
    at = torch.as_tensor(w).expand(len(drawn.values), task.n, task.d).to(task.dtype)
    v = torch.sin(torch.arange(task.d, dtype=task.dtype) + 1).expand_as(at)
    v = v / v.norm(dim=-1, keepdim=True)
    gradients = task.sampler.gradient(task, at, drawn.values)
    noises = {
        "sigma_G": gradients - task.raw_gradient(at[:1]),
        "sigma_H": task.sampler.hvp(task, at, v, drawn.values) - task.raw_hvp(at[:1], v[:1]),
    }
    for name, noise in noises.items():
        bias = (noise * drawn.weights.unsqueeze(-1)).sum(0).abs()
        if not drawn.complete:
            bias = bias - 6 * noise.std(dim=0) / len(noise) ** 0.5
        size = 1 + gradients.norm(dim=-1).amax(0)
        if bool((bias.amax(-1) > PROMISED * size).any()):
            agent = int((bias.amax(-1) / size).argmax())
            what = "gradient" if name == "sigma_G" else "Hessian-vector product"
            far = float(bias[agent].max())
            yield f"the mean {what} of the samples of agent {agent} differs from its own by {far:.3g}"
        stated = instance.constants.get(name)
        if stated is None or stated.side == "lower":
            continue
        squares = noise.square().sum(-1)
        variance = (squares * drawn.weights).sum(0)
        if not drawn.complete:
            variance = variance - 6 * squares.std(dim=0) / len(squares) ** 0.5
        agent = int(variance.argmax())
        found = max(float(variance[agent]), 0.0) ** 0.5
        if found > stated.value * (1 + 2.0**-30) + 2.0**-40:
            yield f"{name} is stated as {stated.value:.9g}, and the samples of agent {agent} have at least {found:.9g}"
    bound = task.sampler.almost_sure_bounds(task, task.constants()).gradient
    norms = torch.where(drawn.weights > 0, gradients.norm(dim=-1), 0.0).amax(0)
    if bound is not None and float(norms.max()) > bound * (1 + 2.0**-30) + 2.0**-40:
        yield (
            f"batch gradients are stated to be at most {bound:.9g}, and a sample of agent {int(norms.argmax())} has "
            f"{float(norms.max()):.9g}"
        )
