"""Tasks of one's own in the compiled engine: recorded for one agent, compared for others, run for all."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from empirics import DivergedError, MetaFedAvg, QuadraticTask
from empirics.backends.backend import TorchBackend
from empirics.backends.choice import chosen
from empirics.backends.native import recorded_tasks
from empirics.backends.native.engine import native_backend
from empirics.backends.native.library import library
from empirics.backends.native.recorded import RecordedModel
from empirics.runs.fedavg import run
from empirics.tasks.factories import small_cosine, small_logcosh, small_logistic
from empirics.tasks.task import Task

pytestmark = pytest.mark.skipif(library() is None, reason="the package was installed without a C++ compiler")

N, D = 6, 11
# Two ways of rounding some hundred operations of 1e-16 each.
ROUNDING = 1e-12


@pytest.fixture(autouse=True)
def nothing_is_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded_tasks, "_WORTH_RECORDING", 0)


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


class Own(Task):
    """A task from functions of (task, w) and (task, w, v)."""

    def __init__(self, gradient: Callable, hvp: Callable, **parameters: np.ndarray):
        super().__init__(d=D, parameters=parameters, shared={"turn": np.linalg.qr(numbers(D, D))[0]})
        self.functions = gradient, hvp

    def raw_loss(self, w: Tensor) -> Tensor:
        return w.sum(-1)

    def raw_gradient(self, w: Tensor) -> Tensor:
        return self.functions[0](self, w)

    def raw_hvp(self, w: Tensor, v: Tensor) -> Tensor:
        return self.functions[1](self, w, v)


def logistic() -> Task:
    """Mean of log(1 + exp(-z w)) over seven samples z."""

    def gradient(task: Task, w: Tensor) -> Tensor:
        z = task.parameter("z")
        weights = torch.sigmoid(-(z @ w.unsqueeze(-1)).squeeze(-1)) / z.shape[-2]
        return -(weights.unsqueeze(-2) @ z).squeeze(-2)

    def hvp(task: Task, w: Tensor, v: Tensor) -> Tensor:
        z = task.parameter("z")
        p = torch.sigmoid((z @ w.unsqueeze(-1)).squeeze(-1))
        return ((p * (1 - p) * (z @ v.unsqueeze(-1)).squeeze(-1) / z.shape[-2]).unsqueeze(-2) @ z).squeeze(-2)

    return Own(gradient, hvp, z=numbers(N, 7, D))


def by_rows() -> Task:
    """A_i (w - c_i) as rows times matrices, with a scale of each agent."""

    def product(task: Task, x: Tensor) -> Tensor:
        return (x.unsqueeze(-2) @ task.parameter("A")).squeeze(-2) * task.parameter("scale").unsqueeze(-1)

    A = numbers(N, D, D) / D
    return Own(
        lambda task, w: product(task, w - task.parameter("c")),
        lambda task, w, v: product(task, v),
        A=A + A.transpose(0, 2, 1), c=numbers(N, D), scale=np.linspace(0.5, 1.5, N),
    )  # fmt: skip


def turned() -> Task:
    """The gradient sin(Q w - phase) turned back by a matrix that all agents share."""

    def gradient(task: Task, w: Tensor) -> Tensor:
        return torch.sin(w @ task.common("turn") - task.parameter("phase")) @ task.common("turn").mT

    def hvp(task: Task, w: Tensor, v: Tensor) -> Tensor:
        curve = torch.cos(w @ task.common("turn") - task.parameter("phase"))
        return (curve * (v @ task.common("turn"))) @ task.common("turn").mT

    return Own(gradient, hvp, phase=numbers(N, D))


def subclassed() -> Task:
    """A quadratic whose gradient has been overridden."""

    class Tilted(QuadraticTask):
        def raw_gradient(self, w: Tensor) -> Tensor:
            return super().raw_gradient(w) + 1

    A = numbers(N, D, D) / D
    return Tilted(A + A.transpose(0, 2, 1), numbers(N, D))


def gap(task: Task, how: MetaFedAvg) -> float:
    backend = native_backend(how, task)
    assert backend is not None
    assert isinstance(backend.model, RecordedModel)
    ours, torchs = (
        run(how, task, numbers(D), 3, seed=2, replicas=2, backend=one).iterates for one in (backend, TorchBackend())
    )
    return float(((ours - torchs).norm(dim=-1) / (1 + torchs.norm(dim=-1))).max())


@pytest.mark.parametrize("made", [logistic, by_rows, turned, subclassed])
@pytest.mark.parametrize("participants", [N, 2])
@pytest.mark.parametrize(("mode", "nu"), [("exact", 0), ("exact", 3), ("first_order", 2), ("hessian_free", 2)])
def test_tasks_agree_with_torch(made: Callable[[], Task], participants: int, mode: str, nu: int) -> None:
    delta = 2.0**-7 if mode == "hessian_free" else None
    assert gap(made(), MetaFedAvg(0.1, nu, 0.05, tau=2, participants=participants, mode=mode, delta=delta)) <= ROUNDING


@pytest.mark.parametrize("made", [small_cosine, small_logcosh, small_logistic])
def test_tasks_of_the_package_agree_with_torch(made: Callable[[], Task]) -> None:
    task, how = made(), MetaFedAvg(0.1, 2, 0.05, tau=2)
    backend = native_backend(how, task)
    assert backend is not None
    ours, torchs = (
        run(how, task, numbers(task.d), 3, seed=2, replicas=2, backend=one).iterates
        for one in (backend, TorchBackend())
    )
    assert float((ours - torchs).norm(dim=-1).max()) <= ROUNDING


@pytest.mark.parametrize("d", [1, 2, 7, 8, 9, 40])
@pytest.mark.parametrize("columns", [True, False])
def test_products_of_all_sizes_have_their_closed_form(d: int, columns: bool) -> None:
    class Bowls(Task):
        def __init__(self, A: np.ndarray):
            super().__init__(d=d, parameters={"A": A})

        def times(self, x: Tensor) -> Tensor:
            A = self.parameter("A")
            return (A @ x.unsqueeze(-1)).squeeze(-1) if columns else (x.unsqueeze(-2) @ A).squeeze(-2)

        def raw_loss(self, w: Tensor) -> Tensor:
            return (self.times(w) * w).sum(-1) / 2

        def raw_gradient(self, w: Tensor) -> Tensor:
            return self.times(w)

        def raw_hvp(self, w: Tensor, v: Tensor) -> Tensor:
            return self.times(v)

    A = numbers(N, d, d) / d
    A, w0, how = A + A.transpose(0, 2, 1), numbers(d, seed=1), MetaFedAvg(0.25, 2, 0.5, tau=1)
    task = Bowls(A)
    backend = native_backend(how, task)
    assert backend is not None
    found = run(how, task, w0, 1, seed=0, replicas=1, backend=backend).iterates[0, 1].numpy()
    # Q1: the meta-gradient is A (I - alpha A)^(2 nu) w
    power = np.linalg.matrix_power(np.eye(d) - 0.25 * A, 4)
    assert np.allclose(found, w0 - 0.5 * (A @ power @ w0).mean(axis=0), rtol=0, atol=ROUNDING)


def test_small_tasks_and_batches_are_left_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen(MetaFedAvg(0.1, 1, 0.1, 1, mode="stochastic", D=1, D_prime=1, D_H=1), by_rows()).name == "torch"
    monkeypatch.setattr(recorded_tasks, "_WORTH_RECORDING", N * D)
    assert chosen(MetaFedAvg(0.1, 1, 0.1, 1), by_rows()).name == "native"
    assert chosen(MetaFedAvg(0.1, 1, 0.1, 1, participants=N - 1), by_rows()).name == "torch"


def test_a_branch_on_a_value_is_left_to_torch(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "empirics")
    task = Own(
        lambda task, w: w * task.parameter("c") if float(w.sum()) > 0 else -w,
        lambda task, w, v: v * task.parameter("c"),
        c=numbers(N, D),
    )
    assert chosen(MetaFedAvg(0.1, 1, 0.1, 1), task).name == "torch"
    assert "does not serve this task" in caplog.text


def test_values_that_torch_does_not_see_are_noticed(caplog: pytest.LogCaptureFixture) -> None:
    # NumPy's part of the result would be a constant of the record
    task = Own(
        lambda task, w: w * task.parameter("c") + torch.from_numpy(np.tanh(w.numpy())),
        lambda task, w, v: v * task.parameter("c"),
        c=numbers(N, D),
    )
    assert chosen(MetaFedAvg(0.1, 1, 0.1, 1), task).name == "torch"
    assert "does not reproduce it" in caplog.text or "does not serve this task" in caplog.text


def test_a_task_with_agents_outside_its_parameters_is_left_to_torch() -> None:
    centres = torch.from_numpy(numbers(N, D))
    task = Own(lambda task, w: w - centres * task.parameter("s"), lambda task, w, v: v, s=np.ones((N, 1)))
    assert chosen(MetaFedAvg(0.1, 1, 0.1, 1), task).name == "torch"


def test_a_task_is_recorded_once_and_still_travels() -> None:
    task, how = subclassed(), MetaFedAvg(0.1, 1, 0.1, 1)
    first, second = native_backend(how, task), native_backend(how, task)
    assert first is not None
    assert second is not None
    assert first.model is second.model
    quadratic = QuadraticTask(task.whole("A").numpy(), task.whole("c").numpy())
    assert pickle.loads(pickle.dumps(quadratic)).d == D
    single = native_backend(how, task.to(dtype=torch.float32))
    assert single is not None
    assert single.model is not first.model


def test_a_run_that_leaves_the_numbers_says_where() -> None:
    events = []
    for backend in ("native", "torch"):
        with pytest.raises(DivergedError) as caught:
            run(MetaFedAvg(0.0, 0, 1e4, 2), by_rows(), numbers(D) * 1e150, 99, seed=0, replicas=2, backend=backend)
        events.append(caught.value.divergence)
    assert events[0] == events[1]
