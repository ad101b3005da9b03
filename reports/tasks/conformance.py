"""A user's own task is looked at before it takes part: derivatives against its loss, constants against bounds.

The task keeps its word or is refused; what no point shows stays the user's promise: that stated constants hold
everywhere, and that gradients and Hessian-vector products are computed within 2^-30 (1 + norm).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from empirics import Task
from empirics.algorithm.meta_gradients import fine_tuning
from empirics.estimation.regions import Ball
from empirics.estimation.stated_constants import LOOSE, StatedConstant, ViolatedConstantError
from empirics.graphs.recording import UntraceableError
from reports.balls.ball import BallLoss
from reports.balls.operations.operation import UnknownOperationError
from reports.balls.recorded import recorded_losses
from reports.refusal import described
from reports.tasks.constants import checked_constants
from reports.tasks.derivatives import NUMBERS, in_blocks, numbers, wrong_derivative
from reports.tasks.networks import on_its_ball, radius_of
from reports.user_objects import UserObjectError, load

NEEDED = ("L", "rho", "B", "gamma_G", "gamma_H")
# points of the region: as many as go through some 2^23 numbers, a few seconds' work, within these ends
_FEWEST, _POINTS, _WORK = 8, 64, 2**23
# rounds of a run and fine-tuning steps in each
_ROUNDS, _STEPS = 2, 2
# a central difference of step h of a smooth function errs by O(h^2) and by rounding/h: both near 1e-10 at h = 1e-5
_STEP, _TOLERANCE = 1e-5, 1e-6
# a lower bound is compared with this allowance, for one that is attained and float64 that rounds
_ALLOWANCE = 1e-9
# constants written to two or three digits are worth no word
_WORTH_SAYING = 1.01

_log = logging.getLogger(__name__)


class ConformanceError(ValueError):
    """A task that does not do what a task does: what was asked, what came back."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `remark` is for the user of a task that is not refused."""

    name: str
    holds: bool
    detail: str
    remark: str = ""


def load_task(name: str, arguments: Mapping[str, Any] | None = None) -> Task:
    """The task named `module:Name`: a Task, or a class or function that makes one from the arguments, if any.

    `module:Name@1/4` is a network with the constants that are proved on the ball of that radius about its start.

    Raises:
        ConformanceError: there is no such module or name, or it is not a task.
    """
    name, _, ball = name.partition("@")
    try:
        radius = radius_of(ball) if ball else None
        found = load(name)
    except UserObjectError as error:
        raise ConformanceError(str(error)) from None
    except ValueError as error:
        raise ConformanceError(f"{name}{error}") from None
    if not isinstance(found, Task) or arguments:
        if not callable(found) or isinstance(found, Task):
            raise ConformanceError(
                f"{name}: {type(found).__name__} is neither a Task nor a way to make one{_given(arguments)}"
            )
        try:
            found = found(**(arguments or {}))
        except Exception as error:  # a user's code may raise anything
            raise ConformanceError(f"{name}: {described(error, 'when made' + _given(arguments))}") from None
    if not isinstance(found, Task):
        raise ConformanceError(f"{name}: makes a {type(found).__name__}, expected an empirics.Task")
    return found if radius is None else on_its_ball(found, radius)


def _given(arguments: Mapping[str, Any] | None) -> str:
    return f" from {', '.join(arguments)}" if arguments else " without arguments"


def require_conformance(name: str, task: Task) -> list[Check]:
    """Every check of a task; constants that are proved with room to spare are logged in one line.

    Raises:
        ConformanceError: the first that fails.
    """
    done = []
    try:
        for check in checks(task):
            if not check.holds:
                raise ConformanceError(f"{name}: {check.name}: {check.detail}")
            done.append(check)
            if check.remark:
                _log.warning("%s: %s: %s", name, check.name, check.remark)
    except ConformanceError:
        raise
    except Exception as error:  # a user's code may raise anything
        where = f"after the check of {done[-1].name}" if done else "when it was first evaluated"
        raise ConformanceError(f"{name}: {described(error, where)}") from None
    return done


def checks(task: Task, seed: int = 0) -> Iterator[Check]:
    """Shapes, derivatives against those of the loss, constants against bounds and points, in this order."""
    generator = torch.Generator().manual_seed(seed)
    region = _points(task, generator)
    blocks = in_blocks(task, region.unsqueeze(1))
    w = blocks[0].to(task.dtype)
    v = _directions(w, generator)
    for shape, expected in (
        (task.loss(w).shape, w.shape[:-1]),
        (task.gradient(w).shape, w.shape),
        (task.hvp(w, v).shape, w.shape),
    ):
        yield Check("shape", tuple(shape) == tuple(expected), f"found {tuple(shape)}, expected {tuple(expected)}")
    finite = all(bool(torch.isfinite(task.loss(block)).all()) for block in blocks)
    yield Check("loss", finite, f"not finite at some point of norm at most {float(region.norm(dim=-1).max()):.3g}")
    again = _both(task, w)
    same = all(torch.allclose(one, two, 0, 0, equal_nan=True) for one, two in zip(again, _both(task, w), strict=True))
    yield Check("state", same, "two evaluations at the same points differ; a loss is a function of w alone")
    yield Check("dtype", task.dtype == torch.float64, f"{task.dtype}, expected float64 for a report")
    run = _run(task, region[len(region) // 2 :: _POINTS] if task.n * task.d <= NUMBERS // 8 else region[:0])
    yield from _derivatives(task, [*blocks, *in_blocks(task, run)], generator)
    yield from _constants(task, region, run)


def _both(task: Task, w: Tensor) -> tuple[Tensor, Tensor]:
    return task.loss(w), task.gradient(w)


def _points(task: Task, generator: torch.Generator) -> Tensor:
    """Where agents are looked at, (P, d): about the centre at many scales, or all over the ball of its constants."""
    count = min(_POINTS, max(_FEWEST, _WORK // (task.n * numbers(task))))
    u = torch.randn(count, task.d, generator=generator, dtype=torch.float64)
    if task.local is None:
        return task.centre.double() + u * (10.0 ** torch.linspace(-1, 0.5, count, dtype=torch.float64))[:, None]
    inside = torch.linspace(0, 0.9, count, dtype=torch.float64)[:, None] * task.local.radius
    return task.local.centre.double() + inside * u / u.norm(dim=-1, keepdim=True)


@torch.no_grad()
def _run(task: Task, other: Tensor) -> Tensor:
    """Points (R, n, d) of a run with the task's own gradients, from the centre and from other points (., d).

    Each agent fine-tunes, all meet at their mean, and again, in steps that are short against the curvature met and,
    on a ball, against its radius. Points that overflow are left out.
    """
    w = torch.cat([task.centre.double()[None], other])[:, None].expand(-1, task.n, -1).contiguous()
    visited = []
    for _ in range(_ROUNDS):
        gradient = task.raw_gradient(w)
        steepest = float(gradient.norm(dim=-1).max())
        curved = float(task.raw_hvp(w, gradient / max(steepest, 1e-300)).norm(dim=-1).max())
        alpha = 1 / (1 + curved)
        if task.local is not None:
            alpha = min(alpha, task.local.radius / (4 * _ROUNDS * _STEPS * max(steepest, 1e-300)))
        trajectory = fine_tuning(task, w, alpha, _STEPS)
        visited += trajectory[1:]
        w = trajectory[-1].mean(dim=1, keepdim=True).expand_as(w).contiguous()
    rows = torch.cat([*visited, w])
    return rows[torch.isfinite(task.raw_loss(rows)).all(dim=-1)]


def _derivatives(task: Task, blocks: Sequence[Tensor], generator: torch.Generator) -> Iterator[Check]:
    """Against the recorded loss, or, where it cannot be read, against central differences."""

    @lru_cache
    def loss(agent: int) -> BallLoss:
        return recorded_losses(task, [agent])[0]

    try:
        loss(0)
        wrong = wrong_derivative(task, blocks, loss)
    except (UntraceableError, UnknownOperationError):
        for block in blocks:
            yield from _differences(task, block, generator)
        return
    yield Check("derivatives of the loss", wrong is None, wrong or "of all agents within 2^-30 (1 + norm)")


def _differences(task: Task, block: Tensor, generator: torch.Generator) -> Iterator[Check]:
    w = block.contiguous()
    v = _directions(w, generator)
    slope = (task.loss(w + _STEP * v) - task.loss(w - _STEP * v)) / (2 * _STEP)
    yield _agree("gradient against the difference of losses", (task.gradient(w) * v).sum(-1), slope)
    bend = (task.gradient(w + _STEP * v) - task.gradient(w - _STEP * v)) / (2 * _STEP)
    yield _agree("hvp against the difference of gradients", task.hvp(w, v), bend)
    gradient, product = task.raw_linearisation(w)
    yield _agree("raw_linearisation's gradient against gradient", gradient, task.gradient(w))
    yield _agree("raw_linearisation's product against hvp", product(v), task.hvp(w, v))


def _directions(w: Tensor, generator: torch.Generator) -> Tensor:
    v = torch.randn(w.shape, generator=generator, dtype=torch.float64).to(w.dtype)
    return v / v.norm(dim=-1, keepdim=True)


def _agree(name: str, given: Tensor, difference: Tensor) -> Check:
    """The worst agent of a block of points, relative to the block's largest."""
    size = float(difference.abs().max()) + 1.0
    off = (given - difference).abs().nan_to_num(nan=torch.inf)
    worst = float(off.max()) / size
    agent = int(off.reshape(*off.shape[:2], -1).amax(dim=(0, 2)).argmax())
    return Check(
        name, worst <= _TOLERANCE, f"relative difference {worst:.3g} of agent {agent}, expected at most {_TOLERANCE:g}"
    )


def _constants(task: Task, region: Tensor, run: Tensor) -> Iterator[Check]:
    stated = task.constants()
    lacking = [name for name in NEEDED if name not in stated]
    if not task.certified:  # a network whose constants are estimated: its rows decide nothing
        return
    yield Check("constants", not lacking, f"{', '.join(lacking)} not stated; override own_constants")
    confined = task.everywhere or task.local is not None
    yield Check("everywhere", confined, "constants on a part of R^d: the runs of such a task cannot be confined")
    low = task.loss_lower_bound().value
    least = min(float(task.raw_loss(block.contiguous()).mean(-1).min()) for block in in_blocks(task, region[:, None]))
    yield Check("loss_lower_bound", low <= least + _ALLOWANCE * (1 + abs(least)), f"{low} exceeds the loss {least}")
    over = Ball(task.centre, float((region - task.centre).norm(dim=-1).max()))
    if task.local is not None:
        over = Ball(task.local.centre, task.local.radius)
    try:
        found = checked_constants(task, over, torch.cat([run[-1:].flatten(0, 1), run[:1, 0], region]))
    except ViolatedConstantError as error:
        yield Check("constant", False, str(error))
        return
    for one in found.values():
        yield Check(f"constant {one.name}", True, f"{one.stated:.6g} is stated, {one.status}", _remark(one))


def _remark(one: StatedConstant) -> str:
    """What there is to say of a constant that is proved with room to spare."""
    if one.status != LOOSE or one.certified is None or one.stated == one.certified:
        return ""
    far = max(abs(one.stated), abs(one.certified)) > _WORTH_SAYING * min(abs(one.stated), abs(one.certified))
    return f"{one.stated:.6g} is stated, and {one.certified:.6g} is proved: it is loose" if far else ""
