"""Runs whose agents have weights: constants, expectations and rows against sums over the agents with their weights."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from empirics import Constant, CosineTask, QuadraticTask, Task
from reports.cells.cell import TaskPlan
from reports.cells.run_cell import RunCell
from reports.judging.rows import Verdict
from reports.judging.verdicts import judge
from reports.measure.moments import exact_moments
from reports.measure.one_round import expected_round
from reports.measure.run_specification import RunSpecification
from reports.measure.specify import run_cell, specify
from reports.measure.task_instance import TaskInstance
from reports.measure.trajectories import losses, squared_gradients
from reports.records import execution
from reports.records.seeded_cell import SeededCell
from tests.reports.measuring import of, record_run

A, C, P = [1.0, 0.5, 0.25], [1.0, -2.0, 3.0], [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]
p = np.array([float(weight) for weight in P])
NOISE = {"gradient": 1.0, "amplitude": 0.0, "frequency": 1.0, "u": [[1.0]] * 3, "v": [[1.0]] * 3, "phi": [0.0] * 3}


def plan_task(**more: Any) -> TaskPlan:
    return TaskPlan(
        name="line", factory="explicit-quadratic",
        arguments={"A": [[[a]] for a in A], "c": [[c] for c in C], **more},
    )  # fmt: skip


def cell(**more: Any) -> RunCell:
    plain: dict[str, Any] = {
        "task": "line", "alpha": Fraction(1, 2), "nu": 1, "statements": ["T2p", "T3p"], "mode": "exact", "tau": 2,
        "beta": Fraction(1, 4), "rounds": 2, "weights": P, "start": [Fraction(1)],
    }  # fmt: skip
    return RunCell.model_validate({**plain, **more})


def specified(task: TaskPlan | None = None, **more: Any) -> RunSpecification:
    one = cell(**more)
    return specify(TaskInstance.of(task or plan_task()), one, of(one))


def rows(one: RunCell, folder: Path, task: TaskPlan | None = None) -> list:
    found = execution.execute(SeededCell(one, task or plan_task(), seed=0, seeds=1, device="cpu", level=1e-4), folder)
    return judge(found.measurements)


M = np.array(A) * (1 - np.array(A) / 2) ** 2
R = (1 - M / 4) ** 2


def gradient(w: float) -> float:
    return float(p @ (M * (w - np.array(C))))


def loss(w: float) -> float:
    return float(p @ (M * (w - np.array(C)) ** 2)) / 2


LOWEST = float(p @ (M * np.array(C)) / (p @ M))


def test_draws_with_replacement_follow_the_weights_in_every_history() -> None:
    """m = 2 of 3, two rounds: all 3^4 histories, each with the product of its weights."""
    found = specified(sampling="replacement", m=2)
    exact = exact_moments(found)
    squares, ends, first = 0.0, 0.0, 0.0
    for one in itertools.product(range(3), repeat=4):
        chance = float(np.prod(p[list(one)]))
        w = 1.0
        squares += chance * gradient(w) ** 2 / 2
        for place, drawn in enumerate((one[:2], one[2:])):
            w = float(np.mean([C[i] + R[i] * (w - C[i]) for i in drawn]))
            squares += chance * gradient(w) ** 2 / 2 if place == 0 else 0.0
            first += chance * loss(w) if place == 0 else 0.0
        ends += chance * (loss(w) - loss(LOWEST))
    assert exact is not None
    assert float(exact.squared_gradients.mean.upper) == pytest.approx(squares, rel=1e-12)
    assert float(exact.gap.upper) == pytest.approx(ends, rel=1e-12)
    assert float(expected_round(found).after.mid()) == pytest.approx(first, rel=1e-12)
    assert found.inputs["m"] == "2"
    assert found.inputs["n"] == "3"


@pytest.mark.parametrize("sampling", ["replacement", "full"])
def test_the_engines_weights_are_those_of_the_exact_expectation(sampling: str) -> None:
    """Batches of an agent are the same for all of its weight, those of two draws are not: 4000 runs tell."""
    found = specified(
        plan_task(noise=NOISE), sampling=sampling, mode="stochastic", D=1, D_prime=1, D_H=1, replicas=4000, rounds=1,
        m=2 if sampling == "replacement" else None,
    )  # fmt: skip
    exact, iterates = exact_moments(found), record_run(found, seed=1)["iterates"]
    assert exact is not None
    values = losses(found, iterates)[:, 1] - loss(LOWEST)
    assert abs(values.mean() - float(exact.gap.upper)) <= 5 * values.std() / 4000**0.5
    # one round from w_0 = 1: the variance of the server's step with all agents is sum p_i^2 Var_i, in closed form
    if sampling == "full":
        turn = 1 - M / 4
        sweep = 1 - np.array(A) / 2
        own = sweep**2 * (1 + (np.array(A) / 2) ** 2) / 16 * (1 + turn**2)
        mean = float(p @ (np.array(C) + R * (1 - np.array(C))))
        expected = loss(mean) - loss(LOWEST) + float(p @ M) / 2 * float(p**2 @ own)
        assert float(exact.gap.upper) == pytest.approx(expected, rel=1e-9)


def test_a_path_of_all_agents_is_the_weighted_one(tmp_path: Path) -> None:
    found = specified(sampling="full")
    run = run_cell(found, 0)
    assert run is not None
    iterates = run.iterates.numpy()
    w, path = 1.0, [1.0]
    for _ in range(2):
        w = float(p @ (np.array(C) + R * (w - np.array(C))))
        path.append(w)
    np.testing.assert_allclose(iterates[0, :, 0], path, rtol=1e-14)
    expected = [gradient(w) ** 2 for w in path]
    np.testing.assert_allclose(squared_gradients(found, iterates)[0], expected, rtol=1e-12)
    assert found.inputs["p_max"] == "1/2"
    assert {row.verdict for row in rows(cell(sampling="full", statements=["T1d", "T2p", "T3p"]), tmp_path)} <= {
        Verdict.HOLDS, Verdict.VACUOUS,
    }  # fmt: skip


def test_spreads_are_weighted() -> None:
    """At nu = 0 and gamma_H: the root of sum p_i (a_i - abar)^2, abar the weighted mean."""
    instance = specified(sampling="full").instance
    mean = float(p @ np.array(A))
    spread = float(np.sqrt(p @ (np.array(A) - mean) ** 2))
    assert spread <= instance.constants["gamma_H"].value <= spread * (1 + 1e-9)
    cosine = CosineTask(a=[[1.0]], s=[[1.0], [2.0], [3.0]], phi=[[0.0]] * 3)
    found = TaskInstance(TaskPlan(name="c", factory="cosine"), cosine).copied([3, 2, 1])
    sizes = np.array([1.0, 2.0, 3.0])
    away = float(np.sqrt(p @ (sizes - p @ sizes) ** 2))
    assert away <= found.constants["gamma_G"].value <= away * (1 + 1e-6)


class Stated(Task):
    """f_i = (w - c_i)^2/2 whose author wrote the spread of its three agents down."""

    def __init__(self) -> None:
        super().__init__(1, {"c": [[0.0], [0.0], [3.0]]})

    def raw_loss(self, w: Tensor) -> Tensor:
        return (w - self.parameter("c")).square().sum(-1) / 2

    def raw_gradient(self, w: Tensor) -> Tensor:
        return w - self.parameter("c")

    def raw_hvp(self, w: Tensor, v: Tensor) -> Tensor:
        return v

    def own_constants(self) -> dict[str, Constant]:
        return {"gamma_G": Constant(2.0**0.5 * (1 + 1e-12), "upper"), "gamma_H": Constant(0.0, "exact")}


class StatedBowls(QuadraticTask):
    """A subclass with constants of its own: they are no longer worked out from the agents."""

    def own_constants(self) -> dict[str, Constant]:
        return {**super().own_constants(), "gamma_H": Constant(0.5, "upper")}


def test_a_spread_that_was_written_down_is_widened() -> None:
    """Weights 1/6, 1/6, 2/3: the weighted spread of 0, 0, 3 is sqrt 2, and the stated one, sqrt 2, becomes 2."""
    found = TaskInstance(TaskPlan(name="stated", factory="x"), Stated()).copied([1, 1, 4])
    true = float(np.sqrt(np.array([1, 1, 4]) / 6 @ (np.array([0.0, 0.0, 3.0]) - 2.0) ** 2))
    assert true <= found.constants["gamma_G"].value == pytest.approx(2.0, rel=1e-9)
    assert found.constants["gamma_H"].value == 0
    own = StatedBowls(A=[[[1.0]], [[2.0]]], c=[[0.0], [0.0]], radius=1.0)
    wider = TaskInstance(TaskPlan(name="own", factory="x"), own).copied([1, 3])
    assert wider.constants["gamma_H"].value == pytest.approx(0.5 * 1.5**0.5, rel=1e-9)


@pytest.mark.parametrize("name", ["T1", "T2", "T3", "T4", "T4p", "T4c", "C2", "C4", "D1"])
def test_what_is_not_known_for_weights_is_refused_by_name(tmp_path: Path, name: str) -> None:
    found = rows(cell(sampling="full", statements=[name]), tmp_path)
    assert found
    assert {row.verdict for row in found} == {Verdict.NOT_APPLICABLE}
    assert all("equal weights: they are 1/2, 1/3, 1/6" in row.reason for row in found)


def test_weights_without_a_small_common_denominator_are_refused(tmp_path: Path) -> None:
    weights = [Fraction(1, 1009), Fraction(8, 1009), Fraction(1000, 1009)]
    (row,) = rows(cell(sampling="full", statements=["T2p"], weights=weights), tmp_path)
    assert row.verdict is Verdict.NOT_APPLICABLE
    assert "equal weights: their common denominator 1009 is above 256" in row.reason


def test_copies_of_agents_have_their_losses() -> None:
    task = QuadraticTask(A=[[[1.0]], [[2.0]]], c=[[0.0], [1.0]])
    copied = task.copies([2, 1])
    w = torch.tensor([0.5], dtype=torch.float64)
    assert copied.loss(w).tolist() == task.loss(w)[torch.tensor([0, 0, 1])].tolist()
