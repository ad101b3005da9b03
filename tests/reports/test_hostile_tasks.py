"""No HOLDS rests on a lie that a look at the visited points can see; what is measured is what runs."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import pytest

from reports.cells.cell import TaskPlan
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.judging.rows import Row, Verdict
from reports.judging.verdicts import judge
from reports.measure.task_instance import TaskInstance
from reports.plans.own_task import with_own_task
from reports.plans.plan import Plan
from reports.records.execution import measured
from reports.records.seeded_cell import SeededCell, seeded_cells
from reports.tasks.conformance import ConformanceError, load_task, require_conformance
from tests.reports.waves import WAVES

SOURCE = (
    WAVES
    + '''

class Honest(Waves):
    pass


class WrongGradient(Waves):
    wrong = 1e-6


class Skew(Waves):
    skew = 1e-6


class OneOfMany(Waves):
    """The gradient of one agent of forty is off."""

    def __init__(self):
        place = torch.linspace(0, 1, 40, dtype=torch.float64)
        off = torch.zeros(40, dtype=torch.float64)
        off[7] = 5e-7
        Task.__init__(self, 2, {"s": 0.5 + place / 2, "phi": 2 * place, "off": off})

    def raw_gradient(self, w):
        return super().raw_gradient(w) + self.parameter("off")[..., None]


class WrongOnAShell(Waves):
    """The gradient of agent 0 is wrong where fine-tuning leads from (1, 1) and nowhere else."""

    def raw_gradient(self, w):
        there = ((w - 1).abs() > 0.01) & ((w - 1).abs() < 0.2)
        return super().raw_gradient(w) * torch.where(there, 1.001, 1.0)


class HighBound(Waves):
    low = 1.9


class Far(Task):
    """w^2/2 on R with B = 20 claimed: true at the points of a check, false further out."""

    def __init__(self):
        super().__init__(1, {"c": [[0.0]]})

    def raw_loss(self, w):
        return (w - self.parameter("c")).square().sum(-1) / 2

    def raw_gradient(self, w):
        return w - self.parameter("c")

    def raw_hvp(self, w, v):
        return v

    def own_constants(self):
        stated = {"L": 1.0, "rho": 0.0, "B": 20.0, "gamma_G": 0.0, "gamma_H": 0.0}
        return {name: Constant(value, "upper") for name, value in stated.items()}

    def loss_lower_bound(self):
        return Constant(0.0, "lower")


class Unrecorded(Waves):
    def raw_loss(self, w):
        loss = super().raw_loss(w)
        return loss if float(loss.sum()) < 1e9 else loss + 1


class Widened(CosineTask):
    """A wave with a bowl's slope added: another function than its parent's."""

    def __init__(self):
        super().__init__([[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0]], [[0.0, 0.0]])

    def raw_loss(self, w):
        return super().raw_loss(w) + torch.sin(w).sum(-1)

    def raw_gradient(self, w):
        return super().raw_gradient(w) + torch.cos(w)

    def raw_hvp(self, w, v):
        return super().raw_hvp(w, v) - torch.sin(w) * v

    def raw_linearisation(self, w):
        return self.raw_gradient(w), lambda v: self.raw_hvp(w, v)

    def own_constants(self):
        stated = {"L": 2.0, "rho": 2.0, "B": 3.0, "gamma_G": 0.0, "gamma_H": 0.0}
        return {name: Constant(value, "upper") for name, value in stated.items()}

    def loss_lower_bound(self):
        return Constant(-4.0, "lower")


class Pulled(NoisySamples):
    """Every sample has a term more than the loss: its mean gradient is another."""

    def loss(self, task, w, values):
        return super().loss(task, w, values) + 0.1 * w.sum(-1)

    gradient, hvp, sign_scales = Sampler.gradient, Sampler.hvp, Sampler.sign_scales


def pulled():
    task = CosineTask([[1.0]], [[1.0]], [[0.0]], noise=Noise(0.5, 0.0, 1.0, [[1.0]], [[1.0]], [0.0]))
    task.sampler = Pulled(0.5, 0.0, 1.0)
    return task


class Louder(NoisySamples):
    """Twice the noise that it states."""

    def gradient(self, task, w, values):
        return task.raw_gradient(w) + 2 * (super().gradient(task, w, values) - task.raw_gradient(w))


def loud():
    task = QuadraticTask([[[1.0]]], [[0.0]], noise=Noise(0.5, 0.0, 1.0, [[1.0]], [[1.0]], [0.0]))
    task._sampler = Louder(0.5, 0.0, 1.0)
    task.sampler = task._sampler
    return task
'''
)
ALPHA = Fraction(1, 8)
RUN = {"mode": "exact", "tau": 1, "beta": Fraction(1, 8), "rounds": 4, "alpha": Fraction(1, 8), "nu": 1}


@pytest.fixture(autouse=True)
def _module(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.mktemp("hostile")
    Path(folder / "hostile_tasks.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(folder))
    sys.modules.pop("hostile_tasks", None)


def rows(name: str, **more: object) -> list[Row]:
    """A run's T2 and the points' S1 to S10 of a task of the file."""
    task = TaskPlan(name="t", factory=f"hostile_tasks:{name}")
    run = RunCell(task="t", statements=["T1", "T2"], **{**RUN, **more})  # type: ignore[arg-type]
    points = PointsCell(
        task="t", alpha=Fraction(1, 8), nu=1, delta=Fraction(1, 16), statements=["S2", "S3", "S4", "S7", "S8", "S9"]
    )
    return judge([one for cell in (run, points) for one in measured(SeededCell(cell, task, 0, 1, "cpu", 1e-6))])


def test_an_honest_task_of_a_users_is_decided() -> None:
    found = rows("Honest")
    assert {row.verdict for row in found} <= {Verdict.HOLDS, Verdict.VACUOUS}
    assert {row.bound for row in found} >= {"S2", "S3", "S4", "S7", "S8", "S9", "T1c", "T2"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("WrongGradient", "the gradient of agent"),
        ("Skew", "the Hessian-vector product of agent"),
        ("OneOfMany", "the gradient of agent 7"),
    ],
)
def test_a_lie_at_a_visited_point_leaves_no_row(name: str, said: str) -> None:
    found = rows(name)
    assert {row.verdict for row in found} == {Verdict.NOT_APPLICABLE}
    assert all(said in row.reason for row in found)


def test_a_lie_at_a_fine_tuned_point_leaves_no_row() -> None:
    task = TaskPlan(name="t", factory="hostile_tasks:WrongOnAShell")
    cell = PointsCell(task="t", alpha=ALPHA, nu=1, statements=["S8"], at=[Fraction(1), Fraction(1)])
    (row,) = judge(measured(SeededCell(cell, task, 0, 1, "cpu", 1e-6)))
    assert row.verdict is Verdict.NOT_APPLICABLE
    assert "the gradient of agent" in row.reason


def test_a_lower_bound_above_the_loss_leaves_no_row() -> None:
    found = rows("HighBound")
    assert {row.verdict for row in found} == {Verdict.NOT_APPLICABLE}
    assert all("loss_lower_bound is" in row.reason for row in found)


def test_a_constant_that_a_run_breaks_leaves_no_row() -> None:
    run = [row for row in rows("Far", start=[Fraction(40)]) if row.bound.startswith("T")]
    assert run
    assert all(row.verdict is Verdict.NOT_APPLICABLE and "B is stated as 20" in row.reason for row in run)


def test_what_cannot_be_read_in_balls_decides_nothing_at_points() -> None:
    found = [row for row in rows("Unrecorded") if row.bound.startswith("S")]
    assert {row.verdict for row in found} == {Verdict.INCONCLUSIVE}
    assert all("cannot be read in balls" in row.reason for row in found)
    s4 = next(row for row in found if row.bound == "S4")
    honest = next(row for row in rows("Honest") if (row.bound, row.quantity) == ("S4", "L_F"))
    assert s4.measured == pytest.approx(honest.measured, rel=1e-3)


def test_a_subclass_is_measured_as_itself() -> None:
    """norm(grad f(0)) of the widened task is sqrt(2); its parent's is 0."""
    task = TaskPlan(name="t", factory="hostile_tasks:Widened")
    cell = PointsCell(task="t", alpha=Fraction(1, 8), nu=0, statements=["S3"], at=[Fraction(0)] * 2)
    (_, size) = judge(measured(SeededCell(cell, task, 0, 1, "cpu", 1e-6)))
    assert (size.quantity, size.measured) == ("B_F", pytest.approx(2**0.5, rel=1e-12))


def test_a_sampler_that_is_louder_than_it_says_is_not_enumerated_and_leaves_no_row() -> None:
    instance = TaskInstance(TaskPlan(name="t", factory="hostile_tasks:loud"), load_task("hostile_tasks:loud"))
    assert isinstance(instance.samples, str)
    assert "the sampler's gradient of sample 0 of agent 0 differs from that of the sample's loss by" in instance.samples
    assert not instance.covariances
    found = [
        row
        for row in rows("loud", mode="stochastic", D=1, D_prime=1, D_H=1, start=[Fraction(1)])
        if row.bound.startswith("T")
    ]
    assert all(row.verdict is Verdict.NOT_APPLICABLE and "sigma_G is stated as 0.5" in row.reason for row in found)


@pytest.mark.parametrize("method", [{"method": "enumerate"}, {"method": "sample", "replicas": 64}])
def test_samples_with_a_bias_leave_no_row(method: dict) -> None:
    """A4 asks for samples whose mean is the agent's own gradient: b_sto bounds nothing else."""
    task, sizes = TaskPlan(name="t", factory="hostile_tasks:pulled"), {"D": 1, "D_prime": 1, "D_H": 1}
    cell = NoiseCell(task="t", alpha=ALPHA, nu=1, statements=["S5", "S6"], at=[Fraction(1)], **sizes, **method)
    found = judge(measured(SeededCell(cell, task, 0, 1, "cpu", 1e-6)))
    assert {row.verdict for row in found} == {Verdict.NOT_APPLICABLE}
    assert all("the mean gradient of the samples of agent 0 differs from its own by 0.1" in row.reason for row in found)


def test_a_linear_term_is_part_of_the_loss(tmp_path: Path) -> None:
    """S4's witness written with the cosine's own linear term: the quotient is that of the engine."""
    task = TaskPlan(
        name="wave",
        factory="explicit-cosine",
        arguments={
            "a": [[6.283085307179586]],
            "s": [[-2.5331502e-6]],
            "phi": [[1.5707963267948966]],
            "linear": [[1.0]],
        },
    )
    cell = PointsCell(
        task="wave", alpha=Fraction(1), nu=1, at=[Fraction(0)], pair=[Fraction(1, 2**20)], statements=["S1", "S4", "S7"]
    )
    found = judge(measured(SeededCell(cell, task, 0, 1, "cpu", 1e-6)))
    assert {row.verdict for row in found} == {Verdict.HOLDS}
    assert next(row for row in found if row.quantity == "L_F").measured == pytest.approx(6.283281477e-4, rel=1e-9)


def test_an_ordinary_plateau_is_never_violated() -> None:
    """f'' at a knot is the stored height, in float64 and in balls."""
    arguments = {
        "knots": [-1.226, -0.755, 0.755, 1.226], "curvature": [[0, -0.839, -0.839, 0]], "slope": [0.0], "at": 0
    }  # fmt: skip
    task = TaskPlan(name="plateau", factory="explicit-spline", arguments=arguments)
    for at, pair in (("1/4", "1/8"), ("3/8", "-1/4"), ("1/2", "5/8")):
        cell = PointsCell(
            task="plateau",
            alpha=Fraction(1, 8),
            nu=1,
            at=[Fraction(at)],
            pair=[Fraction(pair)],
            statements=["S2", "S3"],
        )
        assert Verdict.VIOLATED not in {
            row.verdict for row in judge(measured(SeededCell(cell, task, 0, 1, "cpu", 1e-6)))
        }


def test_enumerated_batches_of_data_have_the_error_that_is_sampled() -> None:
    """Logistic regression on six samples an agent: the mean squared error, exact and from 4096 pairs."""
    plan = TaskPlan(name="t", factory="logistic", arguments={"samples": 6})
    common = {"task": "t", "alpha_L": Fraction(1, 4), "nu": 1, "statements": ["S6"], "at": [Fraction(1, 4)] * 4}
    sizes = {"D": 2, "D_prime": 1, "D_H": 2}
    found = {}
    for method, more in (("enumerate", {}), ("sample", {"replicas": 4096})):
        cell = NoiseCell(**common, **sizes, method=method, **more)  # type: ignore[arg-type]
        found[method] = next(
            row for row in judge(measured(SeededCell(cell, plan, 0, 1, "cpu", 1e-6))) if row.quantity == "sigma_F2"
        )
    assert found["enumerate"].verdict is Verdict.HOLDS
    assert found["enumerate"].measured > 1e-3
    # the enumerated row is that of the worst agent, the sampled one the mean over agents
    assert found["sample"].measured <= found["enumerate"].upper
    assert found["enumerate"].measured < 5 * found["sample"].measured


def test_a_users_task_has_the_rows_that_ours_have() -> None:
    name = "hostile_tasks:Honest"
    plan = with_own_task(Plan(title="none", tasks=[]), name, load_task(name))
    found = {
        statement
        for seeded in seeded_cells(plan, seed=0, seeds=1, device="cpu")
        for statement in seeded.cell.statements
    }
    assert found == {"S1", "S2", "S3", "S4", "S4m", "S7", "S8", "S9", "S10", "T1", "T1d", "T2", "T2p", "C1", "C2", "D1"}


REPLACED = """
import torch
from empirics import CosineTask
from hostile_tasks import Honest, Waves


def replaced():
    task = CosineTask([[1.0, 0.3], [-0.5, 1.0]], [[1.0, 0.5], [0.7, -0.4]], [[0.0, 0.2], [1.0, -0.5]])
    plain = task.raw_linearisation
    task.raw_linearisation = lambda w: ((lambda g, p: (1.2 * g, lambda v: 1.2 * p(v)))(*plain(w)))
    return task


class WrongLinearisation(Waves):
    def raw_linearisation(self, w):
        return 1.01 * self.raw_gradient(w), lambda v: 0.9 * self.raw_hvp(w, v)


class Raises(Waves):
    def raw_hvp(self, w, v):
        raise RuntimeError("out of order")
"""


@pytest.fixture
def more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hostile_replaced.py").write_text(REPLACED)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("hostile_replaced", None)


@pytest.mark.usefixtures("more")
@pytest.mark.parametrize("name", ["replaced", "WrongLinearisation"])
def test_a_linearisation_of_another_function_leaves_no_row_and_is_refused(name: str) -> None:
    task = TaskPlan(name="t", factory=f"hostile_replaced:{name}")
    cell = RunCell(task="t", statements=["T2"], **RUN)  # type: ignore[arg-type]
    (row,) = judge(measured(SeededCell(cell, task, 0, 1, "cpu", 1e-6)))
    assert row.verdict is Verdict.NOT_APPLICABLE
    assert "(raw_linearisation)" in row.reason
    with pytest.raises(ConformanceError, match=r"of agent \d \(raw_linearisation\)"):
        require_conformance(name, load_task(f"hostile_replaced:{name}"))


@pytest.mark.usefixtures("more")
def test_a_method_that_raises_is_named_in_one_line() -> None:
    with pytest.raises(ConformanceError, match=r"Raises: RuntimeError .*: out of order"):
        require_conformance("Raises", load_task("hostile_replaced:Raises"))


def test_a_run_on_what_cannot_be_read_in_balls_decides_nothing() -> None:
    (row,) = [row for row in rows("Unrecorded") if row.bound == "T2"]
    assert (row.verdict, row.measured is None) == (Verdict.INCONCLUSIVE, False)
    assert "cannot be read in balls" in row.reason


NETWORK = """
import torch
from torch import nn
from empirics import NetworkTask


def net():
    torch.manual_seed(0)
    x, y = torch.randn(2, 4, 3, dtype=torch.float64) / 4, torch.randn(2, 4, 1, dtype=torch.float64)
    module = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1)).double()
    return NetworkTask(module, x, y, nn.functional.mse_loss)
"""


def test_a_users_network_is_decided_on_the_ball_of_its_certified_constants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_network.py").write_text(NETWORK)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("own_network", None)
    name = "own_network:net"
    plan = with_own_task(Plan(title="none", tasks=[]), name, load_task(name)).only({"S3", "S4", "T2"})
    assert plan.tasks[0].factory == "own_network:net@1/4"
    cells = [cell for cell in seeded_cells(plan, seed=0, seeds=1, device="cpu") if cell.cell.nu == 1]
    found = judge([one for cell in cells[-1:] + cells[:1] for one in measured(cell)])
    assert {row.verdict for row in found} <= {Verdict.HOLDS, Verdict.VACUOUS}
    assert {row.bound for row in found} >= {"S3", "S4", "T2"}
    with pytest.raises(ConformanceError, match="expected a radius > 0 such as 1/4 behind the @"):
        load_task("own_network:net@wide")
