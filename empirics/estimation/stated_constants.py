"""Stated constants against certified bounds and against the points at which they could fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from empirics.certificates.certified_constants import certified_constants
from empirics.estimation.all_constants import NAMES, estimate
from empirics.estimation.ascent import for_all
from empirics.estimation.curvature import hessian_ends, margin
from empirics.estimation.estimates import QUICK, Budget
from empirics.estimation.heterogeneity import deviation_ends
from empirics.estimation.regions import Ball
from empirics.estimation.third_derivative import power_method
from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.tasks.task import Task

# Estimates are exact at their point up to rounding and, for rho, up to a difference quotient's error.
_TOLERANCE = 2.0**-20
# Relative to the gradients or Hessians at the point: some thousand roundoffs.
_ROUNDING = 2.0**-40
# Standard errors of an average over draws that the best of some thousand points and agents stays within.
_SPREAD = 8.0

PROVED, LOOSE, UNDECIDED = "proved", "loose", "undecided"


class ViolatedConstantError(InputError):
    """A stated constant is broken at a point; the message gives the point's place and both numbers."""


@dataclass(frozen=True)
class StatedConstant:
    """A stated constant, what is certified and what was met.

    `status`: `proved`, it is the certified bound; `loose`, it is proved with room to spare; `undecided`, neither
    proved nor broken at any point tried. `certified` is None where no bound is known, `met` where nothing was tried.
    """

    name: str
    stated: float
    status: str
    certified: float | None
    met: float | None


@torch.no_grad()
def check_stated(
    task: Task,
    stated: Mapping[str, Constant],
    over: Ball,
    *,
    points: Any = None,
    certified: Mapping[str, Constant] | None = None,
    seed: int = 0,
    budget: Budget = QUICK,
) -> dict[str, StatedConstant]:
    """Each stated constant on a ball: proved by a certified bound, or attacked by ascent and at the given points.

    An upper bound cannot refute a smaller number, so a stated constant below it is looked for a point that breaks it.

    Args:
        task: float64.
        stated: among L, mu, rho, B, sigma_G, sigma_H, gamma_G, gamma_H; other names are passed over.
        over: the ball on which they are claimed.
        points: (P, d), of a run say; those outside the ball are left out.
        certified: bounds on that ball; computed when absent.
        seed: of the ascent.
        budget: of the ascent.

    Raises:
        ViolatedConstantError: some point breaks a stated constant.
        InputError: as `certified_constants`.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[2.0]]], c=[[0.0]])
    >>> check_stated(task, {"L": Constant(3.0, "upper")}, Ball([0.0], 1.0))["L"].status
    'loose'
    >>> check_stated(task, {"L": Constant(1.0, "upper")}, Ball([0.0], 1.0))
    Traceback (most recent call last):
    ...
    empirics.estimation.stated_constants.ViolatedConstantError: L = 1 is stated, but it is at least 2 at w = [...
    """
    known = certified if certified is not None else certified_constants(task, over.centre, over.radius)
    inside = _inside(over, points)
    return {
        name: _checked(task, name, stated[name], known, over, inside, seed, budget) for name in stated if name in NAMES
    }


def _checked(
    task: Task,
    name: str,
    stated: Constant,
    known: Mapping[str, Constant],
    over: Ball,
    inside: Tensor | None,
    seed: int,
    budget: Budget,
) -> StatedConstant:
    # mu is a lower bound: its negative is an upper one
    sign = -1.0 if name == "mu" else 1.0
    bound = known[name].value if name in known else None
    if bound is not None and sign * stated.value >= sign * bound:
        status = PROVED if stated.value == bound else LOOSE
        return StatedConstant(name, stated.value, status, bound, None)
    found = estimate(task, over, seed=seed, budget=budget, names=[name])[name]
    best, at = sign * found.value, found.at
    if inside is not None and len(inside):
        values = sign * _at_points(task, name, inside, over, budget, seed)
        place = int(values.argmax())
        if float(values[place]) > best:
            best, at = float(values[place]), inside[place]
    room = _TOLERANCE * max(abs(best), abs(stated.value)) + (found.residual or 0.0)
    room += _SPREAD * (found.standard_error or 0.0)
    limit = sign * stated.value + room
    if best > limit and best > limit + _rounding(task, name, at, budget, seed):
        side = "at most" if name == "mu" else "at least"
        raise ViolatedConstantError(
            f"{name} = {stated.value:.9g} is stated, but it is {side} {sign * best:.9g} at w = {_shown(at)}"
        )
    return StatedConstant(name, stated.value, UNDECIDED, bound, sign * best)


def _rounding(task: Task, name: str, at: Tensor, budget: Budget, seed: int) -> float:
    """Of a difference of gradients or Hessians that should vanish, or of an eigenvalue that should be 0."""
    w = for_all(at[None], task)
    if name in ("B", "gamma_G", "sigma_G"):
        return _ROUNDING * float(task.raw_gradient(w).norm(dim=-1).max())
    return _ROUNDING * float(hessian_ends(task, w, budget.lanczos, seed).norm.max())


def _at_points(task: Task, name: str, points: Tensor, over: Ball, budget: Budget, seed: int) -> Tensor:
    """The quantity at points (P, d); -inf for those that can only be searched for over a set."""
    w = for_all(points, task)
    if name == "B":
        return task.raw_gradient(w).norm(dim=-1).amax(dim=-1).cpu()
    if name in ("L", "mu"):
        found = hessian_ends(task, w, budget.lanczos, seed)
        return (found.norm.amax(dim=-1) if name == "L" else found.low.amin(dim=-1)).cpu()
    if name == "rho":
        deep = (points - over.centre).norm(dim=-1) <= over.radius - margin(over)
        values, _ = power_method(task, w, budget=budget, seed=seed)
        return torch.where(deep, values.amax(dim=-1).cpu(), -torch.inf)
    if name == "gamma_G":
        gradient = task.raw_gradient(w)
        offset = gradient - gradient.mean(dim=1, keepdim=True)
        return offset.square().sum(-1).mean(-1).sqrt().cpu()
    if name == "gamma_H" and task.n > 1:
        return deviation_ends(task, w, budget.lanczos, seed).norm.square().mean(-1).sqrt().cpu()
    return torch.full((len(points),), -torch.inf, dtype=torch.float64)


def _inside(over: Ball, points: Any) -> Tensor | None:
    if points is None:
        return None
    given = torch.as_tensor(points, dtype=torch.float64).reshape(-1, over.d)
    return given[(given - over.centre).norm(dim=-1) <= over.radius]


def _shown(point: Tensor, most: int = 8) -> str:
    numbers = ", ".join(f"{float(value)!r}" for value in point[:most])
    return f"[{numbers}{', ...' if len(point) > most else ''}]"
