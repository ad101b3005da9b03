"""The right sides that the properties use are those of the theory, written twice."""

from __future__ import annotations

import itertools

import pytest

import theory
from empirics.testing.bounds import SampledBounds, geometric

GRID = list(itertools.product((0.0, 0.25, 1.0), (0, 1, 2, 3), (1.0, 2.0), (0.0, 0.5), (0.5,), (0.0, 2.0)))


@pytest.mark.parametrize("values", GRID, ids=str)
def test_bias_and_error_are_the_quantities_of_the_theory(values):
    alpha, nu, L, rho, sigma_G, sigma_H = values
    own = SampledBounds(alpha, nu, L, rho, 3.0, sigma_G, sigma_H, L, rho, delta=0.125)
    inputs = {
        "alpha": alpha, "nu": nu, "L": L, "rho": rho, "B": 3, "sigma_G": sigma_G, "sigma_H": sigma_H,
        "D": 1, "D_prime": 1, "D_H": 1, "delta": own.delta,
    }  # fmt: skip
    bias_fo = theory.quantity("b_FO_sto").value(**inputs)
    pairs = {
        own.bias("stochastic"): min(theory.quantity(name).value(**inputs) for name in ("b_sto", "b_sto_2")),
        own.mean_squared_error("stochastic"): theory.quantity("sigma_F2").value(**inputs),
        own.bias("first_order_stochastic"): bias_fo,
        own.mean_squared_error("first_order_stochastic"): theory.quantity("var_FO_sto").value(**inputs) + bias_fo**2,
        own.bias("hessian_free_stochastic"): theory.quantity("b_HF_sto").value(**inputs),
        own.mean_squared_error("hessian_free_stochastic"): theory.quantity("mse_HF_sto").value(**inputs),
    }
    for written, proved in pairs.items():
        # Fewer than a hundred float operations on positive numbers; V is a difference of powers up to 2e3.
        assert written == pytest.approx(proved, rel=1e-12, abs=1e-11)


def test_geometric_sums():
    assert [geometric(count, 0.5) for count in range(4)] == [0, 1.0, 1.5, 1.75]
