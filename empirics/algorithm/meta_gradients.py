"""The meta-gradient in its six modes, as named functions on points (R, n, d).

All of them run a reverse sweep over a stored trajectory: no autograd graph, nu + 1 points and one vector in memory.
Each reports every vector it makes to `watch(term, vector)`, which a diagnosis uses and an ordinary run ignores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


def exact(task: Task, w: Tensor, alpha: StepSize, nu: int, *, watch: Watch = ignore) -> Tensor:
    """S1: P^0 ... P^{nu-1} grad f(w^nu) with P^l = I - alpha hess f(w^l)."""
    return trajectory(task, w, alpha, nu, watch).exact(watch)


def first_order(task: Task, w: Tensor, alpha: StepSize, nu: int, *, watch: Watch = ignore) -> Tensor:
    """S8: grad f(w^nu), the Hessians dropped."""
    for step in range(nu):
        w = _seen(watch, _point(step + 1), _minus(w, task.raw_gradient(w), alpha))
    return _seen(watch, "outer gradient", task.raw_gradient(w))


def hessian_free(task: Task, w: Tensor, alpha: StepSize, nu: int, *, delta: StepSize, watch: Watch = ignore) -> Tensor:
    """S9: S1 with hess f(w^l) v replaced by [grad f(w^l + delta v) - grad f(w^l - delta v)] / (2 delta)."""
    *points, last = fine_tuning(task, w, alpha, nu, watch)
    # Handed over without a name here: the sweep can then drop it after its first step.
    return _probed(task, points, _seen(watch, "outer gradient", task.raw_gradient(last)), alpha, delta, watch)


def stochastic(task: Task, w: Tensor, alpha: StepSize, nu: int, batches: Batches, *, watch: Watch = ignore) -> Tensor:
    """S5, S6: S1 with every gradient and every Hessian on its own independent batch."""
    *points, last = noisy_fine_tuning(task, w, alpha, nu, batches, watch)
    v = _seen(watch, "outer gradient", task.sampler.gradient(task, last, batches.outer.values))
    for step in range(nu - 1, -1, -1):
        product = task.sampler.hvp(task, points[step], v, batches.hessian[step].values)
        v = _seen(watch, _factor(step), _minus(v, product, alpha))
    return v


def first_order_stochastic(
    task: Task, w: Tensor, alpha: StepSize, nu: int, batches: Batches, *, watch: Watch = ignore
) -> Tensor:
    """S8, stochastic: the batch gradient on D' at the end of a trajectory of batch gradients on D."""
    last = noisy_fine_tuning(task, w, alpha, nu, batches, watch)[-1]
    return _seen(watch, "outer gradient", task.sampler.gradient(task, last, batches.outer.values))


def hessian_free_stochastic(
    task: Task, w: Tensor, alpha: StepSize, nu: int, batches: Batches, *, delta: StepSize, watch: Watch = ignore
) -> Tensor:
    """S9s: as S9 with batch gradients; both probes of one step use the same batch of D_H samples."""
    *points, last = noisy_fine_tuning(task, w, alpha, nu, batches, watch)
    v = _seen(watch, "outer gradient", task.sampler.gradient(task, last, batches.outer.values))
    for step in range(nu - 1, -1, -1):
        samples = batches.hessian[step].values
        ahead = task.sampler.gradient(task, _plus(points[step], v, delta), samples)
        behind = task.sampler.gradient(task, _minus(points[step], v, delta), samples)
        v = _seen(watch, _factor(step), _minus(v, ahead - behind, alpha / (2 * delta)))
    return v


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
    outer = _seen(watch, "outer gradient", task.raw_gradient(w))
    return Trajectory(task, alpha, tuple(points), tuple(products), outer)


def _probed(task: Task, points: Sequence[Tensor], v: Tensor, alpha: StepSize, delta: StepSize, watch: Watch) -> Tensor:
    """The sweep of S9 back along points w^{nu-1} ... w^0 from the outer gradient v."""
    for step in range(len(points) - 1, -1, -1):
        ahead = task.raw_gradient(_plus(points[step], v, delta))
        behind = task.raw_gradient(_minus(points[step], v, delta))
        v = _seen(watch, _factor(step), _minus(v, ahead - behind, alpha / (2 * delta)))
    return v


def fine_tuning(task: Task, w: Tensor, alpha: StepSize, nu: int, watch: Watch = ignore) -> list[Tensor]:
    """The trajectory w^0 = w, ..., w^nu of exact gradient steps."""
    points = [w]
    for step in range(nu):
        w = _seen(watch, _point(step + 1), _minus(w, task.raw_gradient(w), alpha))
        points.append(w)
    return points


def noisy_fine_tuning(
    task: Task, w: Tensor, alpha: StepSize, nu: int, batches: Batches, watch: Watch = ignore
) -> list[Tensor]:
    """The trajectory w^0 = w, ..., w^nu of batch gradient steps, each on its own batch."""
    points = [w]
    for step in range(nu):
        gradient = task.sampler.gradient(task, w, batches.inner[step].values)
        w = _seen(watch, _point(step + 1), _minus(w, gradient, alpha))
        points.append(w)
    return points


def draw_batches(task: Task, draws: Draws, mode: str, nu: int, sizes: BatchSizes) -> Batches:
    """All batches of one meta-gradient, independent of one another; first-order mode draws none for Hessians."""
    inner, outer, hessian = sizes
    hessians = Mode(mode).hessian_batches(nu)
    purposes = [*(f"inner:{step}" for step in range(nu)), "outer", *(f"hessian:{step}" for step in range(hessians))]
    drawn = task.draw_batches(draws, purposes, [inner] * nu + [outer] + [hessian] * hessians)
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
    blocks = task.blocks(len(w)) if watch is ignore else []
    if len(blocks) < 2:
        return _evaluate(task, w, alpha, nu, mode, delta, batches, watch)
    result = torch.empty(w.shape, dtype=w.dtype, device=w.device)

    def one(block: Block) -> None:
        drawn = None if batches is None else batches.block(*block)
        result[block] = _evaluate(task.block(*block), w[block], alpha, nu, mode, delta, drawn, ignore)

    spread(one, blocks)
    return result


def _evaluate(
    task: Task,
    w: Tensor,
    alpha: float,
    nu: int,
    mode: str,
    delta: float | None,
    batches: Batches | None,
    watch: Watch,
) -> Tensor:
    mode = Mode(mode)
    if (mode.draws and batches is None) or (mode.probes and delta is None):
        raise InputError(f"mode {mode} lacks its batches or its delta: expected both where the mode needs them")
    options = {"delta": delta} if mode.probes else {}
    return OF_MODE[mode](task, w, alpha, nu, *((batches,) if mode.draws else ()), **options, watch=watch)


OF_MODE: Mapping[Mode, Callable[..., Tensor]] = {
    Mode.EXACT: exact,
    Mode.STOCHASTIC: stochastic,
    Mode.FIRST_ORDER: first_order,
    Mode.FIRST_ORDER_STOCHASTIC: first_order_stochastic,
    Mode.HESSIAN_FREE: hessian_free,
    Mode.HESSIAN_FREE_STOCHASTIC: hessian_free_stochastic,
}


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
