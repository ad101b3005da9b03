"""A user's own task is looked at before it takes part: derivatives against differences, constants against samples.

The task keeps its word or is refused; what cannot be seen from outside stays the user's promise: that the stated
constants hold everywhere, and that gradients and Hessian-vector products are computed within a relative 2^-30.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from empirics import Task
from reports.tasks.networks import on_its_ball
from reports.user_objects import UserObjectError, load

NEEDED = ("L", "rho", "B", "gamma_G", "gamma_H")
_POINTS = 64
# a central difference of step h of a smooth function errs by O(h^2) and by rounding/h: both near 1e-10 at h = 1e-5
_STEP, _TOLERANCE = 1e-5, 1e-6
# sampled sides are compared with this allowance, for constants that are attained and float64 that rounds
_ALLOWANCE = 1e-9


class ConformanceError(ValueError):
    """A task that does not do what a task does: what was asked, what came back."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    holds: bool
    detail: str


def load_task(name: str, arguments: Mapping[str, Any] | None = None) -> Task:
    """The task named `module:Name`: a Task, or a class or function that makes one from the arguments, if any.

    `module:Name@1/4` is a network with the constants that are proved on the ball of that radius about its start.

    Raises:
        ConformanceError: there is no such module or name, or it is not a task.
    """
    name, _, ball = name.partition("@")
    try:
        radius = Fraction(ball) if ball else None
        found = load(name)
    except UserObjectError as error:
        raise ConformanceError(str(error)) from None
    except (ValueError, ZeroDivisionError):
        raise ConformanceError(f"{name}@{ball}: expected a radius such as 1/4 behind the @") from None
    if not isinstance(found, Task) or arguments:
        if not callable(found) or isinstance(found, Task):
            raise ConformanceError(
                f"{name}: {type(found).__name__} is neither a Task nor a way to make one{_given(arguments)}"
            )
        try:
            found = found(**(arguments or {}))
        except Exception as error:  # a user's code may raise anything
            raise ConformanceError(f"{name}: {type(error).__name__} when made{_given(arguments)}: {error}") from None
    if not isinstance(found, Task):
        raise ConformanceError(f"{name}: makes a {type(found).__name__}, expected an empirics.Task")
    return found if radius is None else on_its_ball(found, radius)


def _given(arguments: Mapping[str, Any] | None) -> str:
    return f" from {', '.join(arguments)}" if arguments else " without arguments"


def require_conformance(name: str, task: Task) -> list[Check]:
    """Every check of a task.

    Raises:
        ConformanceError: the first that fails.
    """
    done = []
    try:
        for check in checks(task):
            if not check.holds:
                raise ConformanceError(f"{name}: {check.name}: {check.detail}")
            done.append(check)
    except ConformanceError:
        raise
    except Exception as error:  # a user's code may raise anything
        where = f"after the check of {done[-1].name}" if done else "when it was first evaluated"
        raise ConformanceError(f"{name}: {type(error).__name__} {where}: {error}") from None
    return done


def checks(task: Task, seed: int = 0) -> Iterator[Check]:
    """Shapes, derivatives against central differences, and constants against their sampled values, in this order."""
    generator = torch.Generator().manual_seed(seed)
    w = _points(task, generator).expand(-1, task.n, -1).to(task.dtype)
    v = torch.randn(w.shape, generator=generator, dtype=torch.float64).to(task.dtype)
    v = v / v.norm(dim=-1, keepdim=True)
    for shape, expected in (
        (task.loss(w).shape, w.shape[:-1]),
        (task.gradient(w).shape, w.shape),
        (task.hvp(w, v).shape, w.shape),
    ):
        yield Check("shape", tuple(shape) == tuple(expected), f"found {tuple(shape)}, expected {tuple(expected)}")
    again = task.loss(w), task.gradient(w)
    same = torch.equal(again[0], task.loss(w)) and torch.equal(again[1], task.gradient(w))
    yield Check("state", same, "two evaluations at the same points differ; a loss is a function of w alone")
    finite = bool(torch.isfinite(again[0]).all())
    yield Check("loss", finite, "not finite at some point of norm at most 10")
    yield Check("dtype", task.dtype == torch.float64, f"{task.dtype}, expected float64 for a report")
    slope = (task.loss(w + _STEP * v) - task.loss(w - _STEP * v)) / (2 * _STEP)
    yield _agree("gradient against the difference of losses", (task.gradient(w) * v).sum(-1), slope)
    bend = (task.gradient(w + _STEP * v) - task.gradient(w - _STEP * v)) / (2 * _STEP)
    yield _agree("hvp against the difference of gradients", task.hvp(w, v), bend)
    gradient, product = task.raw_linearisation(w)
    yield _agree("raw_linearisation's gradient against gradient", gradient, task.gradient(w))
    yield _agree("raw_linearisation's product against hvp", product(v), task.hvp(w, v))
    yield from _constants(task, w, v)


def _points(task: Task, generator: torch.Generator) -> Tensor:
    """Where a task is looked at: about the origin at many scales, or all over the ball of its constants."""
    u = torch.randn(_POINTS, 1, task.d, generator=generator, dtype=torch.float64)
    if task.local is None:
        return u * (10.0 ** torch.linspace(-1, 0.5, _POINTS, dtype=torch.float64))[:, None, None]
    inside = torch.linspace(0, 0.9, _POINTS, dtype=torch.float64)[:, None, None] * task.local.radius
    return task.local.centre.double() + inside * u / u.norm(dim=-1, keepdim=True)


def _agree(name: str, given: Tensor, difference: Tensor) -> Check:
    if not bool(torch.isfinite(given).all()):
        return Check(name, False, "not finite at some point of norm at most 10")
    size = float(difference.abs().max()) + 1.0
    worst = float((given - difference).abs().max()) / size
    return Check(name, worst <= _TOLERANCE, f"relative difference {worst:.3g}, expected at most {_TOLERANCE:g}")


def _constants(task: Task, w: Tensor, v: Tensor) -> Iterator[Check]:
    stated = task.constants()
    lacking = [name for name in NEEDED if name not in stated]
    if not task.certified:  # a network whose constants are estimated: its rows decide nothing
        return
    yield Check("constants", not lacking, f"{', '.join(lacking)} not stated; override own_constants")
    confined = task.everywhere or task.local is not None
    yield Check("everywhere", confined, "constants on a part of R^d: the runs of such a task cannot be confined")
    low = task.loss_lower_bound().value
    least = float(task.loss(w).mean(-1).min())
    yield Check("loss_lower_bound", low <= least + _ALLOWANCE * (1 + abs(least)), f"{low} exceeds the loss {least}")
    gradient, hessian = task.gradient(w), task.hessian(w)
    eigenvalues = torch.linalg.eigvalsh(hessian)
    step = 1e-3
    change = torch.linalg.matrix_norm(task.hessian(w + step * v) - hessian, ord=2) / step
    found = {
        "B": float(gradient.norm(dim=-1).max()),
        "L": float(eigenvalues.abs().max()),
        "rho": float(change.max()) - 1e-6 * (1 + float(eigenvalues.abs().max())),
        "gamma_G": float(_spread(gradient, 1)),
        "gamma_H": float(_spread(hessian, 2)),
    }
    for name, value in found.items():
        limit = stated[name].value
        sound = stated[name].side == "lower" or value <= limit * (1 + _ALLOWANCE) + _ALLOWANCE
        yield Check(
            f"constant {name}", sound, f"stated {stated[name].side} {limit:.6g}, found {value:.6g} at a sampled point"
        )
    if "mu" in stated:
        least = float(eigenvalues.min())
        yield Check(
            "constant mu",
            stated["mu"].value <= least + _ALLOWANCE,
            f"stated {stated['mu'].value:.6g}, found {least:.6g}",
        )


def _spread(values: Tensor, axes: int) -> Tensor:
    """The largest root mean square over agents of the distance from their mean, spectral for matrices."""
    centred = values - values.mean(dim=1, keepdim=True)
    size = centred.norm(dim=-1) if axes == 1 else torch.linalg.matrix_norm(centred, ord=2)
    return size.square().mean(dim=1).sqrt().max()
