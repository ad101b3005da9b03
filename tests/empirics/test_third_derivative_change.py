"""rho_2: at least every difference quotient of third derivatives that autograd finds, and not far above the largest."""

from __future__ import annotations

import pytest
import torch

from empirics import CosineTask, LogCoshTask, LogisticTask, SplineTask, Task, factories

LOOSE = 1.05


def third(task: Task, w: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """D^3 f_i(w)[v, v, v] of every agent at points (P, d), (P, n)."""
    at = w.unsqueeze(1).expand(-1, task.n, -1).clone().requires_grad_()
    value = task.raw_loss(at).sum()
    for _ in range(3):
        (slope,) = torch.autograd.grad(value, at, create_graph=True)
        along = (slope * v).sum(-1)
        value = along.sum()
    return along.detach()


def quotients(task: Task, v: torch.Tensor, reach: float = 4.0) -> torch.Tensor:
    t = torch.linspace(-reach, reach, 4001, dtype=torch.float64).unsqueeze(-1)
    found = third(task, t * v, v)
    return (found.diff(dim=0) / t.diff(dim=0)).abs()


@pytest.mark.parametrize(
    ("task", "exact"),
    [
        (CosineTask(a=[[2.0]], s=[[3.0], [-1.0]], phi=[[0.5], [0.0]]), 48.0),
        (LogCoshTask(a=[[2.0]], s=[[3.0], [1.0]], phi=[[0.0], [0.5]]), 96.0),
        (LogisticTask(x=[[[2.0]], [[1.0]]], y=[[1], [-1]], intercept=False), 2.0),
    ],
)
def test_on_a_line_it_is_the_largest_fourth_derivative(task: Task, exact: float) -> None:
    """|s| a^4 times 1, 2 and 1/8."""
    found = task.third_derivative_change()
    assert found is not None
    assert found.side == "upper"
    assert exact <= found.value <= exact * (1 + 1e-9)
    largest = float(quotients(task, torch.ones(1, dtype=torch.float64)).max())
    assert exact / LOOSE <= largest <= found.value * (1 + 1e-6)


@pytest.mark.parametrize("name", ["small_cosine", "small_logcosh", "small_logistic"])
def test_in_several_dimensions_no_direction_exceeds_it(name: str) -> None:
    task = getattr(factories, name)()
    found = task.third_derivative_change()
    generator = torch.Generator().manual_seed(1)
    for _ in range(5):
        v = torch.randn(task.d, generator=generator, dtype=torch.float64)
        assert float(quotients(task, v / v.norm()).max()) <= found.value * (1 + 1e-6)


def test_it_is_0_on_quadratics_and_unknown_of_broken_lines() -> None:
    assert factories.small_quadratic().third_derivative_change().value == 0
    assert SplineTask([0.0, 1.0], curvature=[[0.0, 1.0]], slope=[0.0]).third_derivative_change() is None
