"""Corollaries of the statements, exact over random rational parameters and symbolic where they are identities."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
import sympy

import theory
from tests.theory.parameters import admissible_inputs, problem, rational, symbol
from theory.language.algebra import unfold
from theory.language.modes import MODE_NAMES
from theory.tables import default_table

SEEDS = range(40)


def exact(name: str, **inputs: object) -> Fraction:
    """The exact rational value."""
    found = theory.quantity(name).evaluate(**inputs).exact
    assert found is not None
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_smoothness_for_short_steps(seed: int) -> None:
    """alpha <= 1/L: L_F <= 4^nu L + alpha rho B 2^(nu-1) (2^nu - 1)."""
    inputs = problem(random.Random(seed))
    nu = int(inputs["nu"])
    slope = inputs["alpha"] * inputs["rho"] * inputs["B"] * Fraction(2) ** (nu - 1) * (2**nu - 1)
    assert exact("L_F", **inputs) <= 4**nu * inputs["L"] + slope


@pytest.mark.parametrize("seed", SEEDS)
def test_smoothness_is_uniform_in_nu_for_steps_over_nu(seed: int) -> None:
    """alpha = c / (nu L): L_F <= e^(2c) L + (rho B / L) e^c (e^c - 1)."""
    inputs = problem(random.Random(seed))
    inputs["nu"] = Fraction(random.Random(seed).randint(1, 40))
    c = rational(random.Random(seed), 1, 24)
    inputs["alpha"] = c / (inputs["nu"] * inputs["L"])
    L, rho, B = (float(inputs[name]) for name in ("L", "rho", "B"))
    bound = math.exp(2 * c) * L + rho * B / L * math.exp(c) * (math.exp(c) - 1)
    # six double operations and two exponentials: relative rounding far below 1e-12
    assert theory.quantity("L_F").value(**inputs) <= bound * (1 + 1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_smoothness_of_convex_losses_is_linear_in_nu(seed: int) -> None:
    """mu = 0, alpha <= 1/L: q = 1 and L_F = L + alpha nu rho B."""
    inputs = {**problem(random.Random(seed)), "mu": Fraction(0)}
    assert exact("q", **inputs) == 1
    expected = inputs["L"] + inputs["alpha"] * inputs["nu"] * inputs["rho"] * inputs["B"]
    assert exact("L_F", **inputs) == expected


@pytest.mark.parametrize("nu", range(7))
def test_best_smoothness_of_convex_quadratics(nu: int) -> None:
    """sup of x (1 - alpha x)^(2 nu) on [0, L] is the stated closed form, and at most the general L_F."""
    alpha = Fraction(1, 3)
    for L in (Fraction(1, 10), Fraction(1), Fraction(3)):
        stationary = 1 / (alpha * (2 * nu + 1))
        closed = L * (1 - alpha * L) ** (2 * nu)
        if stationary <= L:
            closed = stationary * Fraction(2 * nu, 2 * nu + 1) ** (2 * nu)
        grid = [L * k / 500 for k in range(501)]
        assert max(x * (1 - alpha * x) ** (2 * nu) for x in grid) <= closed
        assert closed <= exact("L_F", alpha=alpha, L=L, mu=0, rho=0, B=1, nu=nu)


def test_first_term_of_the_smoothness_is_attained() -> None:
    """f = -(L/2) w^2 has F'' = -L (1 + alpha L)^(2 nu)."""
    for nu in range(7):
        assert exact("L_F", alpha="1/2", L=3, rho=0, B=1, nu=nu) == 3 * Fraction(5, 2) ** (2 * nu)


@pytest.mark.parametrize("seed", SEEDS)
def test_b_sto_2_at_one_step_falls_as_one_over_D(seed: int) -> None:
    inputs = {**problem(random.Random(seed)), "nu": Fraction(1)}
    q, alpha, rho, noise, D = (
        exact("q", **inputs), inputs["alpha"], inputs["rho"], inputs["sigma_G"], inputs["D"],
    )  # fmt: skip
    bound = q * rho * alpha**2 * noise**2 / (2 * D)
    assert theory.quantity("b_sto_2").enclosure(**inputs)[0] <= bound


@pytest.mark.parametrize("seed", SEEDS)
def test_second_order_bias_vanishes_on_quadratics(seed: int) -> None:
    inputs = {**problem(random.Random(seed)), "rho": Fraction(0)}
    assert exact("b_sto_2", **inputs) == 0
    assert exact("b_HF", **inputs) == 0


def test_first_order_error_closed_form() -> None:
    """At q = 1 + alpha L, alpha L S_nu(q) = (1 + alpha L)^nu - 1, so b_FO = ((1 + alpha L)^nu - 1) B."""
    for nu in range(8):
        assert exact("b_FO", alpha="1/3", L=2, B=5, nu=nu) == 5 * (Fraction(5, 3) ** nu - 1)


def test_heterogeneity_factor_closed_form() -> None:
    """At q = 1 + alpha L, 1 + alpha L S_nu(q) = q^nu."""
    alpha, L, nu, q = (symbol(name) for name in ("alpha", "L", "nu", "q"))
    for steps in range(8):
        factor = unfold((1 + alpha * L * theory.language.algebra.S(nu, q)).subs(nu, steps)).subs(q, 1 + alpha * L)
        assert sympy.expand(factor - (1 + alpha * L) ** steps) == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_general_and_exact_round_agree_with_one_local_step(seed: int) -> None:
    """T1b = T1c at tau = 1 and b = sigma = 0."""
    inputs = {**admissible_inputs(random.Random(seed)), "tau": Fraction(1)}
    inputs["beta"] /= 2
    for part in ("A", "N"):
        assert exact(f"T1b.{part}", **inputs) == exact(f"T1c.{part}", **inputs)
    assert exact("T1b", **inputs) == exact("T1c", **inputs) == exact("T1", **inputs)


@pytest.mark.parametrize("seed", SEEDS)
def test_floor_of_the_exact_case_is_at_most_that_of_the_general_one(seed: int) -> None:
    """N of T1b <= N of T1a at b = sigma = 0, because (1 + x)^2 / 2 <= 1 + 2 x^2."""
    inputs = admissible_inputs(random.Random(seed))
    assert exact("T1b.N", **inputs) <= exact("T1a.N", **inputs)


@pytest.mark.parametrize("seed", SEEDS)
def test_theta_bound(seed: int) -> None:
    """theta <= (e^h - 1 - h) / h^2."""
    generator = random.Random(seed)
    h, tau = float(rational(generator, 1, 12)), generator.randint(1, 40)
    # e^h - 1 - h loses at most three digits for h >= 1/12
    assert theory.quantity("theta").value(h=h, tau=tau) <= (math.expm1(h) - h) / h**2 * (1 + 1e-12)


def test_leading_constant_of_the_exact_case() -> None:
    """h = 1/10: x <= 0.0518 and A >= 0.4959 at kappa = 1 for every tau, so 1 / A <= 2.02."""
    for tau in (1, 2, 3, 10, 100, 1000, 10_000):
        inputs = {"h": "1/10", "tau": tau, "n": 2, "m": 1}
        assert exact("kappa", **inputs) == 1
        assert theory.quantity("x").value(**inputs) <= 0.0518
        assert theory.quantity("A").value(**inputs) >= 0.4959
        assert 1 / theory.quantity("A").value(**inputs) <= 2.02


@pytest.mark.parametrize("seed", SEEDS)
def test_third_hypothesis_is_automatic(seed: int) -> None:
    """mu_F <= L_F gives 2 A beta tau mu_F <= 1 whenever h <= 1."""
    inputs = admissible_inputs(random.Random(seed))
    outcome = theory.quantity("T3").evaluate(**inputs, mode=MODE_NAMES[seed % 6])
    found = [item for item in outcome.hypotheses if item.name == "2 A beta tau mu_F <= 1"]
    assert [item.holds for item in found] == [True]


@pytest.mark.parametrize("seed", SEEDS)
def test_floors_of_the_exact_case(seed: int) -> None:
    """m = n: x^2 gamma_F^2 / (2 A) and x^2 gamma_F^2 / (4 A mu_F); zero at tau = 1 as well."""
    inputs = admissible_inputs(random.Random(seed))
    inputs["m"] = inputs["n"]
    x, gamma, A = exact("x", **inputs), exact("gamma_F", **inputs), exact("A", **inputs)
    assert exact("T4", **inputs) == x**2 * gamma**2 / (2 * exact("T1b.A", **inputs))
    assert exact("T4_gap", **inputs) == x**2 * gamma**2 / (4 * exact("T1b.A", **inputs) * inputs["mu_F"])
    assert A > 0
    assert exact("T4", **{**inputs, "tau": 1, "beta": inputs["beta"] / 2}) == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_rate_tends_to_its_floor(seed: int) -> None:
    inputs = {**admissible_inputs(random.Random(seed)), "K": Fraction(10) ** 30}
    floor = theory.quantity("T4").enclosure(**inputs)
    assert floor[0] <= theory.quantity("T2").value(**inputs)
    excess = exact("T2", **inputs) - exact("T4", **inputs)
    assert excess == inputs["F0_gap"] / (exact("A", **inputs) * inputs["beta"] * inputs["tau"] * inputs["K"])


INCREASING = ("alpha", "L", "rho", "B", "sigma_G", "sigma_H", "gamma_G", "gamma_H", "delta", "F0_gap")


@pytest.mark.parametrize("mode", MODE_NAMES)
@pytest.mark.parametrize("seed", range(6))
def test_rate_increases_in_every_constant_and_falls_with_every_batch(mode: str, seed: int) -> None:
    """At fixed beta inside the admissible range; each comparison allows one rounding of each value."""
    inputs = admissible_inputs(random.Random(seed))
    inputs["beta"] /= 8  # room for the increased constants
    rate = theory.quantity("T2")
    before = rate.enclosure(**inputs, mode=mode)
    for key in INCREASING:
        after = rate.enclosure(**{**inputs, key: inputs[key] * Fraction(21, 20)}, mode=mode)
        assert before[0] <= after[1], key
    for key in ("D", "D_prime", "D_H", "K"):
        after = rate.enclosure(**{**inputs, key: inputs[key] + 3}, mode=mode)
        assert after[0] <= before[1], key


def test_default_table_is_shared() -> None:
    assert theory.quantity("q").over is default_table()
