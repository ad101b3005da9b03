"""Losses in balls are read from what runs: compared with torch, with themselves, and with the formulas of families."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint
import numpy as np
import pytest
import torch
from flint import arb, arb_mat
from hypothesis import given
from hypothesis import strategies as st

import empirics
from empirics import CosineTask, LogCoshTask, LogisticTask, QuadraticTask, SplineTask, Task
from empirics.graphs.recording import UntraceableError
from empirics.tasks.loss_graph import loss_graph
from reports.balls import ball
from reports.balls.ball import BallMeta, column, entries
from reports.balls.operations.operation import UnknownOperationError
from reports.balls.recorded import RecordedLoss, recorded_losses
from tests.reports import written_out
from tests.reports.random_tasks import FAMILIES, MODULES, digits, network
from tests.reports.written_out_networks import dense_networks

SEEDS = st.integers(0, 10**6)


def readings(task: Task) -> list[RecordedLoss]:
    losses = recorded_losses(task)
    assert all(isinstance(loss, RecordedLoss) for loss in losses)
    return losses  # type: ignore[return-value]


def middles(values: arb_mat) -> list[float]:
    return [float(x.mid()) for x in values.entries()]


def largest(values: arb_mat) -> float:
    return max(float(abs(x).upper()) for x in values.entries())


def check_against_torch(task: Task, w: np.ndarray, v: np.ndarray) -> None:
    """What runs rounds in float64; the ball is the exact value to forty digits."""
    loss, gradient = task.loss(w), task.gradient(w)
    product = task.hvp(w, np.tile(v, (task.n, 1)))
    for agent, f in enumerate(readings(task)):
        at, along = column(w), column(v)
        assert float(f.loss(at).mid()) == pytest.approx(float(loss[agent]), rel=1e-12, abs=1e-12)
        assert middles(f.gradient(at)) == pytest.approx(gradient[agent].tolist(), rel=1e-11, abs=1e-12)
        assert middles(f.hvp(at, along)) == pytest.approx(product[agent].tolist(), rel=1e-10, abs=1e-11)


def check_orders(f: RecordedLoss, w: arb_mat, v: arb_mat) -> None:
    """Central differences of each order at 2^-100, in 400 bits: their error is 2^-200 times a fifth derivative."""
    step = arb(2) ** -100
    ahead, behind, scale = w + v * step, w - v * step, 1 / (2 * step)
    slope = (f.gradient(w).transpose() * v)[0, 0]
    size = 1 + float(abs(slope).upper())
    assert abs((f.loss(ahead) - f.loss(behind)) * scale - slope) < 1e-30 * size
    product, third = f.hvp(w, v), f.third(w, v)
    assert largest((f.gradient(ahead) - f.gradient(behind)) * scale - product) < 1e-30 * (1 + largest(product))
    assert largest((f.hvp(ahead, v) - f.hvp(behind, v)) * scale - third) < 1e-30 * (1 + largest(third))
    assert largest(f.hessian(w) * v - product) < 1e-30 * (1 + largest(product))
    assert largest(f.third(w, v, v) - third) < 1e-30 * (1 + largest(third))


def check_boxes(f: RecordedLoss, w: np.ndarray, v: arb_mat, rng: np.random.Generator, half_width: float) -> None:
    """Everything at a sampled point of a box lies in what the box gives."""
    box = arb_mat(len(w), 1, [arb(float(x), half_width) for x in w])
    whole = (f.loss(box), f.gradient(box), f.hvp(box, v), f.third(box, v))
    for _ in range(2):
        point = column(w + half_width * rng.uniform(-1, 1, size=len(w)))
        parts = (f.loss(point), f.gradient(point), f.hvp(point, v), f.third(point, v))
        for wide, narrow in zip(whole, parts, strict=True):
            # the point's own balls have a rounding radius, which a box around them need not contain to the last bit
            middle = narrow.mid()
            assert wide.contains(middle)


@pytest.mark.parametrize("family", FAMILIES)
@given(seed=SEEDS)
def test_packaged_tasks_with_every_option(family: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    task = FAMILIES[family](rng)
    w, v = rng.normal(size=(2, task.d))
    check_against_torch(task, w, v)
    f = readings(task)[-1]
    with flint.ctx.workprec(400):
        check_orders(f, column(w), column(v))
    with flint.ctx.workprec(160):
        check_boxes(f, w, column(v), rng, float(rng.choice([2.0**-20, 0.125])))


# What differs from these by one elementary function or one loss runs with -m slow.
QUICK = {
    *("Tanh", "GELU", "Softplus", "ReLU", "mse", "smoothed labels", "ignored", "logsumexp", "convolution"),
    "causal attention",
}


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in MODULES]
)
def test_networks(name: str) -> None:
    task, rng = network(name), np.random.default_rng(1)
    w, v = task.start.numpy() + rng.normal(size=task.d) / 4, rng.normal(size=task.d)
    check_against_torch(task, w, v)
    f = readings(task)[1]
    with flint.ctx.workprec(400):
        check_orders(f, column(w), column(v))
    with flint.ctx.workprec(160):
        for half_width in (2.0**-30, 2.0**-7):
            check_boxes(f, w, column(v), rng, half_width)


@pytest.mark.parametrize("family", ["quadratic", "cosine", "logistic"])
def test_agreement_with_the_formulas_of_families(family: str) -> None:
    """Loss, gradient, product and a meta-gradient to 1e-40; the formulas share nothing with the recording."""
    make = {
        "quadratic": empirics.factories.small_quadratic, "cosine": empirics.factories.small_cosine,
        "logistic": lambda: empirics.factories.small_logistic(samples=16),
    }[family]  # fmt: skip
    task = make()
    w, v = np.random.default_rng(2).normal(size=(2, task.d))
    with flint.ctx.workprec(160):
        at, along = column(w), column(v)
        for mine, formula in zip(readings(task), written_out.losses(family, task.arrays()), strict=True):
            assert abs(mine.loss(at) - formula.loss(at)) < 1e-40
            assert largest(mine.gradient(at) - formula.gradient(at)) < 1e-40
            assert largest(mine.hvp(at, along) - formula.hvp(at, along)) < 1e-40
            metas = [BallMeta(f, ball.ball(0.25), 2) for f in (mine, formula)]
            assert largest(metas[0].exact(at) - metas[1].exact(at)) < 1e-40


@pytest.mark.parametrize("name", ["Tanh", "Sigmoid", "GELU", "SiLU", "mse"])
def test_agreement_with_dense_networks_written_out(name: str) -> None:
    task = network(name)
    w, v = np.random.default_rng(2).normal(size=(2, task.d))
    with flint.ctx.workprec(160):
        for mine, formula in zip(readings(task), dense_networks(task.arrays()), strict=True):
            at, along = column(w), column(v)
            assert abs(mine.loss(at) - formula.loss(at)) < 1e-40
            assert largest(mine.gradient(at) - formula.gradient(at)) < 1e-40
            assert largest(mine.hvp(at, along) - formula.hvp(at, along)) < 1e-40


def test_single_precision_is_read_as_stored() -> None:
    """The arrays are the rounded ones; what runs is within the rounding of float32."""
    task = empirics.factories.small_cosine().to(dtype=torch.float32)
    w = np.linspace(-1, 1, task.d)
    for f, expected in zip(readings(task), task.gradient(w), strict=True):
        assert middles(f.gradient(column(w))) == pytest.approx(expected.tolist(), abs=1e-6)


def test_digits() -> None:
    task, rng = digits(np.random.default_rng(0)), np.random.default_rng(1)
    check_against_torch(task, rng.normal(size=task.d), rng.normal(size=task.d))


@pytest.mark.parametrize("task", [
    LogisticTask([[[3.0]]], [[1]], intercept=False), LogCoshTask([[1.0]], [[2.0]], [[0.0]]),
], ids=["logistic", "logcosh"])  # fmt: skip
def test_no_kink_where_a_library_folds_against_overflow(task: Task) -> None:
    """At 0 both have f'' = 9/4 and 2: |theta| in the code is no kink of the function."""
    expected = {"logistic": 2.25, "logcosh": 2.0}[task.family]
    found = readings(task)[0].hvp(column([0.0]), column([1.0]))[0, 0]
    assert found.contains(expected)
    assert found.rad() < 1e-40


def test_spline_has_its_heights_at_the_knots() -> None:
    """Thirds are not floats, so integrated tables would round: f'' of the loss is h itself at a knot, and no more."""
    knots, heights = [-1.0, 0.1, 0.7, 2.0], [1 / 3, -0.7, 1.9, 0.3]
    task = SplineTask(knots, [heights], [0.3], at=0.25)
    (f,) = readings(task)
    with flint.ctx.workprec(160):
        for knot, height in zip(knots, heights, strict=True):
            assert f.hvp(column([knot]), column([1.0]))[0, 0].contains(height)
            assert float(task.hessian([knot])[0, 0, 0]) == height
            # narrower than rounding and across the knot, the hull of both pieces is as narrow
            near = arb_mat(1, 1, [arb(knot, 1e-40)])
            found = f.hvp(near, column([1.0]))[0, 0]
            assert found.contains(height)
            assert found.rad() < 1e-38
        assert f.gradient(column([0.25]))[0, 0].contains(0.3)


def test_linear_term_is_read() -> None:
    """cos 0 + 3 w: the gradient at 0 is 3."""
    task = CosineTask([[1.0]], [[1.0]], [[0.0]], linear=[[3.0]])
    assert readings(task)[0].gradient(column([0.0]))[0, 0] == 3


def test_exact_where_numbers_are_dyadic() -> None:
    """f = -w^2/2, alpha = 1/2: grad F(1) = -(3/2)^4 at nu = 2, with radius zero."""
    (f,) = readings(QuadraticTask([[[-1.0]]], [[0.0]]))
    assert f.degree == 2
    assert f.form() == (arb_mat(1, 1, [-1]), arb_mat(1, 1), 0)
    assert BallMeta(f, ball.ball(0.5), 2).exact(column([1.0]))[0, 0] == arb(-81) / 16


class Custom(Task):
    """Whatever a function makes of w and one row an agent."""

    def __init__(self, function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
        super().__init__(d=2, parameters={"c": [[1.0, 2.0], [-3.0, 4.0], [0.5, -1.0]]})
        self.function = function

    def raw_loss(self, w: torch.Tensor) -> torch.Tensor:
        return self.function(w, self.parameter("c"))

    def raw_gradient(self, w: torch.Tensor) -> torch.Tensor:
        return w

    def raw_hvp(self, w: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return v


def test_undecided_choices_enclose_both_sides() -> None:
    """|w| + max(w, 0) on [-1, 1] and beside it: slopes -1 to 2, then 2."""
    (f, *_) = readings(Custom(lambda w, c: (w.abs() + w.relu()).sum(-1) + 0 * c.sum(-1)))
    box = f.gradient(arb_mat(2, 1, [arb(0, 1), arb(2)]))
    assert all(box[0, 0].contains(slope) for slope in (-1, 2))
    assert box[1, 0] == 2


def test_a_condition_without_axes() -> None:
    """The first coordinate's sign decides: sum(w) or 3 sum(w), and on a box across 0 slopes 1 to 3."""

    def turning(w: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        return torch.where((w.sum() > 0) & ~(w.sum() < -1), 3.0, 1.0) * w.sum(-1) + 0 * c.sum(-1)

    (f, *_) = readings(Custom(turning))
    assert f.gradient(column([1.0, 1.0])) == column([3.0, 3.0])
    assert f.gradient(column([-1.0, -1.0])) == column([1.0, 1.0])
    box = f.gradient(arb_mat(2, 1, [arb(0, 1), arb(0)]))
    assert all(box[0, 0].contains(slope) for slope in (1, 3))


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda w, c: (w - c).square().sum(-1) if float(w.sum()) >= 0 else w.sum(-1), "branches"),
        (lambda w, c: (w * torch.rand_like(w)).sum(-1), "random"),
        (lambda w, c: (w - c.mean(0)).square().sum(-1), "other agents"),
        (lambda w, c: w.sum(), "shape"),
    ],
)
def test_what_is_no_function_of_w_and_the_agent_is_refused(function: Any, reason: str) -> None:
    with pytest.raises(UntraceableError, match=reason):
        loss_graph(Custom(function))


def test_state_is_refused() -> None:
    calls: list[int] = []

    def counting(w: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return (w - c).square().sum(-1) * len(calls)

    with pytest.raises(UntraceableError, match="state"):
        loss_graph(Custom(counting))


def test_a_population_has_no_stored_agent() -> None:
    with pytest.raises(UntraceableError, match="no agent is stored"):
        loss_graph(empirics.QuadraticPopulation(1000, 2))


def test_an_unknown_operation_is_named() -> None:
    task = Custom(lambda w, c: torch.special.bessel_j0(w - c).sum(-1))
    with pytest.raises(UnknownOperationError, match="bessel_j0"):
        recorded_losses(task)


def test_a_task_is_recorded_once() -> None:
    task = empirics.factories.small_cosine()
    assert loss_graph(task) is loss_graph(task)


def test_a_loss_without_w() -> None:
    (f, *_) = readings(Custom(lambda w, c: c.sum(-1).expand(w.shape[:2])))
    assert f.loss(column([1.0, 2.0])) == 3
    assert f.gradient(column([1.0, 2.0])) == arb_mat(2, 1)
    assert entries(f.hvp(column([1.0, 2.0]), column([1.0, 1.0]))) == [0, 0]
