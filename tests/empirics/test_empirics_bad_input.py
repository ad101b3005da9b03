"""Every bad input is refused before any work, in one line that names the thing, its value and what was expected."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import empirics
from empirics import (
    Constant,
    CosineTask,
    DigitsTask,
    InputError,
    LogCoshTask,
    LogisticTask,
    MetaFedAvg,
    Noise,
    QuadraticTask,
    SplineTask,
    meta_gradient,
)
from empirics.tasks.factories import small_quadratic
from tests.empirics.cases import task

GOOD = {"alpha": 0.1, "nu": 1, "beta": 0.1, "tau": 1}
STOCHASTIC = {**GOOD, "mode": "stochastic", "D": 1, "D_prime": 1, "D_H": 1}

SETTINGS = [
    ({**GOOD, "alpha": -0.1}, r"alpha = -0.1: expected a finite number >= 0"),
    ({**GOOD, "alpha": float("nan")}, r"alpha = nan: expected a finite number"),
    ({**GOOD, "alpha": "0.1"}, r"alpha = '0.1': expected a finite number"),
    ({**GOOD, "alpha": True}, r"alpha = True: expected a finite number"),
    ({**GOOD, "beta": 0}, r"beta = 0: expected a finite number > 0"),
    ({**GOOD, "beta": float("inf")}, r"beta = inf"),
    ({**GOOD, "nu": -1}, r"nu = -1: expected an integer >= 0"),
    ({**GOOD, "nu": 1.5}, r"nu = 1.5: expected an integer >= 0"),
    ({**GOOD, "nu": True}, r"nu = True: expected an integer"),
    ({**GOOD, "tau": 0}, r"tau = 0: expected an integer >= 1"),
    ({**GOOD, "participants": 0}, r"participants = 0: expected an integer >= 1"),
    ({**GOOD, "chunk": 0}, r"chunk = 0: expected an integer >= 1"),
    ({**GOOD, "mode": "FO"}, r"mode = 'FO': expected one of exact, stochastic, first_order"),
    ({**GOOD, "mode": "exakt"}, r"did you mean exact\?"),
    ({**GOOD, "mode": "hessian_free"}, r"delta is missing: mode hessian_free"),
    ({**GOOD, "mode": "hessian_free", "delta": 0.0}, r"delta = 0.0: expected a finite number > 0"),
    ({**GOOD, "delta": 0.1}, r"delta = 0.1: mode exact has no use for it"),
    ({**GOOD, "D": 4}, r"mode exact draws none"),
    ({**GOOD, "mode": "stochastic"}, r"batches is missing: mode stochastic"),
    ({**STOCHASTIC, "D": None}, r"D is missing: mode stochastic"),
    ({**STOCHASTIC, "D_prime": 0}, r"D_prime = 0: expected an integer >= 1"),
    ({**STOCHASTIC, "D_H": None}, r"D_H is missing: mode stochastic"),
    ({**STOCHASTIC, "delta": 0.1}, r"delta = 0.1: mode stochastic has no use for it"),
]


@pytest.mark.parametrize(("arguments", "message"), SETTINGS)
def test_settings_are_checked(arguments, message):
    with pytest.raises(InputError, match=message):
        MetaFedAvg(**arguments)


RUNS = [
    ({"participants": 5}, {}, r"participants = 5: expected at most the task's 4 agents"),
    ({}, {"rounds": -1}, r"rounds = -1: expected an integer >= 0"),
    ({}, {"replicas": 0}, r"replicas = 0: expected an integer >= 1"),
    ({}, {"seed": -1}, r"seed = -1: expected an integer >= 0"),
    ({}, {"seed": 0.5}, r"seed = 0.5: expected an integer"),
    ({}, {"w0": np.ones(3)}, r"w0 has shape \(3,\): expected \(4,\) or \(2, 4\)"),
    ({}, {"w0": np.ones((3, 4))}, r"w0 has shape \(3, 4\): expected \(4,\) or \(2, 4\)"),
    ({}, {"w0": [0.0, 0.0, float("nan"), 0.0]}, r"w0\[2\] = nan: expected finite numbers"),
    ({}, {"w0": ["a"] * 4}, r"w0 is not a numeric array"),
]


@pytest.mark.parametrize(("settings", "arguments", "message"), RUNS)
def test_runs_are_checked(settings, arguments, message):
    given = {"w0": np.ones(4), "rounds": 1, "replicas": 2, **arguments}
    with pytest.raises(InputError, match=message):
        MetaFedAvg(**GOOD, **settings).run(task("quadratic"), **given)


META = [
    ({"alpha": -1}, r"alpha = -1"),
    ({"nu": -1}, r"nu = -1"),
    ({"mode": "sto"}, r"mode = 'sto'"),
    ({"seed": -3}, r"seed = -3"),
    ({"w": np.ones(5)}, r"w has shape \(5,\): expected \(4,\) or \(..., 4, 4\)"),
    ({"w": np.ones((3, 4))}, r"w has shape \(3, 4\)"),
    ({"w": np.full(4, np.inf)}, r"w has an entry that is infinite or nan"),
    ({"w": [1, 2, 3, None]}, r"w is not a numeric array"),
    ({"mode": "hessian_free"}, r"delta is missing"),
    ({"delta": 0.1}, r"delta = 0.1: mode exact has no use"),
    ({"batches": (1, 1, 1)}, r"batches = \(1, 1, 1\): mode exact draws none"),
    ({"mode": "stochastic"}, r"batches is missing"),
    ({"mode": "stochastic", "batches": (1, 1)}, r"expected three batch sizes"),
    ({"mode": "stochastic", "batches": 3}, r"expected three batch sizes"),
    ({"mode": "stochastic", "batches": (1, 0, 1)}, r"D_prime = 0"),
    ({"mode": "stochastic", "batches": (1, 1, None)}, r"D_H is missing"),
    ({"mode": "hessian_free_stochastic", "batches": (1, 1, 1)}, r"delta is missing"),
]


@pytest.mark.parametrize(("arguments", "message"), META)
def test_meta_gradients_are_checked(arguments, message):
    given = {"w": np.ones(4), "alpha": 0.1, "nu": 1, **arguments}
    with pytest.raises(InputError, match=message):
        meta_gradient(task("quadratic"), given.pop("w"), **given)


def test_first_order_mode_needs_no_hessian_batch():
    MetaFedAvg(**GOOD, mode="first_order_stochastic", D=1, D_prime=1)
    meta_gradient(task("quadratic"), np.ones(4), 0.1, 1, "first_order_stochastic", batches=(1, 1, None))
    with pytest.raises(InputError, match="D_prime is missing"):
        MetaFedAvg(**GOOD, mode="first_order_stochastic", D=1)


EYE = np.eye(2)[None]
TASKS = [
    (lambda: QuadraticTask(np.eye(2), np.zeros((1, 2))), r"A has shape \(2, 2\): expected \(n, d, d\)"),
    (lambda: QuadraticTask(np.ones((1, 2, 3)), np.zeros((1, 2))), r"A has shape \(1, 2, 3\)"),
    (lambda: QuadraticTask([[[1.0, 1.0], [0.0, 1.0]]], np.zeros((1, 2))), r"A\[0\] differs from its transpose by 1"),
    (lambda: QuadraticTask(EYE * np.nan, np.zeros((1, 2))), r"A\[0, 0, 0\] = nan: expected finite"),
    (lambda: QuadraticTask(EYE, np.zeros((2, 2))), r"c has shape \(2, 2\): expected \(n, d\) = \(1, 2\)"),
    (lambda: QuadraticTask(EYE, np.zeros((1, 2)), [0.0, 1.0]), r"e has shape \(2,\)"),
    (lambda: QuadraticTask(EYE, np.zeros((1, 2)), radius=0), r"radius = 0: expected a finite number > 0"),
    (lambda: QuadraticTask(EYE, np.zeros((1, 2)), noise=1.0), r"noise = 1.0: expected an empirics.Noise"),
    (lambda: QuadraticTask(EYE, np.zeros((1, 2)), noise=Noise.coordinate(2, 2)), r"noise u has shape \(2, 2\)"),
    (lambda: QuadraticTask(EYE * 1j, np.zeros((1, 2))), r"A has dtype"),
    (lambda: QuadraticTask([[[1.0]], [[1.0, 2.0]]], [[0.0]]), r"A is not a numeric array"),
    (lambda: CosineTask([1.0], [[1.0]], [[0.0]]), r"a has shape \(1,\): expected \(J, d\) or \(n, J, d\)"),
    (lambda: CosineTask([[1.0]], [[1.0, 2.0]], [[0.0, 0.0]]), r"a has shape \(1, 1\)"),
    (lambda: CosineTask([[1.0]], [[1.0]], [[0.0, 1.0]]), r"phi has shape \(1, 2\): expected the shape of s"),
    (lambda: CosineTask([[1.0]], [[1.0]], [[0.0]], linear=[[1.0, 2.0]]), r"linear has shape \(1, 2\)"),
    (lambda: LogCoshTask([[1.0]], [[-1.0]], [[0.0]]), r"s\[0, 0\] = -1.0: expected weights >= 0"),
    (lambda: LogisticTask([[[1.0]]], [[0.0]]), r"y\[0, 0\] = 0: expected labels -1 or 1"),
    (lambda: LogisticTask([[1.0]], [[1.0]]), r"x has shape \(1, 1\): expected \(n, samples, p\)"),
    (lambda: LogisticTask([[[1.0]]], [[1.0, 1.0]]), r"y has shape \(1, 2\)"),
    (lambda: LogisticTask([[[1.0]]], [[1.0]], counts=[2]), r"counts = \[2\]: expected 1 numbers between 1 and 1"),
    (lambda: LogisticTask([[[1.0]]], [[1.0]], counts=[0]), r"counts\[0\] = 0: expected an integer >= 1"),
    (lambda: SplineTask([0.0, 0.0], [[1.0, 1.0]], [0.0]), r"knots = .*: expected at least two increasing"),
    (lambda: SplineTask([0.0], [[1.0]], [0.0]), r"expected at least two increasing"),
    (lambda: SplineTask([0.0, 1.0], [[1.0]], [0.0]), r"knots has shape \(2,\)"),
    (lambda: SplineTask([0.0, 1.0], [[1.0, 1.0]], [0.0, 0.0]), r"slope has shape \(2,\)"),
    (lambda: Noise(-1.0, 0.0, 1.0, [[1.0]], [[1.0]], [0.0]), r"noise gradient g = -1.0"),
    (lambda: Noise(1.0, 1.0, 0.0, [[1.0]], [[1.0]], [0.0]), r"noise frequency k = 0.0"),
    (lambda: Noise(1.0, 1.0, 1.0, [[2.0]], [[1.0]], [0.0]), r"noise u\[0\] has norm 2: expected a unit vector"),
    (lambda: Noise(1.0, 1.0, 1.0, [[1.0]], [[1.0]], [0.0, 1.0]), r"noise phi has shape \(2,\)"),
    (lambda: DigitsTask(0), r"agents = 0: expected an integer >= 1"),
    (lambda: DigitsTask(skew=0.0), r"skew = 0.0: expected a finite number > 0"),
    (lambda: DigitsTask(labels=[1, 1]), r"labels = \[1, 1\]: expected distinct digits"),
    (lambda: DigitsTask(labels=[1, 11]), r"labels = \[1, 11\]"),
    (lambda: DigitsTask(labels=[1, 2]), r"positive = \[\]: expected some but not all"),
    (lambda: DigitsTask(positive=range(10)), r"expected some but not all"),
    (lambda: DigitsTask(labels=[1, 2], positive=[3]), r"positive = \[3\]: expected distinct digits out of \[1, 2\]"),
    (lambda: DigitsTask(200, skew=0.01), r"agents = 200, skew = 0.01: no split"),
    (lambda: small_quadratic(d=3), r"d = 3: expected 1 or a multiple of 4"),
    (lambda: small_quadratic(mu=2.0, L=1.0), r"mu = 2, L = 1: expected mu <= L"),
    (lambda: Constant(1.0, "above"), r"side = 'above': expected one of exact, upper, lower, interval"),
    (lambda: Constant(float("nan"), "exact"), r"cannot be nan"),
    (lambda: empirics.device("tpu"), r"device = 'tpu': expected one of auto, cpu, cuda"),
]


@pytest.mark.parametrize(("build", "message"), TASKS)
def test_tasks_are_checked(build, message):
    with pytest.raises(InputError, match=message):
        build()


def test_a_batch_larger_than_an_agents_data_names_the_agent():
    subject = task("logistic_ragged")
    message = r"batch size = 4: expected at most the 3 samples of agent 1"
    with pytest.raises(InputError, match=message):
        meta_gradient(subject, np.zeros(3), 0.1, 1, "stochastic", batches=(2, 4, 1))
    with pytest.raises(InputError, match=message):
        MetaFedAvg(0.1, 1, 0.1, 1, mode="stochastic", D=1, D_prime=1, D_H=4).run(subject, np.zeros(3), 1)


def test_selections_refuse_what_belongs_to_the_whole_task():
    view = task("quadratic").select(torch.tensor([[0, 1]]))
    for ask in (view.constants, view.to, lambda: view.select(torch.tensor([[0]]))):
        with pytest.raises(InputError, match="ask the task that it was selected from"):
            ask()
    with pytest.raises(InputError, match=r"expected int64 of shape \(R, m\)"):
        task("quadratic").select(torch.tensor([0, 1]))


def test_errors_are_value_errors_of_one_line():
    with pytest.raises(ValueError, match="alpha") as caught:
        MetaFedAvg(-1.0, 1, 0.1, 1)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Quadratic"):
        _ = empirics.Quadratic  # type: ignore[attr-defined]
