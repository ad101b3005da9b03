r"""Certified constants of A1-A6 for any task whose loss can be recorded: what the loss that runs obeys on a ball.

Two sources, the better being taken. Norms carried through the operations of the recorded loss bound its first four
derivatives over the whole ball (`empirics.certificates.norms`). Around the centre w_0, where gradients, Hessians and,
in few dimensions, third derivatives T can be computed, Taylor's formula bounds them by their values there and a rest:

    B   <= norm(g) + r norm(H) + r^2/2 norm(T) + r^3/6 rho_4,      L <= norm(H) + r norm(T) + r^2/2 rho_4,
    rho <= norm(T) + r rho_4,     mu >= lambda_min(H) - r norm(T) - r^2/2 rho_4,     rho_4 the fourth derivative's norm,

all at w_0, stopping earlier where a derivative is not computed. Deviations g_i - g, H_i - H of agents (gamma) and of
samples (sigma) obey the same formulas with differences at w_0; the rest's deviation is at most that of the triangle
inequality, ((n - 2) rho_i + sum_j rho_j)/n.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirics.certificates.norms import central
from empirics.certificates.norms.central import ThirdNorms
from empirics.certificates.norms.majorants import INFLATION
from empirics.certificates.norms.propagate import LossBounds, loss_bounds
from empirics.certificates.norms.recorded_losses import RecordedLoss, agent_losses, refuse_mixing, sample_losses
from empirics.numerics.checks import array
from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.numerics.spectra import Spectrum, spectrum
from empirics.tasks.local_constants import LocalConstants
from empirics.tasks.networks.sample_subsets import SampleSubsets
from empirics.tasks.noise import NoisySamples
from empirics.tasks.sampler import AlmostSureBounds, listed
from empirics.tasks.task import Task

# Work at the centre: (agents or samples) d^2 numbers for Hessians and d^3 operations for their eigenvalues, which is
# some ten seconds; agents d^3 numbers for third derivatives. Beyond, norms through the operations stand alone.
HESSIANS, EIGENVALUES, THIRDS = 2**26, 2**33, 2**26


def certified_constants(task: Task, centre: Any, radius: float) -> dict[str, Constant]:
    """B, L, rho, gamma_G, gamma_H, sigma_G, sigma_H from above, mu, mu_mean and the loss from below, on a ball.

    A name is absent where no finite bound is known: B of a quadratic on all of R^d, sigma where the sampler lists no
    samples or their losses cannot be recorded.

    Args:
        task: float64, its loss a fixed sequence of torch operations.
        centre: of the ball, (d,).
        radius: > 0; infinity for all of R^d.

    Raises:
        InputError: float32 or a radius that is not positive; NoRuleError and UnboundedError, its subclasses, name an
            operation that has no rule, or that may not be smooth on the ball.
        UntraceableError: the loss cannot be recorded.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[2.0, 0.0], [0.0, 1.0]]], c=[[0.0, 0.0]])
    >>> found = certified_constants(task, [0.0, 0.0], 3.0)
    >>> {name: round(found[name].value, 6) for name in ("L", "mu", "rho", "B")}
    {'L': 2.0, 'mu': 1.0, 'rho': 0.0, 'B': 6.0}
    """
    return certificate(task, centre, radius).constants


def certificate(task: Task, centre: Any, radius: float) -> Certificate:
    """The same with the numbers of every agent; see `certified_constants`.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[2.0]], [[1.0]]], c=[[0.0], [0.0]])
    >>> certificate(task, [0.0], 1.0).hessian.round(6).tolist()
    [2.0, 1.0]
    """
    if task.dtype != torch.float64:
        raise InputError("the task is in float32: expected float64, task.to(dtype=torch.float64)")
    if not radius > 0:
        raise InputError(f"radius = {radius}: expected > 0, or infinity for all of R^d")
    point = array("centre", centre, "(d,)", 1).to(torch.float64)
    if len(point) != task.d:
        raise InputError(f"centre has {len(point)} numbers: expected {task.d}, the dimension of the task")
    agents, samples = agent_losses(task), sample_losses(task)
    with _beyond_float64():
        over = loss_bounds(agents, point, float(radius))
        try:
            of_samples = None if samples is None else loss_bounds(samples, point, float(radius))
        except InputError:
            if task.network() is not None:
                raise
            of_samples = None  # the agents' losses are known even where the samples' are not
    if samples is not None and task.network() is not None:
        refuse_mixing(task, samples)
    return Certificate(task, point, float(radius), agents, samples, over, of_samples)


def with_hessians(losses: int, d: int) -> bool:
    """Whether so many Hessians at the centre and their eigenvalues are worth their price; norms need none.

    >>> with_hessians(10, 100), with_hessians(10, 10_000)
    (True, False)
    """
    return losses * d**2 <= HESSIANS and losses * d**3 <= EIGENVALUES


@dataclass(frozen=True, eq=False)
class Certificate:
    """Certified bounds for every agent on a ball; arrays are (n,), per agent.

    Args:
        task: whose losses they bound.
        centre, radius: of the ball.
        agents, samples: the recorded losses.
        of_agents, of_samples: bounds by norms alone.
    """

    task: Task
    centre: Tensor
    radius: float
    agents: RecordedLoss
    samples: RecordedLoss | None
    of_agents: LossBounds
    of_samples: LossBounds | None

    def layered(self, order: int) -> np.ndarray:
        """Norms of the derivatives of that order over the ball, by norms alone."""
        return self._layered[order - 1]

    @cached_property
    def _layered(self) -> list[np.ndarray]:
        majorants = self.of_agents.majorants
        if self.of_samples is not None and self._of_data:
            own = self.of_samples.majorants
            # a mean over samples is bounded by the mean of bounds, block by block
            means = own.reshape(self.task.n, -1, own.shape[-1]).mean(axis=1) * INFLATION
            majorants = np.minimum(majorants, means)
        table = self.of_agents.ball.table
        return [table.norm(majorants, order) for order in (1, 2, 3, 4)]

    @property
    def local(self) -> bool:
        """Whether the ball is bounded, so that its centre says something."""
        return math.isfinite(self.radius)

    @cached_property
    def _gradients(self) -> np.ndarray:
        return central.gradients(self.agents, self.centre)

    @cached_property
    def _hessians(self) -> np.ndarray | None:
        if not self.local or not with_hessians(self.task.n, self.task.d):
            return None
        found = central.hessians(self.agents, self.centre)
        return found if central.squarable(found) else None

    @cached_property
    def _spectra(self) -> list[Spectrum]:
        """Of the agents' Hessians at the centre, where there are any."""
        return [spectrum(hessian) for hessian in self._hessians] if self._hessians is not None else []

    @cached_property
    def _thirds(self) -> ThirdNorms | None:
        if self._hessians is None or self.task.n * self.task.d**3 > THIRDS or not self.layered(3).any():
            return None
        return central.third_norms(self.agents, self.centre)

    @cached_property
    def _central(self) -> list[np.ndarray]:
        """Norms at the centre of gradients, Hessians, third derivatives, as far as they are computed."""
        found = [np.linalg.norm(self._gradients, axis=-1)]
        if self._spectra:
            found.append(np.array([one.norm for one in self._spectra]))
        if self._thirds is not None:
            found.append(self._thirds.own)
        return [central.safe(norms, self.layered(k + 1)) for k, norms in enumerate(found)]

    def _around(self, start: int, at_centre: Sequence[np.ndarray], last: np.ndarray) -> np.ndarray:
        """Taylor's formula for the derivative of order start + 1 from those at the centre, with the best remainder.

        `last` (4, ...) bounds the first four derivatives over the ball; the formula may stop at any order.
        """
        best = last[start]
        if not self.local:
            return best
        total = np.zeros_like(best)
        for k in range(start, len(at_centre)):
            total = total + at_centre[k] * self.radius ** (k - start) / math.factorial(k - start)
            order = k + 1 - start
            best = np.minimum(best, (total + last[k + 1] * self.radius**order / math.factorial(order)) * INFLATION)
        return best

    def _order(self, order: int) -> np.ndarray:
        return self._around(order - 1, self._central if self.local else [], np.stack(self._layered))

    @cached_property
    def gradient(self) -> np.ndarray:
        """Of norm(grad f_i)."""
        return self._order(1)

    @cached_property
    def hessian(self) -> np.ndarray:
        """Of norm(hess f_i)."""
        return self._order(2)

    @cached_property
    def third(self) -> np.ndarray:
        """Lipschitz constants of hess f_i."""
        return self._order(3)

    @property
    def fourth(self) -> np.ndarray:
        """Norms of the fourth derivatives."""
        return self.layered(4)

    @property
    def _sharp(self) -> np.ndarray:
        """The best bounds on the first four derivatives, (4, n)."""
        return np.stack([self.gradient, self.hessian, self.third, self.fourth])

    @cached_property
    def least(self) -> np.ndarray:
        """At most every eigenvalue of hess f_i."""
        bound = -self.hessian
        if not self._spectra:
            return bound
        low = np.array([one.low for one in self._spectra])
        return np.maximum(bound, low - self._growth(self._central[2:], self.third, self.fourth, low))

    def _growth(self, third: Sequence[np.ndarray], over: np.ndarray, fourth: np.ndarray, low: np.ndarray) -> np.ndarray:
        """How far an eigenvalue may fall on the way from the centre."""
        fall = self.radius * over
        if third:
            fall = np.minimum(fall, self.radius * third[0] + self.radius**2 / 2 * fourth)
        return fall * INFLATION + central.slack(low, self.layered(2).max(keepdims=True))

    @cached_property
    def curvature_floor(self) -> float:
        """At most every eigenvalue of the Hessian of the mean loss."""
        bound = float(self.least.mean()) - abs(float(self.least.mean())) * 2.0**-40
        if self._hessians is None:
            return bound
        low = np.array([spectrum(self._hessians.mean(axis=0)).low])
        third = (
            []
            if self._thirds is None
            else [central.safe(np.array([self._thirds.mean]), self.layered(3).max(keepdims=True))]
        )
        over, fourth = (part.mean(keepdims=True) * INFLATION for part in (self.third, self.fourth))
        return max(bound, float((low - self._growth(third, over, fourth, low))[0]))

    @cached_property
    def loss(self) -> np.ndarray:
        """At most every value of f_i."""
        low = self.of_agents.low
        if self.of_samples is not None and self._of_data:
            low = np.maximum(low, self.of_samples.low.reshape(self.task.n, -1).mean(axis=1))
        if not self.local:
            return low
        value = central.values(self.agents, self.centre)
        first = self._central[0] * self.radius
        second = np.minimum(self.least, 0.0) * self.radius**2 / 2
        fall = np.minimum(self.gradient * self.radius, first - second) * INFLATION
        fall = fall + central.PROMISED * (1 + np.abs(value))
        return np.maximum(low - np.abs(low) * 2.0**-40, value - fall)

    def _deviations(
        self, rows: Sequence[np.ndarray], sharp: np.ndarray, order: int, weights: np.ndarray | None = None
    ) -> np.ndarray:
        """Deviations from the mean, over the last axis, of derivatives: norms at the centre and remainders."""
        spread = np.stack([_spread_of(part, weights) for part in sharp])
        at_centre = [central.safe(norms, spread[k]) for k, norms in enumerate(rows)] if self.local else []
        return self._around(order - 1, at_centre, spread)

    @cached_property
    def gamma(self) -> tuple[float, float]:
        """gamma_G and gamma_H."""
        if self.task.n == 1:
            return 0.0, 0.0
        rows = [np.linalg.norm(_offset(self._gradients), axis=-1)] if self.local else []
        if self._hessians is not None:
            rows.append(central.symmetric_norms(_offset(self._hessians)))
        if self._thirds is not None:
            rows.append(self._thirds.offset)
        first, second = (_rms(self._deviations(rows, self._sharp, order)) for order in (1, 2))
        # the mean minimises the mean square
        return float(min(first, _rms(self.gradient))), float(second)

    @cached_property
    def sigma(self) -> tuple[float, float] | None:
        """sigma_G and sigma_H of the worst agent; None where a sample's loss is not known."""
        if self.task.sampler.noiseless:
            return 0.0, 0.0
        if type(self.task.sampler) is NoisySamples:
            stated = self.task.sampler.constants(self.task)
            return stated["sigma_G"].value, stated["sigma_H"].value
        if self._of_samples is None or (self._of_data and type(self.task.sampler) is not SampleSubsets):
            return None
        rows, sharp = self._of_samples
        weights = self._weights
        if self.local:
            own = self._sample_gradients.reshape(self.task.n, -1, self.task.d)
            offsets = [np.linalg.norm(own - (weights[..., None] * own).sum(axis=1, keepdims=True), axis=-1)]
            if self._sample_hessians is not None:
                own = self._sample_hessians.reshape(self.task.n, -1, self.task.d, self.task.d)
                mean = (weights[..., None, None] * own).sum(axis=1, keepdims=True)
                offsets.append(central.symmetric_norms(own - mean))
            rows = offsets
        first, second = (_rms(self._deviations(rows, sharp, order, weights), weights) for order in (1, 2))
        return float(np.minimum(first, _rms(sharp[0], weights)).max()), float(second.max())

    @property
    def _of_data(self) -> bool:
        """Whether an agent's loss is known to be the mean of its samples' losses: those of a network's data."""
        return self.task.network() is not None

    @property
    def _weights(self) -> np.ndarray:
        """Probabilities of the samples, (n, S)."""
        found = None if self._of_data else listed(self.task)
        if found is None:
            assert self.samples is not None
            count = self.samples.count // self.task.n
            return np.full((self.task.n, count), 1 / count)
        weights = found.weights.T.cpu().double().numpy()
        return weights / weights.sum(axis=1, keepdims=True)

    @cached_property
    def _sample_gradients(self) -> np.ndarray:
        assert self.samples is not None
        return central.gradients(self.samples, self.centre)

    @cached_property
    def _sample_hessians(self) -> np.ndarray | None:
        if self.samples is None or not with_hessians(self.samples.count, self.task.d):
            return None
        found = central.hessians(self.samples, self.centre)
        return found if central.squarable(found) else None

    @cached_property
    def _of_samples(self) -> tuple[list[np.ndarray], np.ndarray] | None:
        """Norms at the centre, each (n, S), and the best bounds on the first four derivatives, (4, n, S)."""
        if self.of_samples is None:
            return None
        shape = (self.task.n, -1)
        sharp = np.stack([self.of_samples.norm(order).reshape(shape) for order in (1, 2, 3, 4)])
        rows = []
        if self.local:
            rows.append(np.linalg.norm(self._sample_gradients, axis=-1).reshape(shape))
            if self._sample_hessians is not None:
                rows.append(central.symmetric_norms(self._sample_hessians).reshape(shape))
            rows = [central.safe(norms, sharp[k]) for k, norms in enumerate(rows)]
            sharp = np.stack([*(self._around(k, rows, sharp) for k in (0, 1)), *sharp[2:]])
        return rows, sharp

    @property
    def local_constants(self) -> LocalConstants:
        """The constants as a network states them (`NetworkTask.stating`), with what every batch obeys.

        Raises:
            InputError: the ball is unbounded, the losses of single samples are not known, or a constant has no finite
                bound.
        """
        found = self.constants
        with _beyond_float64():
            of_samples = self._of_samples
        if not self.local or of_samples is None:
            raise InputError("constants on a ball with sure bounds on batches: expected a network and a finite radius")
        if unbounded := [name for name in ("B", "L", "rho", "gamma_G", "gamma_H", "mu", "loss") if name not in found]:
            where = f"on the ball of radius {self.radius:g} about the centre"
            raise InputError(f"{', '.join(unbounded)} {where}: no bound below 2^1024 is found; take a smaller ball")
        steepest, curved = (float(part.max()) * INFLATION for part in of_samples[1][:2])
        stated = {name: constant for name, constant in found.items() if name not in ("mu_mean", "loss")}
        sure = AlmostSureBounds(steepest, -curved, curved)
        return LocalConstants(self.centre.cpu(), self.radius, stated, sure, found["loss"])

    @property
    def constants(self) -> dict[str, Constant]:
        """The task's constants by name, those that are finite."""
        where = f"on the ball of radius {self.radius:g} about the centre" if self.local else "on all of R^d"
        note = f"norms through the recorded loss's operations, {where}"
        with _beyond_float64():
            upper = {
                "B": float(self.gradient.max()),
                "L": float(self.hessian.max()),
                "rho": float(self.third.max()),
                "gamma_G": self.gamma[0],
                "gamma_H": self.gamma[1],
            }
            if self.sigma is not None:
                upper["sigma_G"], upper["sigma_H"] = self.sigma
            lower = {"mu": float(self.least.min()), "mu_mean": self.curvature_floor, "loss": _mean_down(self.loss)}
        found = {name: Constant(value, "upper", note) for name, value in upper.items() if math.isfinite(value)}
        return found | {name: Constant(value, "lower", note) for name, value in lower.items() if math.isfinite(value)}


def _beyond_float64() -> np.errstate:
    """Within it numpy does not warn of what leaves float64: such a bound is no number, and its name is left out."""
    return np.errstate(over="ignore", invalid="ignore", divide="ignore")


def _offset(values: np.ndarray, axis: int = 0) -> np.ndarray:
    return values - values.mean(axis=axis, keepdims=True)


def _spread_of(own: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Bounds on norm(X_j - sum_k p_k X_k) from norm(X_j) <= own_j along the last axis, p_k = 1/count by default."""
    share = np.full(own.shape, 1 / own.shape[-1]) if weights is None else weights
    finite = np.where(np.isfinite(own), own, 0.0)
    others = (share * finite).sum(axis=-1, keepdims=True) - share * finite
    spread = ((1 - share) * finite + others) * INFLATION
    return np.where(np.isfinite(own).all(axis=-1, keepdims=True), spread, np.inf)


def _rms(values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    squares = np.square(values)
    return np.sqrt(squares.mean(axis=-1) if weights is None else (weights * squares).sum(axis=-1)) * INFLATION


def _mean_down(values: np.ndarray) -> float:
    mean = float(values.mean())
    return mean - abs(mean) * 2.0**-40
