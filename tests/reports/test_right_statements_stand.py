"""Right statements are not refuted where they are attained: inputs that were measured are intervals."""

from __future__ import annotations

from fractions import Fraction

import pytest

from empirics.algorithm.modes import Mode
from reports.cells.run_cell import RunCell
from reports.judging.rows import Verdict
from reports.refutation.confirm import Asked, measured
from reports.refutation.family import Instance, task
from reports.refutation.targets import targets_of, targets_of_claim
from theory.claims.reading import parse_claims, with_claims
from theory.tables import default_table

ROUND = '[[claim]]\nid = "mine"\nmeasures = "one_round_change"\nrhs = "-beta*tau*A*grad_norm**2 + beta*tau*N"'


def one_step(*centre: str, beta: str = "1") -> Instance:
    """F = norm(w - c)^2/2 for two agents and one step from w = 0: at beta = 1 T1c is an equality."""
    d = len(centre)
    identity = [[float(i == j) for j in range(d)] for i in range(d)]
    made = task("explicit-quadratic", A=[identity] * 2, c=[[float(x) for x in centre]] * 2)
    cell = RunCell(
        task="found", mode=Mode.EXACT, alpha=Fraction(1, 2), nu=0, tau=1, beta=Fraction(beta), rounds=1,
        start=[Fraction(0)] * d, statements=["T1"],
    )  # fmt: skip
    return Instance(made, cell)


NEARLY = one_step("1", "1.2", beta=str(1 - Fraction(1, 2**40)))


@pytest.mark.parametrize("centre", ["1.551582233574571", "0.1", "-0.3"])
def test_one_round_stands_where_the_norm_of_the_gradient_is_no_double(centre: str) -> None:
    claims = parse_claims(ROUND, "a.toml")
    table = with_claims(default_table(), claims)
    statement, claim = (
        measured(one_step(centre), asked)[0]
        for asked in (Asked(table, targets_of("T1", table)), Asked(table, targets_of_claim(claims[0]), claims[0]))
    )
    assert (statement.row.verdict, claim.row.verdict) == (Verdict.HOLDS, Verdict.HOLDS)
    assert statement.ratio == claim.ratio == 1


def test_one_round_stands_where_the_norm_of_the_gradient_is_irrational() -> None:
    """Below beta = 1 by 2^-40 the right side is larger by 4e-13 of its square."""
    (one,) = measured(NEARLY, Asked(default_table(), targets_of("T1", default_table())))
    assert set(one.measurement.between) == {"grad_norm"}
    assert one.row.verdict is Verdict.HOLDS, one.row.reason


def test_a_constant_that_is_too_good_by_a_few_parts_in_1e12_is_refuted() -> None:
    claims = parse_claims(ROUND.replace("tau*N", "tau*N - beta*grad_norm**2/10**12"), "a.toml")
    table = with_claims(default_table(), claims)
    (one,) = measured(NEARLY, Asked(table, targets_of_claim(claims[0]), claims[0]))
    assert one.violated
