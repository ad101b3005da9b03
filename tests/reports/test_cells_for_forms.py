"""A form whose hypotheses exclude every run of a task and a mode gets a run of its own, with a shorter server step."""

from __future__ import annotations

from fractions import Fraction

import pytest

from reports.analyses.cells_for_forms import with_cells_for
from reports.plans.plan import Plan
from theory.claims.reading import parse_claims

BOWL = dict(name="bowl", factory="explicit-quadratic", arguments={"A": [[[1.0]]], "c": [[0.0]]})
FORM = '[[claim]]\nid = "form"\nmeasures = "mean_squared_meta_gradient"\nrhs = "c*gamma_F**2"\nmodes = ["exact"]\n'


def plan(beta: str) -> Plan:
    run = dict(
        task="bowl", mode="exact", alpha="1/2", nu=0, tau=2, beta=beta, rounds=3, start=[1], statements=["T2", "T3"]
    )
    longer = run | {"rounds": 5, "label": "longer"}
    return Plan.model_validate({"title": "one bowl", "tasks": [BOWL], "runs": [longer, run]})


@pytest.mark.parametrize(
    ("beta", "hypothesis", "step"),
    [
        ("1/4", "10*beta*tau*L_F <= 1", "1/32"),  # tau L_F = 2: the largest of 1/4, 1/8, ... that is at most 1/20
        ("1/32", "10*beta*tau*L_F <= 1", None),
        ("1/4", "rho >= 1", None),  # no step helps
    ],
)
def test_the_cheapest_run_is_repeated_with_the_longest_step_that_serves(beta, hypothesis, step) -> None:
    claims = parse_claims(FORM + f'constants = {{ c = "free" }}\nhypotheses = ["{hypothesis}"]', "a.toml")
    before, after = plan(beta), with_cells_for(plan(beta), claims)
    added = after.runs[len(before.runs) :]
    assert after.runs[: len(before.runs)] == before.runs
    found = [(cell.beta, cell.rounds, cell.label, cell.statements) for cell in added]
    assert found == ([] if step is None else [(Fraction(step), 3, "form", ["T2"])])


def test_a_claim_without_a_free_constant_adds_nothing() -> None:
    claims = parse_claims(FORM.replace("c*", "") + 'hypotheses = ["10*beta*tau*L_F <= 1"]', "a.toml")
    assert with_cells_for(plan("1/4"), claims) == plan("1/4")
