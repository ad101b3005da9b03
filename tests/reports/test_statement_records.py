"""One record a statement: every bound of the theory has a left side, and what a plan names is checked against them."""

from __future__ import annotations

from pathlib import Path

import pytest

import theory
from reports.plans.plan import PlanError, load_plan
from reports.statements import beside, left_sides, measured, statements, with_own
from reports.user_objects import UserObjectError
from theory.claims.measured import MEASURED
from theory.tables import default_table

NO_LEFT_SIDE = {"T5", "T6", "T7"}  # exponents, prices and counts: analyses and studies look at these


def test_every_bound_is_measured_by_a_record() -> None:
    measured_bounds = {left.bound for left in left_sides()} | {other.left.bound for other in beside()}
    assert {bound.id for bound in theory.bounds()} - NO_LEFT_SIDE == measured_bounds - NO_LEFT_SIDE


def test_every_left_side_names_a_quantity_and_a_measured_thing_of_the_theory() -> None:
    table = default_table()
    for left in (*left_sides(), *(other.left for other in beside())):
        assert left.quantity in table.formulas, left
        assert left.measures == "" or left.measures in {one.name for one in MEASURED.values()}, left


def test_a_record_beside_stands_beside_a_statement() -> None:
    targets = {left.target for left in left_sides()}
    for other in beside():
        assert other.of in statements()
        assert other.ours is None or other.ours[0] in targets


def test_wrong_versions_are_versions_of_the_statements_own_bounds() -> None:
    for one in statements().values():
        assert all(wrong.statement in one.bounds for wrong in one.wrong), one.id
    for other in beside():
        assert all(wrong.statement == other.left.bound for wrong in other.wrong)


def plan(tmp_path: Path, cell: str) -> str:
    task = '[[tasks]]\nname = "t"\nfactory = "cosine"\n'
    (tmp_path / "plan.toml").write_text(f'title = "t"\n{task}{cell}')
    return str(tmp_path / "plan.toml")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ('[[points]]\ntask = "t"\nalpha = 1\nnu = 1\nstatements = ["S44"]\n', "S44: no such statement; known are S1,"),
        ('[[points]]\ntask = "t"\nalpha = 1\nnu = 1\nstatements = ["T2"]\n', "T2 is measured in [[runs]], not in [[po"),
        ('[[points]]\ntask = "t"\nalpha = 1\nnu = 1\nstatements = ["S9"]\n', "S9 needs delta"),
        ('[[points]]\ntask = "t"\nalpha = 1\nnu = 0\nstatements = ["S10"]\n', "S10 compares nu with nu - 1"),
        ('[[points]]\ntask = "t"\nalpha = 1\nnu = 1\nat = [0, 0, 0]\nstatements = ["S4"]\n', "`at` needs `pair`"),
        ('[[points]]\ntask = "t"\nalpha = 1\nnu = 1\nstatements = ["math:pi"]\n', "math:pi: has no MEASURED"),
        ('[[points]]\ntask = "t"\nalpha = 1\nnu = 1\nstatements = ["not_there:X"]\n', "not_there:X: the module cannot"),
    ],
)
def test_a_statement_that_cannot_be_measured_is_refused_with_its_name(tmp_path: Path, cell: str, said: str) -> None:
    with pytest.raises(PlanError) as refused:
        load_plan(plan(tmp_path, cell))
    assert said in str(refused.value)


OWN = """
from types import SimpleNamespace
from reports.statements import statements
import theory.statements.s04 as s04
taken = SimpleNamespace(FORMULAS=s04.FORMULAS, STATEMENT=s04.STATEMENT, MEASURED=statements()["S4"])
"""


def test_a_bound_whose_name_is_taken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine_taken.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UserObjectError, match=r"mine_taken:taken: L_F: this name is taken"):
        measured("mine_taken:taken")
    assert with_own(default_table(), ["S4"]) is default_table()
