"""Constants over the hull of some points, such as those of a run."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import empirics
from empirics import MetaFedAvg, QuadraticTask, SplineTask
from empirics.estimation import (
    QUICK,
    Ball,
    Budget,
    Hull,
    ascent,
    estimate,
    estimate_meta,
    hull_of_run,
)
from empirics.tasks.factories import small_cosine, small_quadratic


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
