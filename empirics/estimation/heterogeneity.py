r"""gamma_G and gamma_H: the spread of gradients and Hessians over agents, exact at a point, by ascent over a set.

gamma_G(w)^2 = (1/n) sum norm(g_i - g)^2 has the gradient (2/n) sum H_i (g_i - g), since sum (g_i - g) = 0.
gamma_H(w)^2 = (1/n) sum norm(H_i - H)^2 with spectral norms lambda_i at unit v_i has the gradient
(2/n) sum lambda_i (T_i - T)[v_i, v_i, .], a difference of (H_i - H) v_i along v_i; (H_i - H) v_i for all i asks every
agent for its product with every v_i, n^2 products.
"""

from __future__ import annotations

import torch
from torch import Tensor

from empirics.estimation.ascent import Objective, climb, for_all
from empirics.estimation.curvature import central_difference
from empirics.estimation.estimates import Budget, Estimate
from empirics.estimation.krylov import Ritz, lanczos
from empirics.estimation.regions import Region
from empirics.tasks.task import Task


def gradient_spread(task: Task) -> Objective:
    """gamma_G at points (P, d), and a positive multiple of its gradient."""

    def objective(points: Tensor) -> tuple[Tensor, Tensor]:
        w = for_all(points, task)
        gradient = task.raw_gradient(w)
        offset = gradient - gradient.mean(dim=1, keepdim=True)
        return offset.square().sum(-1).mean(-1).sqrt(), task.raw_hvp(w, offset).mean(dim=1)

    return objective


def deviation(task: Task, w: Tensor, v: Tensor) -> Tensor:
    """(hess f_i - hess f)(w_i) v_i for each agent's own point and vector, (P, n, d): all Hessians are asked at w_i."""
    count, n, d = w.shape
    points = w.reshape(count * n, 1, d).expand(-1, n, -1).contiguous()
    vectors = v.reshape(count * n, 1, d).expand(-1, n, -1).contiguous()
    products = task.raw_hvp(points, vectors).reshape(count, n, n, d)
    own = torch.diagonal(products, dim1=1, dim2=2).mT
    return own - products.mean(dim=2)


def deviation_ends(task: Task, w: Tensor, steps: int, seed: int) -> Ritz:
    """Both ends of the spectra of hess f_i - hess f at points (P, n, d)."""
    return lanczos(lambda v: deviation(task, w, v), w, steps, seed=seed)


def hessian_spread(task: Task, budget: Budget, seed: int) -> Objective:
    """gamma_H at points (P, d), and a positive multiple of its gradient."""

    def objective(points: Tensor) -> tuple[Tensor, Tensor]:
        w = for_all(points, task)
        found = deviation_ends(task, w, budget.lanczos, seed)
        v = found.norm_vector
        third = central_difference(lambda point: deviation(task, point, v), w, v)
        signed = (found.norm_sign * found.norm).unsqueeze(-1)
        return found.norm.square().mean(-1).sqrt(), (signed * third).mean(dim=1)

    return objective


@torch.no_grad()
def gradient_spread_estimate(task: Task, over: Region, *, seed: int, budget: Budget) -> Estimate:
    """gamma_G from below over a set, 0 for a single agent."""
    if task.n == 1:
        return _nobody("gamma_G", over)
    return climb(gradient_spread(task), over, seed=seed, budget=budget).estimate("gamma_G")


@torch.no_grad()
def hessian_spread_estimate(task: Task, over: Region, *, seed: int, budget: Budget) -> Estimate:
    """gamma_H from below over a set, 0 for a single agent."""
    if task.n == 1:
        return _nobody("gamma_H", over)
    peak = climb(hessian_spread(task, budget, seed), over, seed=seed, budget=budget)
    found = deviation_ends(task, for_all(peak.at[None], task), budget.lanczos, seed)
    method = f"Lanczos ({found.steps} steps) on H_i - H at each point, projected gradient ascent"
    return peak.estimate("gamma_H", method, residual=float(found.norm_residual.max()))


def _nobody(name: str, over: Region) -> Estimate:
    centre = over.point(over.draw(1, torch.Generator().manual_seed(0)))[0]
    return Estimate(name, 0.0, "lower", "one agent differs from nobody", 1, centre)
