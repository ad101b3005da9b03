r"""Where the server can be, when all agents take part without noise: a round is then one map w -> T w + t (Q2, Q3).

T is symmetric. If norm(T) = c < 1, the map has one fixed point w_oo and norm(w_k - w_oo) <= norm(w_0 - w_oo) for all
k. For any w, norm(w - w_oo) <= norm(w - T w - t)/(1 - c): so a computed limit w with a computed residual gives

    norm(w_k) <= norm(w) + norm(w_0 - w) + 2 norm(w - T w - t)/(1 - c),

and a run in float64, which errs by e a round, stays within e/(1 - c) of that.

Rounding: a computed product of d x d matrices is within d (d + 2) 2^-52 of the product of their norms (entrywise
|fl(AB) - AB| <= (d + 2) 2^-52 |A| |B|, and norm(|A| |B|) <= d norm(A) norm(B)). U_i = A_i P_i^{2 nu} takes 2 nu + 1
products, an error of which is beta times as large in I - beta U_i, and T takes tau more; the bound used is eight times
(2 nu + tau + 4) such errors, each of (1 + beta norm(A_i)) norm(P_i)^{2 nu} max{1, norm(I - beta U_i)}^tau.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from empirics.algorithm.settings import Settings
from empirics.certificates.closed_form import affine_map, limit, update_range
from empirics.numerics.errors import InputError
from empirics.numerics.rounding import EPS, row_norms_up, step_factor_up, up
from empirics.numerics.spectra import spectrum
from empirics.tasks.quadratic_constants import spectra
from empirics.tasks.task import Task


@dataclass(frozen=True)
class RoundMap:
    """A round that contracts: at least norm(T), and at least norm(w_k) for every k."""

    contraction: float
    server_radius: float


def round_map(task: Task, settings: Settings, start: Tensor) -> RoundMap | None:
    """The round of a quadratic task from any start (replicas, d); None where it is not proved to contract.

    >>> from empirics import QuadraticTask
    >>> import torch
    >>> task = QuadraticTask(A=[[[1.0]], [[-0.5]]], c=[[1.0], [0.0]])
    >>> found = round_map(task, Settings(alpha=0.0, nu=0, beta=0.5, tau=1), torch.zeros(1, 1, dtype=torch.float64))
    >>> round(found.contraction, 9), round(found.server_radius, 9)
    (0.875, 4.0)
    """
    if settings.sizes is not None or settings.draws_agents(task.n) or settings.weights is not None:
        return None
    try:
        step, shift = affine_map(task, settings)
        resting = limit(task, settings)
    except (InputError, RuntimeError):  # it does not contract, or I - T is singular
        return None
    error = rounding(task, settings)
    contraction = up(spectrum((step.numpy() + step.numpy().T) / 2).norm + error)
    if not contraction < 1:
        return None
    ends = (_norm(resting), float(row_norms_up((start - resting).numpy()).max()))
    residual = _norm(shift - (resting - step @ resting)) + error * (_far(task) + sum(ends))
    # twice for the computed limit, once for what a run errs by
    return RoundMap(contraction, up(sum(ends) + 3 * residual / (1 - contraction), 16))


def rounding(task: Task, settings: Settings) -> float:
    """How far the computed T may be from the true one."""
    low, high = update_range(task, settings.alpha, settings.nu, settings.mode)
    products, d = 2 * settings.nu + settings.tau + 4, task.d
    form = task.quadratic()
    assert form is not None
    of_agents = spectra(form.doubled().matrices.numpy())
    factors = [step_factor_up(settings.alpha, own.low, own.high) for own in of_agents]
    local = step_factor_up(settings.beta, float(low.min()), float(high.max()))
    updates = (1 + settings.beta * max(own.norm for own in of_agents)) * max(1.0, *factors) ** (2 * settings.nu)
    growth = updates * max(1.0, local) ** settings.tau
    return 8 * products * d * (d + 2) * EPS * growth * max(1.0, settings.server_step)


def _far(task: Task) -> float:
    form = task.quadratic()
    assert form is not None
    return float(row_norms_up(form.doubled().centres.numpy()).max())


def _norm(vector: Tensor) -> float:
    return float(row_norms_up(vector.numpy()[None])[0])
