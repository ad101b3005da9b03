"""Bias and mean squared error of the stochastic meta-gradients at a point, exactly or by sampling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, final

import flint
import numpy as np
import torch
from flint import arb

import empirics
import theory
from empirics.algorithm.modes import Mode
from reports.balls import ball
from reports.balls.ball import BallMeta, Vector, column
from reports.cells.cell import Kind
from reports.cells.noise_cell import NoiseCell
from reports.judging.measurement import Enclosed, Evidence, Measurement, Sampled, Setting, Withheld
from reports.judging.rows import StatedConstant
from reports.measure.domain import on_points
from reports.measure.enumeration import Sizes, StochasticMeta
from reports.measure.samples import not_as_listed
from reports.measure.search import SEARCH, Box, Effort, maximise
from reports.measure.slices import price
from reports.measure.statement import Measured, rows_of
from reports.measure.task_instance import TaskInstance, exact, upwards
from reports.measure.trust import broken_promise

LARGEST_TREE = 20_000
_ENUMERATION_BITS = 96
_NO_FURTHER: Mapping[str, StatedConstant] = MappingProxyType({})
# how a script of a counterexample computes left sides from `outcomes(agent, point, mode)`
BIAS = """mean = lambda i: sum(p * v for p, v in outcomes(i, w, mode))
measured = max(norm(mean(i) - meta(i, w)) for i in range(n))"""
SQUARED_ERROR = """square = lambda v: v @ v
measured = max(sum(p * square(v - meta(i, w)) for p, v in outcomes(i, w, mode)) for i in range(n))"""
VARIANCE = """mean = lambda i: sum(p * v for p, v in outcomes(i, w, mode))
measured = max(sum(p * (v - mean(i)) @ (v - mean(i)) for p, v in outcomes(i, w, mode)) for i in range(n))"""


@final
@dataclass(frozen=True, kw_only=True)
class WithBatches(Measured):
    """A statement about a stochastic meta-gradient.

    measure: its rows where every batch outcome can be walked. bias, squared_error: the quantities whose left sides
    independent pairs of meta-gradients estimate; None where they estimate nothing that the statement bounds.
    """

    kind: ClassVar[Kind] = "noise"
    mode: Mode
    measure: Callable[[NoisyPoint], Iterable[Measurement]]
    bias: str | None = None
    squared_error: str | None = None


def record_noise(
    instance: TaskInstance, cell: NoiseCell, statements: Sequence[WithBatches], roots: Sequence[int],
    device: str = "cpu",
) -> dict[str, np.ndarray]:  # fmt: skip
    """The point, and for the sampling method the engine's stochastic meta-gradients (2 replicas a pair).

    roots: of the draws, root after root; the first one chooses the point.
    """
    instance, radius = on_points(instance, cell)
    alpha, task = instance.alpha(cell), instance.task
    if cell.at is not None:
        w = torch.tensor([float(x) for x in cell.at], dtype=torch.float64)
    else:
        box, effort = Box(1, task.d, radius), Effort.within(SEARCH, 3 * price(task))
        w = instance.centre + maximise(_leading_bias(instance, cell, alpha), box, seed=roots[0], effort=effort)[0]
    found = {"w": w.numpy()}
    for mode in sorted({one.mode for one in statements}) if cell.method == "sample" else ():
        drawn = [_sampled_inner_products(task.to(device), w, alpha, cell, mode, root) for root in roots]
        found |= {name: np.concatenate([one[name] for one in drawn]) for name in drawn[0]}
    return found


def _leading_bias(instance: TaskInstance, cell: NoiseCell, alpha: float) -> Callable[[torch.Tensor], torch.Tensor]:
    """What a point is searched for: the second difference of the meta-gradient along one noisy fine-tuning step.

    To second order in the noise it is the bias, so the search finds points where the bias is large; which point it
    finds does not enter any verdict.
    """
    task, d = instance.task, instance.task.d
    size = alpha * instance.constants["sigma_G"].value / cell.D**0.5
    found = instance.arrays.get("noise_u")
    directions = torch.full((task.n, d), d**-0.5, dtype=torch.float64) if found is None else torch.as_tensor(found)

    def objective(x: torch.Tensor) -> torch.Tensor:
        w = (instance.centre + x[:, :1, :]).expand(-1, task.n, -1)
        at = [empirics.meta_gradient(task, w + sign * size * directions, alpha, cell.nu) for sign in (-1.0, 0.0, 1.0)]
        return (at[0] - 2 * at[1] + at[2]).norm(dim=-1).amax(dim=-1)

    return objective


def _sampled_inner_products(
    task: empirics.Task, w: torch.Tensor, alpha: float, cell: NoiseCell, mode: Mode, seed: int
) -> dict[str, np.ndarray]:
    target = empirics.meta_gradient(task, w, alpha, cell.nu)
    drawn = empirics.meta_gradient(
        task,
        w.expand(2 * cell.replicas, task.n, task.d),
        alpha,
        cell.nu,
        mode,
        delta=float(cell.delta) if cell.delta is not None and mode.probes else None,
        batches=(cell.D, cell.D_prime, cell.D_H),
        seed=seed,
    )
    error = drawn - target
    squared = error.square().sum(-1).mean(-1)
    products = (error[: cell.replicas] * error[cell.replicas :]).sum(-1).mean(-1)
    return {f"{mode}_squared_error": squared.cpu().numpy(), f"{mode}_product": products.cpu().numpy()}


def noise_measurements(
    instance: TaskInstance, cell: NoiseCell, statements: Sequence[WithBatches], arrays: dict[str, np.ndarray]
) -> list[Measurement]:
    """The rows of a cell."""
    instance, _ = on_points(instance, cell)
    measurements: list[Measurement] = []
    modes = {one.mode for one in statements}
    by_mode = {mode: NoisyPoint(instance, cell, mode, arrays["w"], _roots(cell, mode, arrays)) for mode in modes}
    if (broken := broken_promise(instance, [arrays["w"]], instance.alpha(cell), cell.nu)) is not None:
        withheld = Withheld(f"promise: {broken}")
        return [
            by_mode[one.mode].measurement(left.bound, left.quantity, withheld, None)
            for one in statements
            for left in one.left
        ]
    for statement in statements:
        at = by_mode[statement.mode]
        if cell.method == "sample":
            measurements += _sampled(at, statement, arrays)
            continue
        with flint.ctx.workprec(_ENUMERATION_BITS):
            measurements += rows_of(statement, at)
    return measurements


def _roots(cell: NoiseCell, mode: Mode, arrays: dict[str, np.ndarray]) -> int:
    """Of how many roots a record has draws."""
    return arrays[f"{mode}_product"].size // cell.replicas if cell.method == "sample" else 1


@dataclass(frozen=True, eq=False)
class NoisyPoint:
    """The meta-gradients of a mode at a point: what they are surely at most, and their law where it can be walked.

    roots: how many roots have draws of the cell's replicas each.
    """

    instance: TaskInstance
    cell: NoiseCell
    mode: Mode
    w: np.ndarray
    roots: int = 1

    @property
    def alpha(self) -> float:
        """The fine-tuning step alpha of the cell, as it is run with."""
        return self.instance.alpha(self.cell)

    def inputs(self, mode: Mode | None = None) -> dict[str, str]:
        """The exact inputs of a right side, in the mode at hand or in another."""
        cell = self.cell
        more: dict[str, Any] = {"D": cell.D, "D_prime": cell.D_prime, "D_H": cell.D_H}
        if cell.delta is not None:
            more["delta"] = float(cell.delta)
        return self.instance.inputs(self.alpha, cell.nu, mode=str(mode or self.mode), **more)

    def value(self, quantity: str) -> float:
        """A quantity of the exact meta-gradient."""
        return theory.quantity(quantity).value(**self.inputs(Mode.EXACT))

    @property
    def largest(self) -> float:
        """G_max >= norm(g) surely."""
        gradient = self.instance.task.almost_sure_norms()["gradient"]
        if not self.mode.curved:
            return gradient
        return upwards(self.instance.task.almost_sure_step_factor(self.alpha) ** self.cell.nu * gradient)

    @property
    def bias_trivial(self) -> float:
        """What norm(E g - grad F_i) is at most by the norms alone."""
        if not self.mode.curved:
            return (1 + self.value("S2")) * self.instance.constants["B"].value
        return 2 * self.value("B_F")

    @property
    def error_trivial(self) -> float:
        """What E norm(g - grad F_i)^2 is at most by the norms alone."""
        return (self.largest + self.value("B_F")) ** 2

    @property
    def one_short_step(self) -> bool:
        """Whether nu = 1 and alpha L <= 1, the setting of Per-FedAvg."""
        return self.cell.nu == 1 and self.alpha * self.instance.constants["L"].value <= 1

    def measurement(
        self,
        bound: str,
        quantity: str,
        evidence: Evidence,
        trivial: float | None,
        further: Mapping[str, StatedConstant] = _NO_FURTHER,
        **witness: Any,
    ) -> Measurement:
        """A row; the point stands among its witnesses where it is short enough to be read.

        further: constants of the right side beyond those of A2 to A6.
        """
        cell, known = self.cell, {"w": self.w.tolist()} if self.w.size <= 8 else {}
        setting = Setting(
            self.instance.name, str(self.mode), cell.nu, self.instance.task.n, self.alpha,
            replicas=cell.replicas * self.roots or None, seeds=self.roots if cell.replicas else None,
        )  # fmt: skip
        label = f"{cell.label}-D{cell.D}".lstrip("-")
        constants = {**self.instance.constants, **further}
        inputs = {**self.inputs(), **{name: exact(one.value) for name, one in further.items()}}
        return Measurement(bound, quantity, inputs, setting, evidence, trivial, constants, {**witness, **known}, label)

    @property
    def at(self) -> Vector:
        """The point in balls."""
        return column(self.w)

    def laws(self, *, most: int | None = LARGEST_TREE) -> list[tuple[StochasticMeta, BallMeta]]:
        """Each agent's stochastic meta-gradients beside its meta loss.

        Raises:
            ValueError: the tree of outcomes has more than `most` leaves, or batches are not what the sampler lists.
        """
        alpha, laws = ball.ball(self.alpha), self._stochastic()
        at_most = max(law.leaves_at_most(self.mode) for law in laws)
        if most is not None and at_most > most and (leaves := self.outcomes()) > most:
            raise ValueError(
                f"task {self.instance.name}: enumeration of {self.mode} at nu = {self.cell.nu} has {leaves} outcomes, "
                f"at most {most} are walked; use smaller batches or method = 'sample'"
            )
        metas = [BallMeta(f, alpha, self.cell.nu) for f in self.instance.losses]
        return list(zip(laws, metas, strict=True))

    def outcomes(self, *, mean_alone: bool = False) -> int:
        """Leaves of the largest tree of an agent's batches; of its trajectories alone where only a mean is asked for.

        Raises ValueError as `laws`.
        """
        with flint.ctx.workprec(_ENUMERATION_BITS):
            trees = [law.tree_size(self.mode, self.at, mean_alone=mean_alone) for law in self._stochastic()]
        return max(trees)

    def _stochastic(self) -> list[StochasticMeta]:
        cell, instance = self.cell, self.instance
        if why := why_not_enumerated(instance, cell):
            raise ValueError(f"task {instance.name}: {why}")
        assert not isinstance(instance.samples, str)
        sizes = Sizes(cell.D, cell.D_prime, cell.D_H)
        return [StochasticMeta(own, ball.ball(self.alpha), cell.nu, sizes) for own in instance.samples]

    def row(
        self, bound: str, quantity: str, values: Sequence[arb], trivial: float,
        further: Mapping[str, StatedConstant] = _NO_FURTHER,
    ) -> Measurement:  # fmt: skip
        """A row from one exact expectation an agent: the largest of them."""
        agent = max(range(len(values)), key=lambda i: float(values[i].mid()))
        lower, upper = ball.bounds(values[agent])
        how = f"exact expectation (every batch outcome enumerated), Arb balls at {flint.ctx.prec} bits"
        evidence = Enclosed(max(lower, lower * 0), upper, how)
        return self.measurement(bound, quantity, evidence, trivial, further, agent=agent)


def why_not_enumerated(instance: TaskInstance, cell: NoiseCell) -> str:
    """Why the batches of a cell cannot be enumerated; empty where they can."""
    if instance.unread:
        return instance.unread
    if isinstance(instance.samples, str):
        return instance.samples
    task, sizes = instance.made or instance.task, {name: getattr(cell, name) for name in ("D", "D_prime", "D_H")}
    return next((f"{name} = {size}: {why}" for name, size in sizes.items() if (why := not_as_listed(task, size))), "")


def _sampled(at: NoisyPoint, statement: WithBatches, arrays: dict[str, np.ndarray]) -> list[Measurement]:
    """The agents' mean of squared bias and squared error, from independent pairs of meta-gradients.

    Each agent obeys the bound, hence so does the mean over agents of the squares.
    """
    largest = upwards(at.largest + at.value("B_F")) ** 2
    rounding, rows = largest * 1e-12, []
    if statement.bias is not None:
        how = "betting bound on <g - grad F, g' - grad F> over independent pairs"
        evidence = Sampled(arrays[f"{at.mode}_product"], -largest, largest, rounding, how, power=2)
        rows.append(at.measurement(statement.id, statement.bias, evidence, at.bias_trivial))
    if statement.squared_error is not None:
        how = "betting bound on norm(g - grad F)^2"
        evidence = Sampled(arrays[f"{at.mode}_squared_error"], 0.0, largest, rounding, how)
        rows.append(at.measurement(statement.id, statement.squared_error, evidence, at.error_trivial))
    return rows
