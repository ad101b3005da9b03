r"""sigma_G and sigma_H: the noise of one sample, for the worst agent.

Where the samples of an agent are finitely many (data, or the four outcomes of two signs) both are exact at a point,
by enumeration; otherwise they are averages over draws, with a standard error. With xi_s the gradient noise and
D_s = H_s - H the Hessian noise of sample s,

    grad E norm(xi)^2 = 2 E H_s xi_s  (E xi = 0),      grad E norm(D)^2 = 2 E theta_s dD_s[v_s, v_s, .]

with theta_s, v_s the extreme eigenpair of D_s, so ascent over points needs only batch Hessian-vector products.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from empirics.estimation.ascent import Objective, Peak, climb, of_agent
from empirics.estimation.curvature import probe
from empirics.estimation.estimates import Budget, Estimate
from empirics.estimation.krylov import Ritz, lanczos
from empirics.estimation.regions import Region
from empirics.numerics.randomness import Draws
from empirics.tasks.sampler import Outcomes, listed
from empirics.tasks.task import Task


def samples_of(task: Task, draws: int, seed: int) -> Outcomes:
    """All samples of a task when they are finitely many, else `draws` independent ones.

    >>> from empirics import factories
    >>> found = samples_of(factories.small_logistic(samples=20), 8, 0)
    >>> found.values.shape, found.complete
    (torch.Size([20, 5, 1]), True)
    """
    every = listed(task)
    if every is not None:
        return every
    drawn = Draws(seed, 0, 0, torch.arange(draws, device=task.device))
    values = task.draw_batch(drawn, "estimate", 1).values
    return Outcomes(values, torch.full((draws, task.n), 1 / draws, dtype=task.dtype, device=task.device), False)


def _spread(points: Tensor, samples: Outcomes) -> tuple[Tensor, Tensor]:
    """Points (P, d) with every sample: w (P S, n, d) and values (P S, n, ...)."""
    (size, n), count = samples.weights.shape, len(points)
    w = points.to(samples.weights).reshape(count, 1, 1, -1).expand(-1, size, n, -1).reshape(count * size, n, -1)
    values = samples.values.unsqueeze(0).expand(count, *samples.values.shape)
    return w, values.reshape(count * size, *samples.values.shape[1:])


def gradient_noise(task: Task, samples: Outcomes) -> Objective:
    """sigma_G: max_i sqrt(E norm(grad noise)^2)."""

    def objective(points: Tensor) -> tuple[Tensor, Tensor]:
        w, values = _spread(points, samples)
        noise = task.sampler.gradient(task, w, values) - task.raw_gradient(w)
        products = task.sampler.hvp(task, w, noise, values)
        shape = (len(points), *samples.weights.shape)
        squares = (noise.square().sum(-1).reshape(shape) * samples.weights).sum(1)
        slopes = (products.reshape(*shape, -1) * samples.weights.unsqueeze(-1)).sum(1)
        agent = squares.argmax(dim=-1)
        return of_agent(squares, agent).sqrt(), of_agent(slopes, agent)

    return objective


def noise_ends(task: Task, w: Tensor, values: Tensor, steps: int, seed: int) -> Ritz:
    """Both ends of the spectrum of the Hessian noise of each sample at w (R, n, d)."""
    return lanczos(lambda v: _noise_product(task, w, v, values), w, steps, seed=seed)


def _noise_product(task: Task, w: Tensor, v: Tensor, values: Tensor) -> Tensor:
    return task.sampler.hvp(task, w, v, values) - task.raw_hvp(w, v)


def hessian_noise(task: Task, samples: Outcomes, budget: Budget, seed: int) -> Objective:
    """sigma_H: max_i sqrt(E norm(hess noise)^2), spectral norms."""

    def objective(points: Tensor) -> tuple[Tensor, Tensor]:
        w, values = _spread(points, samples)
        found = noise_ends(task, w, values, budget.lanczos, seed)
        v, step = found.norm_vector, probe(w)
        signed = found.norm_sign * found.norm
        ahead, behind = (_noise_product(task, w + sign * step * v, v, values) for sign in (1.0, -1.0))
        third = signed.unsqueeze(-1) * (ahead - behind) / (2 * step)
        shape = (len(points), *samples.weights.shape)
        squares = (found.norm.square().reshape(shape) * samples.weights).sum(1)
        slopes = (third.reshape(*shape, -1) * samples.weights.unsqueeze(-1)).sum(1)
        agent = squares.argmax(dim=-1)
        return of_agent(squares, agent).sqrt(), of_agent(slopes, agent)

    return objective


@torch.no_grad()
def gradient_noise_estimate(task: Task, over: Region, *, seed: int, budget: Budget) -> Estimate:
    """sigma_G from below over a set."""
    samples = samples_of(task, budget.draws, seed)
    peak = climb(gradient_noise(task, samples), over, seed=seed, budget=budget)
    w, values = _spread(peak.at[None].to(task.device, task.dtype), samples)
    squares = (task.sampler.gradient(task, w, values) - task.raw_gradient(w)).square().sum(-1)
    return _estimate("sigma_G", peak, samples, squares, None)


@torch.no_grad()
def hessian_noise_estimate(task: Task, over: Region, *, seed: int, budget: Budget) -> Estimate:
    """sigma_H from below over a set."""
    samples = samples_of(task, budget.draws, seed)
    peak = climb(hessian_noise(task, samples, budget, seed), over, seed=seed, budget=budget)
    w, values = _spread(peak.at[None].to(task.device, task.dtype), samples)
    found = noise_ends(task, w, values, budget.lanczos, seed)
    return _estimate("sigma_H", peak, samples, found.norm.square(), float(found.norm_residual.max()))


def _estimate(name: str, peak: Peak, samples: Outcomes, squares: Tensor, residual: float | None) -> Estimate:
    """The peak with the standard error of a root mean square over draws (delta method, the worst agent)."""
    how, error = "every sample", None
    if not samples.complete:
        how = f"{len(squares)} draws"
        agent = int(squares.mean(dim=0).argmax())
        spread = float(squares[:, agent].std()) / math.sqrt(len(squares))
        error = spread / (2 * peak.value) if peak.value > 0 else 0.0
    method = f"{how} at each point, projected gradient ascent over points"
    return peak.estimate(name, method, error=error, residual=residual)
