"""Cells of runs with other sampling, weights and server steps: plans, records, left sides, and which bounds speak."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import flint
import numpy as np
import pytest
import torch

from empirics.algorithm.sampling import Sampling
from empirics.certificates import closed_form
from reports.balls import ball
from reports.cells.cell import TaskPlan
from reports.cells.run_cell import RunCell
from reports.judging.rows import Verdict
from reports.judging.verdicts import judge
from reports.measure.moments import exact_moments
from reports.measure.one_round import expected_round, local_steps
from reports.measure.path import squared_gradients_in_balls
from reports.measure.recorded_run import RecordedRun
from reports.measure.run_specification import RunSpecification
from reports.measure.specify import run_arrays, run_cell, specify
from reports.measure.task_instance import TaskInstance
from reports.measure.trajectories import Rounding, gaps, losses, squared_gradients
from reports.plans.checking import check_tasks
from reports.plans.plan import PlanError, load_plan
from reports.records import execution
from reports.records.seeded_cell import SeededCell
from reports.records.store import Store, record_key
from reports.statements import measured
from tests.reports.measuring import of, record_run

TASK = TaskPlan(name="quadratic", factory="quadratic", arguments={"n": 3, "mu": 0.25, "L": 1.0})
NOISY = TaskPlan(
    name="quadratic", factory="quadratic",
    arguments={"n": 3, "mu": 0.25, "L": 1.0, "noise": {"gradient": 0.5, "amplitude": 0.0, "frequency": 1.0}},
)  # fmt: skip
RATES = ["T1", "T2", "T3", "T4"]


def cell(**more: Any) -> RunCell:
    plain: dict[str, Any] = {
        "task": "quadratic", "alpha_L": Fraction(1, 4), "nu": 1, "statements": ["T2"], "mode": "exact", "tau": 2,
        "beta": Fraction(1, 4), "rounds": 3,
    }  # fmt: skip
    return RunCell.model_validate({**plain, **more})


def specified(task: TaskPlan = TASK, **more: Any) -> RunSpecification:
    one = cell(**more)
    return specify(TaskInstance.of(task), one, of(one))


# --- plans

HEAD = 'title = "x"\ntasks = [{ name = "a", factory = "quadratic" }]\n'
RUN = HEAD + (
    '[[runs]]\ntask = "a"\nnu = 1\nalpha = "1/8"\nmode = "exact"\ntau = 2\nrounds = 3\nstatements = ["T2"]\n'
    'beta = "1/8"\n'
)


def plan_of(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(RUN + text)
    return path


def test_a_plan_sets_sampling_weights_and_server_step(tmp_path: Path) -> None:
    text = 'sampling = "replacement"\nm = 2\nweights = ["1/2", "1/4", "1/12", "1/12", "1/12"]\nserver_step = "3/2"\n'
    plan = load_plan(str(plan_of(tmp_path, text)))
    check_tasks(plan)
    (one,) = plan.runs
    assert one.sampling is Sampling.REPLACEMENT
    assert one.weights == [Fraction(1, 2), Fraction(1, 4), *[Fraction(1, 12)] * 3]
    assert one.server_step == Fraction(3, 2)
    settings = specified(m=2, sampling="replacement", server_step=Fraction(3, 2)).settings
    assert (settings.sampling, settings.participants, settings.server_step) == ("replacement", 2, 1.5)
    assert specified(sampling="full", weights=[Fraction(1, 2), *[Fraction(1, 4)] * 2]).settings.weights[0] == 0.5


def test_lists_of_samplings_and_server_steps_are_grids_whose_rows_have_names_of_their_own(tmp_path: Path) -> None:
    plan = load_plan(str(plan_of(tmp_path, 'sampling = ["subset", "replacement"]\nserver_step = [1, "1/2"]\nm = 2\n')))
    assert sorted(one.label for one in plan.runs) == [
        "samplingreplacement-server_step1", "samplingreplacement-server_step1_2",
        "samplingsubset-server_step1", "samplingsubset-server_step1_2",
    ]  # fmt: skip
    assert plan.family == 4
    assert load_plan(str(plan_of(tmp_path, 'sampling = "replacement"\n'))).family == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('sampling = "bootstrap"', "sampling = 'bootstrap': expected one of subset, replacement, full"),
        ("server_step = 0", "server_step = 0: expected a number > 0"),
        ('weights = ["1/2", "1/2"]', "weights: expected beside them sampling = 'replacement' or 'full'"),
        ('sampling = "full"\nweights = ["1/2", "1/3"]', "weights sum to 0.833333333: expected 1"),
        ('sampling = "full"\nweights = ["3/2", "-1/2"]', "weights.1 = '-1/2': expected a number > 0"),
        ('sampling = "full"\nweights = ["1/2", "1/2"]', "weights has 2 entries, expected"),
        ('sampling = "full"\nm = 2', "m = 2: sampling = 'full' takes every agent; leave m out"),
        ('sampling = "replacement"\nm = 999', "m = 999: expected an integer between 1 and n"),
    ],
)
def test_bad_settings_are_refused_before_any_work(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(PlanError) as caught:
        check_tasks(load_plan(str(plan_of(tmp_path, text + "\n"))))
    assert words in str(caught.value)


# --- records


def seeded(one: RunCell, task: TaskPlan = TASK) -> SeededCell:
    return SeededCell(one, task, seed=0, seeds=1, device="cpu", level=1e-4)


def test_the_settings_are_part_of_a_record_and_change_none_that_lacks_them() -> None:
    """The seeds of a cell follow from its setting, so a cell of section 1's algorithm is described as ever."""
    plain = seeded(cell()).setting()["cell"]
    assert not {"sampling", "weights", "server_step"} & set(plain)
    weighed = cell(sampling="full", weights=[Fraction(1, 3)] * 3, server_step=Fraction(1, 2))
    described = seeded(weighed).setting()["cell"]
    assert described["sampling"] == "full"
    assert described["weights"] == ["1/3"] * 3
    assert described["server_step"] == "1/2"
    assert RunCell.model_validate_json(weighed.model_dump_json()) == weighed
    assert SeededCell.of(seeded(weighed).description()).cell == weighed
    others = [cell(), cell(server_step=Fraction(1, 2)), cell(sampling="replacement"), weighed]
    assert len({record_key(seeded(one).description()) for one in others}) == 4


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"sampling": "replacement", "m": 2}, "sampling without replacement: agents are drawn with replacement"),
        ({"server_step": Fraction(1, 2)}, "server step 1: it is 1/2"),
        (
            {"sampling": "full", "weights": [Fraction(1, 2), *[Fraction(1, 4)] * 2]},
            "equal weights: they are 1/2, 1/4, 1/4",
        ),
        ({"sampling": "replacement", "server_step": 2}, "agents are drawn with replacement; server step 1: it is 2"),
    ],
)
def test_bounds_on_section_1s_algorithm_do_not_apply_to_another(tmp_path: Path, more: dict, words: str) -> None:
    outcome = execution.execute(seeded(cell(statements=RATES, **more)), tmp_path)
    rows = judge(outcome.measurements)
    assert sorted(row.quantity for row in rows) == ["T1a", "T2", "T3", "T4", "T4_gap"]
    assert {row.verdict for row in rows} == {Verdict.NOT_APPLICABLE}
    assert all(words in row.reason and row.measured is None for row in rows)
    assert outcome.curve is None
    assert not outcome.slack


def test_full_participation_by_name_is_section_1s_algorithm(tmp_path: Path) -> None:
    rows = judge(execution.execute(seeded(cell(sampling="full")), tmp_path).measurements)
    assert [row.verdict for row in rows] == [Verdict.HOLDS]


def test_a_cell_with_weights_is_not_run_as_no_constant_of_it_is_known() -> None:
    p = specified(sampling="full", weights=[Fraction(1, 2), *[Fraction(1, 4)] * 2])
    assert p.refusal is not None
    assert "equal weights" in p.refusal
    assert run_cell(p, 0) is None


# --- left sides


def affine(p: RunSpecification) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """R_i, t_i of a round of each agent, server step included, and the bowl, its centre and the start, in NumPy."""
    arrays, s, d = p.instance.arrays, p.settings, p.instance.task.d
    A, c, eye = np.asarray(arrays["A"]), np.asarray(arrays["c"]), np.eye(d)
    M = np.array([one @ np.linalg.matrix_power(eye - s.alpha * one, 2 * s.nu) for one in A])
    R = np.array([eye - s.server_step * (eye - np.linalg.matrix_power(eye - s.beta * one, s.tau)) for one in M])
    t = np.array([(eye - own) @ centre for own, centre in zip(R, c, strict=True)])
    bowl = M.mean(0)
    lowest = np.linalg.solve(bowl, np.mean([one @ centre for one, centre in zip(M, c, strict=True)], axis=0))
    return R, t, bowl, lowest, p.start.numpy()


@pytest.mark.parametrize("server_step", [1, Fraction(1, 2), Fraction(3, 2)])
@pytest.mark.parametrize("sampling", ["subset", "replacement"])
def test_moments_and_one_round_are_those_of_every_history(sampling: str, server_step: Fraction) -> None:
    """Two rounds of m = 2 of n = 3: the mean over all (3 choose 2)^2 or (3^2)^2 histories."""
    p = specified(m=2, rounds=2, sampling=sampling, server_step=server_step, statements=["T2", "T3"])
    R, t, bowl, lowest, start = affine(p)
    draw = itertools.product(range(3), repeat=2) if sampling == "replacement" else itertools.combinations(range(3), 2)
    draws, squares, ends = [list(one) for one in draw], [], []
    for first, second in itertools.product(draws, repeat=2):
        w1 = R[first].mean(0) @ start + t[first].mean(0)
        w2 = R[second].mean(0) @ w1 + t[second].mean(0)
        squares.append([np.sum((bowl @ (w - lowest)) ** 2) for w in (start, w1)])
        ends.append((w2 - lowest) @ bowl @ (w2 - lowest) / 2)
    exact = exact_moments(p)
    assert exact is not None
    assert float(exact.squared_gradients.mean.upper) == pytest.approx(np.mean(squares), rel=1e-12)
    assert float(exact.squared_gradients.least.upper) == pytest.approx(np.mean(squares, axis=0).min(), rel=1e-12)
    assert float(exact.gap.upper) == pytest.approx(np.mean(ends), rel=1e-12)
    done = expected_round(p)
    assert done.subsets == len(draws)
    after = p.settings.run(p.instance.task, p.start, 1, seed=5, replicas=3000).iterates.numpy()
    values = losses(p, after)[:, 1]
    assert abs(values.mean() - float(done.after.mid())) <= 6 * values.std() / 3000**0.5
    if sampling == "replacement" and server_step == 1:
        plain = expected_round(specified(m=2, rounds=2))
        assert float(done.after.mid()) > float(plain.after.mid())  # kappa = 1/m is larger than (n - m)/(m (n - 1))


@pytest.mark.parametrize("mode", ["stochastic", "first_order_stochastic"])
def test_noise_of_two_draws_of_one_agent_is_independent(mode: str) -> None:
    """4000 runs: the sample mean is within 6 standard errors of the exact expectation."""
    sizes = {"D": 2, "D_prime": 1, **({"D_H": 1} if mode == "stochastic" else {})}
    more = {"m": 3, "sampling": "replacement", "server_step": Fraction(3, 2), "replicas": 4000, **sizes}
    p = specified(NOISY, mode=mode, statements=["T2", "T3"], **more)
    exact, iterates = exact_moments(p), record_run(p, seed=3)["iterates"]
    assert exact is not None
    for values, expected in (
        (squared_gradients(p, iterates[:, :-1]).mean(axis=1), exact.squared_gradients.mean),
        (gaps(p, iterates[:, -1:])[:, 0], exact.gap),
    ):
        error = values.std() / len(values) ** 0.5
        assert abs(values.mean() - float(expected.upper)) <= 6 * error


@pytest.mark.parametrize("server_step", [Fraction(1, 2), Fraction(7, 4)])
def test_a_path_in_balls_takes_the_server_step_and_its_rounding_is_bounded(server_step: Fraction) -> None:
    p = specified(rounds=6, server_step=server_step)
    assert p.refusal is None
    path = closed_form.trajectory(p.instance.task, p.settings, p.start, 6)
    squares = closed_form.objective_gradient(p.instance.task, p.settings.alpha, 1, path[:-1]).square().sum(-1)
    found = squared_gradients_in_balls(p)
    assert found is not None
    assert float(found.mean.upper) == pytest.approx(float(squares.mean()), rel=1e-12)
    assert float(found.least.upper) == pytest.approx(float(squares.min()), rel=1e-12)
    iterates = record_run(p, seed=0)["iterates"]
    agents = [ball.BallMeta(f, ball.ball(p.settings.alpha), 1) for f in p.instance.losses]
    with flint.ctx.workprec(300):
        w = ball.column(p.start.numpy())
        for _ in range(6):
            mean = ball.mean([local_steps(agent, w, p) for agent in agents])
            w = w + (mean - w) * ball.ball(float(server_step))
        distance = float(ball.norm(w - ball.column(iterates[0, -1])).upper())
    assert distance <= Rounding(p, iterates).path < 1e-6


def test_the_squared_gradients_at_local_averages_are_those_of_the_closed_form() -> None:
    """C2's left side, with m = 2 of 3: wbar_{k,1} is one step of plain gradient descent on F from w_k."""
    p = specified(m=2)
    run = run_cell(p, 0, local_averages=True)
    assert run is not None
    arrays = run_arrays([run])
    recorded = RecordedRun(p, arrays["iterates"], local_averages=arrays["local_averages"])
    task, alpha = p.instance.task, p.settings.alpha
    w = torch.as_tensor(arrays["iterates"][:, :-1])
    step = w - p.settings.beta * closed_form.objective_gradient(task, alpha, 1, w)
    for t, at in enumerate((w, step)):
        expected = closed_form.objective_gradient(task, alpha, 1, at).square().sum(-1).numpy()
        np.testing.assert_allclose(recorded.local_squared_gradients[:, :, t], expected, rtol=1e-10)


def test_a_statement_that_looks_at_local_averages_has_them_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = replace(measured("T2"), local_averages=True)
    monkeypatch.setattr(execution, "measured_statement", lambda name: asking)
    key = execution.execute(seeded(cell()), tmp_path).key
    arrays = Store(tmp_path).read(key).arrays
    assert arrays["local_averages"].shape == (1, 3, 2, arrays["iterates"].shape[-1])
    monkeypatch.undo()
    key = execution.execute(seeded(cell(rounds=2)), tmp_path).key
    assert "local_averages" not in Store(tmp_path).read(key).arrays
