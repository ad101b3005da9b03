r"""Proof that a run stays in a ball because it cannot travel far: for tasks whose constants hold on a ball only.

Inside the ball every gradient, batch or not, has norm at most G, and every step factor, batch or not, is at most q.
So as long as everything evaluated lies inside,

    a local step moves by at most beta G_step, G_step = q^nu G (first order: G),
    a fine-tuning trajectory (of any agent, of their average, noisy or not) leads at most alpha nu G away,
    a Hessian-free probe lies at most delta q^nu G further out.

After j local steps from w_0 a point is within norm(w_0 - centre) + j beta G_step of the centre. A round moves the
server by beta_s times the way to an average of agents, each at most tau beta G_step away, whatever they weigh. By
induction over the steps, the ball is never left if its radius is at least

    norm(w_0 - centre) + max{beta_s, 1} K tau beta G_step + alpha nu G + delta q^nu G.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from empirics.algorithm.modes import Mode
from empirics.algorithm.settings import Settings
from empirics.numerics.rounding import step_factor_up, up
from empirics.tasks.local_constants import LocalConstants


@dataclass(frozen=True)
class Travel:
    """How far the server and local iterates (W0), and everything evaluated from there (W), can be from the centre."""

    radius_W0: float
    radius_W: float


def travel(local: LocalConstants, settings: Settings, start: torch.Tensor, rounds: int) -> Travel:
    """The reach of all possible runs, provided that it stays within the ball of the constants.

    >>> from empirics.numerics.constants import Constant
    >>> from empirics.tasks.sampler import AlmostSureBounds
    >>> ball = {"B": Constant(1.0, "upper"), "L": Constant(1.0, "upper")}
    >>> local = LocalConstants(torch.zeros(1), 9.0, ball, AlmostSureBounds(1.0, -1.0, 1.0))
    >>> found = travel(local, Settings(alpha=1.0, nu=1, beta=0.5, tau=2), torch.zeros(1, 1), 3)
    >>> round(found.radius_W0, 9), round(found.radius_W, 9)                   # 6 steps of 1/2 (1 + 1), then 1
    (6.0, 7.0)
    """
    gradient, low, high = _sure(local, settings)
    q = step_factor_up(settings.alpha, low, high)
    growth = up(q**settings.nu, 4 * settings.nu + 64)
    step = up(growth * gradient) if Mode(settings.mode).curved else gradient
    offset = float((start.to(torch.float64).cpu() - local.centre).norm(dim=-1).max())
    server = up(offset + max(settings.server_step, 1.0) * rounds * settings.tau * settings.beta * step)
    probe = 0.0 if settings.delta is None or not settings.nu else settings.delta * growth * gradient
    return Travel(server, up(server + settings.alpha * settings.nu * gradient + probe))


def _sure(local: LocalConstants, settings: Settings) -> tuple[float, float, float]:
    """G and the range of eigenvalues: of batches in stochastic modes, of full losses else."""
    sure, L = local.almost_sure, local.constants["L"].value
    if settings.sizes is None:
        return local.constants["B"].value, -L, L
    assert sure.gradient is not None
    assert sure.curvature_low is not None
    assert sure.curvature_high is not None
    return sure.gradient, min(sure.curvature_low, -L), max(sure.curvature_high, L)
