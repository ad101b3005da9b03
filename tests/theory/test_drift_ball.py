"""D1: the certificate of its proof in rational arithmetic, the ball on explicit losses, and where it is attained."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

import theory

Weights = list[Fraction]


def power_sum(count: int, base: Fraction) -> Fraction:
    return sum((base**k for k in range(count)), Fraction(0))


def certificate(tau: int, h: Fraction, ratio: Fraction) -> tuple[Weights, Weights, Weights, Fraction, Fraction]:
    """a, b, c of the proof for L_F = 1 and mu_c = ratio, with m and u."""
    beta = h / tau
    m, u = 1 - beta, 1 - beta * ratio
    A, B = ([power_sum(t, x) for t in range(tau + 1)] for x in (m, u))
    D, zero = B[tau] - A[tau], Fraction(0)
    c = [zero] * tau
    for t in range(1, tau):
        k = tau - 1 - t
        c[t] = D / beta * (u**k - m**k) / (u - m) * (B[t + 1] - A[t + 1]) / (A[t + 1] * B[t])
    a = [zero] + [(D * u ** (tau - 1 - t) / beta - u ** (t - 1) * c[t - 1]) / B[t] for t in range(1, tau)]
    b = [zero] + [(D * m ** (tau - 1 - t) / beta + m**t * c[t]) / A[t] for t in range(1, tau)]
    return a, b, c, m, u


CASES = [
    (tau, h, ratio)
    for tau in (2, 3, 4, 7, 15)
    for h in (Fraction(1, 50), Fraction(1, 2), Fraction(1))
    for ratio in (Fraction(-1), Fraction(-1, 3), Fraction(0), Fraction(9, 10))
]


@pytest.mark.parametrize(("tau", "h", "ratio"), CASES)
def test_weights_are_nonnegative_and_cancel_the_values(tau: int, h: Fraction, ratio: Fraction) -> None:
    a, b, c, m, u = certificate(tau, h, ratio)
    assert c[-1] == 0
    assert min(*a, *b, *c) >= 0
    assert all(b[t] + c[t] == a[t] + c[t - 1] for t in range(1, tau))
    gap = [u**t - m**t for t in range(tau + 2)]
    phi = [power_sum(t, u) - power_sum(t, m) for t in range(tau + 2)]
    alpha, plus, minus = ([Fraction(0)] * (tau + 1) for _ in range(3))
    for t in range(1, tau):
        later = c[t] * ((u - m + u * m) * gap[t] - m * gap[t + 1])
        alpha[t] = (u * b[t] + m * a[t]) * gap[t] + later + c[t - 1] * (gap[t] - m * gap[t - 1])
        plus[t + 1] = (u - m) * a[t] + (a[t] + b[t]) * (1 - u) + c[t] * (u - m) * (1 - u)
        own = 2 * (u - m) * (1 - u) * a[t] - (u - m) * a[t]
        minus[t] = own - (a[t] + b[t]) * u * (1 - u) - c[t] * (u - m) * (1 - u)
    assert min(alpha) >= 0
    assert all((plus[t] + minus[t]) * phi[t] == alpha[t] - alpha[t - 1] for t in range(2, tau))
    assert plus[tau] * phi[tau] + alpha[tau - 1] == 2 * (u - m) / (h / tau) * phi[tau]


@pytest.mark.parametrize(("tau", "h", "ratio"), [case for case in CASES if case[0] <= 7])
def test_weighted_inequalities_give_the_ball(tau: int, h: Fraction, ratio: Fraction) -> None:
    """The left side less the weighted sum is a form in the gradients that is nowhere negative: its exact matrix."""
    a, b, c, _, _ = certificate(tau, h, ratio)
    beta, mid, r = h / tau, (1 + ratio) / 2, (1 - ratio) / 2
    unit = np.array([[Fraction(int(i == j)) for j in range(tau)] for i in range(tau)], dtype=object)
    w = [sum((-beta * unit[s] for s in range(t)), unit[0] * 0) for t in range(tau)]
    lower, upper = power_sum(tau, 1 - beta), power_sum(tau, 1 - beta * ratio)
    Y = sum((unit[t] for t in range(tau)), unit[0] * 0)

    def product(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (np.outer(x, y) + np.outer(y, x)) / Fraction(2)

    def interpolation(p: int, q: int) -> np.ndarray:
        """I_pq without the values, which cancel."""
        dg, dw = unit[p] - unit[q], w[p] - w[q]
        off = dg - mid * dw
        return -product(unit[p] + unit[q], dw) / 2 - (product(off, off) - r**2 * product(dw, dw)) / (4 * r)

    rest = product(Y - lower * unit[0], upper * unit[0] - Y)
    for t in range(1, tau):
        rest = rest - a[t] * interpolation(0, t) - b[t] * interpolation(t, 0)
        if c[t]:
            rest = rest - c[t] * interpolation(t, t + 1)
    eigenvalues = np.linalg.eigvalsh(rest.astype(float))
    assert eigenvalues[0] >= -1e-12 * max(1.0, eigenvalues[-1])


@pytest.mark.parametrize("seed", range(30))
def test_averaged_gradient_of_a_quadratic_lies_in_the_ball(seed: int) -> None:
    generator = random.Random(seed)
    tau, h = generator.randint(2, 9), Fraction(generator.randint(1, 20), 20)
    ratio = Fraction(generator.randint(-20, 19), 20)
    curvatures = [Fraction(generator.randint(int(20 * ratio), 20), 20) for _ in range(3)]
    g = [Fraction(generator.randint(-9, 9)) for _ in range(3)]
    inputs = dict(beta=h / tau, tau=tau, L_F=1, mu_c=ratio)
    psi, omega = (theory.quantity(name).evaluate(**inputs).exact for name in ("psi", "omega"))
    assert psi is not None
    assert omega is not None
    average = [power_sum(tau, 1 - h / tau * k) / tau * x for k, x in zip(curvatures, g, strict=True)]
    off = sum((y - psi * x) ** 2 for y, x in zip(average, g, strict=True))
    assert off <= omega**2 * sum(x**2 for x in g)


@pytest.mark.parametrize(("tau", "h"), [(2, 0.02), (2, 0.1), (5, 0.1), (16, 0.1), (3, 1.0)])
@pytest.mark.parametrize("n", [3, 4, 6])
def test_floors_are_attained_by_reflected_quadratics(tau: int, h: float, n: int) -> None:
    """T4p: w = 0 is a fixed point of the round, and both floors are met there to rounding."""
    beta = h / tau
    lower = sum((1 - beta) ** t for t in range(tau)) / tau
    upper = sum((1 + beta) ** t for t in range(tau)) / tau
    psi, omega = (upper + lower) / 2, (upper - lower) / 2
    r, gamma = omega / psi, 1.0
    s = np.sqrt(1 - r**2)
    simplex = (np.eye(n) - 1 / n)[:, :n] @ np.linalg.svd(np.eye(n) - 1 / n)[0][:, : n - 1]
    simplex /= np.linalg.norm(simplex, axis=1)[:, None]
    axis, y = np.eye(n)[0], omega * s * gamma / (psi - omega * r)
    gradients, hessians = [], []
    for e in np.hstack([np.zeros((n, 1)), simplex]):
        plane = r * np.outer(axis, axis) + s * (np.outer(axis, e) + np.outer(e, axis)) - r * np.outer(e, e)
        hessians.append(np.eye(n) - np.outer(axis, axis) - np.outer(e, e) + plane)
        gradients.append(y * axis + gamma * e)
    moved = np.zeros(n)
    for g, H in zip(gradients, hessians, strict=True):
        w = np.zeros(n)
        for _ in range(tau):
            w = w - beta * (g + H @ w)
        moved = moved + w / n
    assert np.linalg.norm(moved) < 1e-14
    mean_gradient, mean_hessian = sum(gradients) / n, sum(hessians) / n
    gap = mean_gradient @ np.linalg.solve(mean_hessian, mean_gradient) / 2
    inputs = dict(beta=beta, tau=tau, L_F=1, mu_c=-1, gamma_F=gamma, mu_F=r)
    assert mean_gradient @ mean_gradient == pytest.approx(theory.quantity("T4p").value(**inputs), rel=1e-12)
    if np.linalg.eigvalsh(mean_hessian)[0] >= r - 1e-12:  # then r is the constant of A7
        assert gap == pytest.approx(theory.quantity("T4p_gap").value(**inputs), rel=1e-9)
