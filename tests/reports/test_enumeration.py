"""Exact expectations over finite sample spaces against hand calculations and against the engine's own draws."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest
import torch

import empirics
from empirics.algorithm.modes import Mode
from reports.balls import ball
from reports.balls.ball import BallMeta, column, entries
from reports.balls.recorded import recorded_losses
from reports.cells.cell import TaskPlan
from reports.measure.enumeration import (
    Batches,
    StochasticMeta,
    expectation,
    expected_squared_distance,
    noises,
    sign_means,
    tree_size,
)
from reports.measure.task_instance import TaskInstance

COSINE = TaskPlan(
    name="cosine", factory="cosine", arguments={"noise": {"gradient": 0.25, "amplitude": 0.125, "frequency": 2.0}}
)


def law(nu: int, batches: Batches, agent: int = 0) -> tuple[StochasticMeta, BallMeta, TaskInstance]:
    instance = TaskInstance.of(COSINE)
    alpha = ball.ball(0.5)
    noise = noises(instance.task)[agent]
    return (
        StochasticMeta(instance.losses[agent], noise, alpha, nu, batches),
        BallMeta(instance.losses[agent], alpha, nu),
        instance,
    )


@pytest.mark.parametrize("D", [1, 2, 5, 16])
def test_sign_means_are_a_law_with_mean_zero_and_variance_one_over_D(D: int) -> None:
    outcomes = sign_means(D, active=True)
    assert sum(p for p, _ in outcomes) == 1
    assert sum(p * x for p, x in outcomes) == 0
    assert sum(p * x * x for p, x in outcomes) == Fraction(1, D)


@pytest.mark.parametrize("mode", ["stochastic", "first_order_stochastic", "hessian_free_stochastic"])
def test_probabilities_sum_to_one_and_leaves_are_counted(mode: str) -> None:
    meta, _, _ = law(2, Batches(1, 2, 1))
    w = column(np.zeros(3))
    tree = {
        "stochastic": lambda: meta.stochastic(w),
        "first_order_stochastic": lambda: meta.first_order(w),
        "hessian_free_stochastic": lambda: meta.hessian_free(w, ball.ball(0.125)),
    }[mode]()
    leaves = list(tree)
    assert len(leaves) == tree_size(meta.noise, 2, meta.batches, Mode(mode))
    assert ball.bounds(sum(weight for weight, _ in leaves)) == (1, 1)


def test_linear_shortcut_for_the_mean_equals_the_whole_tree() -> None:
    w = column(np.array([0.5, -0.25, 1.0]))
    with flint.ctx.workprec(160):
        meta, _, _ = law(2, Batches(1, 1, 1))
        short, whole = meta.stochastic_mean(w), expectation(meta.stochastic(w))
        for a, b in zip(entries(short), entries(whole), strict=True):
            assert a.overlaps(b)
            assert abs(a - b) < 1e-35  # 160 bits are 48 digits, a few hundred operations lose two of them


@pytest.mark.parametrize(("nu", "batches"), [(0, Batches(1, 2, 1)), (1, Batches(2, 3, 2)), (2, Batches(1, 2, 2))])
def test_columns_swept_together_give_the_squared_distance_of_the_whole_tree(nu: int, batches: Batches) -> None:
    w = column(np.array([0.5, -0.25, 1.0]))
    with flint.ctx.workprec(160):
        meta, exact, _ = law(nu, batches)
        together = meta.stochastic_squared_distance(w, exact.exact(w))
        whole = expected_squared_distance(meta.stochastic(w), exact.exact(w))
        assert together.overlaps(whole)
        assert abs(together - whole) < 1e-35  # 160 bits are 48 digits, a few thousand operations lose three of them


def test_two_point_noise_by_hand() -> None:
    """f = -w^2/2, w = 0, alpha = 1/2, nu = D = D' = 1: g_i = (3/2)(g s/2 + g s'), so E norm^2 = (9/4)(5/4) g^2."""
    noise = empirics.Noise(0.25, 0.0, 1.0, [[1.0]], [[1.0]], [0.0])
    task = empirics.QuadraticTask([[[-1.0]]], [[0.0]], noise=noise)
    (f,), found = recorded_losses(task), noises(task)
    meta = StochasticMeta(f, found[0], ball.ball(0.5), 1, Batches(1, 1, 1))  # type: ignore[arg-type]
    error = expected_squared_distance(meta.stochastic(column(np.zeros(1))), column(np.zeros(1)))
    assert ball.bounds(error) == (Fraction(45, 256), Fraction(45, 256))


@pytest.mark.parametrize("mode", ["stochastic", "first_order_stochastic", "hessian_free_stochastic"])
def test_engine_draws_have_the_enumerated_mean(mode: str) -> None:
    """The sample mean of 20000 draws is within 6 standard errors, in every coordinate, of the exact expectation."""
    meta, _, instance = law(1, Batches(2, 1, 3), agent=1)
    w, delta, R = torch.tensor([0.5, -0.25, 1.0], dtype=torch.float64), 0.125, 20_000
    drawn = empirics.meta_gradient(
        instance.task,
        w.expand(R, instance.task.n, 3),
        0.5,
        1,
        mode,
        delta=delta if mode.startswith("hessian_free") else None,
        batches=(2, 1, 3),
        seed=5,
    )[:, 1]
    point = column(w.numpy())
    exact = {
        "stochastic": lambda: meta.stochastic_mean(point),
        "first_order_stochastic": lambda: meta.first_order_mean(point),
        "hessian_free_stochastic": lambda: expectation(meta.hessian_free(point, ball.ball(delta))),
    }[mode]()
    expected = np.array([float(x.mid()) for x in entries(exact)])
    error = drawn.std(dim=0).numpy() / R**0.5
    assert (np.abs(drawn.mean(dim=0).numpy() - expected) <= 6 * error + 1e-12).all()
