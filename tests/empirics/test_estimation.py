"""Estimated constants: never beyond the certified ones, and close to them where the supremum lies inside the set."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import empirics
from empirics import CosineTask, InputError, LogCoshTask, LogisticTask, MetaFedAvg, Noise, QuadraticTask, SplineTask
from empirics.certificates import closed_form
from empirics.estimation import (
    QUICK,
    Ball,
    Budget,
    Hull,
    all_constants,
    as_constants,
    ascent,
    estimate,
    estimate_meta,
    hessian_quotient,
    heterogeneity,
    hull_of_run,
    krylov,
    lanczos,
    looseness,
    miss_probability,
    noise,
    point_curvature,
    relative_gap,
    third_derivative,
)
from empirics.estimation.regions import Pairs
from empirics.tasks.factories import small_cosine, small_logcosh, small_logistic, small_quadratic
from empirics.tasks.noise import NoisySamples

ROUNDING = 2.0**-32  # difference quotients with steps of 2^-13 lose that much of 53 bits, relative to the constants


def sign_noise(n: int, d: int) -> Noise:
    return Noise.coordinate(n, d, gradient=0.25, amplitude=0.0625, frequency=2.0)


def beyond(task, found) -> dict[str, tuple[float, float]]:
    """Constants whose estimate lies on the wrong side of the certified one, with both."""
    certified = task.constants()
    wrong = {}
    for name, one in found.items():
        if name not in certified:
            continue
        truth, slack = certified[name].value, ROUNDING * (1 + abs(certified[name].value))
        if (one.value < truth - slack) if name == "mu" else (one.value > truth + slack):
            wrong[name] = (one.value, truth)
    return wrong


def missed(task, found, attained) -> dict[str, tuple[float, float]]:
    """Attained constants that were not reached within 10 %."""
    certified = task.constants()
    return {
        name: (found[name].value, certified[name].value)
        for name in attained
        if abs(found[name].value - certified[name].value) > 0.1 * abs(certified[name].value)
    }


GENERIC = {
    "quadratic": (lambda: small_quadratic(radius=2.0, noise=sign_noise(5, 4)), 4, 2.0),
    "cosine": (lambda: small_cosine(noise=sign_noise(5, 3)), 3, 8.0),
    "log-cosh": (lambda: small_logcosh(noise=sign_noise(5, 3)), 3, 8.0),
    "logistic": (small_logistic, 4, 8.0),
}


@pytest.mark.parametrize("family", GENERIC)
@pytest.mark.parametrize("seed", [0, 1])
def test_no_estimate_exceeds_the_certified_constant(family, seed):
    make, d, radius = GENERIC[family]
    task = make()
    found = estimate(task, Ball(np.zeros(d), radius), seed=seed)
    assert set(found) == {"L", "mu", "rho", "B", "sigma_G", "sigma_H", "gamma_G", "gamma_H"}
    assert not beyond(task, found)


def diagonal_quadratic() -> QuadraticTask:
    """Diagonal A_i and centres on the first axis: the worst w of B and of gamma_G is -radius on that axis."""
    A = [np.diag([2.0, 1.0]), np.diag([1.0, 0.5])]
    return QuadraticTask(A, [[0.5, 0.0], [0.25, 0.0]], radius=2.0, noise=sign_noise(2, 2))


def orthogonal_cosine() -> CosineTask:
    """Orthogonal features, so each angle may be set by itself: every sine and cosine can be +-1 at once."""
    return CosineTask([[1.5, 0.0], [0.0, 1.0]], [[1.0, 0.5]], [[0.3, 1.0]], noise=sign_noise(1, 2))


def orthogonal_logcosh() -> LogCoshTask:
    """Orthogonal features: sech^2 = 1 where all angles vanish, and |(sech^2)'| is largest at tanh^2 = 1/3."""
    return LogCoshTask([[1.5, 0.0], [0.0, 1.0]], [[1.0, 0.5]], [[0.3, 1.0]], noise=sign_noise(1, 2))


def single_cosine() -> CosineTask:
    """One feature in one dimension, two agents with opposite phasor deviations: both spreads are attained."""
    return CosineTask([[2.0]], [[1.0], [1.0]], [[0.25], [-0.25]], noise=sign_noise(2, 1))


def single_samples() -> LogisticTask:
    """One sample an agent: sigmoid' = 1/4 at w = 0 and |sigmoid''| is largest at a finite angle; B within e^-10."""
    return LogisticTask([[[1.0, 2.0]], [[2.0, -1.0]]], [[1], [-1]], intercept=False)


ATTAINED = {
    "quadratic": (
        diagonal_quadratic, 2, 2.0, ["L", "mu", "B", "sigma_G", "sigma_H", "gamma_G", "gamma_H"]
    ),
    "cosine": (orthogonal_cosine, 2, 4.0, ["L", "rho", "B", "sigma_G", "sigma_H"]),
    "cosine, spreads": (single_cosine, 1, 4.0, ["L", "rho", "B", "sigma_G", "sigma_H", "gamma_G", "gamma_H"]),
    # B is a limit at infinity, 1 - tanh(4 - 1) = 0.5 % short of it at the best point of the ball
    "log-cosh": (orthogonal_logcosh, 2, 5.0, ["L", "rho", "B", "sigma_G", "sigma_H"]),
    "logistic": (single_samples, 2, 5.0, ["L", "rho", "B"]),
}  # fmt: skip


@pytest.mark.parametrize("case", ATTAINED)
def test_a_supremum_inside_the_set_is_reached_within_ten_percent(case):
    make, d, radius, names = ATTAINED[case]
    task = make()
    found = estimate(task, Ball(np.zeros(d), radius), seed=0)
    assert not beyond(task, found)
    assert not missed(task, found, names)


def test_convex_losses_have_small_least_curvature():
    task = orthogonal_logcosh()
    found = estimate(task, Ball(np.zeros(2), 6.0), names=["mu"])["mu"]
    assert found.side == "upper"
    assert 0 <= found.value < 1e-3  # sech^2 decays like 4 exp(-2 t) towards the certified infimum 0


WRONG = {
    "a quotient over half its step": (
        third_derivative, "along", lambda right: lambda task, w, v: 2 * right(task, w, v), "cosine", "rho",
    ),
    "the spread about 0 instead of the mean": (
        heterogeneity, "gradient_spread",
        lambda right: lambda task: lambda w: (
            task.raw_gradient(ascent.for_all(w, task)).square().sum(-1).mean(-1).sqrt(), right(task)(w)[1]
        ), "cosine, spreads", "gamma_G",
    ),
    "the sum over agents instead of their mean": (
        heterogeneity, "hessian_spread",
        lambda right: lambda task, *rest: lambda w: tuple(task.n * part for part in right(task, *rest)(w)),
        "quadratic", "gamma_H",
    ),
    "a variance for a standard deviation": (
        noise, "gradient_noise", lambda right: lambda *given: lambda w: (right(*given)(w)[0] ** 2, right(*given)(w)[1]),
        "quadratic", "sigma_G",
    ),
    "noise of a mean of two samples": (
        noise, "hessian_noise",
        lambda right: lambda *given: lambda w: tuple(part / 2**0.5 for part in right(*given)(w)), "cosine", "sigma_H",
    ),
    "the trace for the largest eigenvalue": (
        krylov, "_ritz",
        lambda right: lambda basis, diagonal, beside: right(
            basis[..., :1, :], diagonal.sum(-1, keepdim=True), beside[..., -1:]
        ), "quadratic", "L",
    ),
    "one point instead of a climb": (
        all_constants, "_ESTIMATORS",
        lambda right: {
            **right,
            "B": lambda task, over, *, seed, budget: right["B"](
                task, over, seed=seed, budget=Budget(screened=1, starts=1, steps=0)
            ),
        }, "quadratic", "B",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_estimator_is_caught(mistake, monkeypatch):
    module, name, wrong, case, constant = WRONG[mistake]
    make, d, radius, attained = ATTAINED[case]
    assert constant in attained
    task, over = make(), Ball(np.zeros(d), radius)
    right = estimate(task, over, names=[constant])
    assert not beyond(task, right)
    assert not missed(task, right, [constant])
    monkeypatch.setattr(module, name, wrong(getattr(module, name)))
    found = estimate(task, over, names=[constant])
    assert beyond(task, found) or missed(task, found, [constant])


def test_every_estimate_says_how_and_where():
    task = small_logistic()
    over = Ball(np.ones(4), 1.0)
    for name, one in estimate(task, over, budget=QUICK).items():
        assert one.name == name
        assert one.points > 1
        assert one.at.shape == (4,)
        assert float((one.at - 1).norm()) <= 1.0
        assert one.side == ("upper" if name == "mu" else "lower")
        assert one.method
        if name in ("L", "mu", "rho", "sigma_H", "gamma_H"):
            assert one.residual is not None
            assert one.residual < 1e-6
    assert {constant.side for constant in as_constants(estimate(task, over, budget=QUICK)).values()} == {
        "lower",
        "upper",
    }


def test_estimates_at_one_point_agree_with_dense_linear_algebra():
    """A ball of radius 2^-30 is one point: dense Hessians of every agent and of every sample tell the answer."""
    task, w = small_logistic(n=3, d=3, samples=6), torch.tensor([0.3, -1.0, 0.5], dtype=torch.float64)
    found = estimate(task, Ball(w, 2.0**-30), budget=Budget(screened=1, starts=1, steps=0))
    hessians, gradients = task.hessian(w), task.gradient(w)
    z = task.whole("a")
    s = torch.sigmoid(-(z @ w))
    sample_gradients = -s[..., None] * z
    sample_hessians = (s * (1 - s))[..., None, None] * z[..., :, None] * z[..., None, :]
    spectral = torch.linalg.matrix_norm(sample_hessians - hessians[:, None], ord=2).square().mean(1).max().sqrt()
    spread = (gradients - gradients.mean(0)).square().sum(-1).mean().sqrt()
    expected = {
        "L": torch.linalg.eigvalsh(hessians).max(),
        "mu": torch.linalg.eigvalsh(hessians).min(),
        "B": gradients.norm(dim=-1).max(),
        "sigma_G": (sample_gradients - gradients[:, None]).square().sum(-1).mean(1).max().sqrt(),
        "sigma_H": spectral,
        "gamma_G": spread,
        "gamma_H": torch.linalg.matrix_norm(hessians - hessians.mean(0), ord=2).square().mean().sqrt(),
    }
    for name, value in expected.items():
        assert found[name].value == pytest.approx(float(value), rel=1e-8), name  # points differ by 2^-30


def test_the_third_derivative_is_that_of_one_ridge():
    """f = s cos(a . w + phi): T = s sin(.) a x a x a, of norm |s sin| norm(a)^3."""
    task = CosineTask([[1.0, 2.0, 2.0]], [[0.5]], [[0.0]])
    w = torch.tensor([[0.1, 0.2, 0.3]], dtype=torch.float64)
    norms, _ = third_derivative.power_method(task, w[:, None], budget=Budget(), seed=0)
    assert float(norms) == pytest.approx(0.5 * math.sin(1.1) * 27, rel=1e-5)  # truncation: (3 2^-13)^2 / 6


def test_quotients_of_hessians_are_below_the_certified_rho():
    task = small_cosine()
    generator = torch.Generator().manual_seed(3)
    w, u = torch.randn(2, 40, 3, generator=generator, dtype=torch.float64)
    quotients = hessian_quotient(task, w, u, steps=3, seed=0)
    assert float(quotients.max()) <= task.constants()["rho"].value
    dense = torch.linalg.matrix_norm(
        task.hessian(w[:, None].expand(-1, 5, -1)) - task.hessian(u[:, None].expand(-1, 5, -1)), ord=2
    )
    assert torch.allclose(quotients, dense.amax(1) / (w - u).norm(dim=-1), rtol=1e-9)


def test_ascent_over_pairs_of_points_agrees_with_the_power_method():
    """Quotients of Hessians tend to the third derivative's norm as a pair closes up; both ascents stay below rho."""
    task = orthogonal_cosine()
    over, budget, rho = Ball(np.zeros(2), 4.0), Budget(), task.constants()["rho"].value
    pairs = ascent.climb(third_derivative.pair_quotient(task, budget, 0, 1e-2), Pairs(over), seed=0, budget=budget)
    local = ascent.climb(third_derivative.third_norm(task, budget, 0), over, seed=0, budget=budget)
    for peak in (pairs, local):
        assert 0.9 * rho <= peak.value <= rho * (1 + ROUNDING)
    w, u = pairs.at.chunk(2)
    assert float((w - u).norm()) >= 1e-2
    assert float(hessian_quotient(task, w[None], u[None], steps=2, seed=1)) == pytest.approx(pairs.value, rel=1e-9)


def test_pairs_see_a_kink_where_there_is_no_third_derivative():
    """The second derivative is |x| near 0: its Lipschitz constant is 1 although it is not differentiable at 0."""
    task = SplineTask(knots=[-1.0, 0.0, 1.0], curvature=[[1.0, 0.0, 1.0]], slope=[0.0], at=0)
    found = estimate(task, Ball([0.0], 0.9), names=["rho"])["rho"]
    assert found.value == pytest.approx(1.0, rel=1e-6)


def test_samples_that_cannot_be_enumerated_come_with_a_standard_error(monkeypatch):
    task, one = small_quadratic(noise=sign_noise(5, 4)), Budget(screened=1, steps=0)
    exact = estimate(task, Ball(np.zeros(4), 2.0**-20), names=["sigma_G"], budget=one)["sigma_G"]
    assert exact.standard_error is None
    monkeypatch.setattr(NoisySamples, "outcomes", lambda *_: None)  # its samples are no longer known to be four
    sampled = estimate(task, Ball(np.zeros(4), 2.0**-20), names=["sigma_G"], budget=one)["sigma_G"]
    assert sampled.standard_error is not None
    assert "512 draws" in sampled.method
    # the cross term of the two signs makes the squared norms vary; five standard errors, and rounding
    assert abs(sampled.value - exact.value) <= 5 * sampled.standard_error + 1e-6


# ------------------------------------------------------------------------------------------------ Lanczos


def random_symmetric(batch: int, d: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    matrices = torch.randn(batch, d, d, generator=generator, dtype=torch.float64)
    return (matrices + matrices.mT) / 2


def times(matrices: torch.Tensor):
    return lambda v: (matrices @ v.unsqueeze(-1)).squeeze(-1)


def test_all_steps_give_the_whole_spectrum():
    matrices = random_symmetric(6, 12, 0)
    found = lanczos(times(matrices), matrices[..., 0], 12, seed=1)
    values = torch.linalg.eigvalsh(matrices)
    assert torch.allclose(found.low, values[:, 0], atol=1e-12)
    assert torch.allclose(found.high, values[:, -1], atol=1e-12)
    image = times(matrices)(found.high_vector)
    assert torch.allclose(image, found.high[:, None] * found.high_vector, atol=1e-11)


@pytest.mark.parametrize("levels", [[2.0] * 6, [0.0] * 6, [1.0, 1.0, 1.0, 5.0, 5.0, -3.0]])
def test_few_distinct_eigenvalues_bring_no_spurious_ones(levels):
    matrix = torch.diag(torch.tensor(levels, dtype=torch.float64))
    found = lanczos(times(matrix), matrix[0], 6, seed=0)
    assert float(found.low) == pytest.approx(min(levels), abs=1e-12)
    assert float(found.high) == pytest.approx(max(levels), abs=1e-12)


def test_ritz_values_stay_inside_and_residuals_are_true():
    matrices = random_symmetric(20, 60, 2)
    found = lanczos(times(matrices), matrices[..., 0], 9, seed=5)
    values = torch.linalg.eigvalsh(matrices)
    assert bool((found.high <= values[:, -1] + 1e-12).all())
    assert bool((found.low >= values[:, 0] - 1e-12).all())
    residual = (times(matrices)(found.high_vector) - found.high[:, None] * found.high_vector).norm(dim=-1)
    assert torch.allclose(residual, found.high_residual, atol=1e-10)


@pytest.mark.parametrize("steps", [3, 6, 10])
def test_the_probability_bound_holds_over_random_starts(steps):
    """5 000 starts on a spectrum of Chebyshev points, which is hard for Lanczos; misses are counted."""
    d, trials = 40, 5_000
    below = torch.cos(torch.linspace(0, math.pi, d - 1, dtype=torch.float64)) * 0.45 + 0.45
    spectrum = torch.cat([below, torch.ones(1, dtype=torch.float64)])
    found = lanczos(lambda v: v * spectrum, spectrum.expand(trials, d), steps, seed=7)
    width = float(spectrum.max() - spectrum.min())
    for gap in (0.01, 0.03, 0.1, 0.3):
        rate = float((1 - found.high > gap * width).double().mean())
        bound = miss_probability(gap, steps, d)
        assert rate <= bound + 4 * math.sqrt(bound / trials)  # four standard deviations of a frequency
    assert relative_gap(0.01, steps, d) < 1


@pytest.mark.parametrize("d", [2, 3, 10, 771, 10**5])
@pytest.mark.parametrize("steps", [1, 5, 50])
def test_the_bound_is_within_the_published_one(d, steps):
    """Kuczynski and Wozniakowski 1992, Theorem 4.2: 1.648 sqrt(d) exp(-sqrt(eps) (2k - 1))."""
    for gap in (1e-4, 1e-2, 0.1, 0.5, 0.9):
        published = 1.648 * math.sqrt(d) * math.exp(-math.sqrt(gap) * (2 * steps - 1))
        assert miss_probability(gap, steps, d) <= published


@pytest.mark.parametrize(("d", "gap"), [(771, 0.0072), (10**5, 0.0120), (10**7, 0.0177)])
def test_fifty_steps_reach_the_tabulated_accuracy(d, gap):
    """The published bound at 99 %: eps solves 1.648 sqrt(d) exp(-99 sqrt(eps)) = 0.01."""
    assert 0.9 * gap < relative_gap(0.01, 50, d) <= gap


def test_one_point_is_enclosed_with_both_ends():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(4, 80, 80))
    task = QuadraticTask(A + A.transpose(0, 2, 1), rng.normal(size=(4, 80)))
    values = torch.linalg.eigvalsh(task.hessian(np.zeros(80)))
    misses = 0
    for seed in range(20):
        largest, least = point_curvature(task, np.zeros(80), steps=16, probability=0.9, seed=seed)
        assert largest.side == least.side == "interval"
        assert largest.value <= float(values.abs().max()) + 1e-10
        assert least.value >= float(values.min()) - 1e-10
        misses += largest.upper < float(values.abs().max()) or least.upper > float(values.min())
        assert "one point" in largest.constant().note
    assert misses <= 6  # at most 2 expected; more than 6 of 20 has probability below 0.005


# ------------------------------------------------------------------------------------------------ regions


def test_projection_onto_the_simplex_satisfies_the_optimality_conditions():
    generator = torch.Generator().manual_seed(0)
    x = 3 * torch.randn(50, 7, generator=generator, dtype=torch.float64)
    hull = Hull(np.eye(7))
    y = hull.project(x)
    assert torch.allclose(y.sum(-1), torch.ones(50, dtype=torch.float64), atol=1e-12)
    assert bool((y >= 0).all())
    for before, after in zip(x, y, strict=True):
        active = after > 0
        shift = before[active] - after[active]
        assert float(shift.max() - shift.min()) < 1e-12
        assert bool((before[~active] <= shift.mean() + 1e-12).all())


def test_a_hull_knows_less_than_the_ball_around_it():
    task = small_cosine()
    vertices = torch.randn(5, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    inside = estimate(task, Hull(vertices), names=["L", "B", "gamma_G"], budget=QUICK)
    ball = estimate(task, Ball(np.zeros(3), float(vertices.norm(dim=-1).max())), names=["L", "B", "gamma_G"])
    for name, one in inside.items():
        assert one.value <= ball[name].value * 1.02  # the ball's own estimate is a lower one as well
        weights, *_ = np.linalg.lstsq(
            np.vstack([vertices.T.numpy(), np.ones(5)]), np.append(one.at.numpy(), 1.0), rcond=None
        )
        assert np.linalg.norm(vertices.T.numpy() @ weights - one.at.numpy()) < 1e-9


def test_ascent_over_a_hull_finds_the_farthest_vertex():
    """norm(w - c) is convex, so its maximum over a hull is at a vertex."""
    task = QuadraticTask([np.eye(2)], [[0.0, 0.0]])
    vertices = [[1.0, 0.0], [0.0, 2.0], [-1.0, -1.0], [0.5, 0.5]]
    found = estimate(task, Hull(vertices), names=["B"], budget=Budget(screened=3, starts=1))["B"]
    assert found.value == pytest.approx(2.0, rel=1e-6)  # climbs from the middle


def test_the_hull_of_a_run_holds_its_iterates_and_fine_tuning():
    task = small_quadratic(n=3, d=4)
    run = MetaFedAvg(alpha=0.25, nu=2, beta=0.1, tau=2).run(task, np.ones(4), 3)
    hull = hull_of_run(task, run.iterates, 0.25, 2, most=1000)
    rows = {tuple(row) for row in hull.vertices.round(decimals=12).tolist()}
    for w in run.iterates[0]:
        point = w.expand(3, 4)
        for _ in range(3):
            assert {tuple(row) for row in point.round(decimals=12).tolist()} <= rows
            point = point - 0.25 * task.gradient(point)
    assert len(hull_of_run(task, run.iterates, 0.25, 2, most=7).vertices) == 7


# ------------------------------------------------------------------------------------------------ meta quantities


def test_the_smoothness_of_a_quadratic_meta_loss_is_its_closed_form():
    task = small_quadratic(mu=-0.5, L=1.0)
    found = estimate_meta(task, Ball(np.zeros(4), 1.0), 0.5, 2, budget=QUICK)
    assert found["L_F"].value == pytest.approx(closed_form.smoothness(task, 0.5, 2).value, rel=1e-6)
    assert found["L_F"].side == "lower"


def test_the_spread_of_the_witness_of_S7_is_attained():
    """f_i = -w^2/2 +- w/2: gamma_F = q^nu gamma_G (1 + alpha L S_nu(q)) = q^{2 nu}/2."""
    task = QuadraticTask([[[-1.0]], [[-1.0]]], [[0.5], [-0.5]])
    found = estimate_meta(task, Ball([0.0], 1.0), 0.5, 2, budget=QUICK)
    assert found["gamma_F"].value == pytest.approx(1.5**4 / 2, rel=1e-9)


def test_the_first_order_bias_of_a_concave_quadratic_is_attained_on_the_sphere():
    """f = -w^2/2: grad F - g_FO = (1.5^2 - 1.5) w at nu = 1 up to sign."""
    task = QuadraticTask([[[-1.0]]], [[0.0]])
    found = estimate_meta(task, Ball([0.0], 2.0), 0.5, 1, "first_order", budget=QUICK)
    assert found["b"].value == pytest.approx(2 * (1.5**2 - 1.5), rel=1e-9)


def test_hessian_free_has_no_bias_on_quadratics_and_little_on_cosines():
    free = {"delta": 1e-2, "budget": QUICK}
    flat = estimate_meta(small_quadratic(), Ball(np.zeros(4), 1.0), 0.5, 1, "hessian_free", **free)
    assert flat["b"].value < 1e-12
    curved = estimate_meta(small_cosine(), Ball(np.zeros(3), 1.0), 0.5, 1, "hessian_free", **free)
    assert 0 < curved["b"].value < 1e-5  # delta^2 on smooth losses


def test_additive_noise_has_the_known_mean_squared_error_and_no_bias():
    """f = -w^2/2, alpha = 1/2: the error is 3/2 (xi' + xi/2), so its mean square 9/4 (1/D' + 1/(4 D)) sigma_G^2."""
    task = QuadraticTask([[[-1.0]]], [[0.0]], noise=Noise.coordinate(1, 1, gradient=1.0))
    found = estimate_meta(
        task, Ball([0.0], 1.0), 0.5, 1, "stochastic", batches=(2, 3, 1), budget=Budget(screened=4, draws=4096)
    )
    expected = math.sqrt(9 / 4 * (1 / 3 + 1 / 8))
    assert abs(found["sigma_F"].value - expected) <= 5 * found["sigma_F"].standard_error
    # an unbiased estimate of 0 through a root: of the order of its standard error
    assert found["b"].value <= 4 * found["b"].standard_error


def test_a_cosine_biases_the_stochastic_meta_gradient_as_enumeration_says():
    """f = cos w at nu = 1 with two-point inner noise of scale g: E g - grad F is a mean over two signs."""
    task = CosineTask([[1.0]], [[1.0]], [[0.0]], noise=Noise.coordinate(1, 1, gradient=1.0))
    at, alpha = -0.7, 0.5
    found = estimate_meta(
        task, Ball([at], 2.0**-20), alpha, 1, "stochastic", batches=(1, 1, 1), budget=Budget(screened=1, draws=20_000)
    )
    factor = 1 + alpha * math.cos(at)
    ends = [at + alpha * math.sin(at) + sign * alpha for sign in (-1, 0, 1)]
    exact = factor * abs(-(math.sin(ends[0]) + math.sin(ends[2])) / 2 + math.sin(ends[1]))
    assert abs(found["b"].value - exact) <= 5 * found["b"].standard_error


# ------------------------------------------------------------------------------------------------ refusals


def test_bad_requests_are_refused_before_any_work():
    task = small_quadratic()
    with pytest.raises(InputError, match="3 numbers: expected 4"):
        estimate(task, Ball(np.zeros(3), 1.0))
    with pytest.raises(InputError, match="float32"):
        estimate(task.to(dtype=torch.float32), Ball(np.zeros(4), 1.0))
    with pytest.raises(InputError, match="names"):
        estimate(task, Ball(np.zeros(4), 1.0), names=["nu"])
    with pytest.raises(InputError, match="radius"):
        Ball(np.zeros(4), 0.0)
    with pytest.raises(InputError, match="screened"):
        Budget(screened=0)
    with pytest.raises(InputError, match="iterates"):
        hull_of_run(task, np.zeros((0, 4)), 0.1, 1)


def test_looseness_is_the_ratio_of_both_sides():
    task = small_cosine()
    ratios = looseness(task.constants(), estimate(task, Ball(np.zeros(3), 8.0)))
    assert all(ratio >= 1 - ROUNDING for ratio in ratios.values())
    assert ratios["L"] < 1.1


def test_a_network_is_estimated_along_its_run():
    from empirics.tasks.networks.small_networks import small_network

    task = small_network()
    run = empirics.MetaFedAvg(alpha=0.05, nu=1, beta=0.02, tau=2).run(task, task.start, 4)
    found = estimate(task, hull_of_run(task, run.iterates, 0.05, 1), budget=QUICK)
    visited = ascent.for_all(run.iterates[0], task)
    curvature, steepest = torch.linalg.eigvalsh(task.hessian(visited)).abs().max(), task.gradient(visited).norm(dim=-1)
    assert found["L"].value >= float(curvature) * (1 - 1e-9)  # the iterates are in the hull
    assert found["B"].value >= float(steepest.max()) * (1 - 1e-9)
    assert found["rho"].value > 0


STEEP = ([-1.0, 0.0, 1.0], [[2730.0, 0.0, 0.0]], [0.0])  # f'' falls from 2730 to 0 left of 0 and is 0 right of it


@pytest.mark.parametrize("vertices", [[["0"]], [["0"], ["1"]], [["0"], ["1e-9"]]])
def test_over_a_hull_beside_a_kink_nothing_beyond_the_kink_is_seen(vertices):
    task = SplineTask(*STEEP, at=0.0)
    over = Hull([[float(x) for x in vertex] for vertex in vertices])
    assert estimate(task, over, names=["rho"], budget=QUICK)["rho"].value == 0
    assert estimate_meta(task, over, 0.001, 1, budget=QUICK)["L_F"].value == 0


@pytest.mark.parametrize(
    ("over", "rho"), [(Hull([[0.0]]), 0.0), (Ball([0.0], 1e-6), 0.0), (Hull([[0.0], [0.1]]), 64e3)]
)
def test_rho_of_a_wave_is_a_quotient_between_points_of_the_set(over, rho):
    """f = cos(40 w - pi/2): f''' = -64000 at 0, which a set smaller than every difference does not show."""
    task = CosineTask(a=[[40.0]], s=[[1.0]], phi=[[-math.pi / 2]])
    found = estimate(task, over, names=["rho"])["rho"]
    assert rho * (1 - 1e-3) <= found.value <= rho * (1 + ROUNDING)


def test_the_smoothness_over_a_segment_is_found_from_pairs_of_its_points():
    """alpha = 0: L_F is the Lipschitz constant of f' = 40 cos(40 w) on [0, 0.1], 1600 at w = pi/80."""
    task = CosineTask(a=[[40.0]], s=[[1.0]], phi=[[-math.pi / 2]])
    found = estimate_meta(task, Hull([[0.0], [0.1]]), 0.0, 0)["L_F"]
    assert 1600 * (1 - 1e-3) <= found.value <= 1600 * (1 + ROUNDING)
