"""Mistakes with one free number (a momentum, a decay, a threshold, a rate): which value of it explains the answers?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirics.algorithm.modes import Mode
from empirics.testing import oracles
from empirics.testing.cases import Case
from empirics.testing.rounds import RoundCase

# update(x, g, state, number, step) -> the next point, from the gradient g at x
Update = Callable[[Any, Any, dict[str, Any], float, float], Any]


@dataclass(frozen=True)
class Family:
    """`sentence` with the number in place of {}, the answer for a number, and numbers that code often has."""

    sentence: str
    answer: Callable[[Any, float], np.ndarray | None]
    usual: tuple[float, ...]


def _momentum(x: Any, g: Any, state: dict[str, Any], number: float, alpha: float) -> Any:
    state["velocity"] = number * state.get("velocity", 0.0) + g
    return x - alpha * state["velocity"]


def _average(x: Any, g: Any, state: dict[str, Any], number: float, alpha: float) -> Any:
    state["velocity"] = number * state.get("velocity", 0.0) + (1 - number) * g
    return x - alpha * state["velocity"]


def _nesterov(x: Any, g: Any, state: dict[str, Any], number: float, alpha: float) -> Any:
    state["velocity"] = number * state.get("velocity", 0.0) + g
    return x - alpha * (g + number * state["velocity"])


def _decay(x: Any, g: Any, state: dict[str, Any], number: float, alpha: float) -> Any:
    return x - alpha * (g + number * x)


def _clipped(x: Any, g: Any, state: dict[str, Any], number: float, alpha: float) -> Any:
    return x - alpha * _shortened(g, number)


def _cut(x: Any, g: Any, state: dict[str, Any], number: float, alpha: float) -> Any:
    return x - alpha * g.clip(-number, number)


def _rate(x: Any, g: Any, state: dict[str, Any], number: float, alpha: float) -> Any:
    return x - number * alpha * g


def _own_rate(x: Any, g: Any, state: dict[str, Any], number: float, alpha: float) -> Any:
    return x - number * g


def _falling(x: Any, g: Any, state: dict[str, Any], number: float, alpha: float) -> Any:
    state["rate"] = state.get("rate", 1.0 / number) * number
    return x - alpha * state["rate"] * g


def _normalised(x: Any, g: Any, state: dict[str, Any], number: float, alpha: float) -> Any:
    return x - alpha * g / ((g @ g) ** 0.5 + number)


def _adam(x: Any, g: Any, state: dict[str, Any], number: float, alpha: float) -> Any:
    count = state["count"] = state.get("count", 0) + 1
    state["mean"] = 0.9 * state.get("mean", 0.0) + 0.1 * g
    state["square"] = 0.999 * state.get("square", 0.0) + 0.001 * g * g
    mean, square = state["mean"] / (1 - 0.9**count), state["square"] / (1 - 0.999**count)
    return x - alpha * mean / (square**0.5 + number)


_DECAYS = (1e-4, 1e-3, 5e-4, 1e-2, 0.1, 1e-5)
_CLIPS = (1.0, 10.0, 5.0, 0.5, 0.25, 0.1, 2.0)
_FACTORS = (0.5, 2.0, 0.1, 10.0)
_UPDATES: tuple[tuple[str, Update, tuple[float, ...]], ...] = (
    ("have momentum {}", _momentum, (0.9, 0.5, 0.99, 0.1)),
    ("have Nesterov momentum {}", _nesterov, (0.9, 0.5, 0.99)),
    ("follow a running mean of gradients with decay {}", _average, (0.9, 0.5, 0.99)),
    ("have weight decay {}", _decay, _DECAYS),
    ("have gradients clipped to norm {}", _clipped, _CLIPS),
    ("have gradients whose entries are clipped to {}", _cut, _CLIPS),
    ("have {} times the rate that they are told", _rate, _FACTORS),
    ("have the rate {}, whatever they are told", _own_rate, (0.01, 0.1, 0.001, 0.5, 1.0)),
    ("get shorter by the factor {} each", _falling, (0.5, 0.9, 0.99, 0.1)),
    ("have normalised gradients (with {} added to the norm)", _normalised, (1e-12, 1e-8, 1e-6)),
    ("are Adam's (epsilon {})", _adam, (1e-8, 1e-7, 1e-6)),
)


def _through(update: Update) -> Callable[[Case, float], np.ndarray | None]:
    """The derivative through all of the changed steps; in first-order mode the gradient at their end."""

    def answer(case: Case, number: float) -> np.ndarray | None:
        if Mode(case.mode).probes or not case.nu:
            return _right(case)
        with torch.enable_grad():
            start = torch.tensor(case.point).requires_grad_()
            x, state = start, {}
            for _ in range(case.nu):
                g = _slope(case.problem.support.loss(x), x, create_graph=True)
                x = update(x, g, state, number, case.alpha)
            value = case.problem.query.loss(x)
            return _slope(value, start if Mode(case.mode).curved else x).detach().numpy()

    return answer


def _beside(update: Update) -> Callable[[Case, float], np.ndarray | None]:
    """The changed points in the formula of plain steps."""

    def answer(case: Case, number: float) -> np.ndarray | None:
        points, state = [case.point], {}
        for _ in range(case.nu):
            g = oracles.gradient_at(case.problem.support, points[-1])
            points.append(update(points[-1], g, state, number, case.alpha))
        v, mode = oracles.gradient_at(case.problem.query, points.pop()), Mode(case.mode)
        if mode.probes:
            return None
        for point in reversed(points if mode.curved else []):
            v = v - case.alpha * oracles.hessian_at(case.problem.support, point) @ v
        return v

    return answer


def _right(case: Case) -> np.ndarray:
    return oracles.meta_gradient_of(case.problem, case.point, case.alpha, case.nu, case.mode, case.delta)


def _slope(value: Tensor, at: Tensor, *, create_graph: bool = False) -> Tensor:
    if not value.requires_grad:
        return torch.zeros_like(at)
    return torch.autograd.grad(value, at, create_graph=create_graph, allow_unused=True, materialize_grads=True)[0]


def _shortened(g: Any, most: float) -> Any:
    size = float((g.detach() if isinstance(g, Tensor) else g).__pow__(2).sum()) ** 0.5
    return g if size <= most else g * (most / (g @ g) ** 0.5)


def _implicit(scale: Callable[[Case], float]) -> Callable[[Case, float], np.ndarray | None]:
    """(I + hess s(w^nu) / lambda)^-1 grad q(w^nu): iMAML's formula at the end of plain steps."""

    def answer(case: Case, number: float) -> np.ndarray | None:
        if not case.nu:
            return _right(case)
        end = oracles.trajectory(case.problem, case.point, case.alpha, case.nu)[-1]
        matrix = np.eye(len(end)) + oracles.hessian_at(case.problem.support, end) / (number * scale(case))
        return np.linalg.solve(matrix, oracles.gradient_at(case.problem.query, end))

    return answer


def _inverse(number: float) -> float:
    return 1 / number if number else float("inf")


def _differences(case: Case, number: float) -> np.ndarray | None:
    if Mode(case.mode).draws or not case.nu:
        return _right(case)
    delta = number if case.delta is None else number * case.delta
    return oracles.hessian_free(case.problem, case.point, case.alpha, case.nu, delta)


def _outer_decay(case: Case, number: float) -> np.ndarray | None:
    return _right(case) + number * case.point


def _moved_start(case: Case, number: float) -> np.ndarray | None:
    start = np.clip(case.point, -number, number)
    return oracles.meta_gradient_of(case.problem, start, case.alpha, case.nu, case.mode, case.delta)


_PLAIN_STEPS = "the implicit gradient of iMAML is taken at the end of plain steps, without the proximal term: lambda = "
META_FAMILIES = (
    *(
        Family(f"the fine-tuning steps {words}", kind(update), usual)
        for words, update, usual in _UPDATES
        for kind in (_through, _beside)
    ),
    Family("the answer is {} times the right one", lambda case, c: c * _right(case), (0.5, 2.0)),
    Family("the answer is {} times alpha the right one", lambda case, c: c * case.alpha * _right(case), (1.0, -1.0)),
    Family("the answer is {} / alpha times the right one", lambda case, c: c / case.alpha * _right(case), (1.0, -1.0)),
    Family("the answer is {} / nu times the right one", lambda case, c: c / (case.nu or 1) * _right(case), (1.0,)),
    Family("the answer is clipped to norm {}", lambda case, c: _shortened(_right(case), c), _CLIPS),
    Family("the entries of the answer are clipped to {}", lambda case, c: np.clip(_right(case), -c, c), _CLIPS),
    Family("weight decay {} is added to the outer gradient", _outer_decay, _DECAYS),
    Family("parameters are clipped to a box of size {}", _moved_start, (1.0, 10.0, 100.0)),
    Family("Hessians are replaced by differences of gradients, delta = {}", _differences, (1e-3, 1e-2, 1e-4, 0.1)),
    Family(_PLAIN_STEPS + "{}", _implicit(lambda case: 1.0), (1.0, 2.0, 0.5, 10.0, 0.1, 100.0)),
    Family(_PLAIN_STEPS + "{} / alpha", _implicit(lambda case: _inverse(case.alpha)), (1.0, 2.0, 0.5)),
    Family(_PLAIN_STEPS + "{} / (alpha nu)", _implicit(lambda case: _inverse(case.alpha * case.nu)), (1.0, 2.0)),
)


def _local(update: Update) -> Callable[[RoundCase, float], np.ndarray | None]:
    """Local steps whose meta-gradients go through the changed update."""

    def answer(case: RoundCase, number: float) -> np.ndarray | None:
        setting, ends = case.setting, []
        for agent in case.problems:
            x, state = case.point, {}
            for _ in range(setting.tau):
                g = oracles.meta_gradient_of(agent, x, setting.alpha, setting.nu, setting.mode, setting.delta)
                x = update(x, g, state, number, setting.beta)
            ends.append(x)
        return np.mean(ends, axis=0)

    return answer


def _plain(x: Any, g: Any, state: dict[str, Any], number: float, beta: float) -> Any:
    return x - beta * g


def _server(case: RoundCase, number: float) -> np.ndarray | None:
    return case.point + number * (_next(case) - case.point)


def _inner_rate(case: RoundCase, number: float) -> np.ndarray | None:
    return _next(case.but(alpha=number * case.setting.alpha))


def _next(case: RoundCase) -> np.ndarray:
    found = _local(_plain)(case, 0.0)
    assert found is not None
    return found


ROUND_FAMILIES = (
    *(Family(f"the local steps {words}", _local(update), usual) for words, update, usual in _UPDATES),
    Family("the server's step is {} times the mean of the changes", _server, (0.5, 2.0, 0.9, 0.1)),
    Family("the fine-tuning steps have {} times the rate that they are told", _inner_rate, _FACTORS),
)
