"""Certified constants of any recorded loss, attacked: nothing sampled, climbed to or differenced exceeds them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from empirics import CosineTask, InputError, LogisticTask, QuadraticTask, Task
from empirics.certificates.certified_constants import certificate, certified_constants
from empirics.certificates.norms import central, functions
from empirics.certificates.norms.majorants import Monomials
from empirics.certificates.norms.matrices import spectral_norms_up
from empirics.certificates.norms.propagate import loss_bounds
from empirics.certificates.norms.recorded_losses import UntraceableError, agent_losses, sample_losses
from empirics.certificates.norms.rows import THIRD
from empirics.estimation import Ball, Budget, estimate
from empirics.estimation.stated_constants import ViolatedConstantError, check_stated
from empirics.numerics.constants import Constant
from empirics.tasks.networks.layerwise import layerwise_constants
from empirics.tasks.networks.network import NetworkTask

LITTLE = Budget(screened=6, starts=2, steps=3, lanczos=12, directions=2, power=4)


class Attention(nn.Module):
    """Embedding, layer norm, one head, residual, layer norm."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(4, 3)
        self.norm, self.last = nn.LayerNorm(3, eps=0.1), nn.LayerNorm(3, eps=0.1)
        self.q, self.k, self.v = (nn.Linear(3, 3, bias=False) for _ in range(3))
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        h = self.embedding(x)
        n = self.norm(h)
        h = h + nn.functional.scaled_dot_product_attention(self.q(n), self.k(n), self.v(n))
        return self.head(self.last(h).mean(1))


ACTIVATIONS = (nn.Tanh, nn.GELU, nn.Softplus, nn.Sigmoid, nn.SiLU)


def dense(activation):
    return nn.Sequential(nn.Linear(3, 3), activation(), nn.Linear(3, 2))


def convolution(activation):
    return nn.Sequential(nn.Conv2d(1, 2, 2), activation(), nn.Flatten(), nn.Linear(8, 2))


def grouped(activation):
    return nn.Sequential(nn.Conv2d(1, 2, 2), nn.GroupNorm(2, 2, eps=0.1), activation(), nn.Flatten(), nn.Linear(8, 2))


INPUTS = {dense: (3,), convolution: (1, 3, 3), grouped: (1, 3, 3)}


def network(build, activation, loss, seed, *, n=2, samples=3) -> NetworkTask:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    if build is Attention:
        module, x = Attention(), rng.integers(0, 4, size=(n, samples, 3))
    else:
        module, x = build(activation), rng.normal(size=(n, samples, *INPUTS[build]))
    y = rng.integers(0, 2, size=(n, samples)) if loss == "cross_entropy" else rng.normal(size=(n, samples, 2))
    return NetworkTask(module.double(), x, y, getattr(nn.functional, loss), smooth=True)


BUILDS = st.sampled_from([dense, convolution, grouped, Attention])


# by default fewer examples; the whole number with -m slow
FEW, MANY = (
    {"max_examples": count, "deadline": None, "derandomize": True, "suppress_health_check": [HealthCheck.too_slow]}
    for count in (5, 24)
)
DERIVATIVES = {
    "build": BUILDS, "activation": st.sampled_from(ACTIVATIONS), "loss": st.sampled_from(["cross_entropy", "mse_loss"]),
    "seed": st.integers(0, 2**20), "radius": st.sampled_from([1e-3, 1e-2, 0.25, 1.0]),
}  # fmt: skip
SPREADS = {"build": BUILDS, "seed": st.integers(0, 2**20), "radius": st.sampled_from([1e-3, 0.1])}


@settings(**FEW)
@given(**DERIVATIVES)
def test_no_sampled_derivative_exceeds_its_bound(build, activation, loss, seed, radius):
    check_derivatives(build, activation, loss, seed, radius)


@pytest.mark.slow
@settings(**MANY)
@given(**DERIVATIVES)
def test_no_sampled_derivative_of_many_networks_exceeds_its_bound(build, activation, loss, seed, radius):
    check_derivatives(build, activation, loss, seed, radius)


def check_derivatives(build, activation, loss, seed, radius):
    task = network(build, activation, loss, seed)
    found = certificate(task, task.start, radius)
    rng = np.random.default_rng(seed + 1)
    layered = [found.layered(order) for order in (1, 2, 3)]
    previous = None
    for k in range(6):
        offset = rng.normal(size=task.d)
        depth = 1.0 if k % 2 else rng.random()
        w = task.start + torch.as_tensor(radius * depth * (1 - 1e-12) * offset / np.linalg.norm(offset))
        gradients, hessians = central.gradients(found.agents, w), central.hessians(found.agents, w)
        norms = np.linalg.norm(gradients, axis=-1), np.linalg.norm(hessians, 2, axis=(-2, -1))
        for own, bounds in zip(norms, ((found.gradient, layered[0]), (found.hessian, layered[1])), strict=True):
            for bound in bounds:
                assert (own <= bound * (1 + 1e-9)).all()
        assert (np.linalg.eigvalsh(hessians)[:, 0] >= found.least - 1e-9).all()
        assert np.linalg.eigvalsh(hessians.mean(axis=0))[0] >= found.curvature_floor - 1e-9
        assert (task.loss(w).numpy() >= found.loss - 1e-9).all()
        if previous is not None:
            at, there = previous
            quotient = np.linalg.norm(hessians - there, 2, axis=(-2, -1)) / float((w - at).norm())
            # a difference quotient of rounded Hessians
            slack = 1e-12 * (1 + norms[1]) / float((w - at).norm())
            assert (quotient <= found.third * (1 + 1e-9) + slack).all()
            assert (quotient <= layered[2] * (1 + 1e-9) + slack).all()
        previous = (w, hessians)


@settings(**FEW)
@given(**SPREADS)
def test_no_spread_exceeds_its_bound(build, seed, radius):
    check_spreads(build, seed, radius)


@pytest.mark.slow
@settings(**MANY)
@given(**SPREADS)
def test_no_spread_of_many_networks_exceeds_its_bound(build, seed, radius):
    check_spreads(build, seed, radius)


def check_spreads(build, seed, radius):
    """Agents and samples at random points: gamma and sigma; and every sample's own bounds."""
    task = network(build, nn.Tanh, "cross_entropy", seed)
    stated = certified_constants(task, task.start, radius)
    samples = sample_losses(task)
    assert samples is not None
    bounds = loss_bounds(samples, task.start, radius)
    rng = np.random.default_rng(seed)
    for _ in range(3):
        offset = rng.normal(size=task.d)
        w = task.start + torch.as_tensor(radius * offset / np.linalg.norm(offset))
        gradients = central.gradients(samples, w).reshape(task.n, task.samples, -1)
        hessians = central.hessians(samples, w).reshape(task.n, task.samples, task.d, task.d)
        assert (np.linalg.norm(gradients, axis=-1).ravel() <= bounds.norm(1)).all()
        assert (np.linalg.norm(hessians, 2, axis=(-2, -1)).ravel() <= bounds.norm(2)).all()
        for name, values, axis in (("gamma", gradients.mean(1), 0), ("sigma", gradients, 1)):
            spread = np.linalg.norm(values - values.mean(axis=axis, keepdims=True), axis=-1)
            assert np.sqrt(np.square(spread).mean(axis=-1)).max() <= stated[f"{name}_G"].value * (1 + 1e-9)
        for name, values, axis in (("gamma", hessians.mean(1), 0), ("sigma", hessians, 1)):
            spread = np.linalg.norm(values - values.mean(axis=axis, keepdims=True), 2, axis=(-2, -1))
            assert np.sqrt(np.square(spread).mean(axis=-1)).max() <= stated[f"{name}_H"].value * (1 + 1e-9)


@pytest.mark.parametrize("widths", [(2, 3, 1), (3, 4, 2), (2, 3, 3, 2)])
@pytest.mark.parametrize("radius", [1e-3, 0.1, 1.0])
def test_dense_networks_are_known_at_least_as_well_as_layer_by_layer(widths, radius):
    torch.manual_seed(1)
    rng = np.random.default_rng(0)
    parts = [part for a, b in itertools.pairwise(widths) for part in (nn.Linear(a, b), nn.Tanh())]
    y = rng.normal(size=(3, 4, widths[-1]))
    task = NetworkTask(
        nn.Sequential(*parts[:-1]).double(), rng.normal(size=(3, 4, widths[0])), y, nn.functional.mse_loss
    )
    mine, before = certified_constants(task, task.start, radius), layerwise_constants(task, radius).constants
    for name, constant in before.items():
        if name == "mu":
            assert mine[name].value >= constant.value - 1e-6
        else:
            assert mine[name].value <= constant.value * (1 + 1e-6), name


@pytest.mark.parametrize("radius", [0.5, math.inf])
def test_analytic_tasks_are_sound_and_near_their_own_constants(radius):
    rng = np.random.default_rng(0)
    a, s, phi = rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    x, y = rng.normal(size=(3, 9, 2)), np.sign(rng.normal(size=(3, 9)))
    for task in (CosineTask(a, s, phi), LogisticTask(x, y)):
        mine, own = certified_constants(task, task.centre, radius), task.constants()
        for name in ("B", "L", "rho"):
            assert mine[name].value <= 2 * own[name].value, (task.family, name)
        found = estimate(task, Ball(task.centre, 0.5), budget=LITTLE, names=["B", "L", "rho"])
        assert all(found[name].value <= mine[name].value * (1 + 1e-6) for name in found)


def test_a_quadratic_is_known_exactly():
    task = QuadraticTask(A=[[[2.0, 0.0], [0.0, 1.0]], [[4.0, 0.0], [0.0, 1.0]]], c=[[0.0, 0.0], [0.0, 0.0]])
    found = certified_constants(task, [0.0, 0.0], 3.0)
    expected = {"B": 12.0, "L": 4.0, "rho": 0.0, "mu": 1.0, "mu_mean": 1.0, "gamma_G": 3.0, "gamma_H": 1.0, "loss": 0.0}
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value, abs=1e-6), name
        assert found[name].side == ("lower" if name in ("mu", "mu_mean", "loss") else "upper")
    everywhere = certified_constants(task, [0.0, 0.0], math.inf)
    assert "B" not in everywhere
    assert everywhere["L"].value == pytest.approx(4.0)


class Quartic(Task):
    """sum w^4 / 12, whose Hessian is diag(w^2) and whose third derivative has norm 2 |w|."""

    family = "quartic"

    def __init__(self) -> None:
        super().__init__(2, {"s": np.ones((1, 1))})

    def raw_loss(self, w):
        return self.parameter("s")[..., 0] * (w**4).sum(-1) / 12

    def raw_gradient(self, w):
        return w**3 / 3

    def raw_hvp(self, w, v):
        return w**2 * v


class Rough(Quartic):
    def raw_loss(self, w):
        return self.parameter("s")[..., 0] * w.abs().sum(-1)


class Logarithm(Quartic):
    def raw_loss(self, w):
        return self.parameter("s")[..., 0] * w.log().sum(-1)


class Strided(Quartic):
    """Entries by their place in memory, which is not known of a bound."""

    def raw_loss(self, w):
        return self.parameter("s")[..., 0] * w.as_strided((1, 1, 2), (2, 2, 1)).square().sum(-1)


def test_a_task_of_one_s_own_has_constants():
    found = certified_constants(Quartic(), [0.0, 0.0], 2.0)
    assert 4.0 <= found["L"].value <= 4.1
    assert 4.0 <= found["rho"].value <= 4.1
    assert 8 / 3 <= found["B"].value <= 3.8


class Steep(Quartic):
    """exp(-w^400), whose inner power is infinite at 10, where the loss and its derivatives are 0."""

    def raw_loss(self, w):
        return torch.exp(-(w**400)).sum(-1)


def test_what_leaves_float64_at_the_centre_has_no_bound_and_no_warning(recwarn):
    found = certified_constants(Steep(), [10.0, 10.0], 0.01)
    assert not {"L", "rho", "B"} & found.keys()
    assert not [one for one in recwarn if issubclass(one.category, RuntimeWarning)]


def test_what_has_no_bound_is_refused_by_name():
    with pytest.raises(InputError, match=r"aten\.abs"):
        certified_constants(Rough(), [1.0, 1.0], 0.5)
    with pytest.raises(InputError, match=r"aten\.as_strided"):
        certified_constants(Strided(), [1.0, 1.0], 0.5)
    with pytest.raises(InputError, match="log: its argument may reach"):
        certified_constants(Logarithm(), [1.0, 1.0], 1.5)
    assert "L" in certified_constants(Logarithm(), [1.0, 1.0], 0.5)
    far = network(dense, nn.Softplus, "mse_loss", 0)
    with pytest.raises(InputError, match="softplus"):
        certified_constants(far, far.start, 100.0)
    with pytest.raises(InputError, match="float32"):
        certified_constants(network(dense, nn.Tanh, "mse_loss", 0).to(dtype=torch.float32), np.zeros(20), 1.0)
    with pytest.raises(InputError, match="radius"):
        certified_constants(Quartic(), [0.0, 0.0], 0.0)
    with pytest.raises(InputError, match="centre"):
        certified_constants(Quartic(), [0.0], 1.0)


def test_stated_constants_are_proved_loose_undecided_or_refused():
    task, ball = Quartic(), Ball([0.0, 0.0], 2.0)
    bound = certified_constants(task, ball.centre, ball.radius)
    weak = bound | {"B": Constant(3.0, "upper")}
    stated = {"L": bound["L"], "rho": Constant(9.0, "upper"), "B": Constant(2.7, "upper")}
    checked = check_stated(task, stated, ball, certified=weak)
    assert [checked[name].status for name in ("L", "rho", "B")] == ["proved", "loose", "undecided"]
    with pytest.raises(ViolatedConstantError, match=r"B = 1 is stated, but it is at least 2\.6"):
        check_stated(task, {"B": Constant(1.0, "upper")}, ball)
    with pytest.raises(ViolatedConstantError, match=r"mu = 1 is stated, but it is at most"):
        check_stated(task, {"mu": Constant(1.0, "lower")}, ball)
    none = Budget(screened=1, starts=1, steps=0)
    with pytest.raises(ViolatedConstantError, match=r"L = 3 is stated, but it is at least 4 at w = \[2\.0, 0\.0\]"):
        check_stated(task, {"L": Constant(3.0, "upper")}, ball, points=[[2.0, 0.0]], budget=none)


@pytest.mark.parametrize(
    "name", ["TANH", "SIGMOID", "SOFTPLUS", "LOG_SIGMOID", "GELU", "SILU", "ERF", "ATAN", "SINE", "COSINE"]
)
def test_suprema_of_derivatives_are_right_and_nearly_attained(name):
    phi = getattr(functions, name)
    z = np.linspace(-30, 30, 600_001)
    rows = np.stack(phi.derivatives(z))
    fifth = np.abs(np.gradient(rows[3], z)).max()
    for found, bound in zip([*np.abs(rows).max(axis=1), fifth], phi.suprema, strict=True):
        assert 0.999 * bound <= found <= bound * (1 + 1e-9)
    for lower, upper in itertools.pairwise(rows):
        assert np.abs(np.gradient(lower, z) - upper)[1:-1].max() <= 1e-6
    low, high = np.array([[0.3]]), np.array([[0.9]])
    inside = np.abs(np.stack(phi.derivatives(np.linspace(0.3, 0.9, 1001)))).max(axis=1)
    assert (inside <= phi.slopes(low, high)[:, 0] * (1 + 1e-12)).all()


def test_an_end_that_is_no_number_bounds_nothing():
    assert np.isinf(functions.EXP.suprema("exp", np.array([[-1.0]]), np.array([[math.nan]]))).all()


def test_cumulants_stay_below_their_bounds():
    """The fourth and fifth cumulant of a unit vector's entries, found by search."""
    generator = torch.Generator().manual_seed(0)
    best = [0.0, 0.0, 0.0]
    for classes in (2, 3, 6):
        p = (4 * torch.randn(40_000, classes, generator=generator, dtype=torch.float64)).softmax(-1)
        u = torch.randn(40_000, classes, generator=generator, dtype=torch.float64)
        u[::2, 2:], u[::2, 1] = 0, -u[::2, 0]
        c = u / u.norm(dim=-1, keepdim=True)
        c = c - (p * c).sum(-1, keepdim=True)
        m2, m3, m4, m5 = ((p * c**k).sum(-1) for k in (2, 3, 4, 5))
        for k, value in enumerate((m3, m4 - 3 * m2**2, m5 - 10 * m3 * m2)):
            best[k] = max(best[k], float(value.abs().max()))
    assert 0.99 * THIRD <= best[0] <= THIRD
    assert 0.49 <= best[1] <= 0.5
    assert best[2] <= 1.75


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**20), blocks=st.integers(1, 5), degree=st.sampled_from([2, 3, 4]))
def test_a_form_s_norm_is_bounded_and_nearly_attained(seed, blocks, degree):
    table, rng = Monomials(blocks, 4), np.random.default_rng(seed)
    form = np.zeros(table.width)
    chosen = np.flatnonzero(table.degrees == degree)
    form[chosen] = rng.random(len(chosen)) ** 4 * rng.integers(0, 2, len(chosen))
    powers, t = table.exponents[chosen], rng.random((50, blocks)) + 0.1
    t = t / np.linalg.norm(t, axis=-1, keepdims=True)
    for _ in range(200):
        # ascent of the form: its slope, which has no negative entry, gives the next direction
        terms = np.exp(np.log(np.maximum(t, 1e-9)) @ powers.T) * form[chosen]
        t = terms @ powers / np.maximum(t, 1e-9) + t
        t = t / np.linalg.norm(t, axis=-1, keepdims=True)
    met = math.factorial(degree) * (np.prod(t[:, None] ** powers, axis=-1) @ form[chosen]).max()
    bound = float(table.norm(form, degree))
    assert met <= bound * (1 + 1e-9)
    assert bound <= 1.3 * met + 1e-12


def test_spectral_norms_are_bounded_closely():
    rng = np.random.default_rng(0)
    for shape in ((5, 3, 4), (2, 7, 2), (3, 1, 4), (1, 6, 6)):
        matrices = rng.normal(size=shape)
        exact, bound = np.linalg.norm(matrices, 2, axis=(-2, -1)), spectral_norms_up(matrices)
        assert (exact <= bound).all()
        assert (bound <= exact * (1 + 1e-9)).all()


def test_bounds_of_agents_need_no_samples():
    """The whole loss of an agent, samples stacked, is bounded by the same rules."""
    task = network(dense, nn.Tanh, "cross_entropy", 3)
    alone = loss_bounds(agent_losses(task), task.start, 0.1)
    found = estimate(task, Ball(task.start, 0.1), budget=LITTLE, names=["B", "L", "rho"])
    for order, name in enumerate(("B", "L", "rho"), start=1):
        assert found[name].value <= float(alone.norm(order).max())


def test_a_network_can_state_what_is_certified():
    task = network(convolution, nn.Tanh, "cross_entropy", 1)
    stated = task.stating(certificate(task, task.start, 0.1).local_constants)
    assert {"L", "rho", "B", "gamma_G", "sigma_H"} <= set(stated.constants())
    sure = stated.almost_sure_bounds()
    rng = np.random.default_rng(4)
    for _ in range(20):
        offset = rng.normal(size=task.d)
        w = (task.start + torch.as_tensor(0.1 * offset / np.linalg.norm(offset))).expand(1, task.n, -1).contiguous()
        chosen = torch.as_tensor(rng.permutation(task.samples)[:1]).expand(1, task.n, -1)
        assert float(task.sampler.gradient(task, w, chosen).norm(dim=-1).max()) <= sure.gradient
        v = torch.as_tensor(rng.normal(size=w.shape))
        product = task.sampler.hvp(task, w, v, chosen).norm(dim=-1) / v.norm(dim=-1)
        assert float(product.max()) <= sure.curvature_high
    with pytest.raises(InputError, match="finite radius"):
        certificate(Quartic(), [0.0, 0.0], 1.0).local_constants  # noqa: B018


class Saturated(nn.Module):
    """phi(offset + 0.01 (a linear map)), and a linear head on what is nearly constant."""

    def __init__(self, phi, offset) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.head, self.phi, self.offset = nn.Linear(2, 3), nn.Linear(3, 2), phi, offset

    def forward(self, x):
        return self.head(self.phi(self.offset + self.first(x) / 100))


@pytest.mark.parametrize(
    ("phi", "offset"),
    [
        *((torch.tanh, 5.0), (torch.sigmoid, 6.0), (torch.sin, math.pi / 2), (torch.erf, -4.0), (torch.atan, 9.0)),
        *((nn.functional.silu, -1.2785), (nn.functional.gelu, -0.75)),
    ],
)
def test_values_of_saturated_units_are_not_underrated(phi, offset):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 3, 2)), rng.normal(size=(2, 3, 2))
    task = NetworkTask(Saturated(phi, offset).double(), x, y, nn.functional.mse_loss, smooth=True)
    found = certificate(task, task.start, 0.25)
    seen = np.linalg.norm(central.hessians(found.agents, task.start), 2, axis=(-2, -1))
    assert (np.linalg.norm(central.gradients(found.agents, task.start), axis=-1) <= found.layered(1)).all()
    assert (seen <= found.layered(2) * (1 + 1e-12)).all()


class Scaled(nn.Module):
    """A product of matrices with factors of its own."""

    def __init__(self, factors: dict[str, float]) -> None:
        super().__init__()
        self.layer, self.factors = nn.Linear(2, 2), factors

    def forward(self, x):
        return torch.addmm(self.layer.bias, x.tanh(), self.layer.weight, **self.factors)


@pytest.mark.parametrize("factors", [{"alpha": 30}, {"beta": 30}, {"alpha": 2, "beta": 3}])
def test_a_factor_given_by_name_is_not_overlooked(factors):
    task = NetworkTask(Scaled(factors).double(), np.ones((1, 2, 2)), np.ones((1, 2, 2)), nn.MSELoss(), smooth=True)
    with pytest.raises(InputError, match=r"aten\.addmm\.default: no bound is known for it, with factors"):
        certificate(task, task.start, 0.25)


class Scores(nn.Module):
    """The same scores for every sample."""

    def __init__(self) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.tensor([0.0, 1.0, 3.0]))

    def forward(self, x):
        return self.scores.expand(len(x), 3)


def test_what_no_sample_changes_is_bounded_for_each_of_them():
    y = torch.tensor([[0, 1], [2, 2]])
    task = NetworkTask(Scores().double(), np.ones((2, 2, 1)), y, nn.functional.cross_entropy, smooth=True)
    found = certificate(task, task.start, 1e-3)
    gradients = torch.softmax(task.start, 0) - nn.functional.one_hot(y, 3).double().mean(1)
    assert found.gradient == pytest.approx(gradients.norm(dim=1).numpy(), rel=1e-2)
    assert (found.gradient >= gradients.norm(dim=1).numpy()).all()


class Experts(nn.Module):
    """A product over three axes, for which parameters are laid out anew in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([[[1.0, 2.0], [0.0, 1.0]], [[2.0, 0.0], [1.0, 1.0]]]))

    def forward(self, x):
        return torch.einsum("bi,eih->beh", x, self.weight).sum(1)


def test_parameters_laid_out_anew_are_bounded():
    x = np.array([[[1.0, 0.0]]])
    task = NetworkTask(Experts().double(), x, np.zeros((1, 1, 2)), nn.functional.mse_loss, smooth=True)
    # the outputs are sums of two parameters: f = ((w_1 + w_5)^2 + (w_2 + w_6)^2)/2
    assert certificate(task, task.start, 0.1).hessian == pytest.approx([2.0], rel=1e-6)


class Single(nn.Module):
    """A sum in float32 between numbers in float64."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x):
        z = self.layer(x)
        return z * z.sum(1, keepdim=True, dtype=torch.float32)


def test_sums_in_another_precision_are_refused():
    task = NetworkTask(Single().double(), np.ones((1, 2, 2)), np.ones((1, 2, 2)), nn.MSELoss(), smooth=True)
    with pytest.raises(InputError, match=r"aten\.sum\.dim_IntList: .* float32"):
        certificate(task, task.start, 0.25)


def test_samples_that_are_mixed_where_the_start_hides_it_are_refused():
    net = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1)).double()
    nn.init.zeros_(net[2].weight)

    def rough(output, y):
        return (output - y).square().mean() + 30 * output.diff(dim=0).square().sum()

    x = np.random.default_rng(0).normal(size=(2, 3, 2))
    task = NetworkTask(net, x, x[..., :1], rough, smooth=True)
    with pytest.raises(UntraceableError, match="mix samples"):
        certificate(task, task.start, 0.25)


SHAPES = {"transposed": (1, 3, 3), "grouped": (2, 3, 3), "pooled": (1, 6), "heads": (3, 4), "instance": (1, 3, 3)}


class Unusual(nn.Module):
    """Layers beyond the common ones, each in front of a linear head."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.kind = kind
        self.layer = {
            "transposed": lambda: nn.ConvTranspose2d(1, 2, 2, stride=2),
            "grouped": lambda: nn.Conv2d(2, 4, 2, padding=1, groups=2),
            "pooled": lambda: nn.Conv1d(1, 2, 3, padding="same", padding_mode="circular"),
            "heads": lambda: nn.MultiheadAttention(4, 2, batch_first=True),
            "instance": lambda: nn.Sequential(nn.Conv2d(1, 2, 2), nn.InstanceNorm2d(2, affine=True, eps=0.1)),
            "ratio": lambda: nn.Linear(3, 3),
        }[kind]()
        self.head = nn.LazyLinear(2)
        self(torch.zeros(1, *SHAPES.get(kind, (3,))))

    def forward(self, x):
        if self.kind == "heads":
            return self.head(self.layer(x, x, x, need_weights=False)[0].mean(1))
        z = self.layer(x)
        if self.kind == "ratio":
            return self.head(z / (1 + torch.logsumexp(z, 1, keepdim=True).square()).sqrt())
        z = torch.tanh(z)
        return self.head((nn.functional.avg_pool1d(z, 3) if self.kind == "pooled" else z).flatten(1))


@pytest.mark.parametrize("kind", [*SHAPES, "ratio"])
def test_unusual_layers_are_bounded_too(kind):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 2, *SHAPES.get(kind, (3,))))
    task = NetworkTask(Unusual(kind).double(), x, rng.integers(0, 2, (2, 2)), nn.functional.cross_entropy, smooth=True)
    found, previous = certificate(task, task.start, 0.01), None
    for _ in range(5):
        offset = rng.normal(size=task.d) * rng.integers(0, 2, task.d)
        w = task.start + torch.as_tensor(0.01 * offset / max(np.linalg.norm(offset), 1e-9))
        hessians = central.hessians(found.agents, w)
        assert (np.linalg.norm(central.gradients(found.agents, w), axis=-1) <= found.gradient).all()
        assert (np.linalg.norm(hessians, 2, axis=(-2, -1)) <= found.hessian).all()
        if previous is not None:
            quotient = np.linalg.norm(hessians - previous[1], 2, axis=(-2, -1)) / float((w - previous[0]).norm())
            assert (quotient <= found.third).all()
        previous = (w, hessians)
