r"""Proof that no possible run leaves the ball on which a quadratic task states B and gamma_G.

W0 is the ball of radius R0 about 0. From norm(w) <= r, agent i's local step w - beta g_i(w) ends within

    norm(I - beta U_i) r + beta [norm(U_i c_i) + e_i + f_i (norm(A_i P_i^nu) (r + norm(c_i)) + G_i)]

where U_i is the update matrix of the mode (closed_form.meta_matrices) and the rest bounds the noise, surely: with
norm(gradient noise) <= s_G, norm(Hessian noise) <= s_H and q_i >= norm(P_i),

    G_i = norm(A_i) alpha S_nu(q_i) s_G + s_G                  error of the outer gradient (trajectory and batch)
    e_i = q_i^nu G_i   (first order: G_i)                      that error after the exact factors
    f_i = (q_i + alpha s_H)^nu - q_i^nu   (first order: 0)     error of the factors.

The Hessian-free factor is I - alpha (A_i + an average of Hessian noise), so the same bounds serve it. The proofs
run every agent, sampled or not, and averages, by weights or not, stay inside because balls are convex, as does the
way to them (beta_s <= 1). A server step beta_s > 1 from radius r to an average within r' ends within
(beta_s - 1) r + beta_s r', which the second proof follows:

  invariant  every agent's local step maps the ball of radius R0 into itself (needs all slopes in r below 1);
  horizon    tau local steps from radius r end within r', rounds times over (any slopes, finitely many rounds);
  rest       without noise and with all agents a round may contract as a whole (`round_map`): then tau local steps
             from where the server can be.

W is then the ball that holds the exact and noisy fine-tuning trajectories from W0,
r -> q_i r + alpha (norm(A_i c_i) + s_G) nu times over the worst agent (hence also the exact trajectory of the average
loss), and in Hessian-free modes the probes, delta norm(v) further out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from empirics.algorithm.modes import Mode
from empirics.algorithm.settings import Settings
from empirics.certificates.closed_form import meta_matrices, update_range
from empirics.certificates.round_map import round_map
from empirics.certificates.travelling import travel
from empirics.numerics.checks import array, integer
from empirics.numerics.errors import InputError
from empirics.numerics.rounding import EPS, product_error, row_norms_up, step_factor_up, up
from empirics.tasks.forms import QuadraticForm
from empirics.tasks.local_constants import LocalConstants
from empirics.tasks.quadratic_constants import spectra
from empirics.tasks.task import Task


@dataclass(frozen=True)
class Confinement:
    """Whether all possible runs stay where the constants hold, the radii of W0 and W, and why."""

    holds: bool
    radius_W0: float
    radius_W: float
    reason: str


@dataclass(frozen=True)
class _WorstCase:
    """Worst cases of each agent: local r -> factor r + shift, fine-tuning r -> q r + alpha pull, norm(A_i), s_H."""

    factor: np.ndarray
    shift: np.ndarray
    q: np.ndarray
    pull: np.ndarray
    norm: np.ndarray
    hessian_noise: float


def ball(task: Task, settings: Settings, w0: Any, *, rounds: int | None = None) -> Confinement:
    """Whether no possible run of these settings from w0 leaves the set on which the task's constants hold.

    `w0` is (d,) or (replicas, d). With `rounds` the finite-horizon proof is tried too, and the smaller W0 is taken.
    A task whose constants hold on a ball (`LocalConstants`) needs `rounds`; its radii are about that ball's centre.
    The radii are given also when the proof fails, or when the task states no radius, so that one can be chosen.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]]], c=[[0.0]], radius=2.0)
    >>> result = ball(task, Settings(alpha=0.5, nu=1, beta=1.0, tau=3), [1.0])
    >>> result.holds, round(result.radius_W0, 9)
    (True, 1.0)
    """
    start = array("w0", w0, "(d,) or (replicas, d)", (1, 2))
    if start.shape[-1] != task.d:
        raise InputError(f"w0 has shape {tuple(start.shape)}: expected ({task.d},) or (replicas, {task.d})")
    form = task.quadratic()
    if form is None:
        if task.everywhere:
            return Confinement(True, math.inf, math.inf, "the constants hold on all of R^d")
        if task.local is not None and rounds is not None:
            return _travelled(task.local, settings, start, integer("rounds", rounds, at_least=0))
        return Confinement(False, math.inf, math.inf, f"no confinement proof is known for family {task.family}")
    noise = (0.0, 0.0) if settings.sizes is None else task.sampler.almost_sure_noise(task)
    if noise is None:
        return Confinement(False, math.inf, math.inf, "the samples state no sure bound on their noise")
    horizon = None if rounds is None else integer("rounds", rounds, at_least=0)
    # Radii may overflow to infinity: that is a failed proof, not an error.
    with np.errstate(over="ignore", invalid="ignore"):
        step = _worst_step(task, form.doubled(), settings, noise)
        points = start.cpu().reshape(-1, task.d)
        whole = round_map(task, settings, points)
        server = None if whole is None else whole.server_radius
        return _quadratic_ball(task, step, settings, float(_norms(points.numpy()).max()), horizon, server)


def _travelled(local: LocalConstants, settings: Settings, start: Tensor, rounds: int) -> Confinement:
    """The ball of a network's certified constants: a short run cannot leave it (`empirics.certificates.travelling`)."""
    reach = travel(local, settings, start, rounds)
    holds = reach.radius_W <= local.radius
    reason = (
        f"travel: {rounds} rounds of {settings.tau} local steps, fine-tuning and probes lead at most "
        f"{reach.radius_W:.6g} from the centre, which {'<=' if holds else 'is not <='} the radius {local.radius:.6g}"
    )
    return Confinement(holds, reach.radius_W0, reach.radius_W, reason)


def _quadratic_ball(
    task: Task, step: _WorstCase, settings: Settings, first: float, rounds: int | None, server: float | None
) -> Confinement:
    radius, why = _outer_radius(step, settings, first, rounds, server)
    wide = _fine_tuning_radius(step, settings, radius)
    stated = task.radius
    if stated is None:
        reason = f"{why}; the task states no radius, so neither B nor gamma_G: what it states holds on all of R^d"
        return Confinement(True, radius, wide, reason)
    holds = wide <= stated
    relation = "<=" if holds else "is not <="
    reason = f"{why}; fine-tuning from there stays within {wide:.6g}, which {relation} the task's radius {stated:.6g}"
    return Confinement(holds, radius, wide, reason)


def _outer_radius(
    step: _WorstCase, settings: Settings, first: float, rounds: int | None, server: float | None
) -> tuple[float, str]:
    """The radius of W0 by the better proof, infinite when none succeeds."""
    why = "no finite number of rounds was given" if rounds is None else f"what {rounds} rounds may reach overflows"
    over = settings.server_step > 1
    doubt = f"a server step {settings.server_step:.6g} > 1 overshoots" if over else "some local step may expand"
    options = [(math.inf, f"no proof: {doubt}, and {why}")]
    if bool((step.factor < 1).all()) and not over:
        fixed = max(
            up(float(shift) / (1 - float(factor))) for factor, shift in zip(step.factor, step.shift, strict=True)
        )
        invariant = max(first, fixed)
        options.append((invariant, f"invariant: every local step maps the ball of radius {invariant:.6g} into itself"))
    if rounds is not None:
        reach = _horizon(step, settings, first, rounds)
        options.append((reach, f"horizon: {rounds} rounds of {settings.tau} local steps end within {reach:.6g}"))
    if server is not None:
        reach = _horizon(step, settings, server, 1)
        options.append((reach, f"rest: rounds contract to a fixed point, and one from there ends within {reach:.6g}"))
    return min(options, key=lambda option: option[0])


def _horizon(step: _WorstCase, settings: Settings, first: float, rounds: int) -> float:
    """The largest radius after at most `rounds` rounds, each agent followed through its tau local steps."""
    radius, beyond = first, max(settings.server_step - 1, 0.0)
    for _ in range(rounds):
        local, largest = np.full_like(step.factor, radius), radius
        for _ in range(settings.tau):
            local = (step.factor * local + step.shift) * (1 + 8 * EPS)
            largest = max(largest, float(local.max()))
        if beyond:
            largest = max(largest, (beyond * radius + (beyond + 1) * float(local.max())) * (1 + 8 * EPS))
        if largest == radius or not math.isfinite(largest):
            return largest
        radius = largest
    return radius


def _fine_tuning_radius(step: _WorstCase, settings: Settings, radius: float) -> float:
    if not math.isfinite(radius):
        return math.inf
    reach = radius
    for _ in range(settings.nu):
        reach = max(reach, up(float((step.q * reach + settings.alpha * step.pull).max())))
    if settings.delta is None or not settings.nu:
        return reach
    # The reverse sweep starts at a batch gradient and multiplies it by at most q + alpha s_H a step.
    largest = step.norm * reach + step.pull
    growth = np.maximum(step.q + settings.alpha * step.hessian_noise, 1.0) ** max(settings.nu - 1, 0)
    return up(reach + settings.delta * up(float((largest * growth).max()), 4 * settings.nu + 64))


def fine_tuning_sizes(form: QuadraticForm, alpha: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """At least norm(I - alpha A_i), norm(A_i), norm(A_i c_i) and norm(c_i) for the stored numbers, each (n,).

    >>> from empirics import QuadraticTask
    >>> form = QuadraticTask(A=[[[2.0, 0.0], [0.0, 1.0]]], c=[[3.0, 0.0]]).quadratic()
    >>> [float(part[0].round(9)) for part in fine_tuning_sizes(form, 0.25)]
    [0.75, 2.0, 6.0, 3.0]
    """
    matrices, centres = form.matrices.numpy(), form.centres.numpy()
    of_agents = spectra(matrices)
    q = np.array([step_factor_up(alpha, own.low, own.high) for own in of_agents])
    return q, np.array([own.norm for own in of_agents]), _pull(matrices, centres), _norms(centres)


def _worst_step(task: Task, form: QuadraticForm, settings: Settings, noise: tuple[float, float]) -> _WorstCase:
    """`noise`: sure bounds on the gradient noise and the Hessian noise of any batch."""
    alpha, beta, nu = settings.alpha, settings.beta, settings.nu
    centres = form.centres.numpy()
    q, norm, steepest, far = fine_tuning_sizes(form, alpha)
    mode = Mode.EXACT if Mode(settings.mode).curved else Mode.FIRST_ORDER
    low, high = update_range(task, alpha, nu, mode)
    contraction = np.array(
        [step_factor_up(beta, float(a.min()), float(b.max())) for a, b in zip(low, high, strict=True)]
    )
    gradient_noise, hessian_noise = noise
    outer = gradient_noise * (norm * alpha * sum(q**j for j in range(nu)) + 1)
    end_low, end_high = update_range(task, alpha, nu, Mode.FIRST_ORDER)
    end = np.maximum(np.abs(end_low), np.abs(end_high)).max(axis=1)
    spread = _factor_error(q, alpha * hessian_noise, nu) if mode.curved else np.zeros_like(q)
    after = q**nu * outer if mode.curved else outer
    update = meta_matrices(task, alpha, nu, mode).numpy()
    rounding = norm * np.maximum(q, 1.0) ** (2 * nu) * far * _relative(task, nu)
    pull = _pull(update, centres) + rounding
    shift = beta * (pull + after + spread * (end * far + outer))
    inflation = 1 + (8 * nu + 64) * EPS
    factor = (contraction + beta * spread * end) * inflation
    gradient = (steepest + gradient_noise) * inflation
    return _WorstCase(factor, shift * inflation, q, gradient, norm, hessian_noise)


def _factor_error(q: np.ndarray, noise: float, nu: int) -> np.ndarray:
    """(q + noise)^nu - q^nu, as a sum of non-negative terms."""
    return noise * sum(((q + noise) ** j * q ** (nu - 1 - j) for j in range(nu)), np.zeros_like(q))


def _pull(matrices: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """At least norm(U_i c_i), (n,), for the stored matrices."""
    products = np.einsum("nij,nj->ni", matrices, centres)
    return row_norms_up(products) + row_norms_up(product_error(matrices, centres[:, :, None])[..., 0])


def _norms(points: np.ndarray) -> np.ndarray:
    return np.atleast_1d(row_norms_up(points))


def _relative(task: Task, nu: int) -> float:
    """Rounding of a stored update matrix, relative to norm(A_i) max(q_i, 1)^{2 nu}.

    A product of two d x d matrices is off by at most d^2 2^-52 times both spectral norms, and forming I - alpha A_i by
    3 sqrt(d) 2^-52 max(q_i, 1), since alpha norm(A_i) <= 1 + q_i; there are at most 2 nu + 1 products.
    """
    return (2 * nu + 2) * (task.d + 4) * task.d * EPS
