"""The arms of a study: their names, their budgets, and which studies are refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from reports.plans.plan import load_plan
from reports.plans.studies import PersonalisationPlan
from reports.studies.arms import Arm, arms, checkpoints, rounds_of
from tests.reports.studies.tiny_study import tiny


def test_equal_compute_spends_the_budget_and_not_more() -> None:
    plan = load_plan("personalisation").studies[0]
    assert isinstance(plan, PersonalisationPlan)
    budget = plan.rounds * (plan.budget_nu + 1 + plan.product_price * plan.budget_nu)
    for arm in arms(plan):
        gradients = {"exact": arm.nu + 1, "first_order": arm.nu + 1, "hessian_free": 3 * arm.nu + 1}[arm.mode]
        price = gradients + plan.product_price * (arm.nu if arm.mode == "exact" else 0)
        ends = rounds_of(arm, plan)
        assert ends["communication"] == plan.rounds
        assert ends["compute"] * price <= budget < (ends["compute"] + 1) * price
        assert set(ends.values()) <= set(checkpoints(arm, plan))


def test_the_packaged_study_is_as_large_as_it_promises() -> None:
    (plan,) = load_plan("personalisation").studies
    assert isinstance(plan, PersonalisationPlan)
    assert (plan.seen >= 20, plan.new >= 10, len(plan.levels) >= 3, plan.seeds >= 10) == (True,) * 4
    assert (plan.rounds, plan.tau, plan.steps, plan.nus) == (100, 5, 10, [0, 1, 2, 3, 5, 10])
    assert {1, 5} <= set(plan.approximate)


@pytest.mark.parametrize(
    "change",
    [{"nus": [0, 2]}, {"approximate": [3]}, {"compared": [9]}, {"levels": [{"name": "x"}]}, {"seen": 0}, {"news": 1}],
)
def test_a_study_that_makes_no_sense_is_refused(change: dict) -> None:
    with pytest.raises(ValidationError):
        tiny(**change)


def test_arms_name_the_algorithms() -> None:
    assert [arm.name for arm in arms(tiny())] == ["FedAvg", "ν = 1", "ν = 2", "FO, ν = 1", "HF, ν = 1"]
    assert Arm("hessian_free", 2).gradients == 7


def test_the_full_profile_holds_the_same_study() -> None:
    assert load_plan("full").studies == load_plan("personalisation").studies
