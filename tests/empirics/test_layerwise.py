"""Layerwise bounds of dense networks, attacked: nothing sampled or climbed to exceeds them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn

from empirics import InputError, MetaFedAvg
from empirics.certificates import confinement
from empirics.estimation import Ball, Budget, estimate, looseness
from empirics.tasks.local_constants import LocalConstants
from empirics.tasks.networks import activations
from empirics.tasks.networks.dense_form import DenseForm
from empirics.tasks.networks.layer_jets import ACTIVATION_BOUNDS, layers_of, output_jet
from empirics.tasks.networks.layerwise import _THIRD, layerwise_constants, sample_bounds
from empirics.tasks.networks.network import NetworkTask
from empirics.tasks.networks.small_networks import small_network

KINDS = {"tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "softplus": nn.Softplus, "gelu": nn.GELU, "silu": nn.SiLU}
LOSSES = {"cross_entropy": nn.functional.cross_entropy, "mse": nn.functional.mse_loss}


def network(widths, activation, loss, *, n=2, samples=3, seed=0) -> NetworkTask:
    rng = np.random.default_rng(seed)
    layers = [part for a, b in itertools.pairwise(widths) for part in (nn.Linear(a, b), KINDS[activation]())]
    module = nn.Sequential(*layers[:-1]).double()
    d = sum(p.numel() for p in module.parameters())
    with torch.no_grad():
        nn.utils.vector_to_parameters(torch.as_tensor(rng.normal(size=d) / 2), module.parameters())
    x = rng.normal(size=(n, samples, widths[0]))
    labels = rng.integers(0, widths[-1], size=(n, samples))
    y = labels if loss == "cross_entropy" else rng.normal(size=(n, samples, widths[-1]))
    return NetworkTask(module, x, y, LOSSES[loss])


LITTLE = Budget(screened=6, starts=2, steps=4, lanczos=12, directions=2, power=4)
KNOWN = ["B", "L", "gamma_G", "sigma_G"]
NETWORKS = [
    ((2, 3, 1), "tanh", "mse"),
    ((2, 3, 3), "tanh", "cross_entropy"),
    ((2, 3, 3, 2), "tanh", "cross_entropy"),
    ((3, 4, 2), "sigmoid", "cross_entropy"),
    ((2, 3, 2), "softplus", "mse"),
    ((2, 3, 2), "gelu", "cross_entropy"),
    ((2, 3, 1), "silu", "mse"),
    ((3, 2), "tanh", "cross_entropy"),
]


@pytest.mark.parametrize(("widths", "activation", "loss"), NETWORKS)
@pytest.mark.parametrize("radius", [0.1, 2.0])
def test_no_ascent_exceeds_the_certified_constants(widths, activation, loss, radius):
    task = network(widths, activation, loss)
    local = layerwise_constants(task, radius)
    found = estimate(task, Ball(task.start, radius), budget=LITTLE)
    for name, ratio in looseness(local.constants, found).items():
        if name != "mu":
            assert ratio >= 1 - 1e-9, name  # rounding of the estimate
    assert local.constants["mu"].value <= found["mu"].value + 1e-9
    assert all(constant.side == ("lower" if name == "mu" else "upper") for name, constant in local.constants.items())


@pytest.mark.parametrize(("widths", "activation", "loss"), NETWORKS)
def test_small_balls_are_known_from_both_sides(widths, activation, loss):
    """At radius 1/10000 the bounds around the centre leave a few percent between certified and estimated."""
    task = network(widths, activation, loss)
    found = estimate(task, Ball(task.start, 1e-4), names=KNOWN, budget=LITTLE)
    ratios = looseness(layerwise_constants(task, 1e-4).constants, found)
    for name in KNOWN:
        assert 1 - 1e-9 <= ratios[name] <= 1.02, (name, ratios)


@pytest.mark.parametrize(("widths", "activation", "loss"), NETWORKS)
def test_the_layers_derivatives_stay_below_their_bounds(widths, activation, loss):
    """Directional derivatives of the outputs by finite differences of theta + t u, at random and at aligned points."""
    task = network(widths, activation, loss)
    assert task.form is not None
    radius, rng, h = 0.5, np.random.default_rng(1), 1e-2
    arrays = task.arrays()
    jet, _ = output_jet(task.form, layers_of(task.form, task.start.numpy()), arrays["x"], radius)
    worst = np.zeros(3)
    for _ in range(120):
        u = rng.normal(size=task.d) * rng.choice([1.0, 0.0], p=[0.4, 0.6], size=task.d)
        u = u / max(np.linalg.norm(u), 1e-9)
        offset = rng.normal(size=task.d)
        centre = task.start.numpy() + (radius - 2 * h) * offset / np.linalg.norm(offset)
        if not u.any():
            continue
        z = [task.outputs(centre + k * h * u).numpy() for k in (-2, -1, 0, 1, 2)]
        first = np.linalg.norm(z[3] - z[1], axis=-1) / (2 * h)
        second = np.linalg.norm(z[3] - 2 * z[2] + z[1], axis=-1) / h**2
        third = np.linalg.norm(z[4] - 2 * z[3] + 2 * z[1] - z[0], axis=-1) / (2 * h**3)
        for order, (value, bound) in enumerate(
            zip((first, second, third), (jet.first, jet.second, jet.third), strict=True)
        ):
            # a central difference is an average of the derivative over the ball, so it obeys the same bound
            assert (value <= bound * (1 + 1e-6) + 1e-7).all(), order
            worst[order] = max(worst[order], float((value / np.maximum(bound, 1e-12)).max()))
        assert (np.linalg.norm(z[2], axis=-1) <= jet.value).all()
    assert worst[0] > 0.1  # the bounds are not absurdly loose


def test_a_linear_model_has_its_exact_constants():
    """One layer, squared error: the Hessian of a sample is 2 (x, 1)(x, 1)^T whatever w, so L = 2 (norm(x)^2 + 1)."""
    task = NetworkTask(nn.Sequential(nn.Linear(2, 1)).double(), [[[3.0, 4.0]]], [[[1.0]]], nn.functional.mse_loss)
    local = layerwise_constants(task, 5.0)
    assert local.constants["L"].value == pytest.approx(52.0, rel=1e-9)
    assert local.constants["rho"].value == 0
    start = float(task.gradient(task.start).norm())
    assert local.constants["B"].value == pytest.approx(start + 5 * 52, rel=1e-6)  # attained: the loss is a parabola


def test_cross_entropy_derivatives_in_the_outputs():
    """norm <= sqrt 2, 1/2, sqrt 2/(3 sqrt 3); each is approached by some z and u, found by search."""
    generator = torch.Generator().manual_seed(0)
    best = [0.0, 0.0, 0.0]
    for classes in (2, 3, 7):
        z = 4 * torch.randn(20_000, classes, generator=generator, dtype=torch.float64)
        u = torch.randn(20_000, classes, generator=generator, dtype=torch.float64)
        # half of them along a difference of two classes, where the worst case lies
        u[::2, 2:], u[::2, 1] = 0, -u[::2, 0]
        z[::2, 2:] = -30
        u = u / u.norm(dim=-1, keepdim=True)
        p = z.softmax(-1)
        centred = u - (p * u).sum(-1, keepdim=True)
        slope = p - nn.functional.one_hot(torch.zeros(len(z), dtype=torch.int64), classes)
        values = (slope.norm(dim=-1), (p * centred**2).sum(-1), (p * centred**3).sum(-1).abs())
        for order, (value, bound) in enumerate(zip(values, (math.sqrt(2), 0.5, _THIRD), strict=True)):
            assert float(value.max()) <= bound * (1 + 1e-12)
            best[order] = max(best[order], float(value.max()) / bound)
    assert min(best) > 0.99


@pytest.mark.parametrize("name", KINDS)
def test_activation_bounds_are_right_and_nearly_attained(name):
    """Derivatives on a fine grid by the engine's own formulas, the third one by differences of the second."""
    z = torch.linspace(-19.5, 19.5, 780_001, dtype=torch.float64)
    value, slope, bend = activations.jet(name, z)
    twist = (bend[2:] - bend[:-2]) / (z[2:] - z[:-2])
    stated = ACTIVATION_BOUNDS[name]
    assert float(activations.value(name, torch.zeros(1, dtype=torch.float64))) == pytest.approx(stated.at_zero)
    assert float(value.abs().max()) <= stated.size
    for found, bound in zip((slope, bend, twist), stated.slopes, strict=True):
        assert 0.999 * bound <= float(found.abs().max()) <= bound * (1 + 1e-9)


def pieces(task, radius):
    """Z_1, Z_2, Z_3 and the residual's gradient norm for squared error of one output, the agents' means."""
    arrays = task.arrays()
    jet, _ = output_jet(task.form, layers_of(task.form, task.start.numpy()), arrays["x"], radius)
    residual = 2 * np.linalg.norm(task.outputs(task.start).numpy() - arrays["y"], axis=-1)
    return jet, residual


def test_forgetting_the_network_s_own_curvature_is_refuted():
    """Far targets: hess = 2 dz dz^T + residual d2z, and the second term dominates."""
    task = network((2, 3, 1), "tanh", "mse")
    far = NetworkTask(task.module, task.whole("x"), task.whole("y") + 100, nn.functional.mse_loss)
    found = estimate(far, Ball(far.start, 1e-3), names=["L"], budget=LITTLE)["L"].value
    jet, residual = pieces(far, 1e-3)
    assert (2 * jet.first**2).mean(1).max() < found <= (2 * jet.first**2 + residual * jet.second).mean(1).max() * 1.01


def test_forgetting_the_mixed_term_of_the_third_derivative_is_refuted():
    """Zero residual: the third derivative is 3 loss'' dz d2z alone."""
    task = network((2, 3, 1), "tanh", "mse")
    done = NetworkTask(task.module, task.whole("x"), task.outputs(task.start), nn.functional.mse_loss)
    found = estimate(done, Ball(done.start, 1e-4), names=["rho"], budget=LITTLE)["rho"].value
    jet, residual = pieces(done, 1e-4)
    assert (residual * jet.third).mean(1).max() < found <= (6 * jet.first * jet.second).mean(1).max() * 1.01


def test_forgetting_the_bias_or_the_growth_with_the_radius_is_refuted():
    """x = 0: all of the gradient comes from the bias; its norm grows by r L over the ball, L = 2."""
    task = NetworkTask(nn.Sequential(nn.Linear(1, 1)).double(), [[[0.0]]], [[[3.0]]], nn.functional.mse_loss)
    found = estimate(task, Ball(task.start, 2.0), names=["B", "L"], budget=LITTLE)
    at_centre = float(task.gradient(task.start).norm())
    assert found["L"].value == pytest.approx(2.0)  # without the bias Z_1 = norm(x) = 0
    assert found["B"].value == pytest.approx(at_centre + 4.0)
    assert layerwise_constants(task, 2.0).constants["B"].value == pytest.approx(at_centre + 4.0, rel=1e-6)


def test_another_activation_s_slopes_are_refuted():
    """Slopes of the sigmoid, 1/4, for a tanh network."""
    task = network((2, 3, 1), "tanh", "mse")
    arrays = task.arrays()
    wrong = DenseForm((2, 3, 1), "sigmoid", "mse")
    bound = sample_bounds(wrong, task.start.numpy(), arrays["x"], arrays["y"], 0.02).gradient.mean(1).max()
    assert bound < estimate(task, Ball(task.start, 0.02), names=["B"], budget=LITTLE)["B"].value


def test_bounds_grow_with_the_ball():
    task = network((2, 3, 2), "tanh", "cross_entropy")
    before = layerwise_constants(task, 0.1).constants
    after = layerwise_constants(task, 0.2).constants
    for name in before:
        larger = after[name].value >= before[name].value
        assert larger if name != "mu" else after[name].value <= before[name].value


def test_batches_obey_their_sure_bounds():
    task = small_network(radius=0.25)
    sure, rng = task.almost_sure_bounds(), np.random.default_rng(4)
    assert sure.gradient is not None
    assert sure.curvature_high is not None
    for _ in range(50):
        offset = rng.normal(size=task.d)
        w = (task.start + torch.as_tensor(0.25 * offset / np.linalg.norm(offset))).expand(1, task.n, -1).contiguous()
        for size in (1, 2):
            chosen = torch.as_tensor(rng.permutation(task.samples)[:size]).expand(1, task.n, -1)
            assert float(task.sampler.gradient(task, w, chosen).norm(dim=-1).max()) <= sure.gradient
            v = torch.as_tensor(rng.normal(size=w.shape))
            product = task.sampler.hvp(task, w, v, chosen).norm(dim=-1) / v.norm(dim=-1)
            assert float(product.max()) <= sure.curvature_high


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("exact", {}),
        ("first_order", {}),
        ("hessian_free", {"delta": 1e-3}),
        ("stochastic", {"D": 1, "D_prime": 1, "D_H": 1}),
        ("hessian_free_stochastic", {"D": 1, "D_prime": 1, "D_H": 1, "delta": 1e-3}),
    ],
)
def test_a_short_run_cannot_leave_the_ball(mode, options):
    task = small_network(radius=0.25)
    settings = MetaFedAvg(alpha=2**-8, nu=2, beta=2**-10, tau=3, mode=mode, participants=2, **options)
    proof = confinement.ball(task, settings, task.start, rounds=4)
    assert proof.holds, proof.reason
    run = settings.run(task, task.start, 4, seed=1, replicas=3)
    assert float((run.iterates - task.start).norm(dim=-1).max()) <= proof.radius_W0
    assert bool(task.contains(run.iterates.unsqueeze(-2).expand(-1, -1, task.n, -1)).all())
    far = confinement.ball(task, settings, task.start, rounds=400)
    assert not far.holds
    assert "is not <=" in far.reason


def test_a_ball_without_a_number_of_rounds_has_no_proof():
    task = small_network(radius=0.25)
    assert not confinement.ball(task, MetaFedAvg(alpha=0.01, nu=1, beta=0.01, tau=1), task.start).holds


def test_stated_constants_travel_with_the_task():
    import pickle

    task = small_network(radius=0.25)
    assert not task.everywhere
    assert set(task.constants()) == {"L", "mu", "rho", "B", "gamma_G", "gamma_H", "sigma_G", "sigma_H"}
    copy = pickle.loads(pickle.dumps(task))
    assert isinstance(copy.local, LocalConstants)
    assert copy.constants() == task.constants()
    plain = small_network()
    assert plain.everywhere
    assert not plain.constants()


def test_other_networks_are_refused():
    convolution = NetworkTask(
        nn.Sequential(nn.Linear(2, 2), nn.Tanhshrink()),
        np.zeros((1, 2, 2)),
        np.zeros((1, 2, 2)),
        nn.functional.mse_loss,
    )
    with pytest.raises(InputError, match="dense form"):
        layerwise_constants(convolution, 1.0)
    with pytest.raises(InputError, match="float32"):
        layerwise_constants(small_network().to(dtype=torch.float32), 1.0)
    with pytest.raises(InputError, match="radius"):
        layerwise_constants(small_network(), 0.0)
    with pytest.raises(InputError, match="centre"):
        layerwise_constants(small_network(), 1.0, centre=np.zeros(3))
    with pytest.raises(InputError, match="softplus"):
        layerwise_constants(network((2, 3, 1), "softplus", "mse"), 50.0)
