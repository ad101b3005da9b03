"""Exact moments of quadratic runs (Q2-Q5) against the engine, hand calculations and enumeration."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

import empirics
from empirics.algorithm.modes import Mode
from reports.cells.cell import TaskPlan
from reports.cells.run_cell import RunCell
from reports.measure.moments import exact_moments, expected_change, local_mean_squared_gradient
from reports.measure.run_specification import RunSpecification
from reports.measure.specify import specify
from reports.measure.task_instance import TaskInstance
from reports.measure.trajectories import gaps, losses, squared_gradients
from tests.reports.measuring import of, record_run

MODES = ("exact", "stochastic", "first_order", "first_order_stochastic", "hessian_free", "hessian_free_stochastic")
NOISY = TaskPlan(
    name="noisy",
    factory="quadratic",
    arguments={"n": 4, "mu": 0.25, "L": 1.0, "noise": {"gradient": 0.5, "amplitude": 0.0, "frequency": 1.0}},
)


def specification(
    mode: str, *, m: int = 2, tau: int = 3, nu: int = 2, rounds: int = 5, task: TaskPlan = NOISY
) -> RunSpecification:
    sizes = {"D": 2, "D_prime": 1, "D_H": 1} if "stochastic" in mode else {}
    delta = {"delta": Fraction(1, 64)} if mode.startswith("hessian_free") else {}
    cell = RunCell(
        task="noisy", alpha_L=Fraction(1, 4), nu=nu, statements=["T2", "T3"], mode=mode, tau=tau, m=m,  # type: ignore[arg-type]
        fraction=Fraction(1, 2), rounds=rounds, replicas=4000, **sizes, **delta,  # type: ignore[arg-type]
    )  # fmt: skip
    return specify(TaskInstance.of(task), cell, of(cell))


@pytest.mark.parametrize("mode", MODES)
def test_engine_means_agree_with_the_exact_expectations(mode: str) -> None:
    """4000 runs: the sample mean is within 6 standard errors of the exact expectation."""
    p = specification(mode)
    exact = exact_moments(p)
    assert exact is not None
    iterates = record_run(p, seed=3)["iterates"]
    for values, expected in (
        (squared_gradients(p, iterates[:, :-1]).mean(axis=1), exact.squared_gradients.mean),
        (gaps(p, iterates[:, -1:])[:, 0], exact.gap),
    ):
        error = values.std() / len(values) ** 0.5
        assert abs(values.mean() - float(expected.upper)) <= 6 * error + 1e-12


@pytest.mark.parametrize("mode", ["exact", "stochastic", "first_order_stochastic"])
def test_the_mean_over_local_steps_agrees_with_runs_written_out(mode: str) -> None:
    """4000 runs of every agent, step by step: within 6 standard errors, also where two of four agents are drawn."""
    p = specification(mode, rounds=3)
    exact, s, task = local_mean_squared_gradient(p), p.settings, p.instance.task
    assert exact is not None
    generator = np.random.default_rng(0)
    w = np.broadcast_to(p.start.numpy(), (4000, task.d)).copy()
    squares = np.zeros(4000)
    for k in range(3):
        points = np.repeat(w[:, None], task.n, axis=1)
        for t in range(s.tau):
            mean = np.broadcast_to(points.mean(1, keepdims=True), points.shape)
            true = empirics.meta_gradient(task, mean, s.alpha, s.nu).mean(1)
            squares += (true**2).sum(-1).numpy() / (3 * s.tau)
            sizes = {} if mode == "exact" else {"batches": (s.D, s.D_prime, 1)}
            step = empirics.meta_gradient(task, points, s.alpha, s.nu, mode, seed=100 * k + t, **sizes)
            points = points - s.beta * step.numpy()
        drawn = generator.permuted(np.tile(np.arange(task.n), (4000, 1)), axis=1)[:, : s.participants_of(task.n)]
        w = np.take_along_axis(points, drawn[..., None], axis=1).mean(1)
    error = squares.std() / 4000**0.5
    assert abs(squares.mean() - float(exact.upper)) <= 6 * error + 1e-12
    assert exact.upper - exact.lower <= 1e-15


@pytest.mark.parametrize("mode", MODES)
def test_the_expected_change_of_one_round_agrees_with_the_engine(mode: str) -> None:
    """4000 rounds: the sample mean is within 6 standard errors of the exact expectation."""
    p = specification(mode, rounds=1)
    change, _ = expected_change(p)
    values = np.diff(losses(p, record_run(p, seed=4)["iterates"]), axis=1)[:, 0]
    assert abs(values.mean() - float(change.mid())) <= 6 * values.std() / len(values) ** 0.5 + 1e-12


def test_the_expected_change_needs_no_minimum() -> None:
    """F = -w^2/2 from w = 1 with noise +-1 and beta = 1/8: -((9/8)^2 + 1/64 - 1)/2, and norm(grad F) = 1."""
    noise = {"gradient": 1.0, "amplitude": 0.0, "frequency": 1.0, "u": [[1.0]], "v": [[1.0]], "phi": [0.0]}
    task = TaskPlan(
        name="hill", factory="explicit-quadratic", arguments={"A": [[[-1.0]]], "c": [[0.0]], "noise": noise}
    )
    cell = RunCell(
        task="hill", alpha=Fraction(1, 2), nu=0, statements=["T1"], mode=Mode.STOCHASTIC, tau=1, m=1,
        start=[Fraction(1)], beta=Fraction(1, 8), rounds=1, D=1, D_prime=1, D_H=1,
    )  # fmt: skip
    change, (gradient,) = expected_change(specify(TaskInstance.of(task), cell, of(cell)))
    assert (float(change.mid()), abs(float(gradient[0, 0].mid()))) == (-((9 / 8) ** 2 + 1 / 64 - 1) / 2, 1.0)


def test_full_participation_exact_mode_is_the_closed_form_path() -> None:
    p = specification("exact", m=4)
    exact = exact_moments(p)
    assert exact is not None
    path = empirics.closed_form.trajectory(p.instance.task, p.settings, p.start, p.cell.rounds).numpy()[None]
    # one path of a few dozen float64 operations against balls
    assert squared_gradients(p, path[:, :-1]).mean() == pytest.approx(
        float(exact.squared_gradients.mean.lower), rel=1e-11
    )
    assert gaps(p, path[:, -1:]).item() == pytest.approx(float(exact.gap.lower), rel=1e-10)


def test_partial_participation_equals_enumeration_of_every_history() -> None:
    """n = 4, m = 2, two rounds: all 36 histories of subsets, averaged, are E gap."""
    p = specification("exact", m=2, tau=2, rounds=2)
    exact = exact_moments(p)
    assert exact is not None
    task, s = p.instance.task, p.settings
    M = empirics.closed_form.meta_matrices(task, s.alpha, s.nu).numpy()
    c = p.instance.arrays["c"]
    step = [np.linalg.matrix_power(np.eye(4) - s.beta * Mi, s.tau) for Mi in M]
    ends = []
    for first, second in itertools.product(itertools.combinations(range(4), 2), repeat=2):
        w = p.start.numpy()
        for subset in (first, second):
            w = np.mean([step[i] @ w + (np.eye(4) - step[i]) @ c[i] for i in subset], axis=0)
        ends.append(w)
    values = gaps(p, np.array(ends)[:, None])[:, 0]
    assert values.mean() == pytest.approx(float(exact.gap.lower), rel=1e-11)


def test_state_dependent_hessian_noise_is_not_covered() -> None:
    wavy = NOISY.model_copy(
        update={"arguments": {**NOISY.arguments, "noise": {"gradient": 0.5, "amplitude": 0.01, "frequency": 1.0}}}
    )
    assert specification("stochastic").affine
    assert not specification("stochastic", task=wavy).affine
    assert specification("exact", task=wavy).affine


def test_noise_raises_the_expected_gap_by_a_known_amount() -> None:
    """f = w^2/2, nu = 0, tau = 1, one agent: E w_1^2 = (1 - beta)^2 w_0^2 + beta^2 g^2 / D'."""
    task = TaskPlan(
        name="one",
        factory="explicit-quadratic",
        arguments={
            "A": [[[1]]], "c": [[0]],
            "noise": {"gradient": 0.5, "amplitude": 0, "frequency": 1, "u": [[1]], "v": [[1]], "phi": [0]},
        },
    )  # fmt: skip
    cell = RunCell(
        task="one", alpha=Fraction(1, 2), nu=0, statements=["T2", "T3"], mode="stochastic", tau=1,
        beta=Fraction(1, 4), rounds=1, D=1, D_prime=2, D_H=1, start=[Fraction(1)],
    )  # fmt: skip
    exact = exact_moments(specify(TaskInstance.of(task), cell, of(cell)))
    assert exact is not None
    gap = (Fraction(9, 16) + Fraction(1, 16) * Fraction(1, 4) / 2) / 2
    assert exact.gap.lower <= gap <= exact.gap.upper
    assert exact.squared_gradients.mean.lower <= 1 <= exact.squared_gradients.mean.upper
