"""Real numbers only: what is no real, finite number has no value, as it was written and not as it was simplified."""

from __future__ import annotations

import contextlib
import time

import pytest

import theory
from theory.claims.comparison import compare
from theory.claims.grammar import read_expression, read_written
from theory.claims.reading import parse_claims, with_claims
from theory.language.errors import NoValue, PrecisionError, TooLarge
from theory.language.symbols import KNOWN, L, alpha
from theory.tables import default_table

AT = {"alpha": "1/2", "L": 2, "rho": 0, "B": 3, "nu": 1}  # alpha L = 1


def quantity(rhs: str, *hypotheses: str) -> theory.Quantity:
    listed = ", ".join(f'"{one}"' for one in hypotheses)
    text = f'[[claim]]\nid = "mine"\nmeasures = "L_F"\nrhs = "{rhs}"\nhypotheses = [{listed}]\n'
    return with_claims(default_table(), parse_claims(text, "a.toml")).quantity("mine")


@pytest.mark.parametrize(
    ("rhs", "why"),
    [
        ("1000*L*sqrt(alpha*L - 100)", "sqrt.* has no value: the root of -99"),
        ("5*L + 0*sqrt(alpha*L - 100)", "the root of -99"),
        ("sqrt(alpha*L - 100)**2", "the root of -99"),
        ("L*(alpha - 5)**(1/2)", "the root of -4.5"),
        ("L/rho", "1/rho has no value: a division by zero"),
        ("5.5*L + 0/(1 - alpha*L)", "a division by zero"),
        ("(1 - alpha*L)/(1 - alpha*L)*L", "a division by zero"),
        ("L*(1 - alpha*L)**(0 - nu)", "a division by zero"),
        ("L*rho**(0-2)", "a division by zero"),
        ("L*log(rho)", "the logarithm of 0"),
        ("L*log(alpha - 5)", "the logarithm of -4.5"),
        ("exp(log(alpha - 5))", "the logarithm of -4.5"),
        ("exp(log(alpha - 5)*alpha)*L", "the logarithm of -4.5"),
        ("max(5*L, sqrt(alpha*L - 100))", "the root of -99"),
        ("min(5*L, log(alpha*L - 100))", "the logarithm of -99"),
        ("abs(sqrt(alpha*L - 100))", "the root of -99"),
        ("L*sum(1/(l - 1), l, 0, nu)", "Sum.* has no value: a division by zero"),
        ("L + sum(0/(l - 1), l, 0, nu)", "a division by zero"),
    ],
)
def test_what_is_not_real_and_finite_has_no_value(rhs: str, why: str) -> None:
    for look in ("evaluate", "value", "enclosure"):
        with pytest.raises(NoValue, match=why):
            getattr(quantity(rhs), look)(**AT)


@pytest.mark.parametrize(
    ("rhs", "value"),
    [
        ("L*sqrt(alpha*L - 1)", 0.0),  # the root of exactly zero
        ("sum(1/l, l, 2, nu) + L", 2.0),  # an empty sum divides by nothing
        ("rho*L + 0**nu", 0.0),
        ("(0 - L)**nu", -2.0),
        ("sqrt((alpha - 5)**(2*nu))", 4.5),
        ("alpha**0 + (alpha - 1/2)**0", 2.0),
        ("L*exp(0 - 10**300)", 0.0),
    ],
)
def test_what_is_real_keeps_its_value(rhs: str, value: float) -> None:
    if "exp" in rhs:
        (first, *_) = quantity(rhs).enclosures(**AT)
        assert abs(first) < 2.0**-1000
    else:
        assert quantity(rhs).value(**AT) == value


@pytest.mark.parametrize("hypothesis", ["sqrt(alpha*L - 100) >= 0", "1/rho <= 1/rho", "L/rho <= 10**6", "log(rho) < 1"])
def test_a_hypothesis_without_a_value_does_not_hold_and_says_why(hypothesis: str) -> None:
    (found,) = quantity("100*L", hypothesis).evaluate(**AT).hypotheses
    assert not found.holds
    assert "has no value: " in found.detail
    with pytest.raises(theory.Inadmissible, match="has no value"):
        quantity("100*L", hypothesis).value(**AT)


def test_what_was_written_is_kept_only_where_it_may_lack_a_value() -> None:
    assert read_written("L*alpha/(1 + alpha*L) + sqrt(L) + 4**nu/2", KNOWN)[1] == ()
    assert read_written("0/(1 - alpha*L)", KNOWN) == (0, (1 / (1 - alpha * L),))


def test_a_value_that_is_told_from_its_double_by_no_precision_is_still_rounded() -> None:
    found = quantity("L/2*(1 + exp(0 - 3000*nu))").evaluate(**AT)
    assert found.value == 1.0
    assert found.between is not None
    assert found.between[0] <= 1 <= found.between[1]
    with pytest.raises(PrecisionError):
        quantity("L/2*(1 + exp(0 - 3000*nu))").enclosure(**AT)


def test_a_value_beyond_every_double_has_balls() -> None:
    with pytest.raises(TooLarge):
        quantity("10**10000*L").evaluate(**AT)
    (first, *_) = quantity("10**10000*L").enclosures(**AT)
    assert first > 10**9999


@pytest.mark.parametrize(
    "rhs",
    [
        "10**10000*L", "exp(10**10000)", "exp(exp(10**9))", "L + exp(exp(10**9)) + 1", "max(1, exp(10**300))",
        "L*exp(0 - exp(exp(exp(exp(alpha*L)))))", "(3*L)**10000", "((L + 1)**50 + alpha)**50*L",
        "sum(S(10000, l*alpha), l, 0, 10000)*L", "L*" + "abs(" * 40 + "alpha" + ")" * 40,
    ],
)  # fmt: skip
def test_reading_evaluating_comparing_and_printing_take_a_bounded_time(rhs: str) -> None:
    started = time.process_time()
    text = f'[[claim]]\nid = "mine"\nmeasures = "L_F"\nrhs = "{rhs}"\n'
    claims = parse_claims(text, "a.toml")
    table = with_claims(default_table(), claims)
    assert table.bound("mine").mathml
    assert str(table.quantity("mine").expression)
    assert claims[0].unit_note is not None
    with contextlib.suppress(TooLarge, PrecisionError):
        table.quantity("mine").evaluate(**AT)
    compare(claims[0], table)
    assert time.process_time() - started < 5


def test_a_long_power_is_printed_as_it_was_written() -> None:
    assert str(read_expression("2*10**10000", KNOWN)) == "2*10**10000"
    assert quantity("10**10000*L").latex.endswith("10^{10000}") or "10^{10000}" in quantity("10**10000*L").latex
