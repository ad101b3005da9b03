"""Plans are read strictly, and the packaged ones cover what they promise."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from reports.plans.plan import Plan, PlanError, load_plan

MODES = ("exact", "stochastic", "first_order", "first_order_stochastic", "hessian_free", "hessian_free_stochastic")
RUN = """
title = "t"
[[tasks]]
name = "q"
factory = "quadratic"
[[runs]]
task = "q"
mode = "exact"
alpha_L = "1/4"
nu = 1
tau = 1
fraction = "1/2"
rounds = 2
statements = ["T2"]
"""


def read(tmp_path: Path, text: str) -> Plan:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    return load_plan(str(path))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("tau = 1", "tua = 1", "tua"),
        ("tau = 1", "tau = 0", "greater than or equal to 1"),
        ('mode = "exact"', 'mode = "fast"', "mode"),
        ('task = "q"', 'task = "p"', "unknown task p"),
        ('fraction = "1/2"', "", "exactly one of fraction"),
        ('alpha_L = "1/4"', "", "exactly one of alpha"),
        ('alpha_L = "1/4"', "alpha_L = 0.25", "expected an integer or a string"),
        ('statements = ["T2"]', 'statements = ["T9"]', "T9"),
        ("title = ", "title ", "not valid TOML"),
        ("nu = 1", "nu = true", "nu"),
    ],
)
def test_a_bad_plan_is_one_clear_error(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert RUN.count(old) >= 1
    with pytest.raises(PlanError, match=message):
        read(tmp_path, RUN.replace(old, new, 1))


POINTS = """
title = "t"
[[tasks]]
name = "q"
factory = "quadratic"
"""


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ('[[points]]\ntask = "q"\nalpha_L = "1/4"\nnu = 1\nstatements = ["S9"]', "S9 needs delta"),
        ('[[points]]\ntask = "q"\nalpha_L = "1/4"\nnu = 0\nstatements = ["S10"]', "needs nu >= 1"),
        ('[[points]]\ntask = "q"\nalpha_L = "1/4"\nnu = 1\nat = [1]\nstatements = ["S4"]', "needs `pair`"),
        (
            '[[noise]]\ntask = "q"\nalpha_L = "1/4"\nnu = 1\nD = 1\nD_prime = 1\nD_H = 1\nmethod = "sample"\n'
            'statements = ["S6"]',
            "needs replicas",
        ),
        (
            '[[noise]]\ntask = "q"\nalpha_L = "1/4"\nnu = 1\nD = 1\nD_prime = 1\nD_H = 1\nmethod = "enumerate"\n'
            'statements = ["S9s"]',
            "S9s needs delta",
        ),
    ],
)
def test_an_incomplete_cell_is_refused_before_any_work(tmp_path: Path, cell: str, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        read(tmp_path, POINTS + cell)


def test_lists_expand_to_their_product_and_tables_to_their_rows(tmp_path: Path) -> None:
    product = read(tmp_path, RUN.replace("nu = 1", "nu = [1, 2]").replace("tau = 1", "tau = [1, 5, 7]"))
    assert {(run.nu, run.tau) for run in product.runs} == set(itertools.product((1, 2), (1, 5, 7)))
    text = RUN.replace('mode = "exact"\n', "").replace("nu = 1\n", "").replace("rounds", 'delta = "1/8"\nD = 4\nrounds')
    table = read(tmp_path, text + 'columns = ["mode", "nu"]\nrows = [["exact", 1], ["hessian_free", 2]]\n')
    assert [(run.mode, run.nu, run.delta is None, run.D) for run in table.runs] == [
        ("exact", 1, True, None),
        ("hessian_free", 2, False, None),
    ]


def test_axes_give_several_keys_at_once_and_exclusions_leave_cells_out(tmp_path: Path) -> None:
    lengths = "length = [{ tau = 1, rounds = 8 }, { tau = 4, rounds = 2 }]"
    axes = f'[axes]\n{lengths}\nstep = [{{ fraction = "1/2" }}, {{ fraction = "1/4" }}]\n'
    text = (
        RUN.replace("[[tasks]]", axes + "[[tasks]]")
        .replace("tau = 1\nfraction", "fraction")
        .replace("rounds = 2\n", "")
    )
    text = text.replace('fraction = "1/2"\n', 'axes = ["length", "step"]\n').replace("nu = 1", "nu = [0, 1, 2]")
    whole = {(cell.nu, cell.tau, cell.rounds, str(cell.fraction)) for cell in read(tmp_path, text).runs}
    pairs = [(1, 8), (4, 2)]
    assert whole == {(nu, *pair, step) for nu in (0, 1, 2) for pair in pairs for step in ("1/2", "1/4")}
    cut = read(tmp_path, text + 'exclude = [{ nu = [1, 2], tau = 4 }, { fraction = "0.25", nu = 0 }]\n').runs
    kept = {(cell.nu, cell.tau, cell.rounds, str(cell.fraction)) for cell in cut}
    assert kept == {one for one in whole if not (one[0] > 0 and one[1] == 4) and not (one[0] == 0 and one[3] == "1/4")}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("exclude = [{ nu = 7 }]", "exclude: {'nu': 7} names no cell"),
        ("exclude = [{ tua = 1 }]", "exclude: {'tua': 1} names no cell"),
        ("exclude = [{ nu = 1 }]", "no cell is left"),
        ("exclude = [[1]]", "exclude = [[1]]: expected a list of tables"),
        ('axes = ["size"]', "axes: size is not among the plan's axes (short)"),
        ('axes = ["short"]', "axes: short gives tau, which is given already"),
    ],
)
def test_a_crooked_grid_is_refused(tmp_path: Path, more: str, message: str) -> None:
    text = RUN.replace("[[tasks]]", "[axes]\nshort = [{ tau = 2 }]\n[[tasks]]") + more
    with pytest.raises(PlanError) as refused:
        read(tmp_path, text)
    assert message in str(refused.value)
    assert "[[runs]]" in str(refused.value)


def test_a_crooked_axis_is_refused(tmp_path: Path) -> None:
    for axes in ("axes = 3\n", "[axes]\nshort = [1, 2]\n", "[axes]\nshort = []\n"):
        with pytest.raises(PlanError, match="axes"):
            read(tmp_path, RUN.replace("[[tasks]]", axes + "[[tasks]]", 1))


def test_a_crooked_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="entries"):
        read(tmp_path, RUN.replace("nu = 1\n", "") + 'columns = ["nu"]\nrows = [[1, 2]]\n')


def test_only_keeps_what_was_asked_for() -> None:
    cut = load_plan("quick").only({"S4", "T2"})
    measured = {s for cell in (*cut.points, *cut.noise, *cut.runs) for s in cell.statements}
    assert measured == {"S4", "T2"}
    assert {task.name for task in cut.tasks} == {cell.task for cell in (*cut.points, *cut.runs)}


def test_unknown_plan_names_the_packaged_ones() -> None:
    with pytest.raises(PlanError, match="quick"):
        load_plan("no-such-plan")


class TestStandard:
    """The pairs that the standard profile promises."""

    runs = load_plan("standard").runs

    def pairs(self, *fields: str) -> set[tuple]:
        return {tuple(getattr(run, field) for field in fields) for run in self.runs}

    def test_every_task_runs_in_every_mode(self) -> None:
        tasks = {"quadratic", "quadratic-mild", "saddle", "cosine", "log-cosh", "logistic", "digits"}
        assert set(itertools.product(tasks, MODES)) <= self.pairs("task", "mode")

    def test_every_mode_meets_every_nu(self) -> None:
        assert set(itertools.product(MODES, (0, 1, 2, 3, 5))) <= self.pairs("mode", "nu")

    def test_every_mode_meets_every_tau(self) -> None:
        assert set(itertools.product(MODES, (1, 5))) <= self.pairs("mode", "tau")

    def test_every_mode_meets_full_and_partial_participation(self) -> None:
        agents = {
            "quadratic": 5,
            "quadratic-mild": 4,
            "saddle": 4,
            "cosine": 5,
            "log-cosh": 5,
            "logistic": 5,
            "digits": 10,
        }
        seen = {(run.mode, run.m == agents[run.task]) for run in self.runs if run.task in agents and run.m is not None}
        assert seen == set(itertools.product(MODES, (True, False)))

    def test_steps_are_taken_at_several_fractions_of_the_largest(self) -> None:
        assert len({run.fraction for run in self.runs if run.fraction is not None}) >= 3
