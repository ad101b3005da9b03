r"""rho: the Lipschitz constant of the Hessians, norm of the third derivative T where it exists.

T is symmetric, so its norm is attained on the diagonal (Banach): norm(T) = max |T[x, x, x]| over unit x, and for every
unit x, norm(T[x, x, .]) <= norm(T). The power method x <- T[x, x, .]/norm climbs to a critical value; several starts
are used and the best value met is kept. T[x, x, .] is the derivative of hess f(w + t x) x in t, and the gradient of
T(w)[x, x, x] in w its second derivative: two and three Hessian-vector products.

The value reported is a difference quotient norm((H(w + t x) - H(w - t x)) x) / (2 t), which is at most rho when both
points lie in the set, whatever the task's smoothness, up to rounding.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from empirics.estimation.ascent import Objective, climb, for_all, of_agent
from empirics.estimation.curvature import PROBE, along, hessian_ends, margin
from empirics.estimation.estimates import Budget, Estimate
from empirics.estimation.krylov import lanczos
from empirics.estimation.regions import Pairs, Region, near
from empirics.tasks.task import Task

_SECOND = 2.0**-9  # second differences divide by the square of the step


def power_method(task: Task, w: Tensor, *, budget: Budget, seed: int) -> tuple[Tensor, Tensor]:
    """The largest norm(T_i[x, x, .]) met at points (P, n, d), (P, n), and the unit x (P, n, d) that gave it."""
    generator = torch.Generator().manual_seed(seed)
    count, n, d = w.shape
    curved = hessian_ends(task, w, min(budget.lanczos, 8), seed).norm_vector
    best, direction = torch.full((count, n), -torch.inf, dtype=w.dtype, device=w.device), curved
    for start in range(budget.directions):
        x = curved if start == 0 else torch.randn(count, n, d, generator=generator, dtype=torch.float64).to(w)
        x = x / x.norm(dim=-1, keepdim=True).clamp_min(1e-300)
        for _ in range(budget.power):
            image = along(task, w, x)
            size = image.norm(dim=-1)
            better = size > best
            best = torch.where(better, size, best)
            direction = torch.where(better.unsqueeze(-1), x, direction)
            x = torch.where((size > 0).unsqueeze(-1), image / size.clamp_min(1e-300).unsqueeze(-1), x)
    return best, direction


def third_norm(task: Task, budget: Budget, seed: int) -> Objective:
    """max_i norm(T_i), for rho."""

    def objective(points: Tensor) -> tuple[Tensor, Tensor]:
        w = for_all(points, task)
        norms, directions = power_method(task, w, budget=budget, seed=seed)
        agent = norms.argmax(dim=-1)
        x = for_all(of_agent(directions, agent), task)
        step = _SECOND * (1 + w.norm(dim=-1, keepdim=True))
        ahead, behind, middle = (task.raw_hvp(w + sign * step * x, x) for sign in (1.0, -1.0, 0.0))
        sign = of_agent((along(task, w, x) * x).sum(-1).sign(), agent)
        slope = of_agent((ahead - 2 * middle + behind) / step**2, agent)
        return of_agent(norms, agent), sign.unsqueeze(-1) * slope

    return objective


def hessian_quotient(task: Task, w: Tensor, u: Tensor, *, steps: int, seed: int) -> Tensor:
    """max_i norm(hess f_i(w) - hess f_i(u)) / norm(w - u) for pairs (P, d), (P,), spectral norms from below.

    >>> from empirics import CosineTask
    >>> task = CosineTask(a=[[1.0]], s=[[1.0]], phi=[[0.0]])
    >>> x = torch.tensor([[0.0], [3.141592653589793]], dtype=torch.float64)
    >>> float(hessian_quotient(task, x[:1], x[1:], steps=1, seed=0))            # |cos(0) - cos(pi)| / pi
    0.636...
    """
    first, second = for_all(w, task), for_all(u, task)

    def difference(v: Tensor) -> Tensor:
        return task.raw_hvp(first, v) - task.raw_hvp(second, v)

    found = lanczos(difference, first, steps, seed=seed)
    return found.norm.amax(dim=-1) / (w - u).norm(dim=-1)


def pair_quotient(task: Task, budget: Budget, seed: int, nearest: float) -> Objective:
    """max_i norm(hess f_i(w) - hess f_i(u)) / norm(w - u) over pairs (w, u), side by side, at least `nearest` apart.

    With x the extreme eigenvector of the difference and s its sign, the gradient in w is
    s T(w)[x, x, .]/norm(w - u) - quotient (w - u)/norm(w - u)^2, and the same with the other sign in u.
    """

    def objective(pairs: Tensor) -> tuple[Tensor, Tensor]:
        first, second = (for_all(part, task) for part in pairs.chunk(2, dim=-1))
        apart = (first - second)[:, 0]
        size = apart.norm(dim=-1)
        found = lanczos(lambda v: task.raw_hvp(first, v) - task.raw_hvp(second, v), first, budget.lanczos, seed=seed)
        agent = found.norm.argmax(dim=-1)
        x = for_all(of_agent(found.norm_vector, agent), task)
        sign = of_agent(found.norm_sign, agent).unsqueeze(-1)
        distance = size.clamp_min(nearest).unsqueeze(-1)
        quotient = of_agent(found.norm, agent) / distance[:, 0]
        repelled = quotient.unsqueeze(-1) * apart / distance**2
        ahead = sign * of_agent(along(task, first, x), agent) / distance - repelled
        behind = -sign * of_agent(along(task, second, x), agent) / distance + repelled
        return torch.where(size >= nearest, quotient, -torch.inf), torch.cat([ahead, behind], dim=-1)

    return objective


@torch.no_grad()
def third_estimate(task: Task, over: Region, *, seed: int, budget: Budget) -> Estimate:
    """rho from below over a set: the larger of two ascents, of the power method's norm over points and of quotients.

    `at` is the point of the first, or the first point of the best pair.
    """
    inside, step = over.inner(margin(over)), PROBE * (1 + over.reach)
    local = climb(third_norm(task, budget, seed), inside or over, seed=seed, budget=budget)
    if inside is None:  # its differences left the set: what counts is the quotient between points of the set
        around = near(over, local.at, step, budget.screened, torch.Generator().manual_seed(seed))
        found = hessian_quotient(task, local.at.expand_as(around), around, steps=budget.lanczos, seed=seed)
        local = replace(local, value=float(found.max()) if len(found) else 0.0)
    distant = climb(pair_quotient(task, budget, seed, step), Pairs(over), seed=seed, budget=budget)
    best = local if local.value >= distant.value else distant
    method = "ascent of the power method on the third derivative, and of difference quotients over pairs"
    at = best.at[: task.d]
    curvature = hessian_ends(task, for_all(at[None], task), budget.lanczos, seed).norm.max()
    rounding = 2.0**-40 * float(curvature) / step
    return Estimate("rho", best.value, "lower", method, local.points + distant.points, at, residual=rounding)
