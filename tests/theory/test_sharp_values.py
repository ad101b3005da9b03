"""Values of the sharper constants and of T1d to C2 in stated settings: 20 digits, from two independent evaluations."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import pytest

import theory
from tests.theory.mpmath_rounds import Rounds
from tests.theory.parameters import ACCEPTANCE

# computed independently of the package at 80 digits with mpmath (mpmath_rounds.py)
STATED = json.loads(Path(__file__).with_name("sharp_values.json").read_text(encoding="utf-8"))
WORDS = ("mode", "drift", "variance")


def close(found: Decimal, expected: Decimal) -> bool:
    """Equal in 20 significant digits."""
    return abs(found - expected) <= Decimal(10) ** -20 * abs(expected)


@pytest.mark.parametrize("stated", STATED, ids=lambda stated: f"{stated['name']}-{stated['value'][:8]}")
def test_stated_value_to_20_digits(stated: dict[str, Any]) -> None:
    inputs = stated["inputs"]
    found = theory.quantity(stated["name"]).evaluate(**inputs)
    assert found.admissible, found.hypotheses
    assert close(Decimal(found.digits or ""), Decimal(stated["value"]))
    exact = {key: value if key in WORDS else Fraction(value) for key, value in inputs.items()}
    oracle = Rounds(**exact).value(stated["name"])
    assert close(Decimal(mpmath.nstr(oracle, 40)), Decimal(stated["value"]))


def test_every_sharp_quantity_has_a_stated_value() -> None:
    assert {
        "B_F", "L_F", "b_FO", "b_HF", "gamma_F", "B_V", "b_sto", "b_sto_2", "V", "b_FO_sto_2", "b_HF_sto_2", "b_sto_3",
        "mu_c", "P_plus", "P_minus", "psi", "omega", "T1d.A", "T1d.N", "T2p", "T3p", "T4p", "T4p_gap", "T4c_gap",
        "C1_E0", "C1", "C2",
    } == {stated["name"] for stated in STATED}  # fmt: skip
    assert len(STATED) == 81


@pytest.mark.parametrize(
    ("name", "value"),
    [("B_F", "0.1875"), ("L_F", "0.34375"), ("gamma_F", "0.59375"), ("b_FO", "0.9375"), ("V", "0.01294892470966307")],
)
def test_contractive_values_by_hand(name: str, value: str) -> None:
    """q = 1/2: B_q = 3/4, so B_F = 3/16, L_F = 1/16 + 3/8 * 1/2 * 3/2 = 11/32, b_FO = 5/4 * 3/4, ..."""
    found = theory.quantity(name).evaluate(**{**ACCEPTANCE, "alpha": 1, "mu": "1/2"}).digits
    assert found is not None
    assert found.startswith(value)


@pytest.mark.parametrize("name", ["B_F", "L_F", "gamma_F", "b_FO", "b_HF", "b_sto", "V", "b_HF_sto"])
def test_contraction_changes_nothing_from_q_1_on(name: str) -> None:
    """mu = 0 and alpha = 1/10 give q = 1: with and without the cases of S3q the value is the same."""
    setting = {key: value for key, value in ACCEPTANCE.items() if key not in ("B",)}
    flat = theory.quantity(name).value(**setting, B=3, mu=0)
    assert flat == theory.quantity(name).value(**{**setting, "alpha": "1/10"}, B=3, q=1)
    assert theory.quantity("B_q").value(B=3, nu=2, alpha="1/10", L=1, mu=0) == 3
