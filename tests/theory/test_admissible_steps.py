"""The largest admissible step: it is admissible, its successor is not, and everything below it is."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest

import theory
from tests.theory.parameters import ACCEPTANCE, admissible_inputs
from theory.language.modes import MODE_NAMES

WITHOUT_BETA = {key: value for key, value in ACCEPTANCE.items() if key != "beta"}


@pytest.mark.parametrize("mode", MODE_NAMES)
@pytest.mark.parametrize("name", ["T1", "T2", "T3", "A", "N"])
@pytest.mark.parametrize("seed", range(3))
def test_largest_step_is_the_end_of_the_admissible_interval(name: str, mode: str, seed: int) -> None:
    generator = random.Random(f"{name}{mode}{seed}")
    inputs: dict[str, object] = {**admissible_inputs(generator), "mode": mode, "F0_gap": 1}
    found = theory.admissible(name, **inputs)
    quantity = theory.quantity(name)

    def holds(beta: float) -> bool:
        return quantity.evaluate(**{**inputs, "beta": beta}).admissible

    assert holds(found.beta)
    assert not holds(math.nextafter(found.beta, math.inf))
    assert all(holds(found.beta * generator.random()) for _ in range(5))
    assert not any(holds(found.beta * (1 + generator.random())) for _ in range(5))
    assert found.binding in ("h <= 1", "A > 0")
    assert found.h == theory.quantity("h").value(**{**inputs, "beta": found.beta})


def test_limit_by_the_length_of_the_round() -> None:
    """One local step: A = 1/2 whatever h, so h = 1 is the end and beta = 1 / L_F."""
    found = theory.admissible(
        "T2", alpha=0, L=4, rho=0, B=1, nu=0, tau=1, n=2, m=2, gamma_G=1, gamma_H=1, K=1, F0_gap=1
    )
    assert (found.beta, found.h, found.binding) == (0.25, 1.0, "h <= 1")


def test_limit_by_the_descent_coefficient() -> None:
    """Many local steps of one agent out of many: A vanishes before h = 1."""
    found = theory.admissible("T2", **{**WITHOUT_BETA, "n": 1000, "m": 1, "tau": 100})
    assert found.binding == "A > 0"
    assert 0.5 < found.h < 1
    at_end = theory.quantity("A").evaluate(**{**WITHOUT_BETA, "n": 1000, "m": 1, "tau": 100, "beta": found.beta})
    assert at_end.value is not None
    assert 0 < at_end.value < 1e-13  # one step of a double, 1e-16 relative, times a slope below 100


def test_given_beta_is_ignored() -> None:
    assert theory.admissible("T2", **ACCEPTANCE) == theory.admissible("T2", **WITHOUT_BETA)


def test_no_limit_without_curvature() -> None:
    """L_F = 0: every beta is admissible."""
    flat = {**WITHOUT_BETA, "L": 0, "rho": 0}
    found = theory.admissible("T2", **flat)
    assert math.isinf(found.beta)
    assert found.binding == ""


def test_irrational_smoothness() -> None:
    """An L_F beyond exact arithmetic: q^(2 nu) with nu = 3000."""
    inputs = {**WITHOUT_BETA, "alpha": "0.001", "nu": 3000, "L": Fraction(1, 3)}
    found = theory.admissible("T2", **inputs)
    assert theory.quantity("h").enclosure(**inputs, beta=found.beta)[1] <= 1
    assert theory.quantity("h").enclosure(**inputs, beta=math.nextafter(found.beta, 1))[1] > 1


def test_what_admissible_refuses() -> None:
    with pytest.raises(theory.InputError, match="h = 1: h is what admissible finds"):
        theory.admissible("T2", **WITHOUT_BETA, h=1)
    with pytest.raises(theory.InputError, match="do not involve beta"):
        theory.admissible("L_F", **WITHOUT_BETA)
    with pytest.raises(theory.InputError, match="T3: missing mu_F"):
        theory.admissible("T3", **WITHOUT_BETA)
    with pytest.raises(theory.Inadmissible, match="mu_F > L_F"):
        theory.admissible("T3", **WITHOUT_BETA, mu_F=100)
    with pytest.raises(theory.Inadmissible, match="tau = 1 fails"):
        theory.admissible("T1c", **WITHOUT_BETA, grad_norm=1)
    with pytest.raises(theory.Inadmissible, match="mu <= L fails"):
        theory.admissible("T2", **WITHOUT_BETA, mu=5)
    with pytest.raises(theory.InputError, match="unknown quantity"):
        theory.admissible("T9", **WITHOUT_BETA)
