"""The meta-gradient in its six modes, as three named functions on points (R, n, d): with full gradients or batches.

All of them run a reverse sweep over a stored trajectory: no autograd graph, nu + 1 points and one vector in memory.
Each reports every vector it makes to `watch(term, vector)`, which a diagnosis uses and an ordinary run ignores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from empirics.algorithm.modes import BatchSizes, Mode, check_mode
from empirics.numerics.checks import integer, real
from empirics.numerics.errors import InputError
from empirics.numerics.randomness import Draws
from empirics.numerics.workers import spread
from empirics.tasks.sampler import Batch
from empirics.tasks.task import Block, Task

Watch = Callable[[str, Tensor], None]
# One step for all agents, or (n, 1) with one for each where agents are instances of their own.
StepSize = float | Tensor
# Points that keep what their linearisation needs beyond the point itself.
_LINEARISED = 3


@dataclass(frozen=True)
class Batches:
    """The independent batches of one stochastic meta-gradient.

    `inner`: nu batches of D samples for the fine-tuning gradients; `outer`: one of D' for the outer gradient;
    `hessian`: nu of D_H for the Hessians (empty in first-order mode); both probes of a Hessian-free step share one.
    """

    inner: tuple[Batch, ...]
    outer: Batch
    hessian: tuple[Batch, ...]

    def block(self, rows: slice, agents: slice) -> Batches:
        """What some replicas and agents drew."""

        def cut(batch: Batch) -> Batch:
            return Batch(batch.size, batch.values[rows, agents])

        return Batches(tuple(map(cut, self.inner)), cut(self.outer), tuple(map(cut, self.hessian)))


def ignore(term: str, vector: Tensor) -> None:
    """The watch of an ordinary run: it looks at nothing."""


def exact(
    task: Task, w: Tensor, alpha: StepSize, nu: int, batches: Batches | None = None, *, watch: Watch = ignore
) -> Tensor:
    """S1: P^0 ... P^{nu-1} grad f(w^nu), P^l = I - alpha hess f(w^l); with batches S5, S6: each factor on its own."""
    if batches is None:
        return trajectory(task, w, alpha, nu, watch).exact(watch)
    *points, last = fine_tuning(task, w, alpha, nu, watch, batches)
    v = _outer_gradient(task, last, batches, watch)
    for step in range(nu - 1, -1, -1):
        product = task.sampler.hvp(task, points[step], v, batches.hessian[step].values)
        v = _seen(watch, _factor(step), _minus(v, product, alpha))
    return v


def first_order(
    task: Task, w: Tensor, alpha: StepSize, nu: int, batches: Batches | None = None, *, watch: Watch = ignore
) -> Tensor:
    """S8: grad f(w^nu), the Hessians dropped; with batches that on D' at the end of a trajectory of those on D."""
    for last in _trajectory_points(task, w, alpha, nu, batches, watch):
        w = last
    return _outer_gradient(task, w, batches, watch)


def hessian_free(
    task: Task,
    w: Tensor,
    alpha: StepSize,
    nu: int,
    batches: Batches | None = None,
    *,
    delta: StepSize,
    watch: Watch = ignore,
) -> Tensor:
    """S9: S1 with hess f(w^l) v replaced by [grad f(w^l + delta v) - grad f(w^l - delta v)] / (2 delta).

    With batches S9s: both probes of one step use the same batch of D_H samples.
    """
    *points, last = fine_tuning(task, w, alpha, nu, watch, batches)
    # Handed over without a name here: the sweep can then drop it after its first step.
    return _probed(task, points, _outer_gradient(task, last, batches, watch), alpha, delta, watch, batches)


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A fine-tuning trajectory w^0 ... w^nu with what the sweeps back along it need.

    `outer` is grad f(w^nu), the first-order meta-gradient; `products[l]` multiplies by hess f(w^l).
    """

    task: Task
    alpha: StepSize
    points: tuple[Tensor, ...]
    products: tuple[Callable[[Tensor], Tensor], ...]
    outer: Tensor

    def exact(self, watch: Watch = ignore) -> Tensor:
        """S1: the product of the P^l = I - alpha hess f(w^l) with the outer gradient."""
        v = self.outer
        for step in range(len(self.products) - 1, -1, -1):
            v = _seen(watch, _factor(step), _minus(v, self.products[step](v), self.alpha))
        return v

    def hessian_free(self, delta: StepSize, watch: Watch = ignore) -> Tensor:
        """S9: the same with probed products."""
        return _probed(self.task, self.points[:-1], self.outer, self.alpha, delta, watch)


def trajectory(task: Task, w: Tensor, alpha: StepSize, nu: int, watch: Watch = ignore) -> Trajectory:
    """Fine-tune from points (R, n, d) with exact gradients and linearise at every point but the last.

    What a linearisation keeps is held for the last few points only, where the sweep back begins, and made again at
    earlier ones: memory grows by the trajectory alone.
    """
    points, products = [w], []
    # One piece of memory for a long trajectory: points among temporary tensors would leave gaps between them.
    room = w.new_empty((nu, *w.shape)) if nu > _LINEARISED else None
    for step in range(nu):
        if step < nu - _LINEARISED:
            gradient, product = task.raw_gradient(w), partial(task.raw_hvp, w)
        else:
            gradient, product = task.raw_linearisation(w)
        w = _seen(watch, _point(step + 1), _minus(w, gradient, alpha))
        if room is not None:
            w = room[step].copy_(w)
        points.append(w)
        products.append(product)
    return Trajectory(task, alpha, tuple(points), tuple(products), _outer_gradient(task, w, None, watch))


def fine_tuning(
    task: Task, w: Tensor, alpha: StepSize, nu: int, watch: Watch = ignore, batches: Batches | None = None
) -> list[Tensor]:
    """The trajectory w^0 = w, ..., w^nu of gradient steps, each exact or, with batches, on a batch of its own."""
    return list(_trajectory_points(task, w, alpha, nu, batches, watch))


def _trajectory_points(
    task: Task, w: Tensor, alpha: StepSize, nu: int, batches: Batches | None, watch: Watch
) -> Iterator[Tensor]:
    """The same one after another, for those who need not keep them."""
    yield w
    for step in range(nu):
        gradient = _gradient(task, w, None if batches is None else batches.inner[step])
        w = _seen(watch, _point(step + 1), _minus(w, gradient, alpha))
        yield w


def _probed(
    task: Task,
    points: Sequence[Tensor],
    v: Tensor,
    alpha: StepSize,
    delta: StepSize,
    watch: Watch,
    batches: Batches | None = None,
) -> Tensor:
    """The sweep of S9 back along points w^{nu-1} ... w^0 from the outer gradient v."""
    for step in range(len(points) - 1, -1, -1):
        batch = None if batches is None else batches.hessian[step]
        ahead = _gradient(task, _plus(points[step], v, delta), batch)
        behind = _gradient(task, _minus(points[step], v, delta), batch)
        v = _seen(watch, _factor(step), _minus(v, ahead - behind, alpha / (2 * delta)))
    return v


def _gradient(task: Task, w: Tensor, batch: Batch | None) -> Tensor:
    """Full gradients (R, n, d), or those of a batch."""
    return task.raw_gradient(w) if batch is None else task.sampler.gradient(task, w, batch.values)


def _outer_gradient(task: Task, w: Tensor, batches: Batches | None, watch: Watch) -> Tensor:
    return _seen(watch, "outer gradient", _gradient(task, w, None if batches is None else batches.outer))


def batch_purposes(nu: int, hessians: int) -> list[str]:
    """What the batches of one meta-gradient are drawn for, by which their draws are keyed.

    >>> batch_purposes(1, 1)
    ['inner:0', 'outer', 'hessian:0']
    """
    return [*(f"inner:{step}" for step in range(nu)), "outer", *(f"hessian:{step}" for step in range(hessians))]


def draw_batches(task: Task, draws: Draws, mode: str, nu: int, sizes: BatchSizes) -> Batches:
    """All batches of one meta-gradient, independent of one another; first-order mode draws none for Hessians."""
    inner, outer, hessian = sizes
    hessians = Mode(mode).hessian_batches(nu)
    drawn = task.draw_batches(draws, batch_purposes(nu, hessians), [inner] * nu + [outer] + [hessian] * hessians)
    return Batches(drawn[:nu], drawn[nu], drawn[nu + 1 :])


def evaluate(
    task: Task,
    w: Tensor,
    alpha: float,
    nu: int,
    mode: str,
    *,
    delta: float | None = None,
    batches: Batches | None = None,
    watch: Watch = ignore,
) -> Tensor:
    """The meta-gradient of a mode at points (R, n, d), its batches already drawn, block by block of the task."""
    mode = Mode(mode)
    if (mode.draws and batches is None) or (mode.probes and delta is None):
        raise InputError(f"mode {mode} lacks its batches or its delta: expected both where the mode needs them")

    def made(task: Task, w: Tensor, batches: Batches | None) -> Tensor:
        options = {"delta": delta} if mode.probes else {}
        drawn = {"batches": batches} if mode.draws else {}
        return OF_MODE[mode.full_batch](task, w, alpha, nu, **options, **drawn, watch=watch)

    blocks = task.blocks(len(w)) if watch is ignore else []
    if len(blocks) < 2:
        return made(task, w, batches)
    result = torch.empty(w.shape, dtype=w.dtype, device=w.device)

    def one(block: Block) -> None:
        result[block] = made(task.block(*block), w[block], None if batches is None else batches.block(*block))

    spread(one, blocks)
    return result


OF_MODE: Mapping[Mode, Callable[..., Tensor]] = {
    Mode.EXACT: exact,
    Mode.FIRST_ORDER: first_order,
    Mode.HESSIAN_FREE: hessian_free,
}
"""By the full-batch mode; a mode that draws hands its batches over as well."""


@torch.no_grad()
def meta_gradient(
    task: Task,
    w: Any,
    alpha: float,
    nu: int,
    mode: str = Mode.EXACT,
    *,
    delta: float | None = None,
    batches: tuple[int, int, int | None] | None = None,
    seed: int = 0,
) -> Tensor:
    r"""Each agent's meta-gradient grad F_i(w) or its approximation; one row an agent, not averaged.

    F_i(w) = f_i(w_i^nu) with w_i^l = w_i^{l-1} - alpha grad f_i(w_i^{l-1}); modes as in S1, S5, S8, S9 (arXiv
    2504.21327 has the algorithm).

    Args:
        task: the losses.
        w: (d,), broadcast to all agents, or (..., n, d). Leading axes are replicas with draws of their own.
        alpha: fine-tuning step >= 0, in [W^2/F].
        nu: number of fine-tuning steps >= 0.
        mode: one of `MODES`.
        delta: probe step > 0, in [W^2/F]; Hessian-free modes only.
        batches: (D, D_prime, D_H); stochastic modes only.
        seed: root of the draws.

    Returns:
        (..., n, d).

    Raises:
        InputError: bad input, an option that the mode lacks, or one that it has no use for.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]]], c=[[0.0]])
    >>> float(meta_gradient(task, [8.0], alpha=0.5, nu=1))       # (1 - 1/2)^2 * 8
    2.0
    """
    alpha, nu, seed = real("alpha", alpha, at_least=0), integer("nu", nu, at_least=0), integer("seed", seed, at_least=0)
    mode, delta, sizes = check_mode(mode, delta, batches)
    points, leading = task.as_points(w)
    drawn = None
    if sizes is not None:
        check_sizes(task, sizes)
        draws = Draws(seed, 0, 0, torch.arange(len(points), device=task.device))
        drawn = draw_batches(task, draws, mode, nu, sizes)
    result = evaluate(task, points, alpha, nu, mode, delta=delta, batches=drawn)
    return result.reshape(*leading, task.n, task.d)


@torch.no_grad()
def meta_loss(task: Task, w: Any, alpha: float, nu: int) -> Tensor:
    """Each agent's meta loss F_i(w) = f_i(w_i^nu), shape (..., n), exact fine-tuning.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]]], c=[[0.0]])
    >>> float(meta_loss(task, [8.0], alpha=0.5, nu=1))           # (8 / 2)^2 / 2
    8.0
    """
    alpha, nu = real("alpha", alpha, at_least=0), integer("nu", nu, at_least=0)
    points, leading = task.as_points(w)
    for _ in range(nu):
        points = _minus(points, task.raw_gradient(points), alpha)
    return task.raw_loss(points).reshape(*leading, task.n)


def check_sizes(task: Task, sizes: BatchSizes) -> None:
    """Refuse batch sizes that some agent cannot serve."""
    for size in set(sizes):
        task.sampler.check(task, size)


def _seen(watch: Watch, term: str, vector: Tensor) -> Tensor:
    watch(term, vector)
    return vector


def _point(step: int) -> str:
    return f"trajectory point w^{step}"


def _factor(step: int) -> str:
    return f"Hessian-vector product at w^{step}"


def _minus(w: Tensor, direction: Tensor, step: StepSize) -> Tensor:
    """w - step * direction, in one kernel for a single step."""
    return w - step * direction if isinstance(step, Tensor) else torch.sub(w, direction, alpha=step)


def _plus(w: Tensor, direction: Tensor, step: StepSize) -> Tensor:
    return w + step * direction if isinstance(step, Tensor) else torch.add(w, direction, alpha=step)
