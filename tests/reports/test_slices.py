"""Cutting an evaluation into slices and agents changes its speed, not its values."""

from __future__ import annotations

import pytest
import torch

import empirics
from empirics.algorithm.meta_gradients import fine_tuning, trajectory
from reports.cells.cell import TaskPlan
from reports.measure import slices
from reports.measure.slices import evaluated, one_agent_tasks, spread
from reports.tasks.factories import make_task

TASKS = {
    "digits": TaskPlan(name="digits", factory="digits", arguments={"agents": 4}),
    "logistic": TaskPlan(name="logistic", factory="logistic"),
    "cosine": TaskPlan(name="cosine", factory="cosine"),
    "quadratic": TaskPlan(name="quadratic", factory="quadratic"),
}


def points(d: int, count: int) -> torch.Tensor:
    return torch.randn(count, d, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("name", TASKS)
def test_slices_of_any_size_give_the_values_of_the_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    task = make_task(TASKS[name])
    w = points(task.d, 17)
    whole = empirics.meta_gradient(task, spread(task, w), 0.5, 2)
    for values in (1, 500, 2**16):
        monkeypatch.setattr(slices, "_VALUES", values)
        cut = evaluated(task, w, lambda part, at: trajectory(part, at, 0.5, 2).exact())
        # sums of at most 500 numbers in another order, a few times in a row
        torch.testing.assert_close(cut, whole, rtol=1e-12, atol=1e-13)


def test_agents_with_much_data_stand_alone_without_padding() -> None:
    task = make_task(TASKS["digits"])
    alone = one_agent_tasks(task)
    assert [part.n for part in alone] == [1] * task.n
    assert [part.parameter("a").shape[1] for part in alone] == task.counts.tolist()  # type: ignore[attr-defined]
    cosine = make_task(TASKS["cosine"])
    assert one_agent_tasks(cosine) == (cosine,)


@pytest.mark.parametrize("name", TASKS)
def test_a_trajectory_serves_every_deterministic_mode(name: str) -> None:
    task = make_task(TASKS[name])
    w = spread(task, points(task.d, 3))
    path = trajectory(task, w, 0.25, 3)
    assert torch.equal(path.exact(), empirics.meta_gradient(task, w, 0.25, 3))
    assert torch.equal(path.outer, empirics.meta_gradient(task, w, 0.25, 3, "first_order"))
    assert torch.equal(path.hessian_free(0.125), empirics.meta_gradient(task, w, 0.25, 3, "hessian_free", delta=0.125))
    assert torch.equal(torch.stack(path.points), torch.stack(fine_tuning(task, w, 0.25, 3)))
    vector = torch.ones_like(w)
    # curvature from a shared projection may differ from the one computed alone by a few roundings
    torch.testing.assert_close(path.products[0](vector), task.hvp(w, vector), rtol=1e-13, atol=1e-14)
