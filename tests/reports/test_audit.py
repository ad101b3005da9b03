"""Audits: a free constant is as small as the measurements allow, and comparisons prove what they say."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import pytest

from reports.analyses.audit import audit_section
from reports.analyses.free_constants import audit
from reports.judging.measurement import Enclosed, Measurement, Sampled, Setting
from reports.judging.verdicts import judge
from theory.claims.comparison import compare
from theory.claims.reading import parse_claims, with_claims
from theory.tables import default_table

INPUTS = {"alpha": "1/2", "L": "1", "rho": "0", "B": "3", "nu": "1"}
ROW = Measurement(
    "S4", "L_F", INPUTS, Setting("by-hand", "exact", 1, 1, 0.5),
    Enclosed(Fraction(9, 4), Fraction(9, 4), "by hand"), None
)  # fmt: skip


def claim_of(rhs: str, measures: str = "L_F", more: str = ""):
    (claim,) = parse_claims(f'[[claim]]\nid = "mine"\nmeasures = "{measures}"\nrhs = "{rhs}"\n{more}', "a.toml")
    return claim


def test_the_smallest_constant_is_the_one_that_attains_the_worst_row() -> None:
    smaller = dataclasses.replace(ROW, evidence=Enclosed(Fraction(1), Fraction(1), "by hand"), label="b")
    (found,) = audit([claim_of("L + c*alpha*L**2", more='constants = { c = "free" }')], [ROW, smaller])
    assert found.value == 2.5  # 1 + c/2 = 9/4
    assert (found.rows, found.measured) == (2, 2)
    assert found.binding.endswith(ROW.row_id.partition(":")[2].removeprefix("L_F:"))


def test_with_that_constant_the_claim_holds_and_with_a_smaller_one_it_does_not() -> None:
    for constant, verdict in (("5/2", "HOLDS"), ("2499/1000", "VIOLATED")):
        claim = claim_of(f"L + ({constant})*alpha*L**2")
        table = with_claims(default_table(), [claim])
        (row,) = judge([dataclasses.replace(ROW, bound="mine", quantity="mine")], table=table)
        assert row.verdict == verdict


FREE = 'constants = { c = "free" }\n'


@pytest.mark.parametrize(
    ("rhs", "more", "words"),
    [
        ("L + c*alpha*L**2", 'hypotheses = ["alpha*L <= 1/4"]', "its hypothesis alpha*L <= 1/4 excludes 2 of 2 rows"),
        ("9*L + c*alpha*L**2", "", "in the 2 in which it speaks nothing asks for c > 0"),
        ("9*L + c*alpha*L**2", 'hypotheses = ["rho <= 0"]', "its hypothesis rho <= 0 excludes 1 of 2 rows; in the 1"),
        ("c*sigma_F2/D", "", "missing D excludes 2 of 2 rows"),
    ],
)
def test_a_form_that_no_row_tests_has_no_constant(rhs: str, more: str, words: str) -> None:
    curved = dataclasses.replace(ROW, inputs={**INPUTS, "rho": "1"}, label="b")
    (found,) = audit([claim_of(rhs, more=FREE + more)], [ROW, curved])
    assert found.value is None
    assert found.words.startswith("no row tests this form: ")
    assert words in found.words


def test_the_smallest_constant_says_over_which_rows_it_is() -> None:
    curved = dataclasses.replace(ROW, inputs={**INPUTS, "rho": "1"}, label="b")
    (found,) = audit([claim_of("L + c*alpha*L**2", more=FREE + 'hypotheses = ["rho <= 0"]')], [ROW, curved])
    assert (found.value, found.words) == (2.5, "all 1 rows in which the claim speaks, of 2")


def test_samples_count_with_their_lower_limit() -> None:
    """Products of independent pairs may have a negative mean: then their left side is not known to exceed 0."""
    values = np.array([-0.5, 0.25] * 50)
    sampled = Sampled(values, -1.0, 1.0, 0.0, "by hand", power=2)
    setting = dataclasses.replace(ROW.setting, mode="stochastic")
    row = dataclasses.replace(ROW, bound="S5", quantity="b_sto", evidence=sampled, setting=setting)
    (found,) = audit([claim_of("c*alpha*L*B", "meta_gradient_bias", FREE)], [row])
    assert (found.value, found.rows) == (None, 1)


@pytest.mark.parametrize(
    ("rhs", "more", "low", "high", "proved"),
    [
        (
            "4*L + alpha*rho*B",
            'hypotheses = ["nu == 1", "alpha*L <= 1"]',
            1,
            4,
            "ours <= claimed at nu = 1 for alpha <= 1/L",
        ),
        (
            "(1 + alpha*L)**nu*L + alpha*rho*B*(1 + alpha*L)**(nu-1)*S(nu, 1 + alpha*L)",
            "",
            0,
            1,
            "claimed <= ours at nu = 2",
        ),
        ("2*L_F", "", 2, 2, "ours <= claimed at nu = 3"),
    ],
)
def test_a_comparison_gives_the_range_of_ratios_and_what_is_proved(rhs, more, low, high, proved) -> None:
    claim = claim_of(rhs, more=more)
    (found,) = compare(claim, with_claims(default_table(), [claim]))
    assert found.points > 50
    # ratios of two correctly rounded doubles
    assert low * (1 - 1e-15) <= found.smallest <= found.largest <= high * (1 + 1e-15)
    assert proved in found.proved


def test_nothing_is_proved_where_neither_dominates() -> None:
    claim = claim_of("3*L")
    (found,) = compare(claim, with_claims(default_table(), [claim]))
    assert found.proved == ()
    assert found.smallest < 1 < found.largest


@pytest.mark.parametrize(
    ("rhs", "more"),
    [
        ("L_F + L*log(alpha*L)", ""),  # smaller than ours for alpha L < 1
        ("(1+alpha*L)**(2*nu)*L", 'hypotheses = ["mu > 0", "alpha*L <= 1"]\nassumes = ["A6"]'),  # larger where q <= 1
        ("L_F + L*log(1/2 + alpha*L)", ""),
        ("L_F + L*(exp(alpha*L) - 2)", ""),
    ],
)
def test_no_order_is_proved_that_does_not_hold_everywhere(rhs: str, more: str) -> None:
    claim = claim_of(rhs, more=more)
    table = with_claims(default_table(), [claim])
    assert [one.proved for one in compare(claim, table)] == [()]
    section = audit_section([claim], [], table)
    assert section is not None
    assert [line[-1] for line in section.tables[0].lines] == ["not decided"]


@pytest.mark.parametrize(
    ("rhs", "proved"),
    [
        ("L_F", ("claimed == ours",)),
        ("L_F + L - L", ("claimed == ours",)),
        ("L_F/2 + L_F*1/2", ("claimed == ours",)),
        ("L_F - 1", tuple(f"claimed <= ours at nu = {nu}" for nu in (1, 2, 3))),
        ("L_F + exp(alpha*L)*L", tuple(f"ours <= claimed at nu = {nu}" for nu in (1, 2, 3))),
        ("q**(2*nu)*L*(1 - 1) + L_F + 1 - 1", ("claimed == ours",)),
    ],
)
def test_equality_and_a_number_of_difference_are_proved(rhs: str, proved: tuple[str, ...]) -> None:
    claim = claim_of(rhs)
    assert [one.proved for one in compare(claim, with_claims(default_table(), [claim]))] == [proved]


def test_the_section_names_what_is_not_filled_in() -> None:
    claims = [claim_of("")]
    section = audit_section(claims, [], default_table())
    assert section is not None
    assert any("mine" in text for text in section.paragraphs)
    assert audit_section([], [], default_table()) is None
