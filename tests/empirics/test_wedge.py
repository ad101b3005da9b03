"""The wedge: its derivatives are those of its loss, its constants hold, and it turns where the cone's edges are."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from empirics import InputError
from empirics.tasks.wedge import WedgeTask

CASES = [(2, 0.1, 0.25, -1.0), (5, 0.2, 0.5, -0.5), (3, 1.0, 0.9, 0.25)]


def wedge(case: tuple[int, float, float, float]) -> WedgeTask:
    tau, h, eps, mu = case
    return WedgeTask(tau, h, eps=eps, mu=mu, radius=4.0)


def points(count: int = 200) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return 3 * torch.rand(count, 2, generator=generator, dtype=torch.float64) - 1.5


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_is_that_of_the_loss_and_the_product_that_of_the_gradient(case) -> None:
    task = wedge(case)
    w = points().unsqueeze(1).expand(-1, 2, -1).clone().requires_grad_()
    (of_loss,) = torch.autograd.grad(task.raw_loss(w).sum(), w)
    torch.testing.assert_close(task.raw_gradient(w.detach()), of_loss, rtol=1e-12, atol=1e-12)
    v, step = torch.tensor([0.6, -0.8], dtype=torch.float64).expand_as(w), 1e-7
    at = w.detach()
    quotient = (task.raw_gradient(at + step * v) - task.raw_gradient(at - step * v)) / (2 * step)
    torch.testing.assert_close(task.raw_hvp(at, v), quotient, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_the_loss_is_that_of_the_distance_from_the_cone(case) -> None:
    """The projection by hand: inside a combination of both edges with positive numbers, else the nearest of three."""
    task, mu = wedge(case), case[3]
    g, odd, even = task.gradient([0.0, 0.0]).numpy(), (1 - mu) / 2, (1 + mu) / 2
    for w in points(60).numpy():
        for i in range(2):
            edges = np.array([[-1.0, 0.0], -(g[i] / np.linalg.norm(g[i]) + [1.0, 0.0])])
            edges /= np.linalg.norm(edges, axis=1, keepdims=True)
            if (np.linalg.solve(edges.T, w) >= 0).all():
                square = 0.0
            else:
                square = min(float(np.sum((w - max(w @ e, 0.0) * e) ** 2)) for e in edges)
            expected = g[i] @ w + even / 2 * w @ w + odd * (w @ w / 2 - square)
            assert float(task.loss(w)[i]) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("case", CASES)
def test_the_constants_hold_and_curvature_reaches_both_ends(case) -> None:
    task, mu = wedge(case), case[3]
    known, w = task.constants(), points(2000)
    assert "rho" not in known
    u = w.flip(0)
    change = task.gradient(w.unsqueeze(1).expand(-1, 2, -1)) - task.gradient(u.unsqueeze(1).expand(-1, 2, -1))
    apart = (w - u).unsqueeze(1)
    curved = (change * apart).sum(-1) / apart.square().sum(-1)
    curved = curved[torch.isfinite(curved)]
    assert known["mu"].value - 1e-9 <= float(curved.min()) < mu + 0.1
    assert 0.9 < float(curved.max()) <= known["L"].value + 1e-9
    inside = w[w.norm(dim=-1) <= 4].unsqueeze(1).expand(-1, 2, -1)
    gradients = task.gradient(inside)
    spread = (gradients - gradients.mean(1, keepdim=True)).square().sum(-1).mean(-1).sqrt()
    assert float(spread.max()) <= known["gamma_G"].value
    assert float(gradients.norm(dim=-1).max()) <= known["B"].value
    assert float(task.loss(inside).mean(-1).min()) >= task.loss_lower_bound().value


def test_a_round_moves_the_mean_along_the_axis_where_both_cones_are() -> None:
    task = WedgeTask(5, 0.2, eps=0.5, mu=-0.5)
    w = torch.zeros(2, 2, dtype=torch.float64)
    for _ in range(5):
        w = w - 0.04 * task.raw_gradient(w)
    mean = w.mean(0)
    assert float(mean[0]) < 0
    assert float(mean[1]) == 0
    assert task.raw_hvp(mean.expand(2, 2), torch.tensor([[1.0, 0.0]] * 2).double())[:, 0].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"h": 2.0}, "h at most 1"), ({"mu": 1.0}, "mu below 1"), ({"eps": 0.01}, "above omega"), ({"tau": 1}, "tau")],
)
def test_bad_numbers_are_refused(arguments: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        WedgeTask(**arguments)


def test_the_slope_is_that_of_theorem_1d() -> None:
    """At tau = 2, mu = -1: omega = h/4; al = omega/sqrt(eps^2 - omega^2)."""
    (slope, height), _ = WedgeTask(2, 0.4, eps=0.5).gradient([0.0, 0.0]).tolist()
    assert (slope, height) == (pytest.approx(0.1 / math.sqrt(0.24), rel=1e-14), 1.0)
