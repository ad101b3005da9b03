"""One record a statement: every bound of the theory has a left side, and what a plan names is checked against them."""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from pathlib import Path

import pytest

import theory
from reports.cells.cell import TaskPlan
from reports.cells.points_cell import PointsCell
from reports.measure.statement import StatementError
from reports.plans.checking import check_tasks
from reports.plans.plan import PlanError, load_plan
from reports.records.execution import measured as run
from reports.records.seeded_cell import SeededCell
from reports.statements import beside, left_sides, measured, statements, with_own
from reports.user_objects import UserObjectError
from tests.architecture import ROOT
from theory.claims.measured import MEASURED
from theory.tables import default_table

NO_LEFT_SIDE = {"T5", "T6", "T7"}  # exponents, prices and counts: analyses and studies look at these
# these are about constants and settings that other rows use
NOT_MEASURED = {"S3q", "C5", "C6"}


def test_every_bound_is_measured_by_a_record() -> None:
    measured_bounds = {left.bound for left in left_sides()} | {other.left.bound for other in beside()}
    stated = {bound.id for bound in theory.bounds()}
    assert stated - NO_LEFT_SIDE - NOT_MEASURED == measured_bounds - NO_LEFT_SIDE
    assert stated >= NOT_MEASURED


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
        (
            '[[points]]\ntask = "t"\nalpha = 1\nnu = 1\nstatements = ["S44"]\n',
            "S44: no such statement (did you mean S4?); known are C1,",
        ),
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


RECORDS = """
import dataclasses
from my_lookahead import Lookahead, measure


def other(**changes):
    return type("Other", (), {"FORMULAS": Lookahead.FORMULAS, "STATEMENT": Lookahead.STATEMENT,
                              "MEASURED": dataclasses.replace(Lookahead.MEASURED, **changes)})


taken, different = other(id="S4"), other(id="behind")
nothing, foreign = other(left=()), other(left=(dataclasses.replace(Lookahead.MEASURED.left[0], bound="S4"),))
raises = other(measure=lambda at: 1 / 0)
none = other(measure=lambda at: None)
about = other(measure=lambda at: [at.row("S4", "L_F", at.w[0, 0])])
unread = other(wrong=tuple(dataclasses.replace(one, change=lambda e: 1 / 0) for one in Lookahead.MEASURED.wrong))
unchanged = other(wrong=tuple(dataclasses.replace(one, change=lambda e: e) for one in Lookahead.MEASURED.wrong))
long = other(witnesses=({"task": "witness-concave", "alpha": 1, "nu": 1, "at": [1, 1]},))
"""


@pytest.fixture
def lookahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound of the guide, and records of it that are wrong in one thing each."""
    guide = (ROOT / "docs/how-to/add-a-bound.md").read_text(encoding="utf-8")
    for name, text in re.findall(r"```python\n# (\w+)\.py\n(.*?)```", guide, flags=re.DOTALL):
        (tmp_path / f"{name.replace('my_left_side', 'my_lookahead')}.py").write_text(text)
    (tmp_path / "my_records.py").write_text(RECORDS)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("my_bound", "my_lookahead", "my_records"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("lookahead")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("taken", "MEASURED.id = 'S4'"),
        ("different", "MEASURED.id = 'behind': expected that of its STATEMENT"),
        ("nothing", "MEASURED.left: expected at least one"),
        ("foreign", "MEASURED.left: expected at least one"),
    ],
)
def test_a_record_about_another_bound_is_refused(name: str, said: str) -> None:
    with pytest.raises(UserObjectError, match=re.escape(said)):
        measured(f"my_records:{name}")


@pytest.mark.usefixtures("lookahead")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("raises", "lookahead: its measurement fails: ZeroDivisionError"),
        ("none", "lookahead: its measurement fails: TypeError"),
        ("about", "lookahead: gives a row about S4, L_F"),
    ],
)
def test_a_measurement_that_fails_or_speaks_of_another_bound_is_named(name: str, said: str) -> None:
    cell = PointsCell(task="t", alpha=Fraction(1, 4), nu=1, statements=[f"my_records:{name}"])
    with pytest.raises(StatementError, match=said):
        run(SeededCell(cell, TaskPlan(name="t", factory="cosine"), 0, 1, "cpu", 1e-6))


def test_a_statement_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    cell = '[[points]]\ntask = "t"\nalpha = 1\nnu = 1\nstatements = ["S2", "S2"]\n'
    with pytest.raises(PlanError, match="S2 twice in one cell"):
        load_plan(plan(tmp_path, cell))


@pytest.mark.usefixtures("lookahead")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("unread", "wrong version 'q^nu for q^(2 nu)': ZeroDivisionError"),
        ("unchanged", "does not occur in"),
        ("long", "points on task witness-concave: at has 2 entries, expected 1"),
    ],
)
def test_wrong_versions_and_witnesses_are_tried_before_any_work(tmp_path: Path, name: str, said: str) -> None:
    cell = f'[[points]]\ntask = "t"\nalpha = 1\nnu = 1\nstatements = ["my_records:{name}"]\n'
    with pytest.raises(PlanError, match=re.escape(said)):
        check_tasks(load_plan(plan(tmp_path, cell)))


def test_a_point_of_another_length_is_refused(tmp_path: Path) -> None:
    cell = '[[points]]\ntask = "t"\nalpha = 1\nnu = 1\nat = [0, 0]\nstatements = ["S3"]\n'
    with pytest.raises(PlanError, match="at has 2 entries, expected 3, those of w"):
        check_tasks(load_plan(plan(tmp_path, cell)))
