"""The ball twin confirms the engine's numbers, so it is itself checked against mpmath and hand-made values."""

from __future__ import annotations

from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest
import torch

import empirics
from reports.balls import ball
from reports.balls.ball import BallMeta, column, entries
from tests.reports import written_out


def task_of(family: str) -> empirics.Task:
    make = {
        "quadratic": empirics.factories.small_quadratic,
        "cosine": empirics.factories.small_cosine,
        "logcosh": empirics.factories.small_logcosh,
        "logistic": empirics.factories.small_logistic,
    }[family]
    return make(seed=3)


FAMILIES = ["quadratic", "cosine", "logcosh", "logistic"]


@pytest.mark.parametrize("family", FAMILIES)
def test_losses_and_derivatives_agree_with_the_engine(family: str) -> None:
    """Two codes that share nothing: the difference is float64 rounding of a few dozen terms of size one."""
    task = task_of(family)
    rng = np.random.default_rng(1)
    w, v = rng.normal(size=(2, task.d))
    losses = written_out.losses(task.family, task.arrays())
    engine = (task.loss(w), task.gradient(w), task.hvp(w, np.tile(v, (task.n, 1))))
    for i, f in enumerate(losses):
        assert float(f.loss(column(w)).mid()) == pytest.approx(float(engine[0][i]), rel=1e-13, abs=1e-14)
        gradient = [float(x.mid()) for x in entries(f.gradient(column(w)))]
        assert gradient == pytest.approx(engine[1][i].tolist(), rel=1e-12, abs=1e-14)
        product = [float(x.mid()) for x in entries(f.hvp(column(w), column(v)))]
        assert product == pytest.approx(engine[2][i].tolist(), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("family", FAMILIES)
def test_meta_gradient_is_the_derivative_of_the_meta_loss(family: str) -> None:
    """A central difference of F_i in 60 digits is within 1e-20 of the derivative; both sides are balls."""
    task = task_of(family)
    w = np.linspace(-0.5, 0.75, task.d)
    step = Fraction(1, 2**40)
    with flint.ctx.workprec(220):
        meta = BallMeta(written_out.losses(task.family, task.arrays())[1], ball.ball(0.25), 3)
        exact = meta.exact(column(w))
        for j in range(task.d):
            shift = flint.arb_mat(task.d, 1, [ball.ball(step if k == j else 0) for k in range(task.d)])
            ahead, behind = meta.loss(column(w) + shift), meta.loss(column(w) - shift)
            difference = (ahead - behind) / (2 * ball.ball(step))
            assert abs(difference - exact[j, 0]) < 1e-20


def test_logistic_functions_against_mpmath() -> None:
    value, slope, curvature = written_out.LOGISTIC
    with mpmath.workprec(200), flint.ctx.workprec(160):
        for t in (-30.0, -0.5, 0.0, 2.0, 30.0):
            assert value(flint.arb(t)).overlaps(flint.arb(str(mpmath.log1p(mpmath.exp(-t))), 1e-40))
            p = 1 / (1 + mpmath.exp(t))
            # conversion to float64 rounds numbers of size at most one by 2^-53 on each side
            assert abs(float(slope(flint.arb(t)).mid()) + float(p)) <= 2.0**-52
            assert abs(float(curvature(flint.arb(t)).mid()) - float(p * (1 - p))) <= 2.0**-52


def test_spline_twin_matches_the_engine_on_every_piece() -> None:
    task = empirics.SplineTask(
        knots=[-1.0, 0.0, 0.5], curvature=[[1.0, -1.0, 2.0], [0.0, 0.5, 0.25]], slope=[0.5, -1.0], value=[1.0, 2.0]
    )
    losses = written_out.losses("spline", task.arrays())
    for x in (-2.0, -1.0, -0.25, 0.0, 0.25, 0.5, 3.0):
        for i, f in enumerate(losses):
            w = column(np.array([x]))
            # a cubic of a few terms below 100
            assert float(f.loss(w).mid()) == pytest.approx(float(task.loss([x])[i]), abs=1e-13)
            assert float(f.gradient(w)[0, 0].mid()) == pytest.approx(float(task.gradient([x])[i, 0]), abs=1e-13)
            product = task.hvp([x], torch.ones(2, 1, dtype=torch.float64))[i, 0]
            assert float(f.hvp(w, column(np.array([1.0])))[0, 0].mid()) == pytest.approx(float(product), abs=1e-13)


def test_ratio_one_witness_is_exact_in_balls() -> None:
    """f = -w^2/2, alpha = 1/2: grad F(1) = -(3/2)^4 at nu = 2, a dyadic number that balls hold with radius zero."""
    f = written_out.losses("quadratic", {"A": -np.ones((1, 1, 1)), "c": np.zeros((1, 1)), "e": np.zeros(1)})[0]
    meta = BallMeta(f, ball.ball(0.5), 2)
    assert ball.bounds(meta.exact(column(np.ones(1)))[0, 0]) == (Fraction(-81, 16), Fraction(-81, 16))


def test_root_of_a_ball_around_zero_is_enclosed() -> None:
    fuzzy = flint.arb(0, 1e-30)
    lower, upper = ball.bounds(ball.root(fuzzy))
    assert lower <= 0 <= upper
    assert upper >= Fraction(1, 10**15)
    assert upper < Fraction(2, 10**15)


def test_a_ball_without_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        ball.bounds(flint.arb("nan"))


def test_unknown_family_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="quadratic"):
        written_out.losses("network", {})
