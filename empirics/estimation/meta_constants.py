r"""L_F, b, sigma_F and gamma_F themselves, for given alpha and nu: what S4-S9 bound.

L_F: the largest norm of a meta-Hessian; its products with vectors are central differences of meta-gradients, so the
value reported is a difference quotient norm(G_i(w + t v) - G_i(w - t v)) / (2 t), at most L_F up to rounding.
gamma_F(w)^2 = (1/n) sum norm(G_i - G)^2, with gradient (2/n) sum hess F_i (G_i - G).
b: the error of a deterministic approximation by ascent; of a stochastic one as a mean over draws at the best of the
screened points, chosen on one half of the draws and measured on the other, with its standard error.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from empirics.algorithm.meta_gradients import check_sizes, draw_batches, evaluate, exact
from empirics.algorithm.modes import Mode, check_mode
from empirics.estimation.ascent import climb, for_all, numerical_slope, of_agent
from empirics.estimation.curvature import PROBE, central_difference, margin, probe
from empirics.estimation.estimates import Budget, Estimate
from empirics.estimation.krylov import lanczos
from empirics.estimation.regions import Pairs, Region
from empirics.numerics.checks import integer, real
from empirics.numerics.randomness import Draws
from empirics.tasks.task import Task

MetaGradient = Callable[[Tensor], Tensor]


@torch.no_grad()
def estimate_meta(
    task: Task,
    over: Region,
    alpha: float,
    nu: int,
    mode: str = Mode.EXACT,
    *,
    delta: float | None = None,
    batches: tuple[int, int, int | None] | None = None,
    seed: int = 0,
    budget: Budget | None = None,
) -> dict[str, Estimate]:
    """L_F and gamma_F of the exact meta-gradient over a set; b and, in stochastic modes, sigma_F of the mode.

    Options as in `empirics.meta_gradient`.

    Raises:
        InputError: bad input.

    >>> from empirics import QuadraticTask
    >>> from empirics.estimation.regions import Ball
    >>> task = QuadraticTask(A=[[[-1.0]]], c=[[0.0]])
    >>> found = estimate_meta(task, Ball([0.0], 1.0), 0.5, 1)          # L (1 + alpha L)^2 = 9/4 is attained
    >>> round(found["L_F"].value, 6), found["L_F"].side
    (2.25, 'lower')
    """
    alpha, nu = real("alpha", alpha, at_least=0), integer("nu", nu, at_least=0)
    mode, delta, sizes = check_mode(mode, delta, batches)
    budget = budget or Budget()

    def meta(w: Tensor) -> Tensor:
        return exact(task, w, alpha, nu)

    results = {"L_F": _smoothness(task, over, meta, seed, budget), "gamma_F": _spread(task, over, meta, seed, budget)}
    if sizes is not None:
        check_sizes(task, sizes)

        def drawn(w: Tensor, root: int) -> Tensor:
            draws = Draws(root, 0, 0, torch.arange(len(w), device=task.device))
            own = draw_batches(task, draws, mode, nu, sizes)
            return evaluate(task, w, alpha, nu, mode, delta=delta, batches=own)

        results |= _stochastic(task, over, meta, drawn, seed, budget)
    elif mode is not Mode.EXACT:

        def error(w: Tensor) -> Tensor:
            return evaluate(task, w, alpha, nu, mode, delta=delta) - meta(w)

        results["b"] = _bias(task, over, error, seed, budget)
    return results


def _smoothness(task: Task, over: Region, meta: MetaGradient, seed: int, budget: Budget) -> Estimate:
    def objective(points: Tensor) -> tuple[Tensor, Tensor]:
        w = for_all(points, task)
        found = lanczos(lambda v: central_difference(meta, w, v), w, budget.lanczos, seed=seed)
        agent = found.norm.argmax(dim=-1)
        v, step = for_all(of_agent(found.norm_vector, agent), task), probe(w)
        ahead, behind, middle = meta(w + step * v), meta(w - step * v), meta(w)
        quotient = of_agent(((ahead - behind) / (2 * step)), agent).norm(dim=-1)
        sign = of_agent(found.norm_sign, agent)
        return quotient, sign.unsqueeze(-1) * of_agent((ahead - 2 * middle + behind) / step**2, agent)

    inside = over.inner(margin(over))
    if inside is None:  # the differences above would leave the set
        return _smoothness_of_pairs(task, over, meta, seed, budget)
    peak = climb(objective, inside, seed=seed, budget=budget)
    rounding = 2.0**-40 * float(meta(for_all(peak.at[None], task)).norm(dim=-1).max()) / PROBE
    method = "Lanczos on difference quotients of meta-gradients, projected gradient ascent over points"
    return peak.estimate("L_F", method, residual=rounding)


def _smoothness_of_pairs(task: Task, over: Region, meta: MetaGradient, seed: int, budget: Budget) -> Estimate:
    """The largest norm(G_i(w) - G_i(u)) / norm(w - u) over pairs of points of the set; 0 where all are too close."""
    nearest = PROBE * (1 + over.reach)

    def objective(pairs: Tensor) -> tuple[Tensor, Tensor]:
        first, second = (for_all(part, task) for part in pairs.chunk(2, dim=-1))
        apart = (first - second)[:, 0]
        distance = apart.norm(dim=-1, keepdim=True).clamp_min(nearest)
        rise = meta(first) - meta(second)
        agent = rise.norm(dim=-1).argmax(dim=-1)
        size = of_agent(rise, agent).norm(dim=-1, keepdim=True)
        along = for_all(of_agent(rise, agent) / size.clamp_min(1e-300), task)
        quotient, repelled = size / distance, size / distance**3 * apart
        ahead = of_agent(central_difference(meta, first, along), agent) / distance - repelled
        behind = repelled - of_agent(central_difference(meta, second, along), agent) / distance
        value = torch.where(apart.norm(dim=-1) >= nearest, quotient[:, 0], 0.0)
        return value, torch.cat([ahead, behind], dim=-1)

    peak = climb(objective, Pairs(over), seed=seed, budget=budget)
    first = peak.at[: task.d]
    rounding = 2.0**-40 * float(meta(for_all(first[None], task)).norm(dim=-1).max()) / nearest
    method = "projected gradient ascent of difference quotients of meta-gradients over pairs of points"
    return replace(peak, at=first).estimate("L_F", method, residual=rounding)


def _spread(task: Task, over: Region, meta: MetaGradient, seed: int, budget: Budget) -> Estimate:
    def objective(points: Tensor) -> tuple[Tensor, Tensor]:
        w = for_all(points, task)
        gradient = meta(w)
        offset = gradient - gradient.mean(dim=1, keepdim=True)
        size = offset.norm(dim=-1, keepdim=True)
        slope = central_difference(meta, w, offset / size.clamp_min(1e-300)) * size
        return offset.square().sum(-1).mean(-1).sqrt(), slope.mean(dim=1)

    return climb(objective, over, seed=seed, budget=budget).estimate("gamma_F")


def _bias(task: Task, over: Region, error: MetaGradient, seed: int, budget: Budget) -> Estimate:
    def size(points: Tensor) -> Tensor:
        return error(for_all(points, task)).norm(dim=-1).amax(dim=-1)

    def objective(points: Tensor) -> tuple[Tensor, Tensor]:
        return size(points), numerical_slope(size, points, PROBE, seed=seed)

    return climb(objective, over, seed=seed, budget=budget).estimate("b", "ascent by numerical slopes")


def _stochastic(
    task: Task, over: Region, meta: MetaGradient, drawn: Callable[[Tensor, int], Tensor], seed: int, budget: Budget
) -> dict[str, Estimate]:
    generator = torch.Generator().manual_seed(seed)
    points = over.point(over.project(over.draw(budget.screened, generator))).to(task.dtype)

    def errors(at: Tensor, root: int) -> Tensor:
        w = for_all(at[None], task)
        return drawn(w.expand(budget.draws, -1, -1).contiguous(), root) - meta(w)

    # every candidate is judged on draws of its own, and the winner measured on fresh ones: no optimism from choosing
    screened = [errors(point, 2 * seed + 1) for point in points]
    biased = max(range(len(points)), key=lambda i: float(_mean_norm(screened[i])[0]))
    noisy = max(range(len(points)), key=lambda i: float(screened[i].square().sum(-1).mean(0).max()))
    bias, bias_error = _mean_norm(errors(points[biased], 2 * seed + 2))
    squares = errors(points[noisy], 2 * seed + 2).square().sum(-1)
    agent = int(squares.mean(dim=0).argmax())
    sigma = math.sqrt(float(squares[:, agent].mean()))
    sigma_error = float(squares[:, agent].std()) / math.sqrt(len(squares)) / (2 * sigma) if sigma > 0 else 0.0
    method = f"mean over {budget.draws} draws at the largest of the screened points, chosen on other draws"
    return {
        "b": Estimate("b", bias, "lower", method, len(points), points[biased].cpu(), bias_error),
        "sigma_F": Estimate("sigma_F", sigma, "lower", method, len(points), points[noisy].cpu(), sigma_error),
    }


def _mean_norm(errors: Tensor) -> tuple[float, float]:
    """max_i norm(E e_i) from draws (R, n, d), its square debiased by the variance of the mean; and its standard error.

    E norm(mean e)^2 = norm(E e)^2 + tr Cov(e)/R, so tr Cov/R is taken off before the root.
    """
    count = len(errors)
    means, variances = errors.mean(dim=0), errors.var(dim=0).sum(-1) / max(count, 1)
    squares = means.square().sum(-1) - variances
    agent = int(squares.argmax())
    value = math.sqrt(max(float(squares[agent]), 0.0))
    return value, math.sqrt(float(variances[agent]))
