"""Each mode against dense matrices, closed forms, autograd through the loop, and its own limits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

import empirics
from empirics import MODES, Batch, Draws, QuadraticTask, meta_gradient, meta_loss
from empirics.algorithm.meta_gradients import Batches, draw_batches, evaluate
from empirics.certificates import closed_form
from tests.empirics import oracles
from tests.empirics.cases import FAMILIES, NOISY, noisy, options, points, task, unit_noise

ALPHA = 0.6
# nu <= 5 steps of a few dozen roundings each on numbers of size about 10.
CLOSE = {"rtol": 1e-11, "atol": 1e-12}


@pytest.mark.parametrize("nu", [0, 1, 2, 5])
@pytest.mark.parametrize("mode", ["exact", "first_order", "hessian_free"])
@pytest.mark.parametrize("name", FAMILIES)
def test_full_batch_modes_are_their_dense_formulas(name, mode, nu):
    subject = task(name)
    w = points(subject, 2)
    delta = 1e-3 if mode == "hessian_free" else None
    computed = meta_gradient(subject, w, ALPHA, nu, mode, delta=delta)
    for r in range(2):
        dense = oracles.dense_meta_gradient(subject.family, subject.arrays(), w[r], ALPHA, nu, mode, delta)
        # A difference quotient with delta = 1e-3 magnifies roundings of size 1e-15 by 1e3 in both implementations.
        atol = 1e-11 if mode == "hessian_free" else 1e-12
        np.testing.assert_allclose(computed[r], dense, rtol=1e-11, atol=atol)


@pytest.mark.parametrize("nu", [0, 1, 3])
@pytest.mark.parametrize("mode", [mode for mode in MODES if mode.endswith("stochastic")])
@pytest.mark.parametrize("name", NOISY)
def test_stochastic_modes_are_their_dense_formulas_on_the_twin_draws(name, mode, nu):
    subject = noisy(name)
    w = points(subject, 2)
    computed = meta_gradient(subject, w, ALPHA, nu, mode, seed=17, **options(mode))
    D, D_prime, D_H = options(mode)["batches"]

    def signs(purpose, replica, size):
        return np.array([oracles.sign_pair(17, 0, 0, purpose, i, replica, size) for i in range(subject.n)])

    for r in range(2):
        dense = oracles.dense_meta_gradient(
            subject.family,
            subject.arrays(),
            w[r],
            ALPHA,
            nu,
            mode,
            options(mode).get("delta"),
            inner=[signs(f"inner:{step}", r, D) for step in range(nu)],
            outer=signs("outer", r, D_prime),
            hessian=[signs(f"hessian:{step}", r, D_H) for step in range(nu)],
        )
        np.testing.assert_allclose(computed[r], dense, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode.endswith("stochastic")])
def test_stochastic_logistic_uses_the_twin_minibatches(mode):
    subject = task("logistic_ragged")
    arrays, w, nu, sizes = subject.arrays(), points(subject, 1)[0], 2, (2, 3, 1)
    computed = meta_gradient(subject, w, ALPHA, nu, mode, seed=4, **{**options(mode), "batches": sizes})

    def subset(purpose, size):
        rows = []
        for agent in range(3):
            keys = oracles.keys63(4, 0, 0, purpose, agent, 0, size)
            rows.append(arrays["a"][agent][oracles.floyd(keys, int(arrays["counts"][agent]))])
        return {"a": np.array(rows), "s": np.full((3, size), 1 / size)}

    point, trajectory = w, [w]
    for step in range(nu):
        point = point - ALPHA * oracles.gradients("logistic", subset(f"inner:{step}", sizes[0]), point)
        trajectory.append(point)
    v = oracles.gradients("logistic", subset("outer", sizes[1]), point)
    if mode != "first_order_stochastic":
        for step in (1, 0):
            data = subset(f"hessian:{step}", sizes[2])
            if mode == "stochastic":
                product = np.einsum("nij,nj->ni", oracles.hessians("logistic", data, trajectory[step]), v)
            else:
                ahead = oracles.gradients("logistic", data, trajectory[step] + 1e-3 * v)
                product = (ahead - oracles.gradients("logistic", data, trajectory[step] - 1e-3 * v)) / 2e-3
            v = v - ALPHA * product
    np.testing.assert_allclose(computed, v, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("nu", range(4))
@pytest.mark.parametrize("name", FAMILIES)
def test_exact_mode_is_the_derivative_of_the_meta_loss(name, nu):
    subject = task(name)
    w = torch.as_tensor(points(subject, 1)[0])
    leaf = w.clone().requires_grad_(True)
    point = leaf
    for _ in range(nu):
        # raw_* are plain tensor operations, so autograd can differentiate through the whole fine-tuning loop.
        point = point - ALPHA * subject.raw_gradient(point.unsqueeze(0))[0]
    loss = subject.raw_loss(point.unsqueeze(0))[0]
    (gradient,) = torch.autograd.grad(loss.sum(), leaf)
    torch.testing.assert_close(meta_gradient(subject, w, ALPHA, nu), gradient, **CLOSE)
    torch.testing.assert_close(meta_loss(subject, w, ALPHA, nu), loss.detach(), **CLOSE)


@pytest.mark.parametrize("nu", [0, 1, 2, 4])
@pytest.mark.parametrize(("mode", "delta"), [("exact", None), ("first_order", None), ("hessian_free", 0.25)])
def test_quadratic_modes_are_the_closed_forms(mode, delta, nu):
    for name in ("quadratic", "indefinite"):
        subject = task(name)
        w = torch.as_tensor(points(subject, 1)[0])
        update = closed_form.meta_matrices(subject, ALPHA, nu, mode)
        expected = (update @ (w - torch.as_tensor(subject.arrays()["c"])).unsqueeze(-1)).squeeze(-1)
        torch.testing.assert_close(meta_gradient(subject, w, ALPHA, nu, mode, delta=delta), expected, **CLOSE)


def _all_signs(subject, batches):
    """Every equally likely combination of `batches` one-sample batches, as replicas, the same for each agent."""
    combinations = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=2 * batches)), dtype=torch.float64)
    values = combinations.reshape(-1, batches, 1, 2).expand(-1, -1, subject.n, -1)
    return [Batch(1, values[:, place]) for place in range(batches)]


@pytest.mark.parametrize("nu", [0, 1, 2])
def test_stochastic_mode_is_unbiased_on_quadratics_by_enumeration(nu):
    plain = task("quadratic")
    noise = unit_noise(4, 4, gradient=0.5, amplitude=0.2, frequency=1.5)
    additive = QuadraticTask(*(plain.arrays()[key] for key in "Ac"), noise=unit_noise(4, 4, amplitude=0.0))
    for subject in (additive, QuadraticTask(*(plain.arrays()[key] for key in "Ac"), noise=noise)):
        drawn = _all_signs(subject, 2 * nu + 1)
        batches = Batches(tuple(drawn[:nu]), drawn[nu], tuple(drawn[nu + 1 :]))
        w = torch.as_tensor(points(subject, 1)[0])
        start = w.expand(len(drawn[0].values), *w.shape)
        mean = evaluate(subject, start, ALPHA, nu, "stochastic", batches=batches).mean(dim=0)
        # rho = 0 and independent mean-zero batches: no bias at all.
        torch.testing.assert_close(mean, meta_gradient(subject, w, ALPHA, nu), rtol=1e-11, atol=1e-12)


def test_hessian_free_probes_share_their_batch():
    # Additive noise cancels in the difference of two probes of one batch; with separate batches it would not.
    plain = task("quadratic")
    subject = QuadraticTask(*(plain.arrays()[key] for key in "Ac"), noise=unit_noise(4, 4, amplitude=0.0))
    w = points(subject, 50)
    draws = Draws(3, 0, 0, torch.arange(50))
    batches = draw_batches(subject, draws, "hessian_free_stochastic", 1, (1, 1, 1))
    free = evaluate(subject, torch.as_tensor(w), ALPHA, 1, "hessian_free_stochastic", delta=1e-2, batches=batches)
    exact = evaluate(subject, torch.as_tensor(w), ALPHA, 1, "stochastic", batches=batches)
    # Rounding of the quotient: 1e-15 / 1e-2, times sizes of about 10.
    torch.testing.assert_close(free, exact, rtol=0, atol=1e-11)


def test_batches_of_one_meta_gradient_are_independent():
    subject = noisy("quadratic")
    draws = Draws(0, 0, 0, torch.arange(400))
    batches = draw_batches(subject, draws, "stochastic", 2, (1, 1, 1))
    means = [batch.values[..., 0].flatten() for batch in (*batches.inner, batches.outer, *batches.hessian)]
    assert len(means) == 5
    for one, other in itertools.combinations(means, 2):
        # 1600 products of independent signs: Hoeffding at level 1e-9 gives |mean| < 0.17; equal batches give 1.
        assert abs(float((one * other).mean())) < 0.17


@pytest.mark.parametrize("mode", MODES)
def test_without_fine_tuning_every_mode_is_a_gradient(mode):
    subject = task("cosine")
    w = points(subject, 2)
    assert torch.equal(meta_gradient(subject, w, ALPHA, 0, mode, **options(mode)), subject.gradient(w))
    exact_zero = meta_gradient(subject, w, 0.0, 3, mode, **options(mode))
    torch.testing.assert_close(exact_zero, subject.gradient(w), rtol=0, atol=0)


@pytest.mark.parametrize("mode", MODES)
def test_stochastic_without_noise_is_full_batch(mode):
    subject, w = task("cosine"), points(task("cosine"), 2)
    full = mode.removesuffix("_stochastic") if mode != "stochastic" else "exact"
    delta = options(mode).get("delta")
    expected = meta_gradient(subject, w, ALPHA, 2, full, delta=delta)
    assert torch.equal(meta_gradient(subject, w, ALPHA, 2, mode, **options(mode)), expected)


def test_hessian_free_error_is_quadratic_in_delta_on_a_smooth_loss():
    subject = task("cosine")
    w = points(subject, 1)[0]
    exact = meta_gradient(subject, w, ALPHA, 2)
    errors = [
        float((meta_gradient(subject, w, ALPHA, 2, "hessian_free", delta=delta) - exact).norm()) for delta in (0.2, 0.1)
    ]
    # The next term is O(delta^4), a per cent of the leading one at delta = 0.2.
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.02)


@pytest.mark.parametrize("mode", MODES)
def test_leading_axes_are_replicas(mode):
    subject = task("quadratic") if not mode.endswith("stochastic") else noisy("quadratic")
    w = points(subject, 6)
    nested = meta_gradient(subject, w.reshape(2, 3, subject.n, subject.d), ALPHA, 2, mode, **options(mode))
    flat = meta_gradient(subject, w, ALPHA, 2, mode, **options(mode))
    assert torch.equal(nested.reshape(flat.shape), flat)


def test_no_graph_is_kept():
    w = torch.ones(4, 3, dtype=torch.float64, requires_grad=True)
    assert not meta_gradient(task("cosine"), w, ALPHA, 2).requires_grad
    assert not meta_loss(task("cosine"), w, ALPHA, 2).requires_grad


def test_agents_relabelled_are_rows_relabelled():
    subject = task("cosine")
    arrays, order = subject.arrays(), [2, 0, 3, 1]
    relabelled = empirics.CosineTask(arrays["a"], arrays["s"][order], arrays["phi"][order])
    w = points(subject, 1)[0]
    moved = meta_gradient(relabelled, w[order], ALPHA, 3)
    torch.testing.assert_close(moved, meta_gradient(subject, w, ALPHA, 3)[order], rtol=1e-13, atol=1e-15)


def test_scaling_the_loss_and_the_step_scales_the_meta_gradient():
    # f -> 4 f, alpha -> alpha / 4 leaves the trajectory alone and multiplies grad F by 4, exactly (powers of two).
    subject = task("cosine")
    arrays = subject.arrays()
    scaled = empirics.CosineTask(arrays["a"], 4 * arrays["s"], arrays["phi"])
    w = points(subject, 1)[0]
    assert torch.equal(meta_gradient(scaled, w, ALPHA / 4, 3), 4 * meta_gradient(subject, w, ALPHA, 3))


def test_public_functions_survive_the_import_of_every_submodule():
    import importlib
    import pkgutil

    for module in pkgutil.iter_modules(empirics.__path__):
        importlib.import_module(f"empirics.{module.name}")
    for _ in range(2):
        assert empirics.meta_gradient is meta_gradient
        assert empirics.meta_loss is meta_loss
        assert callable(empirics.device)
