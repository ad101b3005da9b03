"""Losses, gradients and Hessians against the formulas in NumPy and against autograd of an independent loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.empirics import oracles
from tests.empirics.cases import FAMILIES, points, task

# Sums of at most 12 terms of size about 10: a hundred roundings, far below this.
CLOSE = {"rtol": 1e-12, "atol": 1e-13}


@pytest.mark.parametrize("name", [*FAMILIES, "logistic_ragged"])
def test_loss_and_derivatives_are_those_of_the_formula(name):
    subject = task(name)
    arrays = subject.arrays()
    for w in points(subject, 3, scale=2.0):
        np.testing.assert_allclose(subject.loss(w), oracles.losses(subject.family, arrays, w), **CLOSE)
        np.testing.assert_allclose(subject.gradient(w), oracles.gradients(subject.family, arrays, w), **CLOSE)
        np.testing.assert_allclose(subject.hessian(w), oracles.hessians(subject.family, arrays, w), **CLOSE)


def _autograd_loss(name, arrays, w):
    t = {key: torch.as_tensor(value) for key, value in arrays.items()}
    if "A" in t:
        x = w - t["c"]
        return torch.einsum("ni,nij,nj->n", x, t["A"], x) / 2 + t["e"]
    theta = torch.einsum("njd,nd->nj", t["a"].expand(len(w), -1, -1), w) + t.get("phi", torch.zeros(()))
    profile = {
        "cosine": torch.cos,
        "logcosh": lambda x: torch.logaddexp(x, -x),
        "logistic": lambda x: torch.logaddexp(torch.zeros(()), -x),
    }[name.split("_")[0]]
    return (t["s"] * profile(theta)).sum(-1) + (t.get("b", torch.zeros_like(w)) * w).sum(-1)


@pytest.mark.parametrize("name", FAMILIES)
def test_hvp_is_autograd_of_an_independent_loss(name):
    subject = task(name)
    w, v = (torch.as_tensor(x) for x in points(subject, 2))
    leaf = w.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(_autograd_loss(name, subject.arrays(), leaf).sum(), leaf, create_graph=True)
    (product,) = torch.autograd.grad((gradient * v).sum(), leaf)
    np.testing.assert_allclose(subject.gradient(w), gradient.detach(), **CLOSE)
    np.testing.assert_allclose(subject.hvp(w, v), product, **CLOSE)


@pytest.mark.parametrize("name", FAMILIES)
def test_batched_is_looped(name):
    subject = task(name)
    w = points(subject, 6).reshape(2, 3, subject.n, subject.d)
    v = points(subject, 6, seed=9).reshape(w.shape)
    for i in range(2):
        for j in range(3):
            # The same sums in another order: a few units in the last place of numbers of size about 10.
            torch.testing.assert_close(subject.loss(w)[i, j], subject.loss(w[i, j]), rtol=1e-13, atol=1e-14)
            torch.testing.assert_close(subject.gradient(w)[i, j], subject.gradient(w[i, j]), rtol=1e-13, atol=1e-14)
            torch.testing.assert_close(subject.hvp(w, v)[i, j], subject.hvp(w[i, j], v[i, j]), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", [*FAMILIES, "spline"])
def test_a_selection_evaluates_the_selected_agents(name):
    subject = task(name)
    chosen = torch.tensor([[1, 0], [1, 1], [0, 1]]) if subject.n < 3 else torch.tensor([[2, 0], [1, 2], [0, 1]])
    view = subject.select(chosen)
    w = torch.as_tensor(np.random.default_rng(0).normal(size=(3, 2, subject.d)))
    v = torch.as_tensor(np.random.default_rng(1).normal(size=(3, 2, subject.d)))
    for r in range(3):
        for place, agent in enumerate(chosen[r].tolist()):
            full, other = w[r, place].expand(subject.n, -1), v[r, place].expand(subject.n, -1)
            close = {"rtol": 1e-13, "atol": 1e-14}
            torch.testing.assert_close(view.loss(w)[r, place], subject.loss(full)[agent], **close)
            torch.testing.assert_close(view.gradient(w)[r, place], subject.gradient(full)[agent], **close)
            torch.testing.assert_close(view.hvp(w, v)[r, place], subject.hvp(full, other)[agent], **close)


def test_points_in_read_only_memory_are_welcome():
    subject = task("cosine")
    w = np.broadcast_to(np.array([0.3, -1.0, 2.0]), (4, 3))
    assert torch.equal(subject.gradient(w), subject.gradient(w.copy()))


def test_one_point_serves_many_vectors():
    subject = task("cosine")
    w, v = points(subject, 1)[0], points(subject, 5)
    products = subject.hvp(w, v)
    assert products.shape == (5, 4, 3)
    torch.testing.assert_close(products[3], subject.hvp(w, v[3]), rtol=1e-13, atol=1e-14)


def test_a_flat_point_is_broadcast_to_all_agents():
    subject = task("cosine")
    w = np.array([0.3, -1.0, 2.0])
    assert torch.equal(subject.gradient(w), subject.gradient(np.tile(w, (4, 1))))
    assert subject.loss(w).shape == (4,)


def test_extreme_angles_neither_overflow_nor_lose_the_limit():
    for name in ("logcosh", "logistic"):
        subject = task(name)
        for size in (1e3, 1e5):
            far = size * np.ones(subject.d)
            assert bool(torch.isfinite(subject.loss(far)).all())
            assert bool(torch.isfinite(subject.gradient(far)).all())
            assert bool(torch.isfinite(subject.hessian(far)).all())


def test_float32_follows_float64():
    for name in FAMILIES:
        wide = task(name)
        narrow = wide.to(dtype=torch.float32)
        w = points(wide, 2)
        assert narrow.gradient(w).dtype == torch.float32
        # Sums of a dozen terms of size about 10 with eps = 1.2e-7.
        torch.testing.assert_close(narrow.gradient(w).double(), wide.gradient(w), rtol=1e-5, atol=2e-5)
        torch.testing.assert_close(narrow.hessian(w).double(), wide.hessian(w), rtol=1e-5, atol=2e-5)


def test_spline_is_the_second_integral_of_its_broken_line():
    subject = task("spline")
    knots, heights = np.array([-1.0, 0.0, 0.5, 2.0]), np.array([[1.0, -1.0, 2.0, 0.0], [0.5, 0.5, -1.0, 1.0]])
    grid = np.linspace(-2.0, 3.0, 100_001)
    lines = np.array([np.interp(grid, knots, row) for row in heights])
    w = np.stack([grid, grid], axis=-1)[:, :, None]
    np.testing.assert_allclose(subject.hvp(w, np.ones_like(w))[..., 0].T, lines, rtol=0, atol=1e-13)
    # Trapezoidal rule, exact on broken lines but for the three cells that hold a kink; step 5e-5 squared times J.
    step = grid[1] - grid[0]
    slopes = np.cumsum(np.concatenate([np.zeros((2, 1)), (lines[:, 1:] + lines[:, :-1]) / 2 * step], axis=1), axis=1)
    anchor = int(np.argmin(np.abs(grid - 0.25)))
    slopes += np.array([[0.3], [-0.2]]) - slopes[:, [anchor]]
    np.testing.assert_allclose(subject.gradient(w)[..., 0].T, slopes, rtol=0, atol=1e-7)
    values = np.cumsum(np.concatenate([np.zeros((2, 1)), (slopes[:, 1:] + slopes[:, :-1]) / 2 * step], axis=1), axis=1)
    values -= values[:, [anchor]]
    np.testing.assert_allclose(subject.loss(w).T, values, rtol=0, atol=1e-6)
