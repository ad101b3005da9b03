"""Certified constants of quadratic losses."""

from __future__ import annotations

import math

import numpy as np

from empirics.numerics.constants import Constant, spread_up
from empirics.numerics.errors import InputError
from empirics.numerics.rounding import (
    EPS,
    float_up,
    frobenius_up,
    mean_up,
    product_error,
    root_mean_square_up,
    row_norms_up,
    up,
)
from empirics.numerics.spectra import Spectrum, exact_range, largest_eigenvalue, spectrum
from empirics.tasks.one_dimension import line_constants


def spectra(matrices: np.ndarray) -> list[Spectrum]:
    """Certified spectra of the A_i, equal matrices decomposed once."""
    distinct, place = np.unique(matrices.astype(np.float64), axis=0, return_inverse=True)
    found = [spectrum(matrix) for matrix in distinct]
    return [found[index] for index in np.ravel(place)]


def quadratic_constants(arrays: dict[str, np.ndarray], radius: float | None) -> dict[str, Constant]:
    r"""L = max norm(A_i), mu = min lambda_min(A_i), rho = 0, gamma_H; with a radius r, B and gamma_G on norm(w) <= r.

    B: norm(A_i (w - c_i)) <= norm(A_i) r + norm(A_i c_i), which is attained when the two vectors can align.
    gamma_H: (1/n) sum norm(A_i - Abar)^2, with Abar the mean.
    gamma_G: grad f_i - grad f = E_i w - h_i with E_i = A_i - Abar and h_i = A_i c_i - mean; with G = (1/n) sum E_i^2,
    g = (1/n) sum E_i h_i and k = (1/n) sum norm(h_i)^2 the mean square is w^T G w - 2 g^T w + k, at most
    lambda_max(G) r^2 + 2 norm(g) r + k on the ball. Rounding of E_i and h_i enters by Minkowski's inequality.
    """
    matrices, centres = arrays["A"].astype(np.float64), arrays["c"].astype(np.float64)
    of_agents = spectra(matrices)
    constants = {**_curvature(matrices, of_agents), "rho": Constant(0.0, "exact", "quadratic")}
    if matrices.shape[-1] == 1:
        return {**constants, **line_constants(arrays, radius)}
    constants["gamma_H"], mean, mean_error = _hessian_spread(matrices)
    if radius is None:
        return constants
    pulls, pull_errors = _pulls(matrices, centres)
    reach = [
        up(own.norm * radius + float(pull))
        for own, pull in zip(of_agents, row_norms_up(pulls) + pull_errors, strict=True)
    ]
    note = f"on the ball of radius {radius:g} about 0"
    constants["B"] = Constant(max(reach), "upper", f"max_i norm(A_i) r + norm(A_i c_i), {note}")
    spread = _gradient_spread(matrices - mean, pulls, pull_errors, mean_error, radius)
    constants["gamma_G"] = spread_up(spread, note)
    return constants


def _curvature(matrices: np.ndarray, of_agents: list[Spectrum]) -> dict[str, Constant]:
    exact = exact_range(np.unique(matrices, axis=0))
    if exact is not None:
        low, high = exact
        norm = max(abs(low), abs(high))
        if float_up(norm) == norm and float_up(low) == low:
            return {
                "L": Constant(float(norm), "exact", "max_i norm(A_i)"),
                "mu": Constant(float(low), "exact", "min_i lambda_min(A_i)"),
            }
    return {
        "L": Constant(max(own.norm for own in of_agents), "upper", "max_i norm(A_i)"),
        "mu": Constant(min(own.low for own in of_agents), "lower", "min_i lambda_min(A_i)"),
    }


def _mean(stack: np.ndarray) -> tuple[np.ndarray, float]:
    """The mean over agents and a bound on the Euclidean norm of its rounding error; the mean of equals is exact."""
    if bool((stack == stack[0]).all()):
        return stack[0], 0.0
    return stack.mean(axis=0), frobenius_up(np.abs(stack).mean(axis=0) * ((len(stack) + 4) * EPS))


def _hessian_spread(matrices: np.ndarray) -> tuple[Constant, np.ndarray, float]:
    mean, error = _mean(matrices)
    deviations = matrices - mean
    if not deviations.any() and error == 0:
        return Constant(0.0, "exact", "all A_i are equal"), mean, error
    # One rounding a difference moves a deviation by at most EPS times its own norm: `up` covers it.
    spread = root_mean_square_up(np.array([own.norm for own in spectra(deviations)]))
    return Constant(up(spread + error), "upper", "root mean square of norm(A_i - mean A)"), mean, error


def _pulls(matrices: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A_i c_i (n, d) and bounds (n,) on the norms of their rounding errors."""
    pulls = np.einsum("nij,nj->ni", matrices, centres)
    errors = row_norms_up(product_error(matrices, centres[:, :, None])[..., 0])
    return pulls, errors


def _gradient_spread(
    deviations: np.ndarray, pulls: np.ndarray, pull_errors: np.ndarray, mean_error: float, radius: float
) -> float:
    centre, centre_error = _mean(pulls)
    offsets = pulls - centre
    if not deviations.any() and not offsets.any() and mean_error == 0:
        return 0.0
    n = len(deviations)
    quadratic = np.einsum("nij,njk->ik", deviations, deviations) / n
    scale = np.einsum("nij,njk->ik", np.abs(deviations), np.abs(deviations)) / n
    rounding = frobenius_up(scale * ((n + deviations.shape[1] + 8) * EPS))
    linear = np.einsum("nij,nj->i", deviations, offsets) / n
    linear_scale = np.einsum("nij,nj->i", np.abs(deviations), np.abs(offsets)) / n
    linear_error = frobenius_up(linear_scale * ((n + deviations.shape[1] + 8) * EPS))
    constant = mean_up(np.square(offsets).sum(axis=-1))
    top = max(largest_eigenvalue((quadratic + quadratic.T) / 2), 0.0) + rounding
    square = top * radius**2 + 2 * (frobenius_up(linear) + linear_error) * radius + up(constant, len(pulls[0]) + 8)
    drift = mean_error * radius + centre_error + root_mean_square_up(pull_errors)
    return up(math.sqrt(up(square)) + drift)


def lower_bound(arrays: dict[str, np.ndarray], radius: float | None) -> Constant:
    """A bound below (1/n) sum_i inf f_i: mean e_i if every A_i >= 0; with a radius, the infimum is over the ball.

    On norm(w) <= r, f_i(w) >= e_i - max(0, -lambda_min(A_i)) (r + norm(c_i))^2 / 2.
    """
    matrices, offsets = arrays["A"].astype(np.float64), arrays["e"].astype(np.float64)
    lows = np.array([own.low for own in spectra(matrices)])
    exact = exact_range(np.unique(matrices, axis=0))
    convex = exact is not None and exact[0] >= 0
    # A certified eigenvalue may dip below a zero one by rounding: the constant then carries that dip on the ball.
    dips = np.zeros_like(lows) if convex else np.maximum(-lows, 0.0)
    if dips.any() and radius is None:
        agent = int(np.argmax(dips))
        raise InputError(
            f"A[{agent}] has smallest eigenvalue {lows[agent]:.6g}, not certified >= 0, so f_{agent} may be unbounded "
            "below: expected positive semidefinite A_i or a radius; closed_form.minimum gives F* when the mean of the "
            "M_i is positive definite"
        )
    mean = math.fsum(offsets) / len(offsets)
    slack = 4 * EPS * math.fsum(np.abs(offsets)) / len(offsets)
    if not dips.any():
        same = bool((offsets == offsets[0]).all())
        return Constant(float(offsets[0]) if same else mean - slack, "exact" if same else "lower", "mean of the e_i")
    reach = np.square(radius + row_norms_up(arrays["c"])) * dips / 2
    return Constant(mean - slack - up(mean_up(reach)), "lower", f"on the ball of radius {radius:g} about 0")
