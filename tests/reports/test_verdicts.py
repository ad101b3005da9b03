"""Verdicts on made-up evidence: each rule alone, and that a bound which is a little wrong changes the verdict."""

from __future__ import annotations

import dataclasses
import math
import re
from fractions import Fraction

import numpy as np
import pytest

import theory
from reports.judging.measurement import Enclosed, Measurement, Sampled, Setting, Withheld
from reports.judging.rows import Row, StatedConstant, Verdict, VerdictFile
from reports.judging.verdicts import judge

INPUTS = {"alpha": "1", "L": "1", "rho": "1/2", "B": "3", "nu": "1"}  # L_F = 11/2, B_F = 6
SETTING = Setting("by-hand", "exact", 1, 1, 1.0)


def measurement(measured: Fraction | float, **changes: object) -> Measurement:
    value = Fraction(measured)
    plain = Measurement("S4", "L_F", INPUTS, SETTING, Enclosed(value, value, "by hand"), None)
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def verdict(one: Measurement) -> Row:
    return judge([one])[0]


def test_equality_holds_and_the_smallest_excess_is_a_violation() -> None:
    assert verdict(measurement(Fraction(11, 2))).verdict is Verdict.HOLDS
    assert verdict(measurement(Fraction(11, 2) * (1 + Fraction(1, 10**20)))).verdict is Verdict.VIOLATED
    assert verdict(measurement(Fraction(11, 2) * (1 - Fraction(1, 10**20)))).verdict is Verdict.HOLDS


def test_an_enclosure_around_the_bound_decides_nothing() -> None:
    fuzzy = Enclosed(Fraction(11, 2) - 1, Fraction(11, 2) + 1, "by hand")
    assert verdict(measurement(0, evidence=fuzzy)).verdict is Verdict.INCONCLUSIVE


def test_an_undecided_sample_names_its_price_and_that_price_decides() -> None:
    def seen(times: int, high: float) -> Row:
        values = np.tile(np.array([0.0, high]), 32 * times)  # of mean high / 2, against 11/2
        return verdict(measurement(0, evidence=Sampled(values, 0.0, high, 0.0, "by hand")))

    few, hopeless = seen(1, 10.0), seen(1, 11.0)
    assert few.verdict is Verdict.INCONCLUSIVE
    found = re.search(r"; (\d+) times the 64 values would decide it", few.reason)
    assert found is not None
    assert seen(int(found[1]), 10.0).verdict is Verdict.HOLDS
    assert seen(int(found[1]) // 2, 10.0).verdict is Verdict.INCONCLUSIVE
    assert hopeless.verdict is Verdict.INCONCLUSIVE
    assert re.search(r"; 4096 times the 64 values would not show that it holds", hopeless.reason)


def test_an_irrational_right_side_is_compared_through_its_enclosure() -> None:
    inputs = {"alpha": "1", "L": "1", "sigma_G": "1", "D": "2", "nu": "1", "rho": "0", "B": "1"}  # b_sto = 2 / sqrt 2
    root = Fraction(math.isqrt(2 * 10**60), 10**30)  # sqrt 2 rounded down at 30 digits
    for measured, expected in (
        (root * (1 - Fraction(1, 10**24)), Verdict.HOLDS),
        (root * (1 + Fraction(1, 10**23)), Verdict.VIOLATED),
    ):
        row = verdict(measurement(measured, bound="S5", quantity="b_sto", inputs=inputs))
        assert row.verdict is expected


def test_predicted_is_the_value_of_the_quantity_at_the_inputs() -> None:
    row = verdict(measurement(1))
    assert row.predicted == theory.quantity(row.quantity).value(**row.inputs) == 5.5
    assert row.tightness == pytest.approx(1 / 5.5, rel=1e-15)


def test_a_bound_no_smaller_than_the_trivial_one_is_vacuous_unless_violated() -> None:
    assert verdict(measurement(1, trivial=5.5)).verdict is Verdict.VACUOUS
    assert verdict(measurement(1, trivial=5.6)).verdict is Verdict.HOLDS
    assert verdict(measurement(6, trivial=5.5)).verdict is Verdict.VIOLATED


def test_a_failed_hypothesis_gives_both_sides_in_numbers_and_no_prediction() -> None:
    inputs = {**INPUTS, "alpha": "2"}
    row = verdict(measurement(1, bound="per_fedavg.L_F", quantity="per_fedavg.L_F", inputs=inputs))
    assert row.verdict is Verdict.NOT_APPLICABLE
    assert row.predicted is None
    assert row.tightness is None
    assert "2" in row.reason
    assert any(not hypothesis.holds for hypothesis in row.hypotheses)


def test_withheld_evidence_is_not_applicable_with_its_reason() -> None:
    row = verdict(measurement(1, evidence=Withheld("W0: a run may leave the ball: 3 > 2")))
    assert (row.verdict, row.reason, row.measured) == (
        Verdict.NOT_APPLICABLE,
        "W0: a run may leave the ball: 3 > 2",
        None,
    )


def test_a_lower_estimate_neither_certifies_nor_refutes() -> None:
    """The true L may be larger, and the true right side with it: an excess over the estimated one is no witness."""
    weak = {"L": StatedConstant(value=1.0, side="lower")}
    for left in (1, 6):
        row = verdict(measurement(left, constants=weak))
        assert row.verdict is Verdict.INCONCLUSIVE
        assert "L (lower)" in row.reason
    assert verdict(measurement(1, trivial=5.5, constants=weak)).verdict is Verdict.INCONCLUSIVE
    strong = {"L": StatedConstant(value=1.0, side="upper")}
    assert verdict(measurement(1, constants=strong)).verdict is Verdict.HOLDS


def sample(mean: float, N: int, *, high: float = 100.0, power: int = 1, rounding: float = 0.0) -> Sampled:
    values = np.where(np.arange(N) % 2 == 0, 0.5 * mean, 1.5 * mean)
    return Sampled(values, 0.0, high, rounding, "by hand", power)


def test_samples_far_below_hold_far_above_violate_close_by_decide_nothing() -> None:
    rows = judge(
        [
            measurement(0, evidence=sample(0.5, 4000), label="below"),
            measurement(0, evidence=sample(50.0, 4000), label="above"),
            measurement(0, evidence=sample(5.4, 50), label="close"),
        ]
    )
    assert [row.verdict for row in rows] == [Verdict.HOLDS, Verdict.VIOLATED, Verdict.INCONCLUSIVE]
    assert all(row.lower <= row.measured <= row.upper for row in rows)  # type: ignore[operator]


def test_more_rows_make_each_one_harder_to_support() -> None:
    alone = judge([measurement(0, evidence=sample(0.5, 400))])[0].upper
    crowd = judge([measurement(0, evidence=sample(0.5, 400), label=str(i)) for i in range(100)])[0].upper
    assert crowd > alone  # type: ignore[operator]


def test_a_squared_estimate_is_compared_with_the_square_and_shown_as_its_root() -> None:
    row = verdict(measurement(0, evidence=sample(4.0, 20_000, high=40.0, power=2)))
    assert row.verdict is Verdict.HOLDS  # the mean 4 of squares against 5.5^2
    assert row.measured == pytest.approx(2.0, rel=1e-12)


def test_rounding_of_observations_is_added_to_the_upper_limit() -> None:
    exact, rounded = (judge([measurement(0, evidence=sample(0.5, 400, rounding=r))])[0] for r in (0.0, 0.25))
    assert rounded.upper == pytest.approx(exact.upper + 0.25, rel=1e-12)


def test_rows_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        judge([measurement(1), measurement(2)])


def test_rows_survive_strict_json() -> None:
    rows = judge([measurement(1), measurement(0, evidence=sample(0.5, 400), label="sampled")])
    text = VerdictFile(error_level=1e-3, rows=rows).model_dump_json()
    assert VerdictFile.model_validate_json(text).rows == rows
    assert "NaN" not in text
    with pytest.raises(ValueError, match="extra"):
        Row.model_validate({**rows[0].model_dump(), "surprise": 1})
