"""Networks in the report: certified ones are decided, estimated ones never, rough ones do not apply."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import flint
import numpy as np
import pytest
import torch
from torch import nn

from empirics import agent_data, natural_partition
from empirics.tasks.networks.network import NetworkTask
from empirics.tasks.networks.small_networks import small_network
from reports.analyses.two_sided import two_sided_sections
from reports.balls import ball
from reports.cells.cell import TaskPlan
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.judging.rows import Row, Verdict
from reports.judging.verdicts import judge
from reports.measure.along_run import run_measurements
from reports.measure.at_points import point_measurements, record_points
from reports.measure.estimates import completed, run_estimates
from reports.measure.specify import specify
from reports.measure.task_instance import TaskInstance
from reports.plans.plan import load_plan
from reports.records.execution import execute
from reports.records.seeded_cell import SeededCell
from reports.tasks.networks import on_its_ball
from tests.reports.measuring import of, record_run
from tests.reports.written_out_networks import dense_networks

ROOT = Path(__file__).resolve().parents[2]

BOUNDED = TaskPlan(name="network-on-ball", factory="small-network", arguments={"seed": 2, "radius": 0.25})
FREE = TaskPlan(name="network", factory="small-network")
ACTIVATIONS = {"tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "softplus": nn.Softplus, "gelu": nn.GELU, "silu": nn.SiLU}
RUN = {"mode": "exact", "nu": 1, "tau": 2, "rounds": 4, "statements": ["T1", "T2"]}


def run_cell(plan: TaskPlan, **more: object) -> RunCell:
    return RunCell(task=plan.name, **{**RUN, **more})  # type: ignore[arg-type]


def rows_of(plan: TaskPlan, cell: RunCell, seed: int = 0) -> list[Row]:
    specification = specify(TaskInstance.of(plan), cell, of(cell))
    arrays = record_run(specification, seed)
    if "iterates" in arrays:
        arrays |= run_estimates(specification, arrays["iterates"], seed)
    return judge(run_measurements(completed(specification, arrays), of(specification.cell), arrays))


def middle(column: ball.Vector) -> np.ndarray:
    return np.array([float(x.mid()) for x in ball.entries(column)])


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_balls_agree_with_automatic_differentiation(name: str, loss: str) -> None:
    """torch.autograd on the module itself, not the engine's written-out sweeps."""
    rng = np.random.default_rng(3)
    kind = ACTIVATIONS[name]
    module = nn.Sequential(nn.Linear(2, 4), kind(), nn.Linear(4, 3), kind(), nn.Linear(3, 2)).double()
    function = nn.functional.mse_loss if loss == "mse" else nn.functional.cross_entropy
    x = rng.normal(size=(2, 5, 2))
    y = rng.normal(size=(2, 5, 2)) if loss == "mse" else rng.integers(0, 2, size=(2, 5))
    task = NetworkTask(module, x, y, function)
    w, v = rng.normal(size=(2, task.d))

    def value(point: torch.Tensor, agent: int) -> torch.Tensor:
        at, named = 0, {}
        for key, parameter in module.named_parameters():
            named[key] = point[at : at + parameter.numel()].reshape(parameter.shape)
            at += parameter.numel()
        output = torch.func.functional_call(module, named, torch.as_tensor(x[agent]))
        return function(output, torch.as_tensor(y[agent]))

    with flint.ctx.workprec(ball.BITS):
        for agent, f in enumerate(dense_networks(task.arrays())):
            point, direction = torch.as_tensor(w), torch.as_tensor(v)
            gradient = torch.func.grad(value)(point, agent)
            product = torch.func.grad(lambda p, i=agent, u=direction: torch.func.grad(value)(p, i) @ u)(point)
            # a few hundred float64 operations on numbers of size one
            assert float(f.loss(ball.column(w)).mid()) == pytest.approx(float(value(point, agent)), rel=1e-12)
            assert middle(f.gradient(ball.column(w))) == pytest.approx(gradient.numpy(), abs=1e-12)
            assert middle(f.hvp(ball.column(w), ball.column(v))) == pytest.approx(product.numpy(), abs=1e-11)


def test_a_certified_network_is_decided_at_points() -> None:
    cell = PointsCell(
        task=BOUNDED.name, alpha_L=Fraction(1, 16), nu=1, radius=Fraction(1, 16), delta=Fraction(1, 1024),
        statements=["S2", "S3", "S4", "S7", "S8", "S9", "S10"],
    )  # fmt: skip
    instance = TaskInstance.of(BOUNDED)
    rows = judge(point_measurements(instance, cell, of(cell), record_points(instance, cell, of(cell), seed=0)))
    assert {row.verdict for row in rows} <= {Verdict.HOLDS, Verdict.VACUOUS}
    derived = [row for row in rows if row.provenance == "derived"]
    assert {row.bound for row in derived if row.verdict is Verdict.HOLDS} == set(cell.statements)
    assert all(constant.side != "lower" for row in rows for name, constant in row.constants.items() if name != "mu")
    centre = small_network(seed=2).start.numpy()
    for row in rows:
        assert row.measured is not None
    w = record_points(instance, cell, of(cell), seed=0)["S7_w"]
    assert 0 < np.linalg.norm(w - centre) <= 1 / 16 * (1 + 1e-12)  # points are searched about the network's start


def test_a_smaller_ball_gives_the_smaller_constants_that_the_guide_states() -> None:
    """The samples, the network and both numbers of docs/how-to/use-your-own-data.md."""
    draw = np.random.default_rng(0)
    agent = np.repeat(np.arange(6), 24)
    y = draw.integers(0, 2, len(agent))
    x = draw.normal(size=(len(agent), 3)) + np.outer(2 * y + 0.3 * agent, [1, -1, 0.5])
    parts = list(natural_partition(agent).values())
    seen = agent_data(x, y, parts, samples=16, held_out=8).agents(slice(0, 4))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.GELU(), nn.Linear(4, 2)).double()
    task = seen.task(module, nn.functional.cross_entropy)
    assert task.d == 34
    found = [on_its_ball(task, Fraction(1, size)).constants()["L"].value for size in (4, 64)]
    text = " ".join((ROOT / "docs" / "how-to" / "use-your-own-data.md").read_text(encoding="utf-8").split())
    stated = re.search(r"L is at most (\d+) at radius 1/4, and at most ([\d.]+) at 1/64", text)
    assert stated is not None
    assert found == pytest.approx([float(stated[1]), float(stated[2])], rel=1e-2)


def test_points_whose_fine_tuning_may_leave_the_ball_are_refused() -> None:
    cell = PointsCell(task=BOUNDED.name, alpha_L=Fraction(1), nu=3, statements=["S2"], radius=Fraction(1, 8))
    with pytest.raises(ValueError, match=r"constants hold up to 0\.25"):
        record_points(TaskInstance.of(BOUNDED), cell, of(cell), seed=0)


@pytest.mark.parametrize(
    ("mode", "m", "more"),
    [("exact", 3, {}), ("exact", 2, {}), ("first_order", 3, {}), ("hessian_free", 3, {"delta": Fraction(1, 1024)})],
)
def test_a_certified_network_s_rates_are_decided(mode: str, m: int, more: dict) -> None:
    cell = run_cell(BOUNDED, mode=mode, m=m, alpha_L=Fraction(1, 64), beta=Fraction(1, 384), rounds=12, **more)
    by_statement = {row.quantity[:2]: row for row in rows_of(BOUNDED, cell)}
    assert by_statement["T1"].verdict is Verdict.HOLDS
    assert "Arb" in (by_statement["T1"].decided_by or "")
    assert by_statement["T2"].verdict is Verdict.HOLDS
    assert by_statement["T2"].predicted < by_statement["T2"].trivial  # type: ignore[operator]
    assert m < 3 or "Arb" in (by_statement["T2"].decided_by or "")  # one path: no float64 rounding to trust


def test_a_run_that_could_leave_its_ball_has_no_verdict() -> None:
    cell = run_cell(BOUNDED, alpha_L=Fraction(1, 64), beta=Fraction(1, 384), rounds=50)
    for row in rows_of(BOUNDED, cell):
        assert row.verdict is Verdict.NOT_APPLICABLE
        assert row.reason.startswith("W0: travel: 50 rounds of 2 local steps")
        assert "is not <= the radius 0.25" in row.reason


@pytest.mark.parametrize("mode", ["exact", "stochastic", "first_order", "hessian_free"])
def test_an_estimated_network_is_never_decided(mode: str) -> None:
    more = {"D": 2, "D_prime": 2, "D_H": 2} if mode == "stochastic" else {}
    more |= {"delta": Fraction(1, 1024)} if mode == "hessian_free" else {}
    cell = run_cell(
        FREE, mode=mode, alpha=Fraction(1, 16), beta=Fraction(1, 64), replicas=16, statements=["T2"], **more
    )
    (row,) = rows_of(FREE, cell)
    assert row.verdict is Verdict.INCONCLUSIVE
    assert "L (lower)" in row.reason
    assert "hull of the run" in row.reason
    assert row.predicted is not None
    assert row.measured is not None
    assert row.measured < row.predicted  # what a reader wants to see, though nothing follows from it
    assert {constant.side for constant in row.constants.values()} == {"lower"}
    assert ("sigma_G" in row.constants) == (mode == "stochastic")


def test_estimates_at_points_say_on_which_set() -> None:
    cell = PointsCell(task=FREE.name, alpha=Fraction(1, 16), nu=1, radius=Fraction(1, 4), statements=["S3", "S7"])
    instance = TaskInstance.of(FREE)
    arrays = record_points(instance, cell, of(cell), seed=0)
    rows = judge(point_measurements(instance, cell, of(cell), arrays))
    assert {row.verdict for row in rows} == {Verdict.INCONCLUSIVE}
    assert all("over the ball that is searched" in row.reason for row in rows)
    # the ball holds every searched point and its fine-tuning, so these estimates are at least what is met there
    task = instance.task
    w = torch.as_tensor(arrays["S7_w"])
    assert float(arrays["estimate_B"]) >= float(task.gradient(w).norm(dim=-1).max()) * 0.9


def test_estimates_are_kept_in_the_record_and_read_back(tmp_path: Path) -> None:
    cell = run_cell(FREE, alpha=Fraction(1, 16), beta=Fraction(1, 64), replicas=4, m=2, statements=["T2"])
    seeded = SeededCell(cell, FREE, 0, 1, "cpu", 1e-6)
    first = judge(execute(seeded, tmp_path).measurements)
    again = judge(execute(seeded, tmp_path).measurements)
    assert [row.model_dump() for row in first] == [row.model_dump() for row in again]
    elsewhere = judge(execute(seeded, tmp_path / "other").measurements)
    assert first[0].constants == elsewhere[0].constants


def test_nothing_applies_to_a_network_that_is_not_smooth() -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)).double()
    data = small_network()
    task = NetworkTask(module, data.whole("x"), data.whole("y"), nn.functional.mse_loss, smooth=False)
    instance = TaskInstance(FREE, task)
    run = run_cell(FREE, alpha=Fraction(1, 16), beta=Fraction(1, 64))
    specification = specify(instance, run, of(run))
    rows = judge(run_measurements(specification, of(specification.cell), record_run(specification, 0)))
    points = PointsCell(task=FREE.name, alpha=Fraction(1, 16), nu=1, statements=["S2", "S4", "S7", "S8"])
    rows += judge(point_measurements(instance, points, of(points), record_points(instance, points, of(points), seed=0)))
    assert len(rows) == 6
    for row in rows:
        assert row.verdict is Verdict.NOT_APPLICABLE
        assert row.reason == "A2: the network is declared not smooth, so L and rho do not exist"
        assert row.predicted is None


def test_the_standard_profile_has_networks_of_both_kinds() -> None:
    plan = load_plan("standard")
    factories = {task.name: task for task in plan.tasks}
    assert {"network", "network-on-ball", "digits-network"} <= set(factories)
    for name in ("network", "digits-network"):
        modes = {run.mode for run in plan.runs if run.task == name}
        assert modes == {"exact", "stochastic", "first_order", "hessian_free"}
        # constants are known after the run only, so nothing may be chosen from them before it
        assert all(run.alpha is not None and run.beta is not None for run in plan.runs if run.task == name)


def test_the_report_shows_both_sides_of_every_constant() -> None:
    (section,) = two_sided_sections([FREE, BOUNDED, TaskPlan(name="quadratic", factory="quadratic")])
    (table,) = section.tables
    assert [line[0] for line in table.lines] == ["L", "rho", "B", "gamma_G", "gamma_H", "sigma_G", "sigma_H"]
    for _, certified, found, ratio, points in table.lines:
        assert 0 < found <= certified * (1 + 1e-9)  # type: ignore[operator]
        assert ratio == pytest.approx(certified / found)  # type: ignore[operator]
        assert points > 10  # type: ignore[operator]
