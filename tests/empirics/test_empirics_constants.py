"""Constants: sound at random points, tight where they can be attained, gamma and sigma by enumeration."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from empirics import Batch, CosineTask, InputError, LogCoshTask, LogisticTask, Noise, QuadraticTask, SplineTask
from empirics.certificates import closed_form
from empirics.tasks.factories import small_quadratic
from tests.empirics.cases import FAMILIES, NOISY, noisy, task, unit_noise


def _common_points(subject, count, seed=2):
    """Points (count, n, d) where all agents sit together, at many scales, inside the ball if there is one."""
    rng = np.random.default_rng(seed)
    w = rng.normal(size=(count, 1, subject.d))
    w /= np.linalg.norm(w, axis=-1, keepdims=True)
    top = getattr(subject, "radius", None) or 20.0
    return np.tile(w * top * rng.uniform(0, 1, size=(count, 1, 1)), (1, subject.n, 1))


def _suprema(subject, w):
    """The largest gradient, Hessian, Hessian quotient and spreads over the points."""
    gradient, hessian = subject.gradient(w), subject.hessian(w)
    rng = np.random.default_rng(0)
    near = w + rng.normal(size=w.shape) * 10 ** rng.uniform(-3, 0.5, size=(len(w), 1, 1))
    change = torch.linalg.matrix_norm(subject.hessian(near) - hessian, 2)
    distance = torch.as_tensor(np.linalg.norm(near - w, axis=-1))
    spread_g = (gradient - gradient.mean(dim=1, keepdim=True)).square().sum(-1).mean(-1).sqrt()
    deviation = torch.linalg.matrix_norm(hessian - hessian.mean(dim=1, keepdim=True), 2)
    return {
        "B": gradient.norm(dim=-1).max(),
        "L": torch.linalg.matrix_norm(hessian, 2).max(),
        "rho": (change / distance).max(),
        "gamma_G": spread_g.max(),
        "gamma_H": deviation.square().mean(-1).sqrt().max(),
        "low": torch.linalg.eigvalsh(hessian).min(),
    }


@pytest.mark.parametrize("name", [*FAMILIES, "logistic_ragged"])
def test_no_point_exceeds_a_constant(name):
    subject = task(name)
    constants = subject.constants()
    found = _suprema(subject, _common_points(subject, 3000))
    for key in ("B", "L", "gamma_G", "gamma_H"):
        # The measured side carries rounding of its own, about 1e-14 relative.
        assert float(found[key]) <= constants[key].value * (1 + 1e-12), key
    # A difference quotient at distance 1e-3 carries 1e-16 / 1e-3 of rounding.
    assert float(found["rho"]) <= constants["rho"].value * (1 + 1e-9) + 1e-11
    if "mu" in constants:
        assert float(found["low"]) >= constants["mu"].value - 1e-14


@pytest.mark.parametrize("name", FAMILIES)
def test_constants_are_not_vacuous(name):
    subject = task(name)
    constants, found = subject.constants(), _suprema(subject, _common_points(subject, 3000))
    for key in ("B", "L", "gamma_G", "gamma_H"):
        assert 0 < constants[key].value <= 5 * float(found[key]), key
        assert math.isfinite(constants[key].value)
    if constants["rho"].value:
        assert constants["rho"].value <= 12 * float(found["rho"])


@pytest.mark.parametrize("name", FAMILIES)
def test_every_task_is_heterogeneous(name):
    constants = task(name).constants()
    assert constants["gamma_G"].value > 0
    assert constants["gamma_H"].value > 0


def test_quadratic_extremes_are_exact_when_dyadic():
    for mu, L in ((0.25, 1.0), (-0.5, 2.0), (0.0, 1.0), (-3.0, 1.0)):
        constants = small_quadratic(6, 8, mu=mu, L=L, seed=4).constants()
        assert (constants["mu"].value, constants["mu"].side) == (mu, "exact")
        assert (constants["L"].value, constants["L"].side) == (max(abs(mu), L), "exact")


def test_reference_bases_do_not_commute():
    A = task("quadratic").arrays()["A"]
    commutators = [np.abs(x @ y - y @ x).max() for x, y in itertools.combinations(A, 2)]
    assert max(commutators) > 0.01


def test_general_quadratic_extremes_enclose_the_true_ones():
    # A = [[2, 1], [1, 3]] has eigenvalues (5 +- sqrt 5)/2, irrational: the certificate is within 1e-14 of them.
    subject = QuadraticTask([[[2.0, 1.0], [1.0, 3.0]]], [[0.0, 0.0]])
    constants = subject.constants()
    L, mu = (Fraction(constants[key].value) for key in ("L", "mu"))
    assert (constants["L"].side, constants["mu"].side) == ("upper", "lower")
    assert (2 * L - 5) ** 2 >= 5 >= (2 * L - 5 - Fraction(1, 10**13)) ** 2
    assert (5 - 2 * mu) ** 2 >= 5 >= (5 - 2 * mu - Fraction(1, 10**13)) ** 2


def test_quadratic_gradient_bound_is_attained_in_one_dimension():
    subject = QuadraticTask([[[2.0]], [[-1.0]]], [[1.0], [2.0]], radius=3.0)
    constants = subject.constants()
    # f_1' = 2 (w - 1) at w = -3, and the spread of {2w - 2, -w + 2} is |3w - 4|/2, worst at w = -3.
    assert constants["B"].value == pytest.approx(8.0, rel=1e-13)
    assert constants["gamma_G"].value == pytest.approx(6.5, rel=1e-13)
    assert constants["gamma_H"].value == pytest.approx(1.5, rel=1e-13)
    assert constants["B"].value >= 8
    assert constants["gamma_G"].value >= 6.5
    assert constants["gamma_H"].value >= 1.5


def test_single_cosine_constants_are_attained():
    subject = CosineTask([[0.5]], [[-2.0]], [[0.3]], linear=[[4.0]])
    constants = subject.constants()
    assert [(constants[k].value, constants[k].side) for k in ("B", "L", "rho")] == [
        (5.0, "exact"),
        (0.5, "exact"),
        (0.25, "exact"),
    ]
    # gradient 4 + sin(w/2 + 0.3), Hessian cos(w/2 + 0.3)/2
    top = (math.pi / 2 - 0.3) / 0.5
    assert float(subject.gradient([top]).abs()) == pytest.approx(5.0, rel=1e-15)


def test_opposite_cosines_have_the_exact_spreads():
    e, k = 1e-4, 2 * math.pi
    constants = CosineTask([[k]], [[e / k**2], [-e / k**2]], [[0.0], [0.0]], linear=[[1.0], [1.0]]).constants()
    # f_i = w +- (e / k^2) cos(k w): rms deviations (e/k) |sin| and e |cos|.
    assert constants["gamma_G"].value == pytest.approx(e / k, rel=1e-12)
    assert constants["gamma_H"].value == pytest.approx(e, rel=1e-12)
    assert constants["gamma_G"].value >= e / k * (1 - 1e-15)


def test_equal_agents_have_no_heterogeneity():
    arrays = task("cosine").arrays()
    same = {key: np.repeat(arrays[key][:1], 3, axis=0) for key in ("s", "phi")}
    for family, s in ((CosineTask, same["s"]), (LogCoshTask, np.abs(same["s"]))):
        constants = family(arrays["a"], s, same["phi"]).constants()
        assert [(constants[k].value, constants[k].side) for k in ("gamma_G", "gamma_H")] == [(0.0, "exact")] * 2
    quadratic = QuadraticTask(np.tile(np.eye(2) / 3, (3, 1, 1)), np.ones((3, 2)) / 3, radius=2.0).constants()
    assert [(quadratic[k].value, quadratic[k].side) for k in ("gamma_G", "gamma_H")] == [(0.0, "exact")] * 2


def test_logcosh_phase_deviation_is_the_stated_supremum():
    # Two agents at phases +-p: sup over theta of the spread of tanh is tanh(p), at theta = 0.
    subject = LogCoshTask([[1.0]], [[1.0], [1.0]], [[0.7], [-0.7]])
    gradient = subject.gradient([0.0]).flatten()
    assert float((gradient - gradient.mean()).square().mean().sqrt()) == pytest.approx(math.tanh(0.7), rel=1e-14)
    assert math.tanh(0.7) <= subject.constants()["gamma_G"].value <= 2 * math.tanh(0.35) * (1 + 1e-13)


def test_logistic_constants_of_one_sample_are_attained():
    # One sample z = 3: gradient -3 sigmoid(-3w) -> 3, Hessian 9/4 at 0, third derivative 27/(6 sqrt 3).
    constants = LogisticTask([[[3.0]]], [[1]], intercept=False).constants()
    assert constants["B"].value == pytest.approx(3.0, rel=1e-13)
    assert constants["L"].value == pytest.approx(9 / 4, rel=1e-13)
    assert constants["rho"].value == pytest.approx(27 / (6 * math.sqrt(3)), rel=1e-13)
    assert (constants["mu"].value, constants["mu"].side) == (0.0, "lower")


@pytest.mark.parametrize("name", ["logistic", "logistic_ragged"])
def test_logistic_noise_by_enumeration_of_the_samples(name):
    subject = task(name)
    constants, arrays = subject.constants(), subject.arrays()
    for w in _common_points(subject, 40)[:, 0]:
        for agent, count in enumerate(arrays["counts"].astype(int)):
            z = arrays["a"][agent][:count]
            sigmoid = 1 / (1 + np.exp(z @ w))
            gradients = -sigmoid[:, None] * z
            hessians = (sigmoid * (1 - sigmoid))[:, None, None] * z[:, :, None] * z[:, None, :]
            variance = np.square(gradients - gradients.mean(axis=0)).sum(axis=1).mean()
            bend = np.square(np.linalg.norm(hessians - hessians.mean(axis=0), ord=2, axis=(1, 2))).mean()
            assert math.sqrt(variance) <= constants["sigma_G"].value * (1 + 1e-13)
            assert math.sqrt(bend) <= constants["sigma_H"].value * (1 + 1e-13)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_batches_without_replacement_have_at_most_the_variance_of_a4(size):
    subject = task("logistic_ragged")
    w = torch.ones(1, 3, 3, dtype=torch.float64) * 0.3
    full, sigma = subject.gradient(w[0]), subject.constants()["sigma_G"].value
    for agent, count in enumerate(subject.counts.tolist()):
        errors = []
        for chosen in itertools.combinations(range(count), size):
            values = torch.zeros(1, 3, size, dtype=torch.int64)
            values[0, agent] = torch.tensor(chosen)
            errors.append(subject.batch_gradient(w, Batch(size, values))[0, agent] - full[agent])
        stacked = torch.stack(errors)
        # Zero mean: every subset equally likely.
        assert float(stacked.mean(dim=0).norm()) < 1e-15
        assert float(stacked.square().sum(-1).mean()) <= sigma**2 / size


@pytest.mark.parametrize("name", NOISY)
def test_noise_has_mean_zero_and_the_stated_moments_by_enumeration(name):
    subject, plain = noisy(name), task(name)
    constants = subject.constants()
    w = torch.as_tensor(_common_points(subject, 200))
    gradients, hessians = [], []
    eye = torch.eye(subject.d, dtype=torch.float64)
    for signs in itertools.product([-1.0, 1.0], repeat=2):
        batch = Batch(1, torch.tensor(signs, dtype=torch.float64).expand(200, subject.n, 2))
        gradients.append(subject.batch_gradient(w, batch) - plain.gradient(w))
        columns = [subject.batch_hvp(w, e.expand(w.shape), batch) for e in eye]
        hessians.append(torch.stack(columns, dim=-1) - plain.hessian(w))
    gradient, hessian = torch.stack(gradients), torch.stack(hessians)
    assert float(gradient.mean(dim=0).abs().max()) < 1e-14
    assert float(hessian.mean(dim=0).abs().max()) < 1e-14
    second = gradient.square().sum(-1).mean(dim=0).sqrt()
    bend = torch.linalg.matrix_norm(hessian, 2).square().mean(dim=0).sqrt()
    sigma_g, sigma_h = constants["sigma_G"].value, constants["sigma_H"].value
    # attained where |sin| = 1 and |cos| = 1: 800 phases come close
    assert 0.99 * sigma_g <= float(second.max()) <= sigma_g * (1 + 1e-12)
    assert 0.99 * sigma_h <= float(bend.max()) <= sigma_h * (1 + 1e-12)


def test_coordinate_noise_has_exact_constants_where_they_are_floats():
    subject = small_quadratic(noise=Noise.coordinate(5, 4, gradient=0.75, amplitude=0.25, frequency=4.0))
    constants = subject.constants()
    # sqrt(3/4^2 + 1^2) = 5/4 and (1/4) 4^2 = 4
    assert (constants["sigma_G"].value, constants["sigma_G"].side) == (1.25, "exact")
    assert (constants["sigma_H"].value, constants["sigma_H"].side) == (4.0, "exact")
    rounded = small_quadratic(noise=Noise.coordinate(5, 4, gradient=0.1, amplitude=0.1, frequency=0.3)).constants()
    exact = Fraction(0.1) ** 2 * (1 + Fraction(0.3) ** 2)
    assert rounded["sigma_G"].side == "upper"
    assert Fraction(rounded["sigma_G"].value) ** 2 >= exact


@pytest.mark.parametrize("name", [*NOISY, "logistic_ragged"])
def test_sure_bounds_hold_for_every_sample(name):
    subject = task(name) if name == "logistic_ragged" else noisy(name)
    bounds, w = subject.almost_sure_norms(), torch.as_tensor(_common_points(subject, 300))
    eye = torch.eye(subject.d, dtype=torch.float64)
    if name == "logistic_ragged":
        batches = [Batch(1, torch.full((300, 3, 1), j)) for j in range(3)]
    else:
        corners = itertools.product([-1.0, 1.0], repeat=2)
        batches = [Batch(1, torch.tensor(c, dtype=torch.float64).expand(300, subject.n, 2)) for c in corners]
    for batch in batches:
        assert float(subject.batch_gradient(w, batch).norm(dim=-1).max()) <= bounds["gradient"]
        hessian = torch.stack([subject.batch_hvp(w, e.expand(w.shape), batch) for e in eye], dim=-1)
        assert float(torch.linalg.matrix_norm(hessian, 2).max()) <= bounds["hessian"]
        for alpha in (0.1, 0.8, 3.0):
            factor = torch.linalg.matrix_norm(eye - alpha * hessian, 2).max()
            assert float(factor) <= subject.almost_sure_step_factor(alpha) * (1 + 1e-14)


@pytest.mark.parametrize("name", ["cosine", "logcosh", "logistic", "quadratic", "indefinite", "spline"])
def test_loss_lower_bound_is_below_every_loss(name):
    subject = task(name)
    bound = subject.loss_lower_bound()
    assert bound.side in ("lower", "exact")
    w = _common_points(subject, 2000)
    w = np.clip(w, -1, 2) if name == "spline" else w
    # The infimum over agents' own points: the mean of each agent's smallest loss.
    assert float(subject.loss(w).min(dim=0).values.mean()) >= bound.value - 1e-14


def test_the_loss_lower_bound_of_a_spline_is_its_least_value():
    generator = np.random.default_rng(0)
    for count in (2, 3, 6, 6, 6):
        knots = np.cumsum(generator.uniform(0.1, 1, count))
        subject = SplineTask(knots, generator.uniform(-3, 3, (2, count)), generator.uniform(-1, 1, 2))
        w = np.tile(np.linspace(knots[0], knots[-1], 20_001)[:, None, None], (1, 2, 1))
        least = float(subject.loss(w).min(dim=0).values.mean())
        assert subject.loss_lower_bound().value <= least <= subject.loss_lower_bound().value + 1e-6


def test_loss_lower_bounds_that_do_not_exist_are_refused():
    with pytest.raises(InputError, match="unbounded"):
        QuadraticTask([[[-1.0]]], [[0.0]]).loss_lower_bound()
    with pytest.raises(InputError, match="unbounded below"):
        task("cosine_linear").loss_lower_bound()
    with pytest.raises(InputError, match="falls without bound"):
        SplineTask([0.0, 1.0, 2.0], [[0.0, 1.0, 0.0]], [1.0]).loss_lower_bound()


def test_quadratic_lower_bound_is_exact_for_equal_offsets():
    bound = QuadraticTask([[[1.0]], [[0.0]]], [[3.0], [1.0]], [0.5, 0.5]).loss_lower_bound()
    assert (bound.value, bound.side) == (0.5, "exact")


def test_spline_constants_are_attained():
    knots = [-1.0, 0.0, 1.0]
    subject = SplineTask(knots, [[1.0, 0.0, 1.0], [1.0, -1.0, 1.0]], [0.0, 0.25], at=0.0)
    constants = subject.constants()
    assert [(constants[k].value, constants[k].side) for k in ("L", "mu", "rho")] == [
        (1.0, "exact"),
        (-1.0, "exact"),
        (2.0, "exact"),
    ]
    grid = np.linspace(-1, 1, 4001)[:, None, None].repeat(2, axis=1)
    gradient, hessian = subject.gradient(grid)[..., 0], subject.hvp(grid, np.ones_like(grid))[..., 0]
    # f_1' = x|x|/2 and f_2' = 1/4 - x + x|x|: the largest is f_1' = 1/2 at the ends.
    assert float(gradient.abs().max()) == pytest.approx(constants["B"].value, rel=1e-12)
    spread = (gradient - gradient.mean(dim=1, keepdim=True)).square().mean(dim=1).sqrt().max()
    bend = (hessian - hessian.mean(dim=1, keepdim=True)).square().mean(dim=1).sqrt().max()
    assert float(spread) <= constants["gamma_G"].value <= 1.5 * float(spread)
    assert float(bend) == pytest.approx(constants["gamma_H"].value, rel=1e-12)


def test_spline_says_where_its_constants_hold():
    inside = SplineTask([-1.0, 1.0], [[1.0, 1.0]], [0.0])
    assert not inside.everywhere
    assert inside.contains([[0.5]]).tolist() == [True]
    assert inside.contains([[1.5]]).tolist() == [False]
    everywhere = SplineTask([-1.0, 0.0, 1.0], [[0.0, 1.0, 0.0]], [-0.5])
    assert everywhere.everywhere
    assert everywhere.contains([[1e9]]).tolist() == [True]
    assert float(everywhere.gradient([1e9]).abs()) <= everywhere.constants()["B"].value


def test_quadratic_ball_is_where_its_constants_hold():
    subject = task("quadratic")
    assert bool(subject.contains(np.full(4, 3.9)).all())
    assert not bool(subject.contains(np.full(4, 4.1)).any())
    assert "B" not in QuadraticTask([[[1.0]]], [[0.0]]).constants()


def test_float32_constants_are_those_of_the_stored_parameters():
    narrow = task("cosine").to(dtype=torch.float32)
    w = _common_points(task("cosine"), 500)
    assert float(narrow.to(dtype=torch.float64).gradient(w).norm(dim=-1).max()) <= narrow.constants()["B"].value


def test_constants_follow_scalings():
    # f -> 2 f doubles B, L, rho and both gammas; w -> w/2 (features doubled) multiplies them by 2, 4, 8, 2, 4.
    arrays = task("cosine").arrays()
    base = task("cosine").constants()
    doubled = CosineTask(arrays["a"], 2 * arrays["s"], arrays["phi"]).constants()
    squeezed = CosineTask(2 * arrays["a"], arrays["s"], arrays["phi"]).constants()
    for key, power in (("B", 1), ("L", 2), ("rho", 3), ("gamma_G", 1), ("gamma_H", 2)):
        assert doubled[key].value == pytest.approx(2 * base[key].value, rel=1e-12)
        assert squeezed[key].value == pytest.approx(2**power * base[key].value, rel=1e-12)


def test_constants_of_noise_in_general_directions_cover_their_norms():
    noise = unit_noise(4, 4, gradient=1.0, amplitude=0.0)
    norms = np.linalg.norm(np.asarray(noise.u), axis=1)
    value = QuadraticTask(np.tile(np.eye(4), (4, 1, 1)), np.zeros((4, 4)), noise=noise).constants()["sigma_G"].value
    assert value >= norms.max()


def test_spreads_that_peak_inside_a_piece_are_covered():
    # f_i' = +-(x^2 - 1)/2 on [-1, 1]: zero at both knots, 1/2 between them.
    subject = SplineTask([-1.0, 1.0], [[-1.0, 1.0], [1.0, -1.0]], [-0.5, 0.5], at=0.0)
    constants = subject.constants()
    for key in ("B", "gamma_G"):
        assert 0.5 <= constants[key].value <= 0.5 * (1 + 1e-12), key


def test_one_curved_agent_among_flat_ones_is_within_gamma_h():
    # At w = 0 the Hessians are 9/4, 0, 0: the spread sqrt(2)/3 of 9/4 exceeds the curvature of the mean, 1/3 of it.
    subject = LogisticTask([[[3.0]], [[0.0]], [[0.0]]], np.ones((3, 1)), intercept=False)
    assert 9 / 4 * math.sqrt(2) / 3 <= subject.constants()["gamma_H"].value


def test_sigma_covers_samples_that_are_switched_off_one_by_one():
    # At this w one sample's sigmoid is 1 and the other's 0: gradients (1, 0) and 0, of standard deviation 1/2.
    subject = LogisticTask([[[1.0, 0.0], [0.5, 0.01]]], [[1, 1]], intercept=False)
    w = torch.tensor([[[-30.0, 4500.0]]], dtype=torch.float64)
    samples = [subject.batch_gradient(w, Batch(1, torch.tensor([[[j]]])))[0, 0] for j in (0, 1)]
    deviation = float((samples[0] - samples[1]).norm()) / 2
    assert deviation == pytest.approx(0.5, rel=1e-12)
    assert deviation <= subject.constants()["sigma_G"].value


def test_one_dimensional_quadratics_have_exact_constants_attained_at_an_end() -> None:
    """a = (1, -1, 1/2), c = (1/2, 0, -1), |w| <= 2: by hand B = 5/2 (agent 0 at w = -2)."""
    task = QuadraticTask(A=[[[1.0]], [[-1.0]], [[0.5]]], c=[[0.5], [0.0], [-1.0]], radius=2.0)
    constants = task.constants()
    assert (constants["B"].value, constants["B"].side) == (2.5, "exact")
    ends = task.gradient(np.array([[[x]] * 3 for x in (-2.0, 2.0)]))[..., 0]
    spread = (ends - ends.mean(dim=1, keepdim=True)).square().mean(dim=1).sqrt().max()
    # the certified value is the correctly rounded root of the same rational
    assert constants["gamma_G"].value == pytest.approx(float(spread), rel=1e-15)
    inside = task.gradient(np.linspace(-2, 2, 41)[:, None, None].repeat(3, axis=1))[..., 0]
    spreads = (inside - inside.mean(dim=1, keepdim=True)).square().mean(dim=1).sqrt()
    assert float(spreads.max()) <= constants["gamma_G"].value * (1 + 1e-15)


def test_one_dimensional_update_matrices_are_exact() -> None:
    """M = a (1 - alpha a)^{2 nu}: -(3/2)^4 for a = -1, alpha = 1/2, nu = 2."""
    task = QuadraticTask(A=[[[-1.0]]], c=[[0.0]])
    smooth = closed_form.smoothness(task, 0.5, 2)
    assert (smooth.value, smooth.side) == (81 / 16, "exact")
    bowl = closed_form.pl_constant(QuadraticTask(A=[[[1.0]]], c=[[0.0]]), 0.5, 1)
    assert (bowl.value, bowl.side) == (0.25, "exact")
