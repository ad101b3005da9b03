"""Tasks whose suprema are attained at a known place, and what is wrong or missing beside certified constants."""

from __future__ import annotations

import numpy as np

from empirics import CosineTask, LogCoshTask, LogisticTask, Noise, QuadraticTask

ROUNDING = 2.0**-32  # difference quotients with steps of 2^-13 lose that much of 53 bits, relative to the constants


def sign_noise(n: int, d: int) -> Noise:
    return Noise.coordinate(n, d, gradient=0.25, amplitude=0.0625, frequency=2.0)


def beyond(task, found) -> dict[str, tuple[float, float]]:
    """Constants whose estimate lies on the wrong side of the certified one, with both."""
    certified = task.constants()
    wrong = {}
    for name, one in found.items():
        if name not in certified:
            continue
        truth, slack = certified[name].value, ROUNDING * (1 + abs(certified[name].value))
        if (one.value < truth - slack) if name == "mu" else (one.value > truth + slack):
            wrong[name] = (one.value, truth)
    return wrong


def missed(task, found, attained) -> dict[str, tuple[float, float]]:
    """Attained constants that were not reached within 10 %."""
    certified = task.constants()
    return {
        name: (found[name].value, certified[name].value)
        for name in attained
        if abs(found[name].value - certified[name].value) > 0.1 * abs(certified[name].value)
    }


def diagonal_quadratic() -> QuadraticTask:
    """Diagonal A_i and centres on the first axis: the worst w of B and of gamma_G is -radius on that axis."""
    A = [np.diag([2.0, 1.0]), np.diag([1.0, 0.5])]
    return QuadraticTask(A, [[0.5, 0.0], [0.25, 0.0]], radius=2.0, noise=sign_noise(2, 2))


def orthogonal_cosine() -> CosineTask:
    """Orthogonal features, so each angle may be set by itself: every sine and cosine can be +-1 at once."""
    return CosineTask([[1.5, 0.0], [0.0, 1.0]], [[1.0, 0.5]], [[0.3, 1.0]], noise=sign_noise(1, 2))


def orthogonal_logcosh() -> LogCoshTask:
    """Orthogonal features: sech^2 = 1 where all angles vanish, and |(sech^2)'| is largest at tanh^2 = 1/3."""
    return LogCoshTask([[1.5, 0.0], [0.0, 1.0]], [[1.0, 0.5]], [[0.3, 1.0]], noise=sign_noise(1, 2))


def single_cosine() -> CosineTask:
    """One feature in one dimension, two agents with opposite phasor deviations: both spreads are attained."""
    return CosineTask([[2.0]], [[1.0], [1.0]], [[0.25], [-0.25]], noise=sign_noise(2, 1))


def single_samples() -> LogisticTask:
    """One sample an agent: sigmoid' = 1/4 at w = 0 and |sigmoid''| is largest at a finite angle; B within e^-10."""
    return LogisticTask([[[1.0, 2.0]], [[2.0, -1.0]]], [[1], [-1]], intercept=False)


ATTAINED = {
    "quadratic": (
        diagonal_quadratic, 2, 2.0, ["L", "mu", "B", "sigma_G", "sigma_H", "gamma_G", "gamma_H"]
    ),
    "cosine": (orthogonal_cosine, 2, 4.0, ["L", "rho", "B", "sigma_G", "sigma_H"]),
    "cosine, spreads": (single_cosine, 1, 4.0, ["L", "rho", "B", "sigma_G", "sigma_H", "gamma_G", "gamma_H"]),
    # B is a limit at infinity, 1 - tanh(4 - 1) = 0.5 % short of it at the best point of the ball
    "log-cosh": (orthogonal_logcosh, 2, 5.0, ["L", "rho", "B", "sigma_G", "sigma_H"]),
    "logistic": (single_samples, 2, 5.0, ["L", "rho", "B"]),
}  # fmt: skip
