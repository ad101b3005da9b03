"""Explicit instances that attain the bounds or come close: a coefficient that is too small fails here.

Everything is one-dimensional and written out from the definitions, in rationals or mpmath, without the package.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import product

import mpmath
import pytest
from mpmath import mpf

import theory

HALF = Fraction(1, 2)


def exact(name: str, **inputs: object) -> Fraction:
    """The exact rational value."""
    found = theory.quantity(name).evaluate(**inputs).exact
    assert found is not None
    return found


@pytest.mark.parametrize("nu", range(6))
def test_concave_quadratic_attains_S2_S3_S4_S8(nu: int) -> None:
    """f = -w^2/2 with alpha = 1/2: w^nu = (3/2)^nu w, F = -(9/4)^nu w^2 / 2, FO gradient -(3/2)^nu w."""
    q = 1 + HALF
    w = Fraction(7, 3)
    inputs = dict(alpha=HALF, L=1, rho=0, nu=nu, grad_norm_i=abs(w), B=q**nu * abs(w))
    meta_gradient = -(q ** (2 * nu)) * w
    assert exact("S2", **inputs) == q**nu
    assert exact("S3", **inputs) == abs(meta_gradient)
    assert exact("L_F", **inputs) == q ** (2 * nu)
    assert abs(meta_gradient - (-(q**nu) * w)) == (q**nu - 1) * exact("B_F", **inputs) / q**nu
    assert exact("b_FO", **inputs) == abs(meta_gradient - (-(q**nu) * w))


def test_convex_quadratic_attains_S10() -> None:
    """f = w^2/2: one step changes f by ((1 - alpha)^2 - 1) w^2 / 2 = -alpha (1 - alpha/2) w^2."""
    w = Fraction(5, 3)
    change = ((1 - HALF) ** 2 - 1) * w**2 / 2
    assert exact("S10", alpha=HALF, L=1, grad_norm_i=w) == change


@pytest.mark.parametrize("nu", range(6))
def test_rounding_of_a_concave_quadratic_attains_S1(nu: int) -> None:
    """f = -w^2/2, every gradient off by -eta_G and every product by -eta_H v: the errors add up without loss."""
    alpha, eta_G, eta_H = HALF, Fraction(1, 1000), Fraction(1, 500)
    start = Fraction(2)
    point, rounded = start, start
    for _ in range(nu):
        point = point + alpha * point
        rounded = rounded - alpha * (-rounded - eta_G)
    vector, swept = -point, -rounded - eta_G
    B = abs(vector)
    for _ in range(nu):
        vector = vector + alpha * vector
        swept = swept - alpha * (-swept - eta_H * swept)
    bound = exact("S1", alpha=alpha, L=1, rho=0, B=B, nu=nu, eta_G=eta_G, eta_H=eta_H)
    assert abs(swept - vector) == bound


def smoothness_ratio(nu: int) -> mpf:
    """f = w - (e/k^2) cos(k w + pi/2), alpha = 1, e = 1e-4, k = 2 pi - e, at w = 0: |F''| / L_F."""
    e = mpf("1e-4")
    k = 2 * mpmath.pi - e

    def meta_gradient(w: mpf) -> mpf:
        points = [w]
        for _ in range(nu):
            points.append(points[-1] - (1 + e / k * mpmath.sin(k * points[-1] + mpmath.pi / 2)))
        value = 1 + e / k * mpmath.sin(k * points[-1] + mpmath.pi / 2)
        for point in points[:-1]:
            value *= 1 - e * mpmath.cos(k * point + mpmath.pi / 2)
        return value

    step = mpf(10) ** -25  # central difference at 80 digits: error of order 1e-50
    curvature = abs(meta_gradient(step) - meta_gradient(-step)) / (2 * step)
    constants = dict(alpha=1, L=Fraction(1, 10_000), nu=nu)
    B, rho = (Fraction(mpmath.nstr(value, 40)) for value in (1 + e / k, e * k))
    return curvature / mpf(theory.quantity("L_F").value(**constants, B=B, rho=rho))


@pytest.mark.parametrize(("nu", "expected"), [(1, 0.863), (2, 0.926), (3, 0.949)])
def test_wave_on_a_slope_nearly_attains_S4(nu: int, expected: float) -> None:
    with mpmath.workdps(80):
        ratio = float(smoothness_ratio(nu))
    assert ratio == pytest.approx(expected, abs=1e-3)  # three digits are stated


@pytest.mark.parametrize("nu", range(5))
def test_opposite_slopes_attain_S7(nu: int) -> None:
    """f_i = -w^2/2 +- gamma w at w = 0: F_i' = +- (9/4)^nu gamma."""
    gamma, q = Fraction(3, 7), 1 + HALF
    inputs = dict(alpha=HALF, L=1, rho=0, nu=nu, B=100, gamma_G=gamma, gamma_H=0)
    assert exact("gamma_F2", **inputs) == (q ** (2 * nu) * gamma) ** 2


def meta_gradient_error(w: Fraction, inner: Fraction, outer: Fraction, hessian: Fraction, nu: int) -> Fraction:
    """Mean squared error of g on f = -w^2/2 by enumerating two-point noise on every batch."""
    total = Fraction(0)
    signs = list(product((-1, 1), repeat=2 * nu + 1))
    for draw in signs:
        point = w
        for step in range(nu):
            point = point - HALF * (-point + draw[step] * inner)
        vector = -point + draw[nu] * outer
        for step in range(nu):
            vector = vector - HALF * (-1 + draw[nu + 1 + step] * hessian) * vector
        truth = -((1 + HALF) ** (2 * nu)) * w
        total += (vector - truth) ** 2
    return total / len(signs)


@pytest.mark.parametrize("nu", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("w", "inner", "outer", "hessian"),
    [(0, 1, 0, 0), (0, 0, 1, 2), (1, 0, 0, 2)],
    ids=["inner noise", "outer and Hessian noise", "Hessian noise"],
)
def test_noise_attains_S6(nu: int, w: int, inner: int, outer: int, hessian: int) -> None:
    error = meta_gradient_error(Fraction(w), Fraction(inner), Fraction(outer), Fraction(hessian), nu)
    B = (1 + HALF) ** nu * w
    shared = dict(alpha=HALF, L=1, rho=0, B=B, nu=nu, D=1, D_prime=1, D_H=1, sigma_H=hessian)
    with_inner = exact("b_sto", **shared, sigma_G=inner) ** 2 if inner and nu < 2 else None
    if with_inner is not None:
        assert error == with_inner
    if inner:
        enclosure = theory.quantity("b_sto").enclosure(**shared, sigma_G=inner)
        assert Fraction(enclosure[0]) ** 2 <= error * (1 + Fraction(1, 10**15))
        assert error <= Fraction(enclosure[1]) ** 2 * (1 + Fraction(1, 10**15))
    else:
        assert error == exact("V", **shared, sigma_G=outer)


def test_kinked_slope_attains_S5() -> None:
    """f' = |x| - 1 at w = -1/3, alpha = 1/2, noise +-1/2: the true point is the kink, so the bias is alpha L q sigma_G.

    (f is smoothed near 0 to be twice differentiable; at nu = 1 the bound does not depend on rho.)
    """
    w, noise, q = Fraction(-1, 3), HALF, 1 + HALF
    slope: Callable[[Fraction], Fraction] = lambda x: abs(x) - 1  # noqa: E731
    end = w - HALF * slope(w)
    assert end == 0
    mean = sum((q * slope(end + sign * HALF * noise) for sign in (-1, 1)), Fraction(0)) / 2
    bound = exact("b_sto", alpha=HALF, L=1, rho=0, B=1, nu=1, sigma_G=noise, D=1)
    assert mean - q * slope(end) == bound


def local_round(k: Fraction, a: Fraction, beta: Fraction, tau: int) -> Fraction:
    """tau local steps from 0 on F_i' = k w + a."""
    w = Fraction(0)
    for _ in range(tau):
        w -= beta * (k * w + a)
    return w


def loss(agents: list[tuple[Fraction, Fraction]], w: Fraction) -> Fraction:
    return sum((k * w * w / 2 + a * w for k, a in agents), Fraction(0)) / len(agents)


def test_drift_nearly_attains_T1b() -> None:
    """n = m = 2, tau = 2, h = 1/10, k = (1, -1), a = (1 + h/4, -1 + h/4), L_F = 1: ratio 0.999."""
    h, tau = Fraction(1, 10), 2
    agents = [(Fraction(1), 1 + h / 4), (Fraction(-1), -1 + h / 4)]
    beta = h / tau
    after = sum((local_round(k, a, beta, tau) for k, a in agents), Fraction(0)) / 2
    mean = (agents[0][1] + agents[1][1]) / 2
    gamma = 1  # the spread of a around its mean h/4
    inputs = dict(beta=beta, tau=tau, L_F=1, n=2, m=2, gamma_F=gamma)
    A, N = exact("T1b.A", **inputs), exact("T1b.N", **inputs)
    ratio = (loss(agents, after) + A * beta * tau * mean**2) / (beta * tau * N)
    assert Fraction(9985, 10_000) < ratio <= 1


def test_sampling_nearly_attains_T1b() -> None:
    """n = 2, m = 1, tau = 2, k = 1, a = +-1, h = 1/20: ratio 0.948."""
    h, tau = Fraction(1, 20), 2
    agents = [(Fraction(1), Fraction(1)), (Fraction(1), Fraction(-1))]
    beta = h / tau
    change = sum((loss(agents, local_round(k, a, beta, tau)) for k, a in agents), Fraction(0)) / 2
    inputs = dict(beta=beta, tau=tau, L_F=1, n=2, m=1, gamma_F=1)
    ratio = change / (beta * tau * exact("T1b.N", **inputs))
    assert Fraction(947, 1000) < ratio < Fraction(949, 1000)


def test_noise_reaches_half_of_T1a() -> None:
    """n = m = 1, tau = 4, k = 1, a = 0, sigma = 1, b = 0, h = 1/50: ratio 0.49."""
    h, tau = Fraction(1, 50), 4
    beta = h / tau
    second = sum(((1 - beta) ** (2 * step) for step in range(tau)), Fraction(0)) * beta**2
    inputs = dict(beta=beta, tau=tau, L_F=1, n=1, m=1, gamma_F=0, b=0, sigma2=1)
    ratio = float(second / 2 / (beta * tau)) / theory.quantity("T1a.N").value(**inputs)
    assert 0.485 < ratio < 0.495


def test_sampling_attains_T1c() -> None:
    """n = 2, m = 1, F_i = w^2/2 +- w at 0, one local step: ratio 1."""
    beta = Fraction(1, 3)
    agents = [(Fraction(1), Fraction(1)), (Fraction(1), Fraction(-1))]
    change = sum((loss(agents, local_round(k, a, beta, 1)) for k, a in agents), Fraction(0)) / 2
    assert change == beta * exact("T1c.N", beta=beta, tau=1, L_F=1, n=2, m=1, gamma_F=1)


def test_one_step_to_the_minimum_attains_T2() -> None:
    """F = w^2/2, n = m = tau = h = 1, K = 1: the squared gradient w^2 is 2 (F(w) - 0)."""
    w = Fraction(3)
    rate = exact("T2", beta=1, tau=1, L_F=1, n=1, m=1, K=1, F0_gap=w**2 / 2, gamma_F=0)
    assert rate == w**2


def test_mean_smoothness_is_not_enough_for_T1() -> None:
    """f = w^2/2 and -0.9 w^2/2, nu = 0, w = 1, tau = 5: with the norm of the mean in place of L_F, T1b is false."""
    agents = [(Fraction(1), Fraction(0)), (Fraction(-9, 10), Fraction(0))]
    tau, mean = 5, Fraction(1, 20)
    beta = Fraction(3, 10) / (tau * mean)

    def from_one(k: Fraction) -> Fraction:
        return (1 - beta * k) ** tau

    after = sum((from_one(k) for k, _ in agents), Fraction(0)) / 2
    squared = mean**2
    gamma2 = sum(((k - mean) ** 2 for k, _ in agents), Fraction(0)) / 2
    wrong = dict(beta=beta, tau=tau, L_F=mean, n=2, m=2)
    A, x = exact("T1b.A", **wrong, gamma_F=1), exact("x", **wrong)
    N = x**2 * gamma2 / 2
    assert loss(agents, after) > loss(agents, Fraction(1)) - beta * tau * A * squared + beta * tau * N


def test_separate_biases_do_not_bound_stochastic_probes() -> None:
    """nu = 1, f'' = rho |x| at w = 0, D large: outer noise 1 with probability 1/1000; b_sto + b_HF is refuted."""
    alpha, rho, delta, chance = HALF, Fraction(1), Fraction(1, 1000), Fraction(1, 1000)
    outcomes = [(Fraction(1), chance), (-chance / (1 - chance), 1 - chance)]
    variance = sum((value**2 * weight for value, weight in outcomes), Fraction(0))
    mean = sum(
        ((value - alpha * rho * delta * abs(value) * value / 2) * weight for value, weight in outcomes), Fraction(0)
    )
    # f' = rho x |x| / 2, so the central difference at 0 is rho delta |v| v / 2, and grad f(0) = 0
    bound = alpha * rho * delta * variance / 2
    ratio = abs(mean) / bound
    assert Fraction(997, 1000) < ratio <= 1
    root = Fraction(math.isqrt(int(variance * 10**36)), 10**18)
    stated = theory.quantity("b_HF_sto").value(
        alpha=alpha, L=0, rho=rho, B=0, delta=delta, nu=1, D=1, D_prime=1, D_H=1, sigma_H=0, sigma_G=root
    )
    assert stated == pytest.approx(float(bound), rel=1e-15)  # sigma_G is the root to 18 decimals
    assert exact("b_HF", alpha=alpha, L=0, rho=rho, B=0, delta=delta, nu=1) == 0
