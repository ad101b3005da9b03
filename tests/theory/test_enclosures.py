"""Exact arithmetic, enclosures and rounding: equal or neighbouring doubles around the exact value, always."""

from __future__ import annotations

import math
import random
import time
from fractions import Fraction

import pytest
import sympy
from flint import fmpq

import theory
from tests.theory.parameters import ACCEPTANCE, admissible_inputs, symbol
from theory.enclosure import exact, rounding
from theory.enclosure.scope import Scope
from theory.language.algebra import S
from theory.language.errors import NoValue
from theory.language.modes import EXACT, MODE_NAMES
from theory.tables import default_table


@pytest.mark.parametrize("mode", MODE_NAMES)
@pytest.mark.parametrize("seed", range(10))
def test_enclosures_are_equal_or_neighbours_and_hold_the_value(mode: str, seed: int) -> None:
    inputs = admissible_inputs(random.Random(seed))
    for name in ("L_F", "b_sto", "b_sto_2", "sigma_F2", "gamma_F", "b", "N", "T2", "T3"):
        quantity = theory.quantity(name)
        low, high = quantity.enclosure(**inputs, mode=mode)
        outcome = quantity.evaluate(**inputs, mode=mode)
        assert low == high or math.nextafter(low, math.inf) == high
        assert outcome.value in (low, high)
        assert outcome.enclosure is not None
        down, up = (Fraction(text) for text in outcome.enclosure)
        if outcome.exact is not None:
            assert Fraction(low) <= outcome.exact <= Fraction(high)
            assert down <= outcome.exact <= up
            assert (low == high) == (Fraction(low) == outcome.exact)
            assert outcome.value == float(outcome.exact)
        assert up - down <= abs(up) / 10**23


def test_exact_double_has_a_degenerate_enclosure() -> None:
    inputs = dict(alpha=1, L=1, rho="1/2", B=3, nu=1)
    assert theory.quantity("L_F").enclosure(**inputs) == (5.5, 5.5)
    assert theory.quantity("L_F").evaluate(**inputs).exact == Fraction(11, 2)


def test_roots_that_cancel_are_exact() -> None:
    """b_sto^2 with D = 2 is rational although b_sto is not."""
    inputs = dict(alpha=1, L=1, rho=0, B=1, sigma_G=1, sigma_H=0, D=2, D_prime=1, D_H=1, nu=1)
    assert theory.quantity("b_sto").evaluate(**inputs).exact is None
    assert theory.quantity("sigma_F2").evaluate(**inputs).exact == 4 + 2
    assert theory.quantity("sigma_F2").value(**inputs) == 6.0


def test_hypothesis_with_equal_sides_is_decided() -> None:
    """h = 1 exactly is admissible; the smallest excess is not."""
    inputs = dict(alpha=0, L=3, rho=0, B=1, nu=0, tau=1, n=1, m=1, gamma_G=0, gamma_H=0, K=1, F0_gap=1)
    assert theory.quantity("T2").value(**inputs, beta="1/3") == 6.0
    with pytest.raises(theory.Inadmissible, match=r"h <= 1 fails, h = 1\.0*3 > 1"):
        theory.quantity("T2").value(**inputs, beta=Fraction(1, 3) + Fraction(1, 10**100))


@pytest.mark.parametrize("alpha", [0, "1/3"])
@pytest.mark.parametrize("nu", [0, 1, 2])
def test_zero_step_factor(alpha: object, nu: int) -> None:
    """0^0 = 1, and terms in q^(nu-1), q^(2nu-1) are absent at nu = 0 also when q = 0."""
    q = {"q": 0} if alpha else {"q": 1}
    inputs = dict(alpha=alpha, L=3, rho=2, B=5, nu=nu, grad_norm_i=7, gamma_G=1, gamma_H=1, delta=1, **q)
    step = Fraction(str(alpha))
    assert theory.quantity("L_F").evaluate(**inputs).exact == (3 if nu == 0 or not alpha else 0)
    assert theory.quantity("b_HF").evaluate(**inputs).exact == 0  # alpha, or B_q and the empty sum
    pointwise = step * 2 * 7 * (nu == 0 or not alpha) * nu
    assert theory.quantity("L_F_pointwise").evaluate(**inputs).exact == (3 if nu == 0 or not alpha else 0) + pointwise


def test_step_factor_of_exactly_zero_from_mu() -> None:
    """alpha = 1/3, mu = L = 3: q = 0 although 1/3 has no finite binary expansion."""
    outcome = theory.quantity("q").evaluate(alpha="1/3", L=3, mu=3)
    assert outcome.exact == 0
    assert theory.quantity("L_F").evaluate(alpha="1/3", L=3, mu=3, rho=1, B=6, nu=1).exact == 0
    assert theory.quantity("b_FO").evaluate(alpha="1/3", L=3, mu=3, B=6, nu=1).exact == 0
    assert theory.quantity("b_FO").evaluate(alpha="1/3", L=3, mu=3, B=6, nu=0).exact == 0
    assert theory.quantity("S2").evaluate(alpha="1/3", L=3, mu=3, nu=0).exact == 1


@pytest.mark.parametrize("mode", MODE_NAMES)
def test_largest_step_counts_take_less_than_a_second(mode: str) -> None:
    """nu = tau = 10^4 in the contractive and in the expanding regime; the running lists make this linear."""
    start = time.process_time()
    inputs = {**ACCEPTANCE, "nu": 10_000, "tau": 10_000, "beta": "1e-9", "mu": "0.01"}
    value = theory.quantity("T2").value(**inputs, mode=mode)
    assert 4000 <= value < 4026
    assert time.process_time() - start < 1  # measured 0.06 to 0.4 s of processor time


def test_many_steps_of_the_expanding_regime() -> None:
    """(1 + 1/n)^n style growth: q = 1.0001 and nu = 10^4, against the closed form in exact arithmetic."""
    q = Fraction(10_001, 10_000)
    expected = q**10_000 * 3
    low, high = theory.quantity("B_F").enclosure(alpha="0.0001", L=1, B=3, nu=10_000)
    assert Fraction(low) <= expected <= Fraction(high)
    assert theory.quantity("B_F").evaluate(alpha="0.0001", L=1, B=3, nu=10_000).exact is None


def test_tiny_values_underflow_outwards() -> None:
    low, high = theory.quantity("B_F").enclosure(q="1e-300", B=1, nu=10_000)
    assert (low, high) == (0.0, 5e-324)
    assert theory.quantity("B_F").value(q="1e-300", B=1, nu=10_000) == 0.0
    assert theory.quantity("B_F").value(q="1e-160", B=1, nu=1) == 1e-320
    digits = theory.quantity("B_F").evaluate(q="1e-300", B=1, nu=10_000).digits
    assert digits == "1.000000000000000000000000e-6000000"


def test_geometric_sum_near_one() -> None:
    """x = 1 + 1e-30: the quotient form would lose 30 digits, the sum loses none."""
    inputs = dict(L=1, alpha="1e-30", rho="1e30", B=1, nu=100)
    q = 1 + Fraction(1, 10**30)
    expected = q**200 + q**99 * sum(q**k for k in range(100))
    assert Fraction(theory.quantity("L_F").enclosure(**inputs)[0]) <= expected
    assert expected <= Fraction(theory.quantity("L_F").enclosure(**inputs)[1])


def test_variance_gain_of_tiny_noise() -> None:
    """(q^2 + eta^2)^nu - q^(2 nu) with eta^2 = 1e-80: evaluated as a sum, no cancellation."""
    inputs = dict(alpha=1, L=1, B=1, sigma_G=0, sigma_H="1e-40", D_prime=1, D_H=1, nu=2)
    expected = 2 * 4 * Fraction(1, 10**80) + Fraction(1, 10**160)
    assert theory.quantity("V").evaluate(**inputs).exact == expected


class TestExactNumbers:
    """Sums of rational multiples of square roots."""

    def test_products_of_roots(self) -> None:
        root_two, root_six = (exact.square_root(fmpq(value)) for value in (2, 6))
        assert exact.multiply(root_two, root_two) == 2
        assert exact.multiply(root_two, root_six) == exact.multiply(fmpq(2), exact.square_root(fmpq(3)))
        assert exact.power(exact.add(fmpq(1), root_two), 2) == exact.add(fmpq(3), exact.multiply(fmpq(2), root_two))

    def test_roots_of_fractions_and_squares(self) -> None:
        assert exact.square_root(fmpq(9, 4)) == fmpq(3, 2)
        half = exact.square_root(fmpq(1, 2))
        assert exact.multiply(half, half) == fmpq(1, 2)
        assert exact.power(exact.square_root(fmpq(8)), -2) == fmpq(1, 8)

    def test_sums_cancel_exactly(self) -> None:
        root = exact.square_root(fmpq(12))
        twice = exact.multiply(fmpq(2), exact.square_root(fmpq(3)))
        assert exact.add(root, exact.multiply(fmpq(-1), twice)) == 0

    @pytest.mark.parametrize("pair", [(2, 3), (5, 7), (10, 11)])
    def test_signs_of_close_surds(self, pair: tuple[int, int]) -> None:
        small, large = (exact.square_root(fmpq(value)) for value in pair)
        gap = exact.add(large, exact.multiply(fmpq(-1), small))
        assert exact.sign(gap) == 1
        assert exact.sign(exact.multiply(fmpq(-1), gap)) == -1
        assert exact.sign(exact.add(gap, exact.multiply(fmpq(-1), gap))) == 0

    def test_budget(self) -> None:
        with pytest.raises(exact.NotExact):
            exact.power(fmpq(3, 2), 100_000)
        with pytest.raises(exact.NotExact):
            exact.square_root(fmpq(10**40 + 1))
        with pytest.raises(NoValue, match="the root of -1"):
            exact.square_root(fmpq(-1))
        with pytest.raises(NoValue, match="a division by zero"):
            exact.power(fmpq(0), -1)
        assert exact.power(fmpq(0), 0) == 1


class TestRounding:
    """Directed rounding against rationals."""

    @pytest.mark.parametrize("seed", range(200))
    def test_outward_and_nearest(self, seed: int) -> None:
        generator = random.Random(seed)
        value = Fraction(generator.randint(-(10**20), 10**20), generator.randint(1, 10**20))
        value *= Fraction(10) ** generator.randint(-320, 280)
        low, high = rounding.outward(value, value)
        assert Fraction(low) <= value <= Fraction(high)
        assert rounding.neighbours(low, high)
        near = rounding.nearest(value)
        assert near in (low, high)
        assert abs(Fraction(near) - value) <= min(value - Fraction(low), Fraction(high) - value)

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (Fraction(11, 2), "5.500000000000000000000000"),
            (Fraction(1, 3), "0.3333333333333333333333333"),
            (Fraction(-2, 3), "-0.6666666666666666666666667"),
            (Fraction(10) ** 30, "1.000000000000000000000000e+30"),
            (Fraction(1, 10**9), "1.000000000000000000000000e-9"),
            (Fraction(0), "0"),
            (Fraction(10) ** 24, "1000000000000000000000000"),
        ],
    )
    def test_decimal_texts(self, value: Fraction, text: str) -> None:
        assert rounding.decimal_text(rounding.decimal(value)) == text

    def test_outward_texts(self) -> None:
        assert rounding.Bracket(Fraction(1, 3), Fraction(2, 3)).texts == (
            "0.3333333333333333333333333",
            "0.6666666666666666666666667",
        )


class TestWalker:
    """The walker on expressions of its own grammar."""

    def scope(self, **inputs: int) -> Scope:
        return Scope(default_table().formulas, {key: Fraction(value) for key, value in inputs.items()}, EXACT)

    def test_empty_sums_are_zero(self) -> None:
        index, nu = symbol("l"), symbol("nu")
        expression = sympy.Sum(sympy.sqrt(S(index, 2)), (index, 1, nu - 1))
        assert self.scope(nu=0).exact_of(expression) == 0
        assert self.scope(nu=1).exact_of(expression) == 0
        assert self.scope(nu=2).exact_of(expression) == 1

    def test_exponential_and_logarithm(self) -> None:
        B = symbol("B")
        enclosure = self.scope(B=2).ball_of(sympy.exp(sympy.log(B)), 200)
        assert enclosure.contains(2)
        assert enclosure.rad() < 1e-50

    def test_minimum_maximum_and_absolute_value(self) -> None:
        B, L = symbol("B"), symbol("L")
        scope = self.scope(B=2, L=5)
        assert scope.exact_of(sympy.Min(B, L)) == 2
        assert scope.exact_of(sympy.Max(B, L)) == 5
        assert scope.exact_of(sympy.Abs(B - L)) == 3
        assert scope.ball_of(sympy.Abs(B - L), 64) == 3

    def test_sign_of_equal_irrational_sides(self) -> None:
        B = symbol("B")
        scope = self.scope(B=2)
        assert scope.sign_of(sympy.sqrt(B) * sympy.sqrt(B + 6) - 4) == 0
        assert scope.sign_of(sympy.sqrt(B) - sympy.Rational(141421356, 10**8)) == 1

    def test_unknown_function_is_refused(self) -> None:
        with pytest.raises(TypeError, match="no evaluation rule for sin"):
            self.scope(B=1).exact_of(sympy.sin(symbol("B")))
