"""Exact expectations over finite sample spaces against hand calculations and against the engine's own draws."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest
import torch
from flint import arb, arb_mat

import empirics
from empirics.algorithm.modes import Mode
from reports.balls import ball
from reports.balls.ball import BallMeta, column, entries
from reports.cells.cell import TaskPlan
from reports.measure.enumeration import Sizes, StochasticMeta, expectation, expected_squared_distance
from reports.measure.samples import Samples, TooManyBatchesError, not_as_listed, samples_of
from reports.measure.task_instance import TaskInstance
from tests.reports.test_six_modes import Ripples

COSINE = TaskPlan(
    name="cosine", factory="cosine", arguments={"noise": {"gradient": 0.25, "amplitude": 0.125, "frequency": 2.0}}
)


def read(task: empirics.Task) -> list[Samples]:
    found = samples_of(task)
    assert not isinstance(found, str), found
    return found


def law(nu: int, sizes: Sizes, agent: int = 0) -> tuple[StochasticMeta, BallMeta, TaskInstance]:
    instance = TaskInstance.of(COSINE)
    alpha = ball.ball(0.5)
    return (
        StochasticMeta(read(instance.task)[agent], alpha, nu, sizes),
        BallMeta(instance.losses[agent], alpha, nu),
        instance,
    )


def fair(weights: list[Fraction], replaces: bool = True) -> Samples:
    return Samples(tuple(weights), (), None, replaces)  # type: ignore[arg-type]


@pytest.mark.parametrize("D", [1, 2, 5, 16])
def test_means_of_signs_are_a_law_with_mean_zero_and_variance_one_over_D(D: int) -> None:
    pairs = [(x, y) for x in (-1, 1) for y in (-1, 1)]
    effects = [arb_mat([[x], [y]]) for x, y in pairs]
    outcomes = fair([Fraction(1, 4)] * 4).law(D, effects)
    assert len(outcomes) == (D + 1) ** 2  # of C(D + 3, 3) batches those with equal means are one
    assert sum(p for p, _ in outcomes).contains(1)
    for place in (0, 1):
        assert sum(p * x[place, 0] for p, x in outcomes).contains(0)
        assert sum(p * x[place, 0] ** 2 for p, x in outcomes).contains(arb(1) / D)


def test_samples_without_replacement_by_hand() -> None:
    """Pairs out of 0, 1, 1, 4: {0,1} twice, {0,4}, {1,1}, {1,4} twice, each of six; the mean is 3/2."""
    outcomes = fair([Fraction(1, 4)] * 4, replaces=False).law(2, [arb_mat([[x]]) for x in (0, 1, 1, 4)])
    found = {float(x[0, 0]): float(p * 6) for p, x in outcomes}
    assert found == {0.5: pytest.approx(2), 2.0: pytest.approx(1), 1.0: pytest.approx(1), 2.5: pytest.approx(2)}


def test_a_law_that_is_not_fair_by_hand() -> None:
    """Two of -1 (1/2), 0 (1/4), 2 (1/4): the mean is 0, its mean square (1/2 + 1)/2."""
    outcomes = fair([Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)]).law(2, [arb_mat([[x]]) for x in (-1, 0, 2)])
    assert sum(p * x[0, 0] for p, x in outcomes).contains(0)
    assert sum(p * x[0, 0] ** 2 for p, x in outcomes).contains(arb(3) / 4)


def test_effects_that_are_close_but_not_one_stay_apart() -> None:
    with flint.ctx.workprec(96):
        outcomes = fair([Fraction(1, 2)] * 2).law(1, [arb_mat([[1]]), arb_mat([[1 + arb(2) ** -60]])])
        assert len(outcomes) == 2


def test_too_many_batches_are_refused() -> None:
    with pytest.raises(
        TooManyBatchesError, match="batches of 20 out of 40 kinds of samples are more than can be listed"
    ):
        fair([Fraction(1, 40)] * 40, replaces=False).law(20, [arb_mat([[x]]) for x in range(40)])


@pytest.mark.parametrize("mode", ["stochastic", "first_order_stochastic", "hessian_free_stochastic"])
def test_probabilities_sum_to_one_and_leaves_are_counted(mode: str) -> None:
    meta, _, _ = law(2, Sizes(1, 2, 1))
    w = column(np.array([0.5, -0.25, 1.0]))
    leaves = {
        "stochastic": lambda: meta.stochastic(w),
        "first_order_stochastic": lambda: meta.first_order(w),
        "hessian_free_stochastic": lambda: meta.hessian_free(w, ball.ball(0.125)),
    }[mode]()
    assert len(leaves) == meta.tree_size(Mode(mode), w)
    assert ball.bounds(sum(weight for weight, _ in leaves)) == (1, 1)


def test_linear_shortcut_for_the_mean_equals_the_whole_tree() -> None:
    w = column(np.array([0.5, -0.25, 1.0]))
    with flint.ctx.workprec(160):
        meta, _, _ = law(2, Sizes(1, 1, 1))
        short, whole = meta.stochastic_mean(w), expectation(meta.stochastic(w))
        for a, b in zip(entries(short), entries(whole), strict=True):
            assert a.overlaps(b)
            assert abs(a - b) < 1e-35  # 160 bits are 48 digits, a few hundred operations lose two of them


@pytest.mark.parametrize(("nu", "batches"), [(0, Sizes(1, 2, 1)), (1, Sizes(2, 3, 2)), (2, Sizes(1, 2, 2))])
def test_columns_swept_together_give_the_squared_distance_of_the_whole_tree(nu: int, batches: Sizes) -> None:
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
    meta = StochasticMeta(read(task)[0], ball.ball(0.5), 1, Sizes(1, 1, 1))
    error = expected_squared_distance(meta.stochastic(column(np.zeros(1))), column(np.zeros(1)))
    assert ball.bounds(error) == (Fraction(45, 256), Fraction(45, 256))


@pytest.mark.parametrize("mode", ["stochastic", "first_order_stochastic", "hessian_free_stochastic"])
def test_engine_draws_have_the_enumerated_mean(mode: str) -> None:
    """The sample mean of 20000 draws is within 6 standard errors, in every coordinate, of the exact expectation."""
    meta, _, instance = law(1, Sizes(2, 1, 3), agent=1)
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


def own_noise() -> empirics.Task:
    task = empirics.CosineTask([[1.0, 0.5]], [[1.0], [0.5]], [[0.0], [1.0]])
    task.sampler = Ripples()
    return task


def small_logistic() -> empirics.Task:
    return empirics.factories.small_logistic(samples=6)


@pytest.mark.parametrize("make", [own_noise, small_logistic])
@pytest.mark.parametrize("sizes", [(1, 1, 1), (2, 3, 2)])
def test_samplers_of_data_and_of_a_users_own_are_enumerated_as_they_are_drawn(make, sizes) -> None:
    """Mean and mean square of 20000 draws are within 6 standard errors of the exact expectations, and neither is 0."""
    task, R = make(), 20_000
    w = torch.linspace(-0.5, 0.5, task.d, dtype=torch.float64)
    drawn = empirics.meta_gradient(task, w.expand(R, task.n, task.d), 0.5, 1, "stochastic", batches=sizes, seed=5)
    with flint.ctx.workprec(96):
        meta = StochasticMeta(read(task)[-1], ball.ball(0.5), 1, Sizes(*sizes))
        at = column(w.numpy())
        mean = np.array([float(x.mid()) for x in entries(meta.stochastic_mean(at))])
        square = float(meta.stochastic_squared_distance(at, at * 0).mid())
    own = drawn[:, -1].numpy()
    assert (np.abs(own.mean(axis=0) - mean) <= 6 * own.std(axis=0) / R**0.5 + 1e-12).all()
    squares = (own**2).sum(axis=1)
    assert abs(squares.mean() - square) <= 6 * squares.std() / R**0.5
    assert own.std(axis=0).max() > 1e-3


def test_batches_that_are_not_the_listed_samples_are_named() -> None:
    class Halved(Ripples):
        def draw(self, task, words, size):
            return super().draw(task, words, size) / 2

    class Bent(Ripples):
        def gradient(self, task, w, values):
            return super().gradient(task, w, values) * (1 + 1e-6)

    class Silent(Ripples):
        outcomes = empirics.Sampler.outcomes

    def said(sampler: empirics.Sampler) -> str:
        task = own_noise()
        task.sampler = sampler
        return not_as_listed(task, 1)

    assert said(Ripples()) == ""
    assert said(Halved()) == "a batch of 1 that was drawn for agent 0 is no mean of samples that are listed"
    assert "the sampler's gradient of sample 0 of agent 0 differs from that of the sample's loss by" in said(Bent())
    assert said(Silent()) == "Silent does not list its samples (Sampler.outcomes)"
