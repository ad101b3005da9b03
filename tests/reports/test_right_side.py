"""A claim that can be read is judged, whatever it says: no value, a bound that decides, or INCONCLUSIVE."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from reports.analyses.claims import claim_measurements
from reports.judging.measurement import Enclosed, Measurement, Setting
from reports.judging.rows import Row, Verdict
from reports.judging.verdicts import judge
from theory.claims.reading import parse_claims, with_claims
from theory.tables import default_table

INPUTS = {"alpha": "1/4", "L": "1", "rho": "0", "B": "3", "nu": "1"}  # L_F = 25/16


def one_row(rhs: str, *hypotheses: str, left: str = "1", inputs: dict[str, str] = INPUTS) -> Row:
    listed = ", ".join(f'"{one}"' for one in hypotheses)
    text = f'[[claim]]\nid = "mine"\nmeasures = "L_F"\nrhs = "{rhs}"\nhypotheses = [{listed}]\n'
    claims = parse_claims(text, "a.toml")
    table = with_claims(default_table(), claims)
    evidence = Enclosed(Fraction(left), Fraction(left), "")
    built_in = Measurement("S4", "L_F", inputs, Setting("q", "exact", 1, 2, 0.25), evidence, None)
    (row,) = judge(claim_measurements(claims, [built_in], table), table=table)
    return row


@pytest.mark.parametrize(
    ("rhs", "hypotheses", "verdict", "reason"),
    [
        ("2*L_F + 1000*L*sqrt(alpha*L - 100)", [], "NOT_APPLICABLE", "the root of -99.75"),
        ("1000*L_F*sqrt(alpha*L - 100)", [], "NOT_APPLICABLE", "the root of -99.75"),
        ("L_F", ["sqrt(alpha*L - 100) >= 0"], "NOT_APPLICABLE", "the root of -99.75"),
        ("100*L", ["alpha <= 1/rho"], "NOT_APPLICABLE", "1/rho has no value: a division by zero"),
        ("2*L_F", ["L/rho <= 1000000"], "NOT_APPLICABLE", "a division by zero"),
        ("5*L + 0/(1 - 4*alpha*L)", [], "NOT_APPLICABLE", "a division by zero"),
        ("L/beta", [], "NOT_APPLICABLE", "missing beta"),
        ("L*log(rho)", [], "NOT_APPLICABLE", "the logarithm of 0"),
        ("10**10000*L", [], "HOLDS", "1e\\+10000"),
        ("0 - 10**10000*L", [], "VIOLATED", "-1e\\+10000"),
        ("exp(-10**300) + 2*L", [], "HOLDS", ""),
        ("exp(-10**300)*L", [], "VIOLATED", "2\\*\\*-1.4"),
        ("exp(10**10000)", [], "INCONCLUSIVE", "not enclosed"),
        ("exp(exp(10**9))", [], "INCONCLUSIVE", "not enclosed"),
        ("2*L + exp(-exp(exp(exp(exp(1+alpha*L)))))*L", [], "HOLDS", ""),
        ("2*L_F*max(1, exp(-exp(exp(exp(exp(alpha*L))))))", [], "HOLDS", ""),
        ("2*L_F + 0*nu", ["exp(-exp(exp(exp(exp(alpha*L))))) >= 0"], "HOLDS", ""),
        ("L*exp(-exp(exp(exp(exp(alpha*L)))))", [], "VIOLATED", ""),
        ("2*L", ["10**10000 == exp(-10**300)"], "NOT_APPLICABLE", "1e\\+10000 > "),
        ("2*L", ["exp(exp(10**9)) > 1"], "INCONCLUSIVE", "the sign of .* is not decided"),
        ("L/2*(1 + exp(-3000*nu))", [], "VIOLATED", ""),
        ("sum(S(10000, l*alpha), l, 0, 10000)*L", [], "INCONCLUSIVE", "more than 100000 steps"),
    ],
)
def test_the_verdict_of_a_claim(rhs: str, hypotheses: list[str], verdict: str, reason: str) -> None:
    row = one_row(rhs, *hypotheses)
    assert row.verdict is Verdict(verdict), row.reason
    assert re.search(reason, row.reason), row.reason


@pytest.mark.parametrize(("left", "verdict"), [("1/2", "HOLDS"), ("0.49", "HOLDS"), ("0.51", "VIOLATED")])
def test_precision_grows_until_the_comparison_is_decided(left: str, verdict: str) -> None:
    row = one_row("L/2*(1 + exp(-3000*nu))", left=left)  # above 1/2 by 1e-1303
    assert row.verdict is Verdict(verdict)
    assert row.predicted == 0.5


def test_a_bound_below_by_less_than_25_digits_is_refuted() -> None:
    left = Fraction(1, 2) + Fraction(1, 10**900)
    assert one_row("L/2*(1 + exp(-3000*nu))", left=str(left)).verdict is Verdict.VIOLATED
    assert one_row("L/2*(1 + exp(-2000*nu))", left=str(left)).verdict is Verdict.HOLDS
    assert one_row("L/2*(1 + exp(-10000*nu - 9999*nu))", left="1/2").verdict is Verdict.INCONCLUSIVE


def test_what_is_not_rounded_has_no_predicted_number() -> None:
    row = one_row("10**10000*L")
    assert (row.predicted, row.tightness, row.measured) == (None, None, 1.0)


@pytest.mark.parametrize(
    ("lower", "upper", "verdict"),
    [("2", "2.9", "HOLDS"), ("2", "2.9999", "HOLDS"), ("3", "3.05", "INCONCLUSIVE"), ("3.11", "3.2", "VIOLATED")],
)
def test_a_measured_input_makes_the_right_side_an_interval(lower: str, upper: str, verdict: str) -> None:
    """B_F = q^nu B with B in [2, 2.0625] is in [3, 3.09375], whatever value of B the row shows."""
    inputs = {"alpha": "1/2", "L": "1", "rho": "0", "B": "2", "nu": "1"}
    evidence = Enclosed(Fraction(lower), Fraction(upper), "")
    between = {"B": (Fraction(2), Fraction("2.0625"))}
    one = Measurement("S3", "B_F", inputs, Setting("q", "exact", 1, 1, 0.5), evidence, None, between=between)
    assert judge([one])[0].verdict is Verdict(verdict)


def test_a_hypothesis_that_a_measured_input_leaves_open_decides_nothing() -> None:
    claims = parse_claims('[[claim]]\nid = "mine"\nmeasures = "L_F"\nrhs = "9*L"\nhypotheses = ["B <= 2"]', "a.toml")
    table = with_claims(default_table(), claims)
    one = Measurement(
        "mine", "mine", {**INPUTS, "B": "2"}, Setting("q", "exact", 1, 1, 0.25),
        Enclosed(Fraction(1), Fraction(1), ""), None, between={"B": (Fraction(2), Fraction(2) + Fraction(1, 10**300))},
    )  # fmt: skip
    (row,) = judge([one], table=table)
    assert (row.verdict, "the sign of B - 2" in row.reason) == (Verdict.INCONCLUSIVE, True)
