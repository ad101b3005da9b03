"""Values are correctly rounded: an independent 80-digit evaluation rounds to the same double."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from mpmath import mpf

import theory
from tests.theory.mpmath_oracle import Oracle, nearest_double
from tests.theory.parameters import ACCEPTANCE, admissible_inputs, with_curvature
from theory.language.modes import MODE_NAMES

NAMES = [
    "q",
    "eta2",
    "B_q",
    "B_V",
    "E_nu",
    "m_nu",
    "B_F",
    "S1",
    "S1_relative",
    "S2",
    "S3",
    "S10",
    "L_F",
    "L_F_pointwise",
    "b_sto",
    "b_sto_2",
    "V",
    "sigma_F2",
    "gamma_F",
    "gamma_F2",
    "b_FO",
    "b_FO_sto",
    "b_FO_sto_2",
    "var_FO_sto",
    "b_HF",
    "b_HF_sto",
    "b_HF_sto_2",
    "mse_HF_sto",
    "b",
    "sigma2",
    "h",
    "kappa",
    "p",
    "theta",
    "chi",
    "x",
    "A",
    "N",
    "T1",
    "T2",
    "T3",
    "maml.C_L",
]
ONE_STEP = ("per_fedavg.L_F", "per_fedavg.bias", "per_fedavg.sigma_F2", "per_fedavg.gamma_F2")


@pytest.mark.parametrize("mode", MODE_NAMES)
@pytest.mark.parametrize("seed", range(8))
def test_every_quantity_agrees_with_mpmath(mode: str, seed: int) -> None:
    generator = random.Random(f"{mode}-{seed}")
    inputs = admissible_inputs(generator)
    if seed % 2 and (smaller := with_curvature(generator, inputs)):
        inputs = smaller  # a smaller q only makes L_F smaller, so beta stays admissible
        inputs["mu_F"] = theory.quantity("L_F").evaluate(**inputs).exact or Fraction(1)
    oracle = Oracle(mode, **inputs)
    for name in NAMES:
        if name == "S10" and inputs["nu"] == 0:
            continue  # it compares nu with nu - 1
        low, high = theory.quantity(name).enclosure(**inputs, mode=mode)
        expected = oracle.value(name)
        slack = abs(expected) * mpf(10) ** -70  # the oracle itself rounds at 80 digits
        assert low - slack <= expected <= high + slack, (name, inputs)
        assert theory.quantity(name).value(**inputs, mode=mode) == nearest_double(expected), (name, inputs)


@pytest.mark.parametrize("seed", range(20))
def test_published_constants_agree_with_mpmath(seed: int) -> None:
    inputs = {**admissible_inputs(random.Random(seed)), "nu": Fraction(1)}
    oracle = Oracle(**inputs)
    for name in ONE_STEP:
        assert theory.quantity(name).value(**inputs) == nearest_double(oracle.value(name)), (name, inputs)


@pytest.mark.parametrize(
    ("mode", "digits"),
    [
        ("exact", "0.81139272767927"),
        ("stochastic", "0.82220240486448863"),
        ("first_order", "1.69404950483003647"),
        ("first_order_stochastic", "1.74269398569363946"),
        ("hessian_free", "0.82103958151878"),
        ("hessian_free_stochastic", "0.822230608169693"),
    ],
)
def test_rate_of_a_stated_setting_in_every_mode(mode: str, digits: str) -> None:
    outcome = theory.quantity("T2").evaluate(**ACCEPTANCE, mode=mode)
    assert outcome.digits is not None
    assert outcome.digits.startswith(digits)
    assert len(outcome.digits.replace(".", "").lstrip("0")) == 25
    assert nearest_double(Oracle(mode, **{k: Fraction(str(v)) for k, v in ACCEPTANCE.items()}).T2()) == outcome.value
