"""Hypotheses that are equations are fulfilled exactly by what the search finds, without touching what is measured."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from typer.testing import CliRunner

from reports.judging.measurement import Enclosed, Measurement, Setting
from reports.refutation.confirm import Asked, confirm
from reports.refutation.equations import moved_by, onto, restated
from reports.refutation.families.catalogue import families_for
from reports.refutation.search import Question, explore, options_of
from reports.refute import app
from theory.claims.reading import Claim, parse_claims, with_claims
from theory.tables import default_table

SMOOTHNESS = ("S4", "L_F")


def claim_of(rhs: str, hypotheses: str) -> Claim:
    text = f'[[claim]]\nid = "mine"\nmeasures = "L_F"\nrhs = "{rhs}"\nhypotheses = {hypotheses}\n'
    return parse_claims(text, "a.toml")[0]


def asked(rhs: str, hypotheses: str) -> Asked:
    claim = claim_of(rhs, hypotheses)
    return Asked(with_claims(default_table(), [claim]), [SMOOTHNESS], claim)


def measurement(**inputs: str) -> Measurement:
    return Measurement(
        bound="mine", quantity="mine", inputs=inputs, evidence=Enclosed(Fraction(1), Fraction(1), ""), trivial=None,
        setting=Setting("t", "exact", 1, 1, 0.5),
    )  # fmt: skip


def test_false_position_ends_on_the_root_and_leaves_what_has_none() -> None:
    def gap(z: np.ndarray) -> np.ndarray:  # x y = 2
        return z[:, 0] * z[:, 1] / 2 - 1

    box = np.array([[0.1, 0.6], [1.0, 4.0]])  # x in [1/2, 3/5] has a y, y in [10/3, 4] has an x
    assert moved_by(gap, box, 1e-12) == 0  # 22 % against 20 %
    assert moved_by(gap, box, 1e-12, taken=[0]) == 1
    moved = onto(gap, np.array([[0.5, 1.0], [0.2, 3.0]]), 1, box[1], 1e-12)
    np.testing.assert_allclose(moved, [[0.5, 4.0], [0.2, 3.0]], rtol=1e-12)


def test_a_constant_is_raised_by_what_the_rounding_of_alpha_lost() -> None:
    alpha = Fraction(4 / 3)  # a double, below 4/3
    found = restated(
        measurement(alpha=str(alpha), L="1", rho="0", B="1"), claim_of("L", '["alpha*L == 4/3"]').hypotheses,
        default_table(),
    )  # fmt: skip
    assert Fraction(found.inputs["L"]) == Fraction(4, 3) / alpha
    assert Fraction(found.inputs["L"]) > 1


@pytest.mark.parametrize(
    ("inputs", "equation"),
    [
        ({"alpha": str(Fraction(4 / 3) + Fraction(1, 2**40)), "L": "1"}, "alpha*L == 4/3"),  # L would shrink
        ({"alpha": str(Fraction(1 / 100)), "L": "1"}, "alpha == 1/100"),  # no constant is in it
        ({"alpha": "1", "L": "1", "gamma_H": "1/1024"}, "gamma_H == 0"),
    ],
)
def test_no_constant_is_stated_better_than_it_is(inputs: dict[str, str], equation: str) -> None:
    given = measurement(**{"rho": "0", "B": "1", **inputs})
    assert restated(given, claim_of("L", f'["{equation}"]').hypotheses, default_table()) == given


def test_two_equations_are_fulfilled_by_two_constants() -> None:
    given = measurement(alpha="1/2", L="1", rho="1", B="1")
    rules = claim_of("L", '["alpha*L == 2/3", "alpha*rho*B == L"]').hypotheses
    found = restated(given, rules, default_table()).inputs
    assert found == {**given.inputs, "L": "4/3", found_key(found): "8/3"}


def found_key(inputs: dict[str, str]) -> str:
    return next(name for name in ("rho", "B") if inputs[name] != "1")


@pytest.mark.parametrize(
    ("family", "rhs", "hypotheses", "ratio"),
    [
        # f = -L w^2/2: (1 + alpha L)^2 = 49/9 against 3
        ("parabolas", "3*L + alpha*rho*B", '["nu == 1", "alpha*L == 4/3"]', 49 / 27),
        ("parabolas", "q*L", '["nu == 1", "2*alpha == 3/(2*L)"]', 1.75),
    ],
)
def test_the_search_moves_along_an_equation(family: str, rhs: str, hypotheses: str, ratio: float) -> None:
    question = asked(rhs, hypotheses)
    (mine,) = (one for one in families_for(SMOOTHNESS) if one.name == family)
    one = Question(SMOOTHNESS, "mine", question.table, without_mu=True)
    found, done = explore(one, mine, options_of(one, mine), 0.5, 0)
    assert done.evaluations > 100
    assert found[0].ratio == pytest.approx(ratio, rel=1e-6)
    confirmed = confirm(found[0], question, SMOOTHNESS)
    assert confirmed is not None
    assert confirmed.violated
    assert confirmed.ratio == pytest.approx(ratio, rel=1e-6)
    assert all(item.holds for item in confirmed.row.hypotheses)


def test_a_right_claim_under_an_equation_stands_on_what_was_looked_at(tmp_path) -> None:
    claim = replace(claim_of("64/9*L + alpha*rho*B", '["nu == 1", "alpha*L == 5/3"]'))
    (tmp_path / "claims.toml").write_text(claim.source_text)
    said = CliRunner().invoke(app, ["mine", "--claims", str(tmp_path / "claims.toml"), "--budget", "1"])
    assert said.exit_code == 0
    assert "1.000000" in said.output  # f = -L w^2/2 attains it
