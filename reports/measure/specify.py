"""A run cell with its numbers: exact theory inputs, the engine's settings, and a proof that no run leaves the ball."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import torch
from flint import arb

import empirics
import theory
from empirics import MetaFedAvg, Run
from empirics.algorithm.sampling import Sampling, exact_weights
from empirics.certificates import closed_form, confinement
from empirics.runs import fedavg
from reports.balls import ball
from reports.balls.ball import BallMeta
from reports.cells.run_cell import RunCell
from reports.judging.rows import StatedConstant
from reports.measure.along_run import AlongRuns
from reports.measure.estimates import rough
from reports.measure.moments import average_and_minimiser
from reports.measure.power import PowerCalculation, required_replicas
from reports.measure.run_specification import RunSpecification, replicas
from reports.measure.settled import SHARED_PROBES, drift_ball
from reports.measure.task_instance import TaskInstance, upwards

# of agents that stand for weighted ones: every one of them is looked at wherever F is read
_MOST_COPIES = 256


def specify(
    instance: TaskInstance, cell: RunCell, statements: Sequence[AlongRuns], level: float = 1e-3, seeds: int = 1
) -> RunSpecification:
    """Choose beta as the cell asks, confine the run, and complete the exact inputs.

    A quadratic run gets the smallest ball that no possible run with these settings leaves, whatever is drawn; the step
    does not depend on that ball. When none can be proved, the cell's rows say so instead of a verdict.
    """
    task, alpha, refusal = instance.task, instance.alpha(cell), None
    if cell.weights is not None:
        instance, refusal = _by_copies(instance, exact_weights(cell.weights))
    sizes = {name: getattr(cell, name) for name in ("D", "D_prime", "D_H") if getattr(cell, name) is not None}
    delta = None if cell.delta is None else float(cell.delta)
    more: dict[str, Any] = {
        "mode": cell.mode,
        "tau": cell.tau,
        "n": task.n,
        "m": cell.m or task.n,
        "K": cell.rounds,
        **sizes,
    }
    if delta is not None:
        more["delta"] = delta
    strong = any(statement.strong for statement in statements)
    rate = _rate_constants(instance, cell, alpha, strong=strong)
    more |= {name: constant.value for name, constant in rate.items()} | _other_algorithm(cell)
    # the largest step depends neither on the ball nor on the start, but theory wants every key of the right side
    slowest = next((one.rate for one in statements if one.rate != "T2"), "T2")
    beta = _step(cell, slowest, instance.on_ball(1.0).inputs(alpha, cell.nu, **more, F0_gap=1))
    settings = MetaFedAvg(
        alpha, cell.nu, beta, cell.tau, participants=cell.m, mode=cell.mode, delta=delta, sampling=cell.sampling,
        weights=cell.weights, server_step=float(cell.server_step), **sizes,
    )  # fmt: skip
    start, run_as = _start(instance, cell), None
    if cell.weights is not None:
        run_as = (task, settings)
        settings = replace(settings, weights=None, participants=_drawn(settings, task.n))
    limit = any(statement.limit for statement in statements)
    instance, outside, beyond = _region(instance, settings, start, cell.rounds, limit=limit)
    refusal = refusal or outside
    try:
        gap = _start_gap(instance, alpha, cell, start)
    except empirics.InputError as error:
        gap, refusal = 0.0, f"A1: F has no lower bound: {error}"
    if gap < 0:
        refusal = f"promise: loss_lower_bound is above the loss at the start by {-gap:.6g}"
    settled = drift_ball(instance, cell)
    drift = {"drift": "ball"} if settled else {}
    inputs = instance.inputs(alpha, cell.nu, **more, **drift, beta=beta, F0_gap=max(gap, 0.0))
    # estimated constants are known after the run only, and no sample size could make their rows certain
    power = [] if instance.estimated else [_power(instance, statement, inputs, level) for statement in statements]
    sized = tuple(one for one in power if one is not None)
    return RunSpecification(
        instance, cell, {**instance.constants, **rate}, inputs, settings, start, refusal, sized, seeds,
        {**settled, **SHARED_PROBES}, run_as, beyond,
    )  # fmt: skip


def _by_copies(instance: TaskInstance, weights: Sequence[Fraction]) -> tuple[TaskInstance, str | None]:
    """The instance of copies of the agents in proportion to their weights, or itself and why there is none."""
    if instance.estimated or instance.task.on_demand:
        return instance, "equal weights: the constants of this task are known for agents of equal weight only"
    together = math.lcm(*(weight.denominator for weight in weights))
    if together > _MOST_COPIES:
        return instance, f"equal weights: their common denominator {together} is above {_MOST_COPIES}; round them"
    return instance.copied([int(weight * together) for weight in weights]), None


def _drawn(settings: MetaFedAvg, n: int) -> int | None:
    """The participants of the same law among copies: as many draws, or every one of them."""
    return settings.participants_of(n) if settings.sampling is Sampling.REPLACEMENT else None


def _power(
    instance: TaskInstance, statement: AlongRuns, inputs: dict[str, str], level: float
) -> PowerCalculation | None:
    """The sample size for a statement whose left side has a range; none for a vacuous bound."""
    if statement.largest is None:
        return None
    name = statement.left[0].quantity
    predicted = theory.quantity(name).evaluate(**inputs).value
    largest = statement.largest(instance.task, inputs)
    if predicted is None or not 0 < predicted < largest:
        return None
    return required_replicas(name, predicted, largest, level)


def _rate_constants(instance: TaskInstance, cell: RunCell, alpha: float, *, strong: bool) -> dict[str, StatedConstant]:
    """L_F and mu_c of a quadratic task from its closed form (Q1), mu_F where asked for; others take them from S4."""
    if not instance.quadratic:
        return {}
    smooth = closed_form.smoothness(instance.task, alpha, cell.nu)
    rate = {"L_F": StatedConstant(value=smooth.value, side=smooth.side)}  # type: ignore[arg-type]
    floor = closed_form.curvature_floor(instance.task, alpha, cell.nu)
    # both are rounded outwards, and -L_F is a lower bound of the curvature too
    rate["mu_c"] = StatedConstant(value=max(floor.value, -smooth.value), side=floor.side)  # type: ignore[arg-type]
    if strong:
        found = closed_form.pl_constant(instance.task, alpha, cell.nu)
        rate["mu_F"] = StatedConstant(value=found.value, side=found.side)  # type: ignore[arg-type]
    return rate


def _other_algorithm(cell: RunCell) -> dict[str, Any]:
    """The keys of what is not as in section 1's algorithm (C3, C6)."""
    more: dict[str, Any] = {} if cell.server_step == 1 else {"beta_s": cell.server_step}
    if cell.weights is not None and cell.sampling is Sampling.FULL:
        more["p_max"] = max(exact_weights(cell.weights))
    # all agents of equal weight are a subset of n: no other sampling has its own constants here
    special = cell.weights is not None or cell.sampling is Sampling.REPLACEMENT
    return {**more, "sampling": str(cell.sampling)} if special else more


def _step(cell: RunCell, rate: str, inputs: dict[str, str]) -> float:
    if cell.beta is not None:
        return float(cell.beta)
    assert cell.fraction is not None
    return float(cell.fraction * Fraction(theory.admissible(rate, **inputs).beta))


def _region(
    instance: TaskInstance, settings: MetaFedAvg, start: torch.Tensor, rounds: int, *, limit: bool
) -> tuple[TaskInstance, str | None, str | None]:
    """The instance on its ball, why there is none, and why the one there is may not hold the limit, if that matters."""
    if limit:
        found, beyond = _confined(instance, settings, start, None)
        if beyond is None:
            return found, None, None
        return *_confined(instance, settings, start, rounds), beyond
    return *_confined(instance, settings, start, rounds), None


def _confined(
    instance: TaskInstance, settings: MetaFedAvg, start: torch.Tensor, rounds: int | None
) -> tuple[TaskInstance, str | None]:
    """The instance on a ball that no run of so many rounds leaves, of any number where it is None; or why not."""
    if instance.estimated:
        return instance, rough(instance)
    if instance.quadratic:
        found = confinement.ball(instance.task, settings, start, rounds=rounds)
        if not math.isfinite(found.radius_W):
            return instance.on_ball(1.0), f"W0: {found.reason}"
        instance = instance.on_ball(upwards(found.radius_W))
    elif instance.task.local is None:
        return instance, None
    proof = confinement.ball(instance.task, settings, start, rounds=rounds)
    return instance, None if proof.holds else f"W0: {proof.reason}"


def _start(instance: TaskInstance, cell: RunCell) -> torch.Tensor:
    if cell.start is not None:
        return torch.tensor([float(x) for x in cell.start], dtype=torch.float64)
    if instance.task.network() is not None or instance.task.local is not None:
        return instance.centre
    d = instance.task.d
    return torch.full((d,), 1.0 / math.sqrt(d), dtype=torch.float64)


def _start_gap(instance: TaskInstance, alpha: float, cell: RunCell, start: torch.Tensor) -> float:
    """F(w_0) - F_low with F_low <= F*: at least the gap that T2 and T3 speak of, so the right side stays sound."""
    if not instance.in_balls:
        value = float(empirics.meta_loss(instance.task, start, alpha, cell.nu).mean())
        low = instance.task.loss_lower_bound().value
        return upwards(value - low + 2.0**-30 * (abs(value) + abs(low)))
    with flint.ctx.workprec(ball.BITS):
        agents = [BallMeta(f, ball.ball(alpha), cell.nu) for f in instance.losses]
        point = ball.column(start.numpy())
        value = sum((agent.loss(point) for agent in agents), ball.ball(0)) / len(agents)
        return ball.float_above(value - _lowest(instance, agents))


def _lowest(instance: TaskInstance, agents: list[BallMeta]) -> arb:
    """At most F*: F at the minimiser of a quadratic task whose mean matrix is definite, else the task's own bound."""
    if instance.quadratic:
        try:
            closed_form.pl_constant(instance.task, float(agents[0].alpha.mid()), agents[0].nu)
        except empirics.InputError:
            pass
        else:
            _, lowest = average_and_minimiser(instance.forms, agents[0].alpha, agents[0].nu)
            return sum((agent.loss(lowest) for agent in agents), ball.ball(0)) / len(agents)
    return ball.ball(instance.task.loss_lower_bound().value)


def run_cell(
    specification: RunSpecification,
    seed: int,
    device: str = "cpu",
    backend: str | None = None,
    chunk: int | None = None,
    *,
    local_averages: bool = False,
) -> Run | None:
    """The run of a cell, with the backend and the chunk that are named; none when its hypotheses already fail.

    local_averages: whether the means of all agents after each local step are recorded as well.
    """
    if specification.refusal is not None:
        return None
    settings = specification.ran[1] if chunk is None else replace(specification.ran[1], chunk=chunk)
    task, rounds = specification.ran[0].to(device), specification.cell.rounds
    number = replicas(specification)
    return fedavg.run(
        settings, task, specification.start, rounds, seed=seed, replicas=number, backend=backend,
        local_averages=local_averages,
    )  # fmt: skip


def run_arrays(runs: Sequence[Run]) -> dict[str, np.ndarray]:
    """Iterates of all runs, one replica after another, and what limits what they can certify.

    `float64_distance`: of float32 runs, the largest distance to float64 that was seen on a sample.
    `local_averages`: present when they were asked for.
    `tf32`: present when products were rounded to TF32.
    """
    if not runs:
        return {}
    arrays = {"iterates": np.concatenate([run.iterates.double().numpy() for run in runs])}
    averages = [run.local_averages.double().numpy() for run in runs if run.local_averages is not None]
    if averages:
        arrays["local_averages"] = np.concatenate(averages)
    distances = [run.error_estimate for run in runs if run.error_estimate is not None]
    if distances:
        arrays["float64_distance"] = np.array(max(distances))
    if any(run.precision == "tf32" for run in runs):
        arrays["tf32"] = np.array(True)
    return arrays
