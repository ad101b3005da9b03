"""A user's own task: refused for what is wrong with it, measured when nothing is."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from torch import nn

import empirics
from reports.judging.rows import Verdict
from reports.judging.verdicts import judge
from reports.plans.checking import check_tasks
from reports.plans.own_task import with_own_task
from reports.plans.plan import Plan, PlanError, load_plan
from reports.records.execution import execute
from reports.records.seeded_cell import seeded_cells
from reports.tasks.conformance import ConformanceError, checks, load_task, require_conformance
from reports.tasks.networks import on_its_ball
from tests.reports.waves import WAVES

SOURCE = (
    WAVES
    + '''

class WrongSlope(Waves):
    slope = 1.001


class WrongBend(Waves):
    bend = 0.99


class SmallL(Waves):
    limits = {**Waves.limits, "L": 0.9}


class SmallB(Waves):
    limits = {**Waves.limits, "B": 1.0}


class SmallSpread(Waves):
    limits = {**Waves.limits, "gamma_H": 0.1}


class SmallRho(Waves):
    limits = {**Waves.limits, "rho": 0.9}


class SmallGradientSpread(Waves):
    limits = {**Waves.limits, "gamma_G": 0.5}


class LargeMu(Waves):
    def own_constants(self):
        return {**super().own_constants(), "mu": Constant(-0.9, "lower")}


class Quiet(Waves):
    """States no noise, and has some."""

    def __init__(self):
        super().__init__()
        self.sampler = Hushed(0.5, 0.0, 1.0)
        ones = torch.ones(3, 2, dtype=torch.float64)
        self._parameters |= {"noise_u": ones, "noise_v": ones, "noise_phi": torch.zeros(3, dtype=torch.float64)}


class Hushed(NoisySamples):
    def constants(self, task):
        return {**super().constants(task), "sigma_G": Constant(0.1, "upper")}


class Many(Waves):
    """Forty agents; the derivatives of the last may be a little off in one of the ways in."""

    off = {}

    def __init__(self):
        place = torch.linspace(0, 1, 40, dtype=torch.float64)
        last = torch.where(place == 1, 1.0, 0.0)
        Task.__init__(self, 2, {"s": 0.5 + place / 2, "phi": 2 * place, "last": last})

    def lie(self, way):
        return self.off.get(way, 0.0) * self.parameter("last")[..., None]

    def raw_gradient(self, w):
        return super().raw_gradient(w) + self.lie("gradient")

    def raw_hvp(self, w, v):
        return super().raw_hvp(w, v) + self.lie("hvp") * v.flip(-1) * torch.tensor([1.0, -1.0], dtype=w.dtype)

    def raw_linearisation(self, w):
        gradient, product = super().raw_linearisation(w)
        return gradient + self.lie("slope"), lambda v: product(v) + self.lie("bend") * v


class OffGradient(Many):
    off = {"gradient": 1e-7}


class OffHvp(Many):
    off = {"hvp": 1e-7}


class OffSlope(Many):
    off = {"slope": 1e-7}


class OffBend(Many):
    off = {"bend": 1e-7}


class Unrecorded(Many):
    off = {"gradient": 1e-3}

    def raw_loss(self, w):
        loss = super().raw_loss(w)
        return loss if float(loss.sum()) < 1e9 else loss + 1


class Loose(Waves):
    limits = {**Waves.limits, "L": 3.0}


class Recorder(Task):
    """Bowls of many agents that write down how much they were asked for at once."""

    largest = 0

    def __init__(self):
        generator = torch.Generator().manual_seed(0)
        c = torch.randn(3000, 30, generator=generator, dtype=torch.float64)
        super().__init__(30, {"c": c, "a": 1 + torch.rand(3000, 30, generator=generator, dtype=torch.float64)})

    def bent(self, v):
        Recorder.largest = max(Recorder.largest, v.numel())
        return self.parameter("a") * v

    def raw_loss(self, w):
        u = w - self.parameter("c")
        return (u * u * self.parameter("a")).sum(-1) / 2

    def raw_gradient(self, w):
        return self.bent(w - self.parameter("c"))

    def raw_hvp(self, w, v):
        return self.bent(v)

    def own_constants(self):
        stated = {"L": self.L, "rho": 0.0, "B": 1e3, "gamma_G": 1e3, "gamma_H": 1.0}
        return {name: Constant(value, "upper") for name, value in stated.items()}

    def loss_lower_bound(self):
        return Constant(0.0, "lower")

    L = 2.0


class RecorderOfLittle(Recorder):
    L = 1.9


class Alike(Waves):
    """Three equal agents, whose mean rounds: gamma is 0; and convex in one of two directions, so that mu is 0."""

    limits = {"L": 1.0, "rho": 0.78, "B": 1.0, "gamma_G": 0.0, "gamma_H": 0.0}
    low = 0.0

    def __init__(self):
        Task.__init__(self, 2, {"s": [0.7, 0.7, 0.7]})

    def along(self, w):
        return 0.6 * w[..., 0] + 0.8 * w[..., 1]

    def raw_loss(self, w):
        u = self.along(w)
        return self.parameter("s") * (torch.nn.functional.softplus(2 * u) - u)

    def raw_gradient(self, w):
        slope = self.parameter("s") * torch.tanh(self.along(w))
        return torch.stack([0.6 * slope, 0.8 * slope], dim=-1)

    def raw_hvp(self, w, v):
        bent = self.parameter("s") * (1 - torch.tanh(self.along(w)) ** 2) * self.along(v)
        return torch.stack([0.6 * bent, 0.8 * bent], dim=-1)

    def own_constants(self):
        return {**super().own_constants(), "mu": Constant(0.0, "exact")}


class Silent(Waves):
    limits = {"L": 1.0}


class High(Waves):
    low = 1.0


number = 3


def broken():
    raise RuntimeError("out of order")
'''
)


@pytest.fixture(autouse=True)
def _module(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.mktemp("own")
    Path(folder / "waves_of_a_user.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(folder))
    sys.modules.pop("waves_of_a_user", None)


def test_a_good_task_passes_every_check() -> None:
    task = load_task("waves_of_a_user:Waves")
    done = require_conformance("waves", task)
    assert {check.name for check in done} >= {"derivatives of the loss", "constant L", "constant B"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("WrongSlope", "the gradient of agent"),
        ("WrongBend", "the Hessian-vector product of agent"),
        ("SmallL", r"L = 0.9 is stated, but it is at least 0.99.* at w = \["),
        ("SmallB", "B = 1 is stated, but it is at least 1.4"),
        ("SmallRho", "rho = 0.9 is stated, but it is at least 0.99"),
        ("LargeMu", "mu = -0.9 is stated, but it is at most -0.99"),
        ("SmallGradientSpread", "gamma_G = 0.5 is stated, but it is at least 0.6"),
        ("SmallSpread", "gamma_H = 0.1 is stated, but it is at least 0.5"),
        ("Quiet", "sigma_G = 0.1 is stated, but it is at least 0.7"),
        ("OffGradient", r"the gradient of agent 39 \(raw_gradient\) at w = \[.* by 1.41e-07, expected at most 2\^-30"),
        ("OffHvp", r"the Hessian-vector product of agent 39 \(raw_hvp\)"),
        ("OffSlope", r"the gradient of agent 39 \(raw_linearisation\)"),
        ("OffBend", r"the Hessian-vector product of agent 39 \(raw_linearisation\)"),
        ("Unrecorded", "gradient against the difference of losses: .* of agent 39"),
        ("RecorderOfLittle", "L = 1.9 is stated, but it is at least"),
        ("Silent", "rho, B, gamma_G, gamma_H not stated"),
        ("High", "loss_lower_bound"),
    ],
)
def test_a_wrong_task_is_refused_for_what_is_wrong(name: str, message: str) -> None:
    with pytest.raises(ConformanceError, match=message):
        require_conformance(name, load_task(f"waves_of_a_user:{name}"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("waves", "MODULE:NAME"),
        ("no_such_module_here:X", "cannot be imported"),
        ("waves_of_a_user:Nothing", "has no Nothing"),
        ("waves_of_a_user:number", "neither a Task"),
        ("waves_of_a_user:broken", "out of order"),
        ("builtins:dict", "makes a dict"),
    ],
)
def test_what_is_not_a_task_is_refused(name: str, message: str) -> None:
    with pytest.raises(ConformanceError, match=message):
        load_task(name)


def test_what_vanishes_but_for_rounding_is_not_refused() -> None:
    require_conformance("alike", load_task("waves_of_a_user:Alike"))


def test_a_loose_constant_is_said(caplog: pytest.LogCaptureFixture) -> None:
    require_conformance("loose", load_task("waves_of_a_user:Loose"))
    (said,) = [record.message for record in caplog.records if "constant L" in record.message]
    assert re.fullmatch(r"loose: constant L: 3 is stated, and 1 is proved: it is loose", said)


def test_what_is_asked_of_a_large_task_at_once_is_bounded() -> None:
    """Dense Hessians at all points would be 64 x 3000 x 30 x 30 numbers."""
    task = load_task("waves_of_a_user:Recorder")
    require_conformance("large", task)
    assert 3000 * 30 <= vars(type(task))["largest"] <= 2**21


def curved(n: int, d: int, condition: float) -> torch.Tensor:
    """Symmetric matrices (n, d, d) with eigenvalues from 1 to the condition number."""
    q = torch.linalg.qr(torch.randn(n, d, d, generator=torch.Generator().manual_seed(0), dtype=torch.float64)).Q
    return q @ torch.diag(condition ** torch.linspace(0, 1, d, dtype=torch.float64)) @ q.mT


def layers(*middle: nn.Module) -> empirics.NetworkTask:
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(2, 4, k, generator=generator, dtype=torch.float64) / 4 for k in (3, 1))
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 4), *middle, nn.Linear(4, 1)).double()
    return empirics.NetworkTask(module, x, y, nn.functional.mse_loss)


@pytest.mark.parametrize(
    "make",
    [
        empirics.factories.small_cosine,
        empirics.factories.small_logcosh,
        empirics.factories.small_logistic,
        lambda: empirics.CosineTask(a=[[1.0]], s=[[1.0]], phi=[[0.0]]),
        lambda: empirics.SplineTask(knots=[-1.0, 0.0, 1.0], curvature=[[0.0, 1.0, 0.0]], slope=[-0.5]),
        lambda: layers(nn.LayerNorm(4), nn.Softplus()),
        lambda: layers(nn.SiLU(), nn.Softmax(-1)),
        lambda: on_its_ball(layers(nn.Tanh()), Fraction(1, 4)),
        lambda: on_its_ball(layers(nn.LogSigmoid()), Fraction(1, 4)),
    ],
)
def test_an_honest_task_conforms(make: Callable[[], empirics.Task]) -> None:
    assert all(check.holds for check in checks(make()))


@pytest.mark.parametrize(("n", "d"), [(1, 1), (1, 8), (5, 8), (12, 20)])
def test_the_derivatives_of_an_ill_conditioned_quadratic_conform(n: int, d: int) -> None:
    """B and gamma_G exist on a ball only: that they are not stated is all there is to say against it."""
    task = empirics.QuadraticTask(curved(n, d, 1e6), torch.ones(n, d))
    (failed,) = [check for check in itertools.islice(checks(task), 8) if not check.holds]
    assert failed.detail == "B, gamma_G not stated; override own_constants"


def test_its_rows_are_judged_beside_the_plans(tmp_path: Path) -> None:
    name = "waves_of_a_user:Waves"
    plan = with_own_task(Plan(title="none", tasks=[]), name, load_task(name))
    rows = judge(
        [
            f
            for seeded in seeded_cells(plan, seed=0, seeds=1, device="cpu")
            for f in execute(seeded, tmp_path).measurements
        ]
    )
    assert {row.mode for row in rows} == {"exact", "first_order", "hessian_free"}
    assert {row.verdict for row in rows} <= {Verdict.HOLDS, Verdict.VACUOUS}
    assert any(row.verdict is Verdict.HOLDS for row in rows)


def test_a_task_with_a_ball_form_is_measured_at_points_as_well() -> None:
    plan = with_own_task(
        Plan(title="none", tasks=[]), "empirics.tasks.factories:small_cosine", empirics.factories.small_cosine()
    )
    assert {statement for cell in plan.points for statement in cell.statements} >= {"S4", "S9"}


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("waves_of_a_user:WrongSlope", "the gradient of agent"),
        ("waves_of_a_user:SmallL", "L = 0.9 is stated"),
        ("waves_of_a_user:broken", "RuntimeError when made without arguments: out of order"),
        ('waves_of_a_user:Waves"\narguments = { size = 3 }\nname = "w', "TypeError when made from size"),
    ],
)
def test_a_plans_own_task_is_looked_at_like_that_of_the_command_line(tmp_path: Path, factory: str, said: str) -> None:
    name = "" if "name" in factory else 'name = "w"\n'
    cell = '[[points]]\ntask = "w"\nalpha = 1\nnu = 1\nstatements = ["S2"]\n'
    (tmp_path / "plan.toml").write_text(f'title = "own"\n[[tasks]]\n{name}factory = "{factory}"\n{cell}')
    with pytest.raises(PlanError, match=said):
        check_tasks(load_plan(str(tmp_path / "plan.toml")))
