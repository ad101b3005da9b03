"""Constants by intervals that are subdivided: closed forms, never below what points attain, refused at kinks."""

from __future__ import annotations

import itertools
import math
import pickle
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor

from empirics import InputError, LogCoshTask, Task
from empirics.certificates.certified_constants import certified_constants
from empirics.certificates.norms.bounds import UnboundedError
from empirics.tasks.factories import small_cosine, small_quadratic
from reports.balls.recorded import RecordedLoss, recorded_losses
from reports.certificates.over_ball import DIMENSIONS, certified_over_ball
from reports.certificates.over_box import GAP, certified_over_box, subdivided
from reports.certificates.third_norm import attained_norms, third_norms
from reports.judging.rows import Verdict
from reports.judging.verdicts import judge
from reports.plans.own_task import bounded_where_needed, with_own_task
from reports.plans.plan import Plan
from reports.records.execution import measured
from reports.records.seeded_cell import seeded_cells
from reports.tasks.conformance import load_task, require_conformance
from reports.tasks.networks import on_its_ball, states_constants

NAMES = ("B", "L", "rho", "gamma_G", "gamma_H", "mu", "mu_mean", "loss")
UPPER = NAMES[:5]


class Recorded(Task):
    """A task of which only the loss matters."""

    def __init__(self, d: int, n: int = 2) -> None:
        scales = 1.0 + 0.5 * torch.cos(torch.arange(n * d, dtype=torch.float64)).reshape(n, d)
        super().__init__(d, {"a": scales})

    def raw_loss(self, w: Tensor) -> Tensor:
        """sin(<a, w>) cos(w_1) + log(1 + norm(w)^2)."""
        wave = torch.sin((self.parameter("a") * w).sum(-1)) * torch.cos(w[..., 0])
        return wave + torch.log1p(w.square().sum(-1))

    def raw_gradient(self, w: Tensor) -> Tensor:
        return torch.func.grad(lambda p: self.raw_loss(p).sum())(w)

    def raw_hvp(self, w: Tensor, v: Tensor) -> Tensor:
        return torch.func.jvp(torch.func.grad(lambda p: self.raw_loss(p).sum()), (w.clone(),), (v.clone(),))[1]


class Sines(Recorded):
    """sin(w_1) sin(w_2)."""

    def raw_loss(self, w: Tensor) -> Tensor:
        return torch.sin(w[..., 0]) * torch.sin(w[..., 1]) + 0 * self.parameter("a").sum(-1)


class Bent(Recorded):
    """Smooth but for one place."""

    def raw_loss(self, w: Tensor) -> Tensor:
        return torch.relu(w[..., 0] - 0.3) * w[..., -1] + self.parameter("a")[..., 0]


class Pieces(Recorded):
    """A kink of the second derivative at 0.3."""

    def raw_loss(self, w: Tensor) -> Tensor:
        x = w[..., 0] - 0.3
        return torch.where(x > 0, x**2, 2 * x**2) + w.square().sum(-1)


class Rooted(Recorded):
    """sqrt(w + 1) has no slope at -1."""

    def raw_loss(self, w: Tensor) -> Tensor:
        return torch.sqrt(w[..., 0] + 1)


def losses(task: Task) -> list[RecordedLoss]:
    return [loss for loss in recorded_losses(task) if isinstance(loss, RecordedLoss)]


def in_ball(d: int, radius: float, count: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    u = torch.randn(count, d, generator=generator, dtype=torch.float64)
    away = torch.rand(count, 1, generator=generator, dtype=torch.float64) ** (1 / d)
    return radius * away * u / u.norm(dim=-1, keepdim=True)


def thirds(task: Task, w: Tensor) -> np.ndarray:
    """(points, n, d, d, d), by automatic differentiation."""

    def every(p: Tensor) -> Tensor:
        return task.raw_loss(p.expand(1, task.n, task.d))[0]

    return torch.stack([torch.func.jacfwd(torch.func.jacfwd(torch.func.jacfwd(every)))(p) for p in w]).numpy()


def sampled(task: Task, centre: Tensor, radius: float, count: int = 200) -> dict[str, float]:
    """Every constant as far as points of the ball show it."""
    w = centre + in_ball(task.d, radius, count, seed=0)
    at = w[:, None].expand(-1, task.n, -1)
    g, H, f = (part.numpy() for part in (task.gradient(at), task.hessian(at), task.loss(at)))
    mean = g.mean(1, keepdims=True), H.mean(1, keepdims=True)
    eigenvalues = np.linalg.eigvalsh(H)
    spread = np.linalg.norm(g - mean[0], axis=-1), np.abs(np.linalg.eigvalsh(H - mean[1])).max(-1)
    return {
        "B": np.linalg.norm(g, axis=-1).max(),
        "L": np.abs(eigenvalues).max(),
        "rho": attained_norms(thirds(task, w[:40]).reshape(-1, *3 * [task.d])).max(),
        "gamma_G": np.sqrt(np.square(spread[0]).mean(1)).max(),
        "gamma_H": np.sqrt(np.square(spread[1]).mean(1)).max(),
        "mu": eigenvalues.min(),
        "mu_mean": np.linalg.eigvalsh(mean[1]).min(),
        "loss": f.min(axis=0).mean(),
    }


def contradicted(found: dict[str, float], seen: dict[str, float]) -> set[str]:
    # automatic differentiation rounds by some 1e-13 of numbers of size one
    return {
        name
        for name, value in seen.items()
        if (value > found[name] + 1e-11 if name in UPPER else value < found[name] - 1e-11)
    }


@pytest.mark.parametrize(("d", "budget"), [(1, 1), (1, 60), (2, 1), (2, 40), (3, 1), (3, 30), (4, 1), (4, 12), (7, 1)])
def test_no_point_of_the_ball_contradicts_a_bound(d: int, budget: int) -> None:
    task, radius = Recorded(d), 0.5
    centre = torch.linspace(-0.4, 0.3, d, dtype=torch.float64)
    found = subdivided(losses(task), centre.numpy(), radius, budget)
    assert set(found.bounds) == set(NAMES)
    assert contradicted(found.bounds, sampled(task, centre, radius)) == set()
    for name in NAMES:
        low, high = found.attained[name], found.bounds[name]
        assert low <= high + 1e-11 if name in UPPER else low >= high - 1e-11


@pytest.mark.parametrize(
    ("a", "s", "radius"), [([[2.0]], 3.0, 1.0), ([[1.0, 1.0]], -2.0, 2.0), ([[1.0, -2.0, 2.0]], 0.5, 0.6)]
)
def test_a_cosine_has_its_closed_form(a: list, s: float, radius: float) -> None:
    """f = s cos(<a, w>): |s| norm(a)^2 at the centre; |s| norm(a)^k where <a, w> passes pi/2."""
    from empirics import CosineTask

    size = float(np.linalg.norm(a[0]))
    found = subdivided(losses(CosineTask(a=a, s=[[s]], phi=[[0.0]])), np.zeros(len(a[0])), radius, 400).bounds
    largest = {1: abs(s) * size, 2: abs(s) * size**2, 3: abs(s) * size**3}
    assert radius * size > math.pi / 2
    for order, name in ((1, "B"), (2, "L"), (3, "rho")):
        assert largest[order] <= found[name] * (1 + 1e-12)
        assert found[name] <= largest[order] * (1 + 2 * GAP), name
    assert -abs(s) * size**2 * (1 + GAP) <= found["mu"] <= -abs(s) * size**2 * (1 - 1e-12) if s > 0 else True


def test_a_quadratic_is_exact_with_one_box_but_for_its_gradient() -> None:
    task = small_quadratic(seed=0, n=3, d=4)
    eigenvalues = torch.linalg.eigvalsh(task.parameter("A"))
    found = certified_over_box(losses(task), np.zeros(4), 2.0, 1)
    assert found["L"].value == pytest.approx(float(eigenvalues.abs().max()), rel=1e-11)
    assert found["mu"].value == pytest.approx(float(eigenvalues.min()), rel=1e-9)
    assert found["rho"].value == 0
    assert [found[name].side for name in ("L", "mu", "loss")] == ["upper", "lower", "lower"]


def test_a_product_of_sines_is_found_within_the_gap() -> None:
    """norm(grad) = 1 at (0, pi/2); Hessian eigenvalues +-1 at 0; the third derivative there is (cos, ...)."""
    found = subdivided(losses(Sines(2, 1)), np.zeros(2), 2.0, 900)
    assert 1 <= found.bounds["B"] <= 1 + 1.1 * GAP
    assert 1 <= found.bounds["L"] * (1 + 1e-12) <= 1 + 2.2 * GAP
    # T[u, u, u] at (0, pi/2) along e_1 is -1
    assert found.bounds["rho"] * (1 + 1e-12) >= 1
    assert found.bounds["rho"] <= found.attained["rho"] * (1 + 2.2 * GAP)


@pytest.mark.parametrize(("d", "budget", "within"), [(1, 200, GAP), (2, 500, 3 * GAP)])
def test_bounds_and_attained_values_meet(d: int, budget: int, within: float) -> None:
    found = subdivided(losses(Recorded(d)), np.zeros(d), 0.5, budget)
    assert found.boxes <= budget + 1
    for name in ("B", "L", "rho"):
        assert found.bounds[name] <= found.attained[name] * (1 + within + 1e-9), name


def test_more_boxes_are_never_worse_and_equal_runs_are_equal() -> None:
    task = Recorded(2)
    runs = [subdivided(losses(task), np.zeros(2), 0.5, budget).bounds for budget in (1, 5, 20, 60)]
    for few, many in itertools.pairwise(runs):
        assert all(many[name] <= few[name] if name in UPPER else many[name] >= few[name] for name in NAMES)
    assert runs[-1]["rho"] < runs[0]["rho"] / 1.5
    again = subdivided(losses(Recorded(2)), np.zeros(2), 0.5, 60).bounds
    assert again == runs[-1]


@pytest.mark.parametrize(("kind", "name"), [(Bent, "aten.relu"), (Pieces, "aten.gt")])
def test_a_kink_in_the_ball_is_refused_by_name(kind: type[Recorded], name: str) -> None:
    with pytest.raises(UnboundedError, match=f"{name}.*may have a kink within"):
        certified_over_box(losses(kind(2)), np.zeros(2), 0.5, 300)
    with pytest.raises(InputError):
        certified_over_ball(kind(2), [0.0, 0.0], 0.5)


def test_a_kink_outside_the_ball_is_none() -> None:
    """The box about the ball reaches it in a corner only."""
    task = Bent(2, 1)
    found = subdivided(losses(task), np.zeros(2), 0.29, 200)
    assert found.bounds["L"] == pytest.approx(0.0, abs=1e-12)
    found = subdivided(losses(Pieces(1, 1)), np.array([1.0]), 0.69, 50)  # x^2 + w^2 for w > 0.3
    assert found.bounds["L"] == pytest.approx(4.0, rel=1e-9)


def test_a_derivative_that_is_infinite_in_the_ball_is_absent() -> None:
    assert "B" not in certified_over_box(losses(Rooted(1)), np.zeros(1), 1.0, 100)
    found = certified_over_box(losses(Rooted(1)), np.zeros(1), 0.75, 100)
    assert 1.0 <= found["B"].value <= 1 + GAP  # 1/(2 sqrt(1/4))


def test_norms_of_third_derivatives_lie_between_both_sides() -> None:
    rng = np.random.default_rng(0)
    for d in (1, 2, 3, 5):
        raw = rng.normal(size=(20, d, d, d))
        T = np.mean([raw.transpose(0, *order) for order in ((1, 2, 3), (1, 3, 2), (2, 1, 3), (2, 3, 1), (3, 1, 2), (3, 2, 1))], axis=0)  # fmt: skip  # noqa: E501
        v = rng.normal(size=(500, d))
        v /= np.linalg.norm(v, axis=-1, keepdims=True)
        seen = np.abs(np.einsum("nijk,vi,vj,vk->nv", T, v, v, v, optimize=True)).max(axis=1)
        upper, lower = third_norms(T), attained_norms(T)
        assert (seen <= upper).all()
        assert (lower <= upper).all()
        if d <= 3:
            assert (upper <= lower * 1.012).all()


@pytest.mark.parametrize("radius", [0.0, -1.0, math.inf])
def test_a_radius_that_is_no_ball_is_refused(radius: float) -> None:
    with pytest.raises(InputError, match="radius = "):
        subdivided(losses(Recorded(1)), np.zeros(1), radius, 10)


def test_the_better_of_both_ways_is_taken() -> None:
    task, radius = Recorded(2), 0.5
    norms, both = certified_constants(task, [0.0, 0.0], radius), certified_over_ball(task, [0.0, 0.0], radius)
    assert set(both) >= {*NAMES, "sigma_G", "sigma_H"}
    for name in NAMES:
        assert both[name].value <= norms[name].value if name in UPPER else both[name].value >= norms[name].value
    assert both["rho"].value < norms["rho"].value / 2
    everywhere = certified_over_ball(small_cosine(), torch.zeros(small_cosine().d), math.inf)
    assert "norms" in everywhere["L"].note


def test_a_wide_task_has_norms_only() -> None:
    task = Recorded(DIMENSIONS + 1)
    found = certified_over_ball(task, torch.zeros(task.d), 0.5)
    assert all("norms" in constant.note for constant in found.values())


OWN = '''
import torch
from empirics import Noise, Task
from empirics.tasks.noise import NoisySamples, with_noise


class Bumps(Task):
    """f_i(w) = sin(<a_i, w>) cos(w_1) + c_i log(1 + norm(w)^2)."""

    def __init__(self, noise=None):
        own = {"a": [[1.0, 0.5, -0.25], [0.5, 1.0, 0.75]], "c": [0.5, 1.0]}
        sampler = None if noise is None else NoisySamples(noise.gradient, noise.amplitude, noise.frequency)
        super().__init__(3, with_noise(own, noise, 2, 3), sampler=sampler)

    def raw_loss(self, w):
        wave = torch.sin((self.parameter("a") * w).sum(-1)) * torch.cos(w[..., 0])
        return wave + self.parameter("c") * torch.log1p(w.square().sum(-1))

    def raw_gradient(self, w):
        return torch.func.grad(lambda p: self.raw_loss(p).sum())(w)

    def raw_hvp(self, w, v):
        return torch.func.jvp(torch.func.grad(lambda p: self.raw_loss(p).sum()), (w.clone(),), (v.clone(),))[1]


class Kinked(Bumps):
    def raw_loss(self, w):
        return super().raw_loss(w) + w.abs().sum(-1) ** 2


def noisy():
    return Bumps(Noise.coordinate(2, 3, gradient=0.25, amplitude=0.125))
'''


@pytest.fixture
def own(own_module: Callable[[str, str], str]) -> str:
    return own_module("own_bumps", OWN)


@pytest.mark.slow
def test_a_users_task_without_constants_is_decided_on_its_ball(own: str) -> None:
    name = f"{own}:Bumps"
    require_conformance(name, bounded_where_needed(load_task(name)))
    plan = with_own_task(Plan(title="none", tasks=[]), name, load_task(name))
    assert plan.tasks[0].factory == f"{name}@1/4"
    plan = plan.only({"S1", "S3", "S4", "S7", "S8", "T2"})
    found = [row for cell in seeded_cells(plan, seed=0, seeds=1, device="cpu") for row in judge(measured(cell))]
    assert {row.verdict for row in found} <= {Verdict.HOLDS, Verdict.VACUOUS}
    holds = {row.bound for row in found if row.verdict is Verdict.HOLDS}
    assert holds >= {"S1", "S3", "S4", "S7", "S8"}
    assert "T2" in {row.bound for row in found}


def test_a_ball_of_one_s_own_replaces_what_a_class_states(own: str) -> None:
    task = load_task(f"{own}:Bumps@1/2")
    assert states_constants(task)
    assert task.radius == 0.5
    assert not task.everywhere
    assert task.contains([0.0, 0.5, 0.0]).all()
    assert not task.contains([0.0, 0.51, 0.0]).any()
    assert task.almost_sure_bounds().gradient == task.constants()["B"].value
    seen = sampled(task, torch.zeros(3).double(), 0.5)
    stated = {name: constant.value for name, constant in task.constants().items()}
    stated |= {"loss": task.loss_lower_bound().value, "mu_mean": -math.inf}
    assert contradicted(stated, seen) == set()
    again = pickle.loads(pickle.dumps(task))
    assert again.constants() == task.constants()
    assert again.radius == task.radius
    assert torch.equal(again.loss([0.1, 0.2, 0.3]), task.loss([0.1, 0.2, 0.3]))
    some = task.select(torch.tensor([[1], [0]]))
    assert some.loss(torch.zeros(2, 1, 3).double()).shape == (2, 1)
    waves = LogCoshTask(a=[[1.0]], s=[[1.0]], phi=[[0.0]])
    on_ball = on_its_ball(waves, Fraction(1, 2))
    assert 0 < on_ball.constants()["B"].value < waves.constants()["B"].value


def test_noise_widens_what_every_batch_obeys(own: str) -> None:
    task = on_its_ball(load_task(f"{own}:noisy"), Fraction(1, 4))
    sure, B = task.almost_sure_bounds(), task.constants()["B"].value
    assert sure.gradient == pytest.approx(B + 0.25 + 0.125)
    assert task.local is not None
    assert task.local.almost_sure == sure
    assert task.constants()["sigma_G"].value >= 0.25


def test_what_is_not_proved_is_left_as_it_is(own: str) -> None:
    kinked = load_task(f"{own}:Kinked")
    assert on_its_ball(kinked, Fraction(1, 4)) is kinked
    quadratic = small_quadratic()
    assert on_its_ball(quadratic, Fraction(1, 4)) is quadratic
