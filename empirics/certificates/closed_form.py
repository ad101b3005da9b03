r"""Q1-Q3: everything about Meta-FedAvg on quadratics that has a closed form.

With f_i(w) = (w - c_i)^T A_i (w - c_i)/2 + e_i and P_i = I - alpha A_i,

    F_i(w) = (w - c_i)^T M_i (w - c_i)/2 + e_i,    M_i = A_i P_i^{2 nu}        (Q1)
    w_{k+1} = T w_k + t,   T = mean (I - beta U_i)^tau,   t = mean (I - (I - beta U_i)^tau) c_i

for full participation, U_i = M_i in mode exact (Q2; Hessian free too: a central difference is exact here) and
U_i = A_i P_i^nu in first-order mode (Q3). No Task method is used: only A, c and e.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirics.algorithm.modes import FULL_BATCH, Mode
from empirics.algorithm.settings import Settings
from empirics.numerics.checks import array, choice, integer, real, shape
from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.numerics.rounding import EPS, frobenius_up, mean_up, product_error, up
from empirics.numerics.spectra import Spectrum, spectrum
from empirics.tasks.one_dimension import line_curvature_floor, line_mean_curvature, line_smoothness
from empirics.tasks.quadratic_constants import spectra
from empirics.tasks.task import Task


def meta_matrices(task: Task, alpha: float, nu: int, mode: str = Mode.EXACT) -> Tensor:
    """Q1, Q3: the matrices U_i (n, d, d) with meta-gradient U_i (w - c_i): A (I - alpha A)^{2 nu}, first order (.)^nu.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]]], c=[[0.0]])
    >>> float(meta_matrices(task, alpha=0.5, nu=1))
    0.25
    """
    matrices, _, _ = _data(task)
    alpha, power = real("alpha", alpha, at_least=0), _power(nu, mode)
    factor = torch.eye(task.d, dtype=torch.float64) - alpha * matrices
    return matrices @ torch.linalg.matrix_power(factor, power)


def minimiser(task: Task, alpha: float, nu: int) -> Tensor:
    """w* (d,) of F = mean F_i, which exists when the mean of the M_i is positive definite.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]], [[3.0]]], c=[[4.0], [0.0]])
    >>> minimiser(task, alpha=0.0, nu=0)
    tensor([1.], dtype=torch.float64)
    """
    update = meta_matrices(task, alpha, nu)
    _positive_definite(update)
    _, centres, _ = _data(task)
    return torch.linalg.solve(update.mean(dim=0), (update @ centres.unsqueeze(-1)).mean(dim=0)).squeeze(-1)


def objective(task: Task, alpha: float, nu: int, w: Any) -> Tensor:
    """F(w) (...), the mean of the F_i, at points (..., d)."""
    update = meta_matrices(task, alpha, nu)
    _, centres, offsets = _data(task)
    points = _points(w, task.d).unsqueeze(-2) - centres
    return (torch.einsum("...ni,nij->...nj", points, update) * points).sum(-1).mean(-1) / 2 + offsets.mean()


def objective_gradient(task: Task, alpha: float, nu: int, w: Any) -> Tensor:
    """grad F(w) (..., d) at points (..., d)."""
    update = meta_matrices(task, alpha, nu)
    _, centres, _ = _data(task)
    return torch.einsum("...ni,nij->...nj", _points(w, task.d).unsqueeze(-2) - centres, update).mean(-2)


def minimum(task: Task, alpha: float, nu: int) -> float:
    """F* = F(w*), to rounding.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]], [[1.0]]], c=[[1.0], [-1.0]])
    >>> minimum(task, alpha=0.0, nu=0)
    0.5
    """
    return float(objective(task, alpha, nu, minimiser(task, alpha, nu)))


def minimum_bound(task: Task, alpha: float, nu: int) -> Constant:
    """A proved lower bound of F*, within rounding of it.

    F is mu_F-strongly convex, so F* >= F(w) - norm(grad F(w))^2 / (2 mu_F) at the computed minimiser w. With
    x = w - c_i the computed F and grad F are off by at most 8 (nu + 1) (d + 4) 2^-52 sqrt(d) times the mean of
    norm_F(A_i) max(norm_F(P_i), 1)^{2 nu} norm(x)^2 and norm(x) (plus the rounding of x and of the e_i); it is taken
    off.
    """
    w = minimiser(task, alpha, nu)
    matrices, centres, offsets = _data(task)
    factor = torch.eye(task.d, dtype=torch.float64) - real("alpha", alpha, at_least=0) * matrices
    weight = 8 * (nu + 1) * (task.d + 4) * math.sqrt(task.d) * EPS
    scale = matrices.flatten(1).norm(dim=-1) * factor.flatten(1).norm(dim=-1).clamp(min=1) ** (2 * nu)
    reach = (w - centres).norm(dim=-1) + EPS * (w.norm() + centres.norm(dim=-1))
    value_error = weight * float((scale * reach**2).mean()) + (len(centres) + 4) * EPS * float(offsets.abs().mean())
    gradient = float(objective_gradient(task, alpha, nu, w).norm()) + weight * float((scale * reach).mean())
    slack = up(gradient**2 / (2 * pl_constant(task, alpha, nu).value) + value_error)
    value = float(objective(task, alpha, nu, w)) - slack
    return Constant(math.nextafter(value, -math.inf), "lower", "closed form, rounding taken off")


def gap(task: Task, alpha: float, nu: int, w: Any) -> Tensor:
    """F(w) - F* (...), computed as (w - w*)^T mean(M_i) (w - w*) / 2, without cancellation."""
    offset = _points(w, task.d) - minimiser(task, alpha, nu)
    mean = meta_matrices(task, alpha, nu).mean(dim=0)
    return ((offset @ mean) * offset).sum(-1) / 2


def affine_map(task: Task, settings: Settings) -> tuple[Tensor, Tensor]:
    """Q2, Q3: (T, t) of the round w -> T w + t, full participation and a deterministic mode.

    With means over agents by their weights, T = I - beta_s (I - mean R_i) and t = beta_s mean (I - R_i) c_i, where
    R_i = (I - beta U_i)^tau.
    """
    settings = _deterministic(task, settings)
    _, centres, _ = _data(task)
    identity = torch.eye(task.d, dtype=torch.float64)
    update = meta_matrices(task, settings.alpha, settings.nu, settings.mode)
    power = torch.linalg.matrix_power(identity - settings.beta * update, settings.tau)
    pull = ((identity - power) @ centres.unsqueeze(-1)).squeeze(-1)
    step, shift = (_mean_over_agents(settings, one) for one in (power, pull))
    if settings.server_step == 1:
        return step, shift
    return identity - settings.server_step * (identity - step), settings.server_step * shift


def trajectory(task: Task, settings: Settings, w0: Any, rounds: int) -> Tensor:
    """Q2, Q3: the iterates (rounds + 1, d) of w_{k+1} = T w_k + t.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]], [[1.0]]], c=[[1.0], [-1.0]])
    >>> trajectory(task, Settings(0.0, 0, 0.5, 1), [8.0], 2).flatten().tolist()
    [8.0, 4.0, 2.0]
    """
    step, shift = affine_map(task, settings)
    points = [_points(w0, task.d)]
    for _ in range(integer("rounds", rounds, at_least=0)):
        points.append(step @ points[-1] + shift)
    return torch.stack(points)


def limit(task: Task, settings: Settings) -> Tensor:
    """(I - T)^{-1} t (d,), where the iterates converge when T contracts.

    Raises:
        InputError: T does not contract (its spectral radius is >= 1).
    """
    step, shift = affine_map(task, settings)
    radius = float(torch.linalg.eigvals(step).abs().max())
    if radius >= 1:
        raise InputError(f"T has spectral radius {radius:.6g}: expected < 1; use a smaller beta, or definite M_i")
    return torch.linalg.solve(torch.eye(task.d, dtype=torch.float64) - step, shift)


def smoothness(task: Task, alpha: float, nu: int, mode: str = Mode.EXACT) -> Constant:
    """The exact L_F of Q1, max_i norm(U_i), as a certified upper bound.

    Eigenvalues of U_i are p(x) = x (1 - alpha x)^{2 nu} (first order: ^nu) at those of A_i; on an enclosure [a, b] of
    an eigenvalue |p| is at most max(|a|, |b|) max(|1 - alpha a|, |1 - alpha b|)^{2 nu}.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]]], c=[[0.0]])
    >>> round(smoothness(task, alpha=0.5, nu=1).value, 12)
    0.25
    """
    if task.d == 1:
        _data(task)
        return line_smoothness(task.arrays(), real("alpha", alpha, at_least=0), _power(nu, mode))
    low, high = update_range(task, alpha, nu, mode)
    return Constant(max(float(np.abs(low).max()), float(np.abs(high).max())), "upper", "max_i norm(M_i)")


def curvature_floor(task: Task, alpha: float, nu: int) -> Constant:
    """mu_c of S4m, the smallest eigenvalue of all M_i: every F_i - mu_c norm(w)^2/2 is convex. A certified lower bound.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]], [[-1.0]]], c=[[0.0], [0.0]])
    >>> curvature_floor(task, alpha=0.5, nu=1).value
    -2.25
    """
    if task.d == 1:
        _data(task)
        return line_curvature_floor(task.arrays(), real("alpha", alpha, at_least=0), _power(nu, Mode.EXACT))
    low, _ = update_range(task, alpha, nu)
    return Constant(float(low.min()), "lower", "smallest eigenvalue of the M_i")


def pl_constant(task: Task, alpha: float, nu: int) -> Constant:
    """mu_F of A7: the smallest eigenvalue of the mean of the M_i, as a certified lower bound.

    Raises:
        InputError: it is not proved to be positive.
    """
    matrices, _, _ = _data(task)
    alpha, power = real("alpha", alpha, at_least=0), _power(nu, Mode.EXACT)
    if task.d == 1:
        line = line_mean_curvature(task.arrays(), alpha, power)
        if line.value <= 0:
            raise InputError(f"the mean of the M_i is {line.value:.6g}: expected it positive definite")
        return line
    parts, errors = zip(*(_polynomial(own, alpha, power) for own in spectra(matrices.numpy())), strict=True)
    stack = np.stack(parts)
    mean = stack.mean(axis=0)
    rounding = frobenius_up(np.abs(stack).mean(axis=0) * ((len(stack) + 4) * EPS))
    value = spectrum((mean + mean.T) / 2).low - up(mean_up(np.array(errors)) + rounding)
    if value <= 0:
        raise InputError(f"the mean of the M_i has smallest eigenvalue >= {value:.6g}: expected it positive definite")
    return Constant(math.nextafter(value, 0.0), "lower", "smallest eigenvalue of the mean of the M_i")


def update_range(task: Task, alpha: float, nu: int, mode: str = Mode.EXACT) -> tuple[np.ndarray, np.ndarray]:
    """Enclosures (n, d) of the eigenvalues of the U_i, lower and upper ends."""
    matrices, _, _ = _data(task)
    alpha, power = real("alpha", alpha, at_least=0), _power(nu, mode)
    values = np.stack([own.values for own in spectra(matrices.numpy())])
    errors = np.array([own.error for own in spectra(matrices.numpy())])[:, None] + np.abs(values) * EPS
    return polynomial_range(values - errors, values + errors, alpha, power)


def polynomial_range(low: np.ndarray, high: np.ndarray, alpha: float, power: int) -> tuple[np.ndarray, np.ndarray]:
    """An enclosure of x (1 - alpha x)^power over each [low, high].

    Mean value form about the middle: |p'(x)| = |1 - alpha x|^{power-1} |1 - (power + 1) alpha x|.
    """
    middle, half = (low + high) / 2, (high - low) / 2 + (np.abs(low) + np.abs(high)) * EPS
    reach = np.maximum(np.abs(low), np.abs(high))
    factor = np.maximum(np.abs(1 - alpha * low), np.abs(1 - alpha * high)) + (1 + alpha * reach) * (4 * EPS)
    slope = factor ** max(power - 1, 0) * (1 + (power + 1) * alpha * reach)
    value = middle * (1 - alpha * middle) ** power
    rounding = factor ** max(power - 1, 0) * reach * (1 + alpha * reach) * ((power + 4) * 4 * EPS)
    error = (slope * half + rounding) * (1 + 64 * EPS)
    return value - error, value + error


def _polynomial(own: Spectrum, alpha: float, power: int) -> tuple[np.ndarray, float]:
    """p(A) for p(x) = x (1 - alpha x)^power from the spectrum of A, and a bound on its error in the Frobenius norm.

    For symmetric matrices norm_F(p(A) - p(A')) <= Lip(p) norm_F(A - A'). With W the orthogonal polar factor of V and
    A' = W diag(d) W^T, norm_F(A - A') <= own.error and norm_F(p(A') - V p(d) V^T) <= 2.1 defect max |p|.
    """
    reach = max(abs(own.low), abs(own.high))
    factor = max(abs(1 - alpha * own.low), abs(1 - alpha * own.high)) + (1 + alpha * reach) * 4 * EPS
    lipschitz = factor ** max(power - 1, 0) * (1 + (power + 1) * alpha * reach)
    low, high = polynomial_range(own.values, own.values, alpha, power)
    values = (low + high) / 2
    scaled = own.vectors * values
    result = scaled @ own.vectors.T
    rounding = frobenius_up(product_error(scaled, own.vectors.T) + np.abs(scaled) @ np.abs(own.vectors.T) * (2 * EPS))
    spread = float(np.linalg.norm(high - low)) + 2.1 * own.defect * float(np.abs(values).max())
    return result, up(lipschitz * own.error + spread + rounding)


def _data(task: Task) -> tuple[Tensor, Tensor, Tensor]:
    form = task.quadratic()
    if form is None:
        raise InputError(f"task is a {type(task).__name__}: expected quadratics, only they have closed forms")
    form = form.doubled()
    return form.matrices, form.centres, form.offsets


def _power(nu: int, mode: str) -> int:
    nu, mode = integer("nu", nu, at_least=0), Mode(choice("mode", mode, FULL_BATCH))
    return 2 * nu if mode.curved else nu


def _points(w: Any, d: int) -> Tensor:
    points = array("w", w, "(..., d)", tuple(range(1, 9))).cpu().to(torch.float64)
    return shape("w", points, (*points.shape[:-1], d), "(..., d)")


def _positive_definite(update: Tensor) -> None:
    lowest = float(torch.linalg.eigvalsh(update.mean(dim=0))[0])
    if lowest <= 0:
        raise InputError(
            f"the mean of the M_i has smallest eigenvalue {lowest:.6g}: expected it positive definite, "
            "or F has no minimum"
        )


def _mean_over_agents(settings: Settings, values: Tensor) -> Tensor:
    """Of values (n, ...), by the agents' weights where they have some."""
    if settings.weights is None:
        return values.mean(dim=0)
    return torch.tensordot(settings.weights.floats(values.dtype, values.device), values, dims=1)


def _deterministic(task: Task, settings: Settings) -> Settings:
    if settings.mode not in FULL_BATCH:
        raise InputError(f"mode = {settings.mode!r}: expected one of {', '.join(FULL_BATCH)} for a closed trajectory")
    if settings.draws_agents(task.n):
        raise InputError(
            f"participants = {settings.participants} by sampling = {str(settings.sampling)!r}: "
            f"expected all {task.n} agents for a closed trajectory, none drawn"
        )
    return settings
