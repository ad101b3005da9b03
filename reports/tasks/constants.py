"""A task's stated constants, proved by certified bounds or attacked where they could fail."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from empirics import Constant, Task
from empirics.certificates.certified_constants import certified_constants, with_hessians
from empirics.estimation.curvature import hessian_ends
from empirics.estimation.estimates import QUICK, Budget
from empirics.estimation.regions import Ball
from empirics.estimation.stated_constants import UNDECIDED, StatedConstant, ViolatedConstantError, check_stated
from empirics.graphs.recording import UntraceableError
from empirics.numerics.errors import InputError
from empirics.tasks.loss_graph import loss_graph
from empirics.tasks.sampler import listed
from reports.tasks.derivatives import NUMBERS, numbers, place, some

# what is largest over agents can be looked at for some of them at a time; a spread over agents cannot
_OF_AGENTS = ("L", "mu", "rho", "B")
# an ascent asks for some thousand products: up to so many numbers in each they take a second or two
_SMALL = 2**16
# what is larger is looked at in one more point and at those given
_LEAN = Budget(screened=1, starts=1, steps=0, lanczos=12, directions=1, power=5, draws=64)
# agents of a large task that are attacked by ascent as if they were all
_WORST = 8
# numbers that Lanczos keeps at a point, 32 MB
_KEPT = 4 * NUMBERS
# an estimate by Rayleigh quotients rounds far below this
_TOLERANCE = 2.0**-20


@torch.no_grad()
def checked_constants(task: Task, over: Ball, points: Tensor) -> dict[str, StatedConstant]:
    """The constants that the task states, each proved or attacked on the ball and at those of the points (P, d) inside.

    A bound is proved where a certified one is not larger: on all of R^d for constants that hold everywhere, else on
    the ball. A constant that is only sampled (`lower`; `upper` for mu) claims nothing and is passed over.

    Every agent is looked at. Of a large task nothing is certified, only the agents with the largest derivatives are
    attacked by ascent, and sigma is passed over where its samples are too many.

    Raises:
        ViolatedConstantError: some point breaks a stated constant; the message has the point and both numbers.

    >>> from empirics import factories
    >>> task = factories.small_cosine()
    >>> found = checked_constants(task, Ball(task.centre, 3.0), torch.zeros(1, task.d).double())
    >>> found["L"].status, found["L"].met <= found["L"].stated <= found["L"].certified
    ('undecided', True)
    """
    stated = {name: one for name, one in task.constants().items() if one.side != ("upper" if name == "mu" else "lower")}
    known = _certified(task, over)
    proved = {name: one for name, one in stated.items() if known is not None and _proves(name, one, known)}
    open_ = {name: one for name, one in stated.items() if name not in proved}
    at = torch.stack(some(list(points), max(2, min(8, NUMBERS // (4 * task.n * task.d)))))
    found = check_stated(task, proved, over, certified=known or {})
    for part, names, budget in _attacks(task, tuple(open_), at, apart=known is not None):
        asked = {name: open_[name] for name in names}
        found |= check_stated(part, asked, over, points=at, certified=known or {}, budget=budget)
    if "gamma_H" in open_ and "gamma_H" not in found:
        found["gamma_H"] = _spread_of_hessians(task, open_["gamma_H"].value, known or {}, at)
    return found


def _certified(task: Task, over: Ball) -> Mapping[str, Constant] | None:
    """Certified bounds, as far as they can be had; None where the loss cannot be recorded."""
    try:
        loss_graph(task)
        if task.n * task.d**2 > NUMBERS and with_hessians(task.n, task.d):
            return {}  # the matrices of all agents would take more than some seconds and megabytes
        confined = task.local is not None or not task.everywhere
        return certified_constants(task, over.centre, over.radius if confined else math.inf)
    except UntraceableError:
        return None
    except InputError:  # an operation without a rule, or one that may not be smooth there
        return {}


def _proves(name: str, stated: Constant, known: Mapping[str, Constant]) -> bool:
    if name not in known:
        return False
    return stated.value <= known[name].value if name == "mu" else stated.value >= known[name].value


def _attacks(
    task: Task, names: Sequence[str], points: Tensor, *, apart: bool
) -> Iterator[tuple[Task, list[str], Budget]]:
    """Whom to attack in which constants and how hard; `apart`: agents can be taken apart."""
    some_agents = [name for name in names if name in _OF_AGENTS]
    work = task.n * numbers(task)
    if some_agents:
        block = max(1, _KEPT // (_LEAN.lanczos * task.d)) if apart else task.n
        for start in range(0, task.n, block):
            part = task if block >= task.n else _agents(task, torch.arange(start, min(start + block, task.n)))
            yield part, some_agents, QUICK if work <= _SMALL else _LEAN
        if work > _SMALL and apart and task.n > _WORST and _WORST * numbers(task) <= _SMALL:
            yield _agents(task, _largest(task, points)), some_agents, QUICK
    if "gamma_G" in names:
        yield task, ["gamma_G"], QUICK if work <= _SMALL else _LEAN
    # every agent's Hessian with every agent's vector
    if "gamma_H" in names and task.n**2 * task.d * _LEAN.lanczos <= _KEPT:
        yield task, ["gamma_H"], QUICK if task.n * work <= _SMALL else _LEAN
    noise = [name for name in names if name in ("sigma_G", "sigma_H")]
    known_samples = listed(task) if noise else None
    count = QUICK.draws if known_samples is None else len(known_samples.values)
    if noise and count * task.n * task.d * _LEAN.lanczos <= _KEPT:
        yield task, noise, QUICK if count * work <= _SMALL else _LEAN


def _agents(task: Task, agents: Tensor) -> Task:
    return task.alone({name: value[agents] for name, value in task.agents_parameters().items()})


def _largest(task: Task, points: Tensor) -> Tensor:
    """The agents with the largest gradients, and with the largest Hessian-vector products along them, at the points."""
    w = points[:, None].expand(-1, task.n, -1).contiguous()
    gradient = task.raw_gradient(w)
    size = gradient.norm(dim=-1, keepdim=True)
    bent = task.raw_hvp(w, gradient / size.clamp_min(1e-300)).norm(dim=-1)
    return torch.cat([values.amax(dim=0).topk(_WORST // 2).indices for values in (size[..., 0], bent)]).unique()


def _spread_of_hessians(task: Task, stated: float, known: Mapping[str, Constant], points: Tensor) -> StatedConstant:
    """gamma_H without n^2 products: norm(H_i - H) is at least norm((H_i - H) v), with vectors v that agents share."""
    w = points[:, None].expand(-1, task.n, -1).contiguous()
    size = w.new_zeros(w.shape[:-1])
    directions = torch.randn(_WORST, task.d, generator=torch.Generator().manual_seed(0), dtype=w.dtype)
    for v in directions / directions.norm(dim=-1, keepdim=True):
        product = task.raw_hvp(w, v.expand_as(w).contiguous())
        size = torch.maximum(size, (product - product.mean(dim=1, keepdim=True)).norm(dim=-1))
    values = size.square().mean(dim=1).sqrt()
    met = float(values.max())
    curved = float(hessian_ends(task, w[values.argmax()][None], _LEAN.lanczos, 0).norm.max())
    # agents that agree differ by rounding
    if met > stated + _TOLERANCE * max(met, stated) + 2.0**-40 * curved:
        at = place(points[int(values.argmax())])
        raise ViolatedConstantError(f"gamma_H = {stated:.9g} is stated, but it is at least {met:.9g} at {at}")
    bound = known["gamma_H"].value if "gamma_H" in known else None
    return StatedConstant("gamma_H", stated, UNDECIDED, bound, met)
