"""Every bad input is refused before any work, by one line with the key, the value and what is admissible."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

import theory
from tests.theory.parameters import ACCEPTANCE
from theory.language.inputs import read_number

BAD = [
    ({"alpha": -1}, "alpha = -1", ">= 0"),
    ({"L": "-1/2"}, "L = -1/2", ">= 0"),
    ({"beta": 0}, "beta = 0", "> 0"),
    ({"delta": 0.0}, "delta = 0", "> 0"),
    ({"nu": 1.5}, "nu = 1.5", "an integer >= 0 and <= 10000"),
    ({"nu": 10_001}, "nu = 10001", "<= 10000"),
    ({"tau": 0}, "tau = 0", "an integer >= 1 and <= 10000"),
    ({"D": "1/2"}, "D = 1/2", "an integer >= 1"),
    ({"m": 11}, "m = 11", "between 1 and n = 10"),
    ({"n": 0}, "n = 0", "an integer >= 1"),
    ({"rho": float("nan")}, "rho = nan", "not finite"),
    ({"B": float("inf")}, "B = inf", "not finite"),
    ({"B": "inf"}, "B = inf", "not finite"),
    ({"B": "-NaN"}, "B = -NaN", "not finite"),
    ({"B": Decimal("nan")}, "B = NaN", "not finite"),
    ({"B": "1e500"}, "B = 1e500", "overflow"),
    ({"B": Decimal("1e500")}, "B = 1E+500", "1e+-400"),
    ({"B": "three"}, "B = three", "not a number such as"),
    ({"B": "1/0"}, "B = 1/0", "division by zero"),
    ({"B": ""}, "B = ", "not a number"),
    ({"B": "0x10"}, "B = 0x10", "not a number"),
    ({"B": True}, "B = True", "truth value"),
    ({"B": None}, "B = None", "NoneType is not a number"),
    ({"B": [1]}, "B = [1]", "list is not a number"),
    ({"B": 1j}, "B = 1j", "complex is not a number"),
    ({"mode": "fast"}, "mode = fast", "first_order_stochastic"),
    ({"mu": float("-inf")}, "mu = -inf", "not finite"),
    ({"sigma": 1}, "sigma = 1", "did you mean sigma"),
    ({"sigma2": -1}, "sigma2 = -1", ">= 0"),
]


@pytest.mark.parametrize(("change", "shown", "admissible"), BAD, ids=lambda item: str(item)[:40])
@pytest.mark.parametrize("method", ["value", "enclosure", "evaluate"])
def test_bad_value_is_named(method: str, change: dict[str, object], shown: str, admissible: str) -> None:
    with pytest.raises(theory.InputError) as caught:
        getattr(theory.quantity("T2"), method)(**{**ACCEPTANCE, **change})
    message = str(caught.value)
    assert shown in message
    assert admissible in message
    assert "\n" not in message


@pytest.mark.parametrize("key", ["alpha", "L", "rho", "B", "nu", "beta", "tau", "K", "F0_gap", "gamma_G", "gamma_H"])
def test_missing_key_is_named_with_its_range(key: str) -> None:
    inputs = {name: value for name, value in ACCEPTANCE.items() if name != key}
    with pytest.raises(theory.InputError, match=rf"T2: missing {key} \("):
        theory.quantity("T2").value(**inputs)


def test_all_missing_keys_are_named_at_once() -> None:
    with pytest.raises(theory.InputError) as caught:
        theory.quantity("L_F").value(alpha=1)
    assert all(f"{key} (" in str(caught.value) for key in ("B", "L", "nu", "rho"))


def test_missing_does_not_depend_on_values() -> None:
    """nu = 0 makes rho and B irrelevant, yet they are asked for."""
    with pytest.raises(theory.InputError, match="rho"):
        theory.quantity("L_F").value(alpha=1, L=1, nu=0)


def test_unneeded_known_keys_are_accepted_but_checked() -> None:
    assert theory.quantity("q").value(alpha=1, L=1, sigma_G=3, K=7, mode="stochastic") == 2
    with pytest.raises(theory.InputError, match="K = 0"):
        theory.quantity("q").value(alpha=1, L=1, K=0)


def test_unknown_names() -> None:
    with pytest.raises(theory.InputError, match="did you mean L_F"):
        theory.quantity("L_f")
    with pytest.raises(theory.InputError, match=r"S44: unknown statement \(did you mean S4\?\); known: S1, S2"):
        theory.bound("S44")


@pytest.mark.parametrize(
    "value",
    [Fraction(1, 10), "0.1", "1/10", "1e-1", "10e-2", ".1", "+0.1", Decimal("0.1")],
    ids=repr,
)
def test_every_notation_of_a_tenth_is_the_same_number(value: object) -> None:
    assert read_number("alpha", value) == Fraction(1, 10)


def test_float_is_its_exact_binary_value() -> None:
    assert read_number("alpha", 0.1) == Fraction(3602879701896397, 36028797018963968)
    assert theory.quantity("q").evaluate(alpha=0.1, L=1).exact == 1 + Fraction(0.1)
    assert theory.quantity("q").evaluate(alpha="0.1", L=1).exact == Fraction(11, 10)


def test_numpy_scalars_are_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    assert read_number("nu", numpy.int64(3)) == 3
    assert read_number("alpha", numpy.float64(0.5)) == Fraction(1, 2)
    for wrong in (numpy.ones(2), numpy.ones(1), numpy.bool_(True), numpy.float64("nan"), numpy.complex128(1)):
        with pytest.raises(theory.InputError, match="alpha = "):
            read_number("alpha", wrong)


def test_overflow_is_named() -> None:
    with pytest.raises(theory.InputError, match="overflow, expected at most the largest double"):
        theory.quantity("B_F").value(q="1e300", B=1, nu=10_000)
    with pytest.raises(theory.InputError, match="overflow"):
        theory.quantity("B_F").value(q="1e200", B=1, nu=2)
    assert theory.quantity("B_F").value(q="1e100", B=1, nu=3) == 1e300


def test_errors_are_value_errors() -> None:
    assert issubclass(theory.InputError, ValueError)
    assert issubclass(theory.Inadmissible, ValueError)
