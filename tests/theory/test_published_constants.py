"""Ours against what is published: Per-FedAvg at nu = 1, multi-step MAML at any nu."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
import sympy

import theory
from tests.theory.parameters import problem, symbol
from tests.theory.test_corollaries import exact
from theory.language.algebra import unfold
from theory.tables import default_table

SEEDS = range(40)
alpha, L, B, rho, nu, q, sigma_G, sigma_H, D, D_prime, D_H = map(
    symbol, ["alpha", "L", "B", "rho", "nu", "q", "sigma_G", "sigma_H", "D", "D_prime", "D_H"]
)


def at_one_step(name: str) -> sympy.Expr:
    """A quantity at nu = 1 and q >= 1 (the last case) with every quantity it uses written out, except q."""
    formulas = default_table().formulas
    expression = formulas[name].cases[-1].expression
    while True:
        inner = [item for item in expression.free_symbols if str(item) in formulas and str(item) != "q"]
        if not inner:
            return unfold(expression.subs(nu, 1))
        expression = expression.subs({item: formulas[str(item)].cases[-1].expression for item in inner})


def published(name: str) -> sympy.Expr:
    return default_table().formulas[f"per_fedavg.{name}"].expression


def test_smoothness_equals_the_published_one_at_the_longest_step() -> None:
    ours = at_one_step("L_F").subs(q, 2)
    assert sympy.expand(ours - published("L_F")) == 0


def test_bias_equals_the_published_one_at_q_two() -> None:
    assert sympy.simplify(at_one_step("b_sto").subs(q, 2) - published("bias")) == 0


def test_mean_squared_error_is_a_third_less_an_explicit_gain() -> None:
    """At q = 2, published / 3 - sigma_F^2 = alpha^4 L^2 sigma_G^2 sigma_H^2 / (D D_H)."""
    gain = published("sigma_F2") / 3 - at_one_step("sigma_F2").subs(q, 2)
    assert sympy.expand(gain - alpha**4 * L**2 * sigma_G**2 * sigma_H**2 / (D * D_H)) == 0


def test_mean_squared_error_increases_in_q() -> None:
    """Every coefficient of the polynomial in q at nu = 1 is non-negative, so its derivative is too."""
    slope = sympy.Poly(sympy.diff(sympy.expand(at_one_step("sigma_F2")), q), q)
    assert all(coefficient.is_nonnegative for coefficient in slope.all_coeffs())


def test_spread_is_at_most_five_twelfths() -> None:
    """5/12 (192 x^2 + 3 y^2) - (4 x + y)^2 is a perfect square times a positive number."""
    x, y = sympy.symbols("x y", real=True)
    gap = sympy.factor(sympy.Rational(5, 12) * (192 * x**2 + 3 * y**2) - (4 * x + y) ** 2)
    assert sympy.expand(gap - (8 * x - y / 2) ** 2) == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_ours_is_never_larger_at_one_step(seed: int) -> None:
    inputs = {**problem(random.Random(seed)), "nu": Fraction(1)}
    assert exact("L_F", **inputs) <= exact("per_fedavg.L_F", **inputs)
    assert exact("sigma_F2", **inputs) <= exact("per_fedavg.sigma_F2", **inputs) / 3
    assert exact("gamma_F2", **inputs) <= exact("per_fedavg.gamma_F2", **inputs) * Fraction(5, 12)
    ours, theirs = (theory.quantity(name) for name in ("b_sto", "per_fedavg.bias"))
    assert ours.enclosure(**inputs)[0] <= theirs.enclosure(**inputs)[1]


def test_five_twelfths_is_attained() -> None:
    """alpha = 1/L, rho = 0 and y = 16 x: gamma_F^2 is exactly five twelfths of the published constant."""
    inputs = dict(alpha=1, L=1, rho=0, B=1, gamma_G=1, gamma_H=16, nu=1)
    assert exact("gamma_F2", **inputs) == exact("per_fedavg.gamma_F2", **inputs) * Fraction(5, 12)


@pytest.mark.parametrize("steps", range(7))
def test_pointwise_slope_is_that_of_multi_step_maml(steps: int) -> None:
    """At q = 1 + alpha L, alpha rho q^(2 nu - 1) S_nu(q) = (rho / L) q^(2 nu - 1) (q^nu - 1), symbolically."""
    grad_norm = symbol("grad_norm_i")
    formulas = default_table().formulas
    ours = unfold(sympy.diff(formulas["L_F_pointwise"].expression, grad_norm).subs(nu, steps)).subs(q, 1 + alpha * L)
    theirs = formulas["maml.C_L"].expression.subs(nu, steps)
    assert sympy.simplify(ours - theirs) == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_pointwise_smoothness_in_numbers(seed: int) -> None:
    inputs = problem(random.Random(seed))
    slope = exact("maml.C_L", **inputs)
    base = exact("q", **inputs) ** int(2 * inputs["nu"]) * inputs["L"]
    assert exact("L_F_pointwise", **inputs) == base + slope * inputs["grad_norm_i"]


def test_maml_slope_ignores_mu_and_vanishes_without_fine_tuning() -> None:
    assert exact("maml.C_L", alpha=1, L=1, rho=1, nu=1, mu=1) == 2
    assert exact("maml.C_L", alpha=1, L=1, rho=1, nu=0) == 0


def test_provenance_of_published_constants() -> None:
    for bound in theory.bounds():
        expected = "published" if "." in bound.id else "derived"
        assert bound.provenance == expected
        assert theory.quantity(bound.quantity).provenance == expected
        assert "arXiv" in bound.source
        assert expected == "derived" or "2504.21327" not in bound.source


@pytest.mark.parametrize("name", ["per_fedavg.L_F", "per_fedavg.bias", "per_fedavg.sigma_F2", "per_fedavg.gamma_F2"])
def test_published_constants_refuse_what_they_do_not_cover(name: str) -> None:
    inputs = dict(alpha=1, L=1, rho=1, B=1, sigma_G=1, sigma_H=1, gamma_G=1, gamma_H=1, D=1, D_prime=1, D_H=1)
    assert theory.quantity(name).value(**inputs) > 0
    with pytest.raises(theory.Inadmissible, match="alpha L <= 1"):
        theory.quantity(name).value(**{**inputs, "alpha": "1.001"})
    with pytest.raises(theory.Inadmissible, match="nu = 1"):
        theory.quantity(name).value(**inputs, nu=2)
