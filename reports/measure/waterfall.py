"""Where the slack of a rate sits: its right side with the constants replaced step by step by what the run met.

Every stage is a number; the ratio of neighbours is what one replacement gains. The first stage is the predicted right
side and the last one the measured left side, so the product of the ratios is predicted / measured exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

import empirics
import theory
from reports.measure.recorded_run import RecordedRun
from reports.measure.run_specification import RunSpecification
from reports.measure.task_instance import exact
from reports.measure.trajectories import losses

STAGES = (
    "predicted, global constants",
    "constants along the run's own hull",
    "measured L_F",
    "measured b, sigma, gamma_F",
    "measured drift",
    "measured decrease",
    "measured",
)
RATES = ("T2", "T3")
_POINTS = 24
_DRAWS = 64
LARGEST_DIMENSION = 64


@dataclass(frozen=True)
class Waterfall:
    """The stages of one run, in the order of STAGES; None where a stage does not exist for the run."""

    bound: str
    task: str
    mode: str
    nu: int
    tau: int
    m: int
    values: tuple[float, ...]

    @property
    def factors(self) -> tuple[float, ...]:
        """Stage over next stage; their product is predicted / measured."""
        return tuple(above / below for above, below in zip(self.values, self.values[1:], strict=False))

    @property
    def total(self) -> float:
        """Predicted over measured: the product of the factors."""
        return self.values[0] / self.values[-1]


def waterfall(specification: RunSpecification, iterates: np.ndarray, bound: str = "T2") -> Waterfall | None:
    """The stages of T2 (or T3) on a recorded run; None where the bound has no value or the task is too wide.

    The replaced constants are suprema over sampled points of the run, so they only attribute slack and certify nothing.
    """
    return next(iter(waterfalls(RecordedRun(specification, iterates), (bound,))), None)


def waterfalls(recorded: RecordedRun, bounds: Sequence[str]) -> list[Waterfall]:
    """The waterfalls of several bounds on one run: the constants it met are looked for once."""
    specification = recorded.specification
    if specification.refusal is not None or specification.instance.task.d > LARGEST_DIMENSION:
        return []
    valued = [bound for bound in bounds if _value(bound, specification.inputs) is not None]
    met = _Met(recorded)
    return [one for bound in valued if (one := _stages(recorded, met, bound)) is not None]


def _stages(recorded: RecordedRun, met: _Met, bound: str) -> Waterfall | None:
    specification, s = recorded.specification, recorded.specification.settings
    hull = {**specification.inputs, **met.hull}
    smooth = {**hull, "L_F": exact(met.smoothness)}
    bias, variance, spread = met.noise
    noisy = {**smooth, "b": exact(bias), "sigma2": exact(variance), "gamma_F": exact(spread)}
    left, drifted, decreased = _measured(recorded, met.smoothness, bound)
    values = [_value(bound, inputs) for inputs in (specification.inputs, hull, smooth, noisy)]
    if None in values or not all(value and value > 0 for value in (*values, drifted, decreased, left)):
        return None
    stages = (*(float(value) for value in values if value is not None), drifted, decreased, left)
    agents = s.participants_of(specification.instance.task.n)
    return Waterfall(bound, specification.instance.name, s.mode, s.nu, s.tau, agents, stages)


@dataclass(frozen=True, eq=False)
class _Met:
    """The constants that a run met, each looked for once."""

    recorded: RecordedRun

    @cached_property
    def points(self) -> Tensor:
        return _points(self.recorded.iterates)

    @cached_property
    def hull(self) -> dict[str, str]:
        return _hull(self.recorded.specification, self.points)

    @cached_property
    def smoothness(self) -> float:
        return _smoothness(self.recorded.specification, self.points)

    @cached_property
    def noise(self) -> tuple[float, float, float]:
        return _noise(self.recorded.specification, self.points)


def _value(bound: str, inputs: dict[str, str]) -> float | None:
    return theory.quantity(bound).evaluate(**inputs).value


def _points(iterates: np.ndarray) -> Tensor:
    """Iterates spread over rounds and replicas, (P, d)."""
    flat = iterates.reshape(-1, iterates.shape[-1])
    chosen = np.unique(np.linspace(0, len(flat) - 1, _POINTS).astype(int))
    return torch.as_tensor(flat[chosen], dtype=torch.float64)


def _agents(specification: RunSpecification, points: Tensor) -> Tensor:
    return points[:, None, :].expand(-1, specification.instance.task.n, -1)


def _hull(specification: RunSpecification, points: Tensor) -> dict[str, str]:
    """B, L, gamma_G and gamma_H over the points and their fine-tuning trajectories; never above the global ones."""
    task, s = specification.instance.task, specification.settings
    w, found = _agents(specification, points), {"B": 0.0, "L": 0.0, "gamma_G": 0.0, "gamma_H": 0.0}
    for _ in range(s.nu + 1):
        gradient, hessian = task.gradient(w), task.hessian(w)
        found["B"] = max(found["B"], float(gradient.norm(dim=-1).max()))
        found["L"] = max(found["L"], float(torch.linalg.matrix_norm(hessian, ord=2).max()))
        common = w.mean(dim=1, keepdim=True).expand_as(w)
        found["gamma_G"] = max(found["gamma_G"], float(_spread(task.gradient(common).flatten(2)).sqrt().max()))
        spectral = torch.linalg.matrix_norm(task.hessian(common) - task.hessian(common).mean(1, keepdim=True), ord=2)
        found["gamma_H"] = max(found["gamma_H"], float(spectral.square().mean(1).sqrt().max()))
        w = w - s.alpha * gradient
    constants = specification.constants
    least = -constants["mu"].value if "mu" in constants else 0.0  # L may not fall below -mu
    found["L"] = max(found["L"], least, constants["mu"].value if "mu" in constants else 0.0)
    return {name: exact(min(value, constants[name].value)) for name, value in found.items()}


def _spread(values: Tensor) -> Tensor:
    return (values - values.mean(dim=1, keepdim=True)).square().sum(-1).mean(1)


def _meta(specification: RunSpecification, w: Tensor) -> Tensor:
    s = specification.settings
    return empirics.meta_gradient(specification.instance.task, w, s.alpha, s.nu)


def _smoothness(specification: RunSpecification, points: Tensor) -> float:
    """The largest difference quotient of a meta-gradient between points near the run."""
    generator = torch.Generator().manual_seed(0)
    size = 1e-3 * (1 + float(points.norm(dim=-1).max()))
    shift = torch.randn(8, *points.shape, generator=generator, dtype=torch.float64)
    shift = shift / shift.norm(dim=-1, keepdim=True) * size
    here = _meta(specification, _agents(specification, points))
    there = _meta(specification, _agents(specification, (points + shift).flatten(0, 1))).reshape(8, *here.shape)
    largest = float((there - here).norm(dim=-1).max()) / size
    return min(largest, specification.L_F)


def _noise(specification: RunSpecification, points: Tensor) -> tuple[float, float, float]:
    """Bias, variance and spread of the meta-gradients in the mode of the run, the largest over some of its points."""
    task, s = specification.instance.task, specification.settings
    w = _agents(specification, points)
    true = _meta(specification, w)
    spread = float(_spread(true).sqrt().max())
    predicted = theory.quantity("b").evaluate(**specification.inputs).value or 0.0
    options: dict[str, Any] = {} if s.delta is None else {"delta": s.delta}
    if not specification.cell.mode.draws:
        given = empirics.meta_gradient(task, w, s.alpha, s.nu, s.mode, **options)
        return min(float((given - true).norm(dim=-1).max()), predicted), 0.0, spread
    some = w[:: max(1, len(w) // 4)]
    batches = (s.D or 1, s.D_prime or 1, s.D_H or 1)
    repeated = some.repeat_interleave(_DRAWS, dim=0)
    drawn = empirics.meta_gradient(task, repeated, s.alpha, s.nu, s.mode, batches=batches, seed=1, **options)
    drawn = drawn.reshape(len(some), _DRAWS, task.n, task.d)
    mean = drawn.mean(1)
    variance = float((drawn - mean[:, None]).square().sum(-1).mean(1).max()) * _DRAWS / (_DRAWS - 1)
    bias = float((mean - _meta(specification, some)).norm(dim=-1).max())
    return min(bias, predicted), variance, spread


def _measured(recorded: RecordedRun, smoothness: float, bound: str) -> tuple[float, float, float]:
    """(left side, right side with the measured drift, and that with the measured decrease as well).

    T3 with the same noise averaged over rounds, and in the last stage the least norm(grad F)^2 / (2 gap) for mu_F.
    T2: 2 (F(w_0) - F_low)/(beta tau K) + mean norm(R_k)^2 + (fluctuation of the server step) with R_k the mean server
    step over -beta tau minus the meta-gradient, and the decrease F(w_0) - E F(w_K) in the place of F(w_0) - F_low.
    """
    specification, s = recorded.specification, recorded.specification.settings
    paths, gradient = torch.as_tensor(recorded.iterates, dtype=torch.float64), recorded.gradients
    rounds = paths.shape[1] - 1
    loss = losses(specification, recorded.iterates[:, [0, -1]])
    step = -(paths[:, 1:] - paths[:, :-1]) / (s.beta * s.tau)
    drift = step - gradient
    per_round = drift.square().sum(-1).mean() if len(paths) == 1 else drift.mean(0).square().sum(-1).mean()
    fluctuation = 0.0 if len(paths) == 1 else float((drift - drift.mean(0)).square().sum(-1).mean())
    noise = float(per_round) + s.beta * s.tau * smoothness * fluctuation
    scale = 2 / (s.beta * s.tau * rounds)
    gap = float(Fraction(specification.inputs["F0_gap"]))
    decrease = float(loss[:, 0].mean() - loss[:, -1].mean())
    left = float(gradient.square().sum(-1).mean())
    if bound == "T2":
        return left, scale * gap + noise, max(scale * decrease + noise, 0.0)
    gaps = torch.as_tensor(recorded.gaps).mean(0)
    mean_square = gradient.square().sum(-1).mean(0)
    met = float((mean_square / (2 * gaps[:-1]).clamp_min(1e-300)).min())
    stages = [
        (1 - s.beta * s.tau * mu) ** rounds * gap + noise / (2 * mu)
        for mu in (float(Fraction(specification.inputs["mu_F"])), max(met, 1e-300))
    ]
    return float(gaps[-1]), stages[0], stages[1]


def _number(text: str) -> float:

    return float(Fraction(text))
