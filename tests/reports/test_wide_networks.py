"""Networks of many parameters: proved at a bounded price, once for a task that is made again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from empirics import NetworkTask, QuadraticTask
from reports.balls import tapes
from reports.balls.ball import column
from reports.balls.recorded import RecordedLoss, recorded_losses
from reports.measure import ball_work, path
from reports.measure.search import Box, Effort, maximise
from reports.measure.slices import price
from reports.settings.checked import check_setting
from reports.settings.words import SettingError
from reports.tasks import networks
from reports.tasks.conformance import load_task
from reports.tasks.networks import RADIUS, on_its_ball, unproved
from reports.tasks.own_network import own_network

MODULE = """
import torch
from torch import nn

from empirics import NetworkTask


class Unruled(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x):
        return torch.sinh(self.layer(x))


def task(module):
    draw = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, 4, 2, generator=draw).double(), torch.randint(0, 2, (2, 4), generator=draw)
    torch.manual_seed(0)
    return NetworkTask(module().double(), x, y, nn.functional.cross_entropy, smooth=True)


def wide():
    return task(lambda: nn.Sequential(nn.Linear(2, 150), nn.Tanh(), nn.Linear(150, 2)))


def small():
    return task(lambda: nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2)))


def unruled():
    return task(Unruled)


class Number(nn.Module):
    def __init__(self, start, function):
        super().__init__()
        self.w, self.function = nn.Parameter(torch.tensor([start]).double()), function

    def forward(self, x):
        return self.function(self.w).sum() + 0 * x[:, 0]


def number(start, function):
    x, y = torch.zeros(2, 2, 1).double(), torch.zeros(2, 2).double()
    return NetworkTask(Number(start, function), x, y, lambda output, y: output.mean(), smooth=True)


def falling():
    return number(10.0, lambda w: torch.exp(-(w**400)))


def growing():
    return number(10.0, lambda w: torch.exp(70 * w))


def vanishing():
    return number(10.0, lambda w: torch.exp(-100 * w))


def large():
    return number(1.0, lambda w: 1e160 * torch.tanh(w))


def bell():
    return number(1.0, lambda w: torch.exp(-w * w))


def own_loss():
    draw = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, 4, 2, generator=draw).double(), torch.randn(2, 4, 2, generator=draw).double()
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2)).double()
    return NetworkTask(module, x, y, lambda output, y: (output - y).square().mean(), smooth=True)


def unproved_own_loss():
    draw = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, 4, 2, generator=draw).double(), torch.randint(0, 2, (2, 4), generator=draw)
    torch.manual_seed(0)
    return NetworkTask(Unruled().double(), x, y, lambda output, y: nn.functional.cross_entropy(output, y), smooth=True)
"""


def made(seed: int = 0, width: int = 4) -> NetworkTask:
    draw = torch.Generator().manual_seed(seed)
    x, y = torch.randn(2, 4, 2, generator=draw).double(), torch.randint(0, 2, (2, 4), generator=draw)
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(2, width), nn.Tanh(), nn.Linear(width, 2)).double()
    return NetworkTask(module, x, y, nn.functional.cross_entropy)


def losses() -> list[RecordedLoss]:
    return [one for one in recorded_losses(made()) if isinstance(one, RecordedLoss)]


@pytest.fixture
def own(own_module: Callable[[str, str], str]) -> str:
    return own_module("ownwide", MODULE)


def test_a_network_of_752_parameters_is_decided(own: str) -> None:
    rows = check_setting("S4,S7", task=f"{own}:wide@1/16", alpha="1/1024", nu=1, radius="1/64").rows
    assert {row.bound for row in rows} == {"S4", "S7"}
    assert {str(row.verdict) for row in rows} <= {"HOLDS", "VACUOUS"}
    assert "HOLDS" in {str(row.verdict) for row in rows}


def test_what_is_not_proved_names_the_operation(own: str) -> None:
    (row, *_) = check_setting("S4", task=f"{own}:unruled", alpha="1/64", nu=1, radius="1/64").rows
    assert str(row.verdict) == "INCONCLUSIVE"
    assert "not proved: " in row.reason
    assert "aten.sinh.default" in row.reason


RUN = {"alpha": "1/1024", "nu": 1, "mode": "exact", "tau": 1, "beta": "1/4096", "rounds": 2}


@pytest.mark.parametrize(
    ("task", "more", "why"),
    [
        ("falling@1/64", {"alpha": "1/64"}, "is not finite, expected one of norm 0"),
        ("growing@1/64", {"alpha": "1/64"}, "loss: not finite at some point"),
        ("vanishing@1/64", {"alpha_L": "1/4"}, "alpha_L = 1/4 is a multiple of 1/L, but L = 0; give alpha"),
        ("unruled", {"alpha_L": "1/4"}, "no L is stated or proved (aten.sinh.default: no bound is known for this"),
        ("bell@0", {"alpha": "1/64"}, "bell@0: expected a radius > 0"),
        ("bell@1e400", {"alpha": "1/64"}, "bell@1e400: expected a radius > 0"),
    ],
)
def test_what_leaves_float64_or_has_no_L_is_refused_in_a_line(
    own: str, task: str, more: dict, why: str, recwarn: pytest.WarningsRecorder
) -> None:
    with pytest.raises(SettingError) as refused:
        check_setting("S4", task=f"{own}:{task}", nu=1, radius="1/256", **more)
    assert why in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert not [one for one in recwarn if issubclass(one.category, RuntimeWarning)]


def test_estimates_beyond_float64_decide_nothing(own: str) -> None:
    (row, *_) = check_setting("S4", task=f"{own}:large@1/64", alpha="1/64", nu=1, radius="1/256")
    assert (str(row.verdict), row.predicted) == ("INCONCLUSIVE", None)
    assert "what is estimated for B is not finite at any point" in row.reason


def test_a_loss_of_one_s_own_is_bounded_below_on_its_ball(own: str) -> None:
    """exp(-w^2) falls to exp(-(1 + 1/64)^2) on the ball of radius 1/64 about 1."""
    task = load_task(f"{own}:bell@1/64")
    assert np.exp(-((1 + 1 / 64) ** 2)) - 1e-4 < task.loss_lower_bound().value <= np.exp(-((1 + 1 / 64) ** 2))
    (row,) = check_setting("T2", task=f"{own}:own_loss@1/8", **RUN)
    assert str(row.verdict) in {"HOLDS", "VACUOUS"}


def test_a_run_of_an_estimated_network_without_a_lower_bound_has_no_sides(own: str) -> None:
    (row,) = check_setting("T2", task=f"{own}:unproved_own_loss", **RUN)
    assert (str(row.verdict), row.predicted, row.measured) == ("NOT_APPLICABLE", None, None)
    assert "A1: F has no lower bound" in row.reason


def test_an_estimate_names_the_ball_on_which_constants_can_be_proved() -> None:
    (row, *_) = check_setting("S4", task="network", alpha="1/64", nu=1, radius="1/64").rows
    assert str(row.verdict) == "INCONCLUSIVE"
    assert "with @1/4 behind the factory they are proved" in row.reason


def test_a_run_is_worked_out_in_balls_once_and_not_for_minutes(own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    real = path._squares
    monkeypatch.setattr(path, "_squares", lambda specification: made.append(1) or real(specification))
    words: dict[str, Any] = dict(task=f"{own}:small@1/16", alpha="1/64", nu=1, tau=2, mode="exact", rounds=2)
    balls = check_setting("T2,T2p", **words, beta="1/1024").rows
    assert {row.decided_by for row in balls} == {"the whole run in Arb balls at 256 bits"}
    assert len(made) == 1
    monkeypatch.setattr(ball_work, "WORK", 0)
    floats = check_setting("T2,T2p", **words, beta="1/1024").rows
    assert len(made) == 1
    assert {row.decided_by for row in floats} == {"float64 with the rounding that the task promises"}
    for ball, seen in zip(balls, floats, strict=True):
        assert seen.verdict == ball.verdict
        measured, lower, upper = (float(x or 0) for x in (ball.measured, seen.lower, seen.upper))
        assert 0 < lower <= measured <= upper
        assert upper - lower < 1e-6 * measured


def test_equal_networks_are_proved_once_and_others_on_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    proofs: list[int] = []

    def counted(network: NetworkTask, radius: float):
        proofs.append(network.d)
        return real(network, radius)

    real = networks._proof
    monkeypatch.setattr(networks, "_proof", counted)
    networks._proved.cache_clear()
    first, second, other = (on_its_ball(made(seed), RADIUS) for seed in (0, 0, 1))
    assert len(proofs) == 2
    assert first.constants() == second.constants() != other.constants()
    assert on_its_ball(made(0), RADIUS / 2).constants()["L"].value < first.constants()["L"].value
    assert len(proofs) == 3
    assert unproved(made(0)) == ""


def test_own_data_in_single_precision_gives_a_task_in_double(
    tmp_path: Path, own_module: Callable[[str, str], str]
) -> None:
    own_module("ownnet32", "from torch import nn\n\n\ndef net():\n    return nn.Linear(2, 2)\n")
    draw = np.random.default_rng(0)
    x, y, agent = draw.normal(size=(40, 2)), draw.integers(0, 2, 40), np.repeat([0, 1], 20)
    for name, dtype in (("single.npz", np.float32), ("double.npz", np.float64)):
        np.savez(tmp_path / name, x=x.astype(np.float32).astype(dtype), y=y, agent=agent)
    tasks = [
        own_network("ownnet32:net", str(tmp_path / f"{name}.npz"), agents=2, samples=8) for name in ("single", "double")
    ]
    assert tasks[0].dtype == torch.float64
    assert torch.equal(tasks[0].loss(tasks[0].start), tasks[1].loss(tasks[1].start))


def test_tapes_take_no_more_memory_than_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [column([float(k)] * made().d) for k in range(3)]
    expected = [loss.hvp(w, w) for loss in losses() for w in points]
    own = losses()
    kept, numbers = own[0]._tapes, own[0].program.numbers
    monkeypatch.setattr(tapes, "_NUMBERS", 2 * numbers)
    found = []
    for loss in own:
        for w in points:
            loss.gradient(w)
            found.append(loss.hvp(w, w))
            assert sum(map(len, kept._kept.values())) <= 2
    # the same operations in the same order: the same balls
    assert all(one.contains(two) and two.contains(one) for one, two in zip(found, expected, strict=True))
    first = kept.of(own[1].program, points[1])
    assert kept.of(own[1].program, points[1]) is first
    assert kept.of(own[0].program, points[0]) is not first


def test_a_direction_is_followed_whatever_was_followed_before() -> None:
    (loss, _), w = losses(), column([0.25] * made().d)
    one, two = (column([float(k == place) for k in range(made().d)]) for place in (0, 1))
    fresh = [losses()[0].hvp(w, v) for v in (one, two)]
    again = [loss.hvp(w, v) for v in (one, one, two, two)]
    assert all(a.contains(b) and b.contains(a) for a, b in zip(again, [fresh[k] for k in (0, 0, 1, 1)], strict=True))
    assert not (fresh[0] - fresh[1]).contains(column([0.0] * made().d))


def test_a_search_keeps_to_its_work() -> None:
    seen: list[int] = []

    def objective(x: torch.Tensor) -> torch.Tensor:
        seen.append(len(x))
        return -(x[:, 0] - 0.5).square().sum(-1)

    for work, one in ((2.0**40, 1), (2.0**20, 2**10), (2.0**20, 2**16)):
        seen.clear()
        effort = Effort.within(work, one)
        maximise(objective, Box(1, 2, 3.0), seed=0, effort=effort)
        # a quarter of each generation is kept and not looked at again; there are two generations at least
        assert sum(seen) == effort.population + effort.generations * 3 * (effort.population // 4)
        assert sum(seen) * one <= work or effort.generations == 2
    assert price(QuadraticTask(A=[[[2.0]], [[4.0]]], c=[[0.0], [1.0]])) < price(made()) < price(made(width=40))
