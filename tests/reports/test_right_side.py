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
