"""Left sides against independent values: hand calculations, brute force, rounding bounds never exceeded."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest
import torch

import empirics
import theory
from reports.balls import ball
from reports.cells.cell import TaskPlan
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.judging.measurement import Enclosed, Measurement, Sampled, Withheld
from reports.measure.along_run import run_measurements
from reports.measure.at_points import point_measurements, record_points
from reports.measure.domain import on_points
from reports.measure.one_round import expected_round, local_steps
from reports.measure.run_specification import replicas
from reports.measure.search import Box, maximise
from reports.measure.specify import specify
from reports.measure.task_instance import TaskInstance
from reports.measure.trajectories import Rounding, losses, squared_gradients
from reports.measure.with_batches import noise_measurements, record_noise
from tests.reports.dense_oracle import dense_loss, dense_meta_gradient
from tests.reports.measuring import of, record_run

PLANS = {
    "quadratic": TaskPlan(name="quadratic", factory="quadratic"),
    "cosine": TaskPlan(name="cosine", factory="cosine"),
    "log-cosh": TaskPlan(name="log-cosh", factory="log-cosh"),
    "logistic": TaskPlan(name="logistic", factory="logistic"),
}


def points(task: str, statement: str, **more: object) -> list[Measurement]:
    instance = TaskInstance.of(PLANS[task])
    cell = PointsCell(task=task, alpha_L=Fraction(1, 4), nu=2, statements=[statement], **more)  # type: ignore[arg-type, list-item]
    return point_measurements(instance, cell, of(cell), record_points(instance, cell, of(cell), seed=1))


def left(measurement: Measurement) -> float:
    assert isinstance(measurement.evidence, Enclosed)
    return float(measurement.evidence.upper)


@pytest.mark.parametrize("task", PLANS)
def test_the_oracle_agrees_with_balls_on_every_family(task: str) -> None:
    instance = TaskInstance.of(PLANS[task])
    w = np.linspace(-0.7, 0.9, instance.task.d)
    for agent, f in enumerate(instance.losses):
        with flint.ctx.workprec(160):
            exact = ball.entries(ball.BallMeta(f, ball.ball(0.25), 3).exact(ball.column(w)))
        dense = dense_meta_gradient(dense_loss(instance.task.family, instance.arrays, agent), w, 0.25, 3)
        # a few dozen float64 operations on numbers of size one
        assert dense == pytest.approx([float(x.mid()) for x in exact], rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("task", PLANS)
def test_rounding_of_the_engine_stays_within_S1(task: str) -> None:
    """The engine against balls at 50 points: never beyond the proved bound, which is not absurdly loose either."""
    instance = TaskInstance.of(PLANS[task]).on_ball(8.0)
    rng = np.random.default_rng(2)
    alpha, nu, worst = 0.25, 3, 0.0
    bound = instance.meta_gradient_rounding(alpha, nu, 8.0)
    for _ in range(50):
        w = rng.normal(size=instance.task.d)
        engine = empirics.meta_gradient(instance.task, w, alpha, nu).numpy()
        for agent, f in enumerate(instance.losses):
            with flint.ctx.workprec(160):
                exact = ball.BallMeta(f, ball.ball(alpha), nu).exact(ball.column(w))
                worst = max(worst, float(ball.norm(ball.column(engine[agent]) - exact).upper()))
    assert 0 < worst <= bound < 1e5 * worst


def test_search_finds_the_smoothness_of_quadratics() -> None:
    """rho = 0: the largest ratio over pairs is max_i norm(M_i), which the closed form knows."""
    instance = TaskInstance.of(PLANS["quadratic"])
    exact = empirics.closed_form.smoothness(instance.task, 0.25, 2).value
    found = max(left(measurement) for measurement in points("quadratic", "S4") if measurement.quantity == "L_F")
    assert 0.99 * exact <= found <= exact * (1 + 1e-12)


def test_search_maximises_over_the_ball_not_only_samples() -> None:
    peak = torch.tensor([0.6, -0.3, 0.1], dtype=torch.float64)
    best = maximise(lambda x: -(x[:, 0] - peak).square().sum(-1), Box(1, 3, 1.0), seed=0)[0]
    assert float((best - peak).norm()) < 0.02
    outside = maximise(lambda x: x[:, 0, 0], Box(1, 3, 1.0), seed=0)[0]
    assert float(outside[0]) > 0.999
    assert float(outside.norm()) <= 1.0 + 1e-12


@pytest.mark.parametrize("statement", ["S2", "S3", "S4", "S7", "S8"])
def test_the_recorded_instance_is_no_worse_than_random_points(statement: str) -> None:
    """The same left side at random points of the same ball never beats the search by more than its resolution."""
    measurement = points("cosine", statement, radius=Fraction(1))[0]
    rng = np.random.default_rng(4)
    for _ in range(25):
        w = rng.normal(size=3)
        w *= rng.random() / np.linalg.norm(w)
        at, pair = ([Fraction(float(x)) for x in v] for v in (w, w + 1e-3 * rng.normal(size=3)))
        other = points("cosine", statement, at=at, pair=pair)[0]
        assert left(other) <= left(measurement) * 1.02


def test_quadratic_points_stay_where_the_constants_hold() -> None:
    instance = TaskInstance.of(PLANS["quadratic"])
    cell = PointsCell(task="quadratic", alpha_L=Fraction(1, 2), nu=4, statements=["S8"], delta=Fraction(1, 8))
    bounded, radius = on_points(instance, cell)
    rng = np.random.default_rng(3)
    w = rng.normal(size=(200, 1, 4))
    w = np.repeat(w * (radius / np.linalg.norm(w, axis=-1, keepdims=True)), 5, axis=1)
    for _ in range(4):
        assert bool(bounded.task.contains(w).all())
        w = w - 0.5 * bounded.task.gradient(w).numpy()
    assert bool(bounded.task.contains(w).all())
    probe = 0.125 * bounded.task.gradient(w).numpy()
    assert bool(bounded.task.contains(w + probe).all())


def test_sampled_noise_rows_agree_with_enumeration() -> None:
    plan = TaskPlan(
        name="cosine", factory="cosine", arguments={"noise": {"gradient": 0.25, "amplitude": 0.0625, "frequency": 2.0}}
    )
    instance = TaskInstance.of(plan)
    common = {
        "task": "cosine",
        "alpha_L": Fraction(1, 4),
        "nu": 1,
        "D": 1,
        "D_prime": 1,
        "D_H": 1,
        "statements": ["S6"],
    }
    at = [Fraction(1, 2), Fraction(0), Fraction(-1, 4)]
    exact = NoiseCell(**common, method="enumerate", at=at)  # type: ignore[arg-type]
    sampled = NoiseCell(**common, method="sample", replicas=4000, at=at)  # type: ignore[arg-type]
    largest = left(noise_measurements(instance, exact, of(exact), record_noise(instance, exact, of(exact), [0]))[0])
    sample = noise_measurements(instance, sampled, of(sampled), record_noise(instance, sampled, of(sampled), [0]))[
        0
    ].evidence
    assert isinstance(sample, Sampled)
    assert sample.low <= sample.values.min()
    assert sample.values.max() <= sample.high
    # the sample averages the agents, the enumeration takes the worst of them
    assert 0.5 * largest <= sample.values.mean() <= largest + 6 * sample.values.std() / 4000**0.5


def run_cell(**changes: object) -> RunCell:
    plain = {
        "task": "quadratic", "alpha_L": Fraction(1, 8), "nu": 1, "statements": ["T2"], "mode": "exact", "tau": 2,
        "fraction": Fraction(1, 2), "rounds": 4,
    }  # fmt: skip
    return RunCell.model_validate({**plain, **changes})


def test_one_round_over_subsets_is_the_mean_of_the_engine_over_histories() -> None:
    cell = run_cell(statements=["T1"], m=2, rounds=1)
    p = specify(TaskInstance.of(PLANS["quadratic"]), cell, of(cell))
    exact = expected_round(p)
    assert exact.subsets == 10
    iterates = p.settings.run(p.instance.task, p.start, 1, seed=0, replicas=3000).iterates.numpy()
    after = losses(p, iterates)[:, 1]
    assert abs(after.mean() - float(exact.after.mid())) <= 6 * after.std() / 3000**0.5


@pytest.mark.parametrize("task", ["quadratic", "cosine"])
def test_path_rounding_bound_contains_the_true_path(task: str) -> None:
    """The engine's iterates against the same run in balls: within the proved distance."""
    cell = run_cell(task=task, rounds=10)
    p = specify(TaskInstance.of(PLANS[task]), cell, of(cell))
    iterates = record_run(p, seed=0)["iterates"]
    rounding = Rounding(p, iterates)
    agents = [ball.BallMeta(f, ball.ball(p.settings.alpha), 1) for f in p.instance.losses]
    with flint.ctx.workprec(300):
        w = ball.column(p.start.numpy())
        for _ in range(10):
            w = ball.mean([local_steps(agent, w, p) for agent in agents])
        distance = float(ball.norm(w - ball.column(iterates[0, -1])).upper())
    assert distance <= rounding.path < 1e-6


def test_runs_outside_every_ball_are_withheld_with_the_reason() -> None:
    """One agent's loss falls without bound and the step is long: no ball can be proved, so there is no verdict."""
    saddle = TaskPlan(name="saddle", factory="quadratic", arguments={"n": 4, "mu": -0.5, "L": 1.0, "seed": 2})
    cell = run_cell(task="saddle", rounds=20000, tau=5, fraction=Fraction(9, 10))
    p = specify(TaskInstance.of(saddle), cell, of(cell))
    assert p.refusal is not None
    measurement = run_measurements(p, of(p.cell), {})[0]
    assert isinstance(measurement.evidence, Withheld)
    assert "W0" in measurement.evidence.reason


def test_the_squared_gradient_of_a_record_is_that_of_the_closed_form() -> None:
    p = specify(TaskInstance.of(PLANS["quadratic"]), run_cell(), of(run_cell()))
    iterates = record_run(p, seed=0)["iterates"]
    M = empirics.closed_form.meta_matrices(p.instance.task, p.settings.alpha, 1)
    c = torch.as_tensor(p.instance.arrays["c"])
    expected = [float((M @ (torch.as_tensor(w) - c)[..., None]).mean(0).square().sum()) for w in iterates[0]]
    assert squared_gradients(p, iterates)[0] == pytest.approx(expected, rel=1e-12)


def test_power_calculation_fixes_the_sample_before_anything_is_run() -> None:
    noisy = TaskPlan(
        name="cosine", factory="cosine", arguments={"noise": {"gradient": 0.25, "amplitude": 0.0625, "frequency": 2.0}}
    )
    cell = run_cell(task="cosine", mode="stochastic", rounds=60, D=8, D_prime=8, D_H=8)
    loose, strict = (specify(TaskInstance.of(noisy), cell, of(cell), level) for level in (1e-2, 1e-8))
    assert loose.power[0].needed < strict.power[0].needed
    predicted = theory.quantity("T2").value(**strict.inputs)
    assert strict.power[0].predicted == predicted
    assert replicas(strict) == min(cell.most, strict.power[0].needed)
