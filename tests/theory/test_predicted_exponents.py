"""T5 and T7: predicted exponents against limits taken by sympy and against numbers; counts against the sweep."""

from __future__ import annotations

import math

import pytest
import sympy

import theory
from tests.theory.parameters import ACCEPTANCE, symbol
from theory.growth import TO_INFINITY, TO_ZERO, growth, order
from theory.language.algebra import unfold
from theory.language.modes import MODE_NAMES
from theory.planning import COSTS, communication
from theory.tables import default_table

FORMULAS = default_table().formulas
ROWS = {(row.statement, row.term, row.variable, row.regime): row for row in theory.exponents()}
STATED = {
    ("T2", "optimisation", "beta", "small h"): -1,
    ("T2", "optimisation", "K", "small h"): -1,
    ("T2", "stochastic floor", "h", "fixed or small h"): 1,
    ("T2", "stochastic floor", "sigma_F2", "fixed or small h"): 1,
    ("T2", "stochastic floor", "tau", "fixed or small h"): -1,
    ("T2", "stochastic floor", "m", "fixed or small h"): -1,
    ("T2", "sampling floor", "h", "small h"): 1,
    ("T2", "sampling floor", "kappa", "small h"): 1,
    ("T2", "sampling floor", "gamma_F", "small h"): 2,
    ("T2", "drift floor", "h", "tau > 1"): 2,
    ("T2", "drift floor", "gamma_F", "tau > 1"): 2,
    ("S5p", "squared bias", "D", "nu = 1, large D"): -2,
    ("S5p", "squared bias", "D", "nu >= 2, rho > 0, large D"): -1,
    ("S5", "squared bias", "D", "any nu >= 1"): -1,
    ("S5s", "squared bias", "D", "any nu >= 1"): -2,
    ("S8", "squared first-order error", "D", "any nu >= 1"): 0,
    ("S9", "squared Hessian-free error", "delta", "any nu >= 1"): 2,
    ("S4", "L_F", "nu", "q = 1"): 1,
    ("S7", "gamma_H term of gamma_F", "nu", "q = 1"): 1,
}


@pytest.mark.parametrize(("key", "exponent"), STATED.items())
def test_exponent_is_the_stated_one(key: tuple[str, str, str, str], exponent: int) -> None:
    assert ROWS[key].exponent == exponent
    assert ROWS[key].behaviour == symbol(key[2]) ** exponent


def test_no_bias_floor_falls_with_beta() -> None:
    rows = [row for row in theory.exponents() if row.statement in ("S5", "S5p", "S8", "S9") and row.variable == "beta"]
    assert len(rows) == 5
    assert all(row.exponent == 0 for row in rows)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("B_F", 1), ("b_FO", 1), ("L_F", 2), ("gamma_F", 2), ("b_sto", 2), ("b_HF", 2)],
)
def test_growth_in_nu(name: str, expected: int) -> None:
    assert growth(symbol(name), FORMULAS) == symbol("q") ** (expected * symbol("nu"))


def test_growth_of_the_mean_squared_error() -> None:
    q, eta2, nu = symbol("q"), symbol("eta2"), symbol("nu")
    assert growth(symbol("sigma_F2"), FORMULAS) == sympy.Max(q ** (4 * nu), (q**2 + eta2) ** nu)


@pytest.mark.parametrize("name", ["B_F", "b_FO", "L_F", "gamma_F", "b_sto", "b_HF", "sigma_F2"])
def test_growth_in_numbers(name: str) -> None:
    """The logarithm per step from nu = 150 to 300 approaches that of the predicted factor."""
    inputs = {**ACCEPTANCE, "alpha": "1/2"}
    inputs.pop("nu")
    first, last = (math.log(theory.quantity(name).value(**inputs, nu=nu)) for nu in (150, 300))
    predicted = growth(symbol(name), FORMULAS).subs({symbol("q"): 1.5, symbol("eta2"): 1 / 256, symbol("nu"): 1})
    assert (last - first) / 150 == pytest.approx(math.log(predicted), rel=1e-3)  # 1/nu corrections remain


@pytest.mark.parametrize("name", ["B_F", "b_FO", "L_F", "gamma_F", "b_sto", "b_HF", "sigma_F2"])
def test_contractive_regime_is_bounded(name: str) -> None:
    inputs = {**ACCEPTANCE, "alpha": "1/2", "mu": "1/2"}
    inputs.pop("nu")
    values = [theory.quantity(name).value(**inputs, nu=nu) for nu in (1, 10, 100, 1000)]
    assert values[3] <= max(values[:3]) * (1 + 1e-12)  # converged: only rounding may move it


@pytest.mark.parametrize(
    ("name", "decay"), [("B_F", 2), ("L_F", 2), ("b_HF", 3), ("gamma_F", 1), ("b_FO", 1), ("b_sto", 1)]
)
def test_decay_in_the_contractive_regime(name: str, decay: int) -> None:
    """The stated power of q, and the logarithm per step from nu = 400 to 800 up to a power of nu."""
    assert growth(symbol(name), FORMULAS, contracts=True) == symbol("q") ** (decay * symbol("nu"))
    inputs = {**ACCEPTANCE, "alpha": "1/2", "mu": "1/2"}  # q = 3/4
    inputs.pop("nu")
    first, last = (theory.quantity(name).evaluate(**inputs, nu=nu).digits for nu in (400, 800))
    slope = float(sympy.log(sympy.Float(last, 30) / sympy.Float(first, 30))) / 400
    assert slope == pytest.approx(decay * math.log(0.75), rel=2e-2)


@pytest.mark.parametrize(
    ("name", "variable", "toward", "steps"),
    [
        ("b_sto_2", "D", TO_INFINITY, 1),
        ("b_sto_2", "D", TO_INFINITY, 3),
        ("b_sto", "D", TO_INFINITY, 2),
        ("b_sto_3", "D", TO_INFINITY, 4),
        ("V", "D_prime", TO_INFINITY, 2),
        ("b_HF", "delta", TO_ZERO, 2),
        ("gamma_F", "gamma_H", TO_INFINITY, 2),
        ("S1", "eta_G", TO_INFINITY, 2),
    ],
)
def test_order_agrees_with_a_limit(name: str, variable: str, toward: str, steps: int) -> None:
    """lim of log f(t) / log t along t = 2^k, in exact values at k = 400, where the leading term dominates."""
    expression = FORMULAS[name].expression
    while inner := [item for item in expression.free_symbols if item.name in FORMULAS and item.name != "q"]:
        expression = expression.subs({item: FORMULAS[item.name].cases[-1].expression for item in inner})
    expression = unfold(expression.subs(symbol("nu"), steps))
    others = {item: sympy.Rational(2, 3) for item in expression.free_symbols if str(item) != variable}
    exponent = 400 if toward == TO_INFINITY else -400
    values = [expression.subs(others).subs(symbol(variable), sympy.Integer(2) ** k) for k in (exponent, 2 * exponent)]
    slope = sympy.log(values[1] / values[0], 2).evalf(30) / exponent
    assert abs(slope - order(symbol(name), variable, toward, FORMULAS, steps)) < 1e-10


def test_order_of_zero_is_none() -> None:
    assert order(sympy.Integer(0) * symbol("B"), "B", TO_ZERO, FORMULAS) is None


class TestCosts:
    """Counts of the reverse sweep."""

    @pytest.mark.parametrize("nu", [0, 1, 5])
    def test_full_batches(self, nu: int) -> None:
        assert theory.costs("exact", nu).gradients == nu + 1
        assert theory.costs("exact", nu).hessian_vector_products == nu
        assert theory.costs("first_order", nu).gradients == nu + 1
        assert theory.costs("first_order", nu).hessian_vector_products == 0
        assert theory.costs("hessian_free", nu).gradients == nu + 1 + 2 * nu

    def test_batches(self) -> None:
        assert theory.costs("stochastic", 3, 16, 8, 4).sample_gradients == 3 * 16 + 8
        assert theory.costs("stochastic", 3, 16, 8, 4).sample_hessian_vector_products == 3 * 4
        assert theory.costs("first_order_stochastic", 3, 16, 8).sample_gradients == 56
        assert theory.costs("hessian_free_stochastic", 3, 16, 8, 4).sample_gradients == 56 + 2 * 3 * 4

    def test_memory_is_the_trajectory_and_one_vector(self) -> None:
        assert theory.costs("exact", 7).memory == 8 + 1

    def test_every_mode_has_a_row(self) -> None:
        assert tuple(cost.mode for cost in COSTS) == MODE_NAMES

    def test_communication(self) -> None:
        assert communication(3, 10) == 60
        with pytest.raises(theory.InputError, match="expected integers"):
            communication(0, 10)

    def test_bad_counts(self) -> None:
        with pytest.raises(theory.InputError, match="missing D, D_prime"):
            theory.costs("first_order_stochastic", 2)
        with pytest.raises(theory.InputError, match="nu = -1"):
            theory.costs("exact", -1)
        with pytest.raises(theory.InputError, match="mode = fast"):
            theory.costs("fast", 1)
