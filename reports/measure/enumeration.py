"""Exact expectations of the stochastic meta-gradients over finite sample spaces, in balls.

On the analytic tasks a batch of D samples enters only through the means of its D signs, so an inner gradient batch has
(D + 1)^2 outcomes at most. All batches are independent, so an expectation is a finite sum over the tree of outcomes.
Where an outcome enters linearly (outer gradient and Hessians in the bias of the stochastic mode), its mean is used.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from flint import arb, arb_mat

from empirics import Task
from empirics.algorithm.modes import Mode
from reports.balls.ball import BallLoss, Vector, ball, column, columns_of, identity, side_by_side, squared_norm

Outcome = tuple[arb, arb, arb]  # weight, mean of the signs s1, mean of the signs s2


@dataclass(frozen=True)
class BallNoise:
    """The noise of one agent: sample (s1, s2) adds s1 g (u . w) + s2 a cos(k (v . w) + phi) to the loss."""

    g: arb
    a: arb
    k: arb
    u: Vector
    v: Vector
    phi: arb

    def _argument(self, w: Vector) -> arb:
        return self.k * (self.v.transpose() * w)[0, 0] + self.phi

    def gradient(self, w: Vector, s1: arb, s2: arb) -> Vector:
        """What a batch with these sign means adds to the gradient at w."""
        return self.u * (s1 * self.g) - self.v * (s2 * self.a * self.k * self._argument(w).sin())

    def hvp(self, w: Vector, x: Vector, s2: arb) -> Vector:
        """What a batch with this mean of s2 adds to the Hessian-vector product at w."""
        along = (self.v.transpose() * x)[0, 0]
        return self.v * (-s2 * self.a * self.k * self.k * self._argument(w).cos() * along)


def noises(task: Task) -> list[BallNoise] | str:
    """One noise an agent, as its sampler has it; why not, where its batches are not the sum of two signs' noises.

    What the sampler says of its scales is compared with what it draws: every outcome's gradient and Hessian-vector
    product at two points, in float64 to a relative 1e-9.
    """
    scales, listed = task.sampler.sign_scales(), task.sampler.outcomes(task)
    if scales is None or listed is None:
        return "only samplers of two signs are enumerated; use method = 'sample'"
    arrays = {**_still(task), **task.arrays(), **dict(zip(_SCALES, map(np.asarray, scales), strict=True))}
    found = _noises(arrays)
    for turn in range(2 if task.sampler.noiseless is False else 0):
        place = torch.arange(task.d, dtype=torch.float64)
        w, v = (wave.expand(1, task.n, task.d) for wave in (torch.cos(place + turn), torch.sin(place - turn)))
        for values in listed.values:
            signs = values.unsqueeze(0)
            if signs.shape != (1, task.n, 2):
                return "only samplers of two signs are enumerated; use method = 'sample'"
            added = task.sampler.gradient(task, w, signs) - task.raw_gradient(w)
            bent = task.sampler.hvp(task, w, v, signs) - task.raw_hvp(w, v)
            for agent, noise in enumerate(found):
                s1, s2 = (ball(float(sign)) for sign in values[agent])
                at, along = (column(x[0, agent].numpy()) for x in (w, v))
                for mine, its in ((noise.gradient(at, s1, s2), added), (noise.hvp(at, along, s2), bent)):
                    seen = np.array([float(x.mid()) for x in mine.entries()])
                    if not np.abs(seen - its[0, agent].numpy()).max() <= 1e-9 * (1 + np.abs(seen).max()):
                        return f"the batches of agent {agent} are not the two-sign noise that the sampler states"
    return found


_SCALES = ("noise_gradient", "noise_amplitude", "noise_frequency")


def _still(task: Task) -> dict[str, np.ndarray]:
    """Any directions, for a task without noise."""
    return {
        "noise_u": np.zeros((task.n, task.d)), "noise_v": np.zeros((task.n, task.d)), "noise_phi": np.zeros(task.n)
    }  # fmt: skip


def _noises(arrays: Mapping[str, np.ndarray]) -> list[BallNoise]:
    n = len(arrays["noise_u"])
    g, a, k = (ball(float(arrays[name])) for name in ("noise_gradient", "noise_amplitude", "noise_frequency"))
    return [
        BallNoise(
            g, a, k, column(arrays["noise_u"][i]), column(arrays["noise_v"][i]), ball(float(arrays["noise_phi"][i]))
        )
        for i in range(n)
    ]


def sign_means(D: int, active: bool) -> list[tuple[Fraction, Fraction]]:
    """(probability, value) of the mean of D independent signs; the single value 0 where the signs have no effect.

    >>> sign_means(2, True)
    [(Fraction(1, 4), Fraction(-1, 1)), (Fraction(1, 2), Fraction(0, 1)), (Fraction(1, 4), Fraction(1, 1))]
    """
    if not active:
        return [(Fraction(1), Fraction(0))]
    return [(Fraction(math.comb(D, j), 2**D), Fraction(2 * j - D, D)) for j in range(D + 1)]


def outcomes(noise: BallNoise, D: int, *, gradient: bool) -> list[Outcome]:
    """The outcomes of a batch of D samples, for a gradient (both signs) or for a Hessian (only s2 acts)."""
    first = sign_means(D, gradient and noise.g != 0)
    second = sign_means(D, noise.a != 0)
    return [(ball(p * r), ball(s), ball(t)) for p, s in first for r, t in second]


@dataclass(frozen=True)
class Batches:
    """Sizes of the inner gradient, outer gradient and Hessian batches."""

    D: int
    D_prime: int
    D_H: int


@dataclass(frozen=True)
class StochasticMeta:
    """The stochastic meta-gradients of one agent as a tree of outcomes."""

    f: BallLoss
    noise: BallNoise
    alpha: arb
    nu: int
    batches: Batches

    def trajectories(self, w: Vector) -> Iterator[tuple[arb, list[Vector]]]:
        """(probability, noisy trajectory w^0 ... w^nu)."""
        inner = outcomes(self.noise, self.batches.D, gradient=True)

        def grow(weight: arb, points: list[Vector]) -> Iterator[tuple[arb, list[Vector]]]:
            if len(points) == self.nu + 1:
                yield weight, points
                return
            here = points[-1]
            slope = self.f.gradient(here)
            for p, s1, s2 in inner:
                yield from grow(weight * p, [*points, here - (slope + self.noise.gradient(here, s1, s2)) * self.alpha])

        return grow(ball(1), [w])

    def stochastic_mean(self, w: Vector) -> Vector:
        """E g: outer gradient and Hessians enter linearly and independently, so their means replace them."""
        total = w * 0
        for weight, points in self.trajectories(w):
            v = self.f.gradient(points[-1])
            for point in reversed(points[:-1]):
                v = v - self.f.hvp(point, v) * self.alpha
            total = total + v * weight
        return total

    def first_order_mean(self, w: Vector) -> Vector:
        """E g of the stochastic first-order meta-gradient."""
        total = w * 0
        for weight, points in self.trajectories(w):
            total = total + self.f.gradient(points[-1]) * weight
        return total

    def stochastic_squared_distance(self, w: Vector, centre: Vector) -> arb:
        """E norm(g - centre)^2 of the stochastic meta-gradient, every batch enumerated.

        Given the trajectory and the Hessian batches the sweep is linear in the outer gradient, so all outcomes of that
        one are swept together, as the columns of a matrix.
        """
        outer = outcomes(self.noise, self.batches.D_prime, gradient=True)
        chances = [p for p, _, _ in outer]

        def swept(factors: list[list[tuple[arb, arb_mat]]], columns: arb_mat) -> arb:
            if not factors:
                distances = (squared_norm(one - centre) for one in columns_of(columns))
                return sum((p * distance for p, distance in zip(chances, distances, strict=True)), ball(0))
            return sum((p * swept(factors[:-1], factor * columns) for p, factor in factors[-1]), ball(0))

        total, first = ball(0), self._step_factors(w)
        for weight, points in self.trajectories(w):
            slope = self.f.gradient(points[-1])
            columns = side_by_side([slope + self.noise.gradient(points[-1], s1, s2) for _, s1, s2 in outer])
            factors = [first if point is w else self._step_factors(point) for point in points[:-1]]
            total = total + weight * swept(factors, columns)
        return total

    def _step_factors(self, point: Vector) -> list[tuple[arb, arb_mat]]:
        """(probability, I - alpha H) for every Hessian batch at a point."""
        d = point.nrows()
        units = columns_of(identity(d))
        steps = []
        for p, _, s2 in outcomes(self.noise, self.batches.D_H, gradient=False):
            moved = [e - (self.f.hvp(point, e) + self.noise.hvp(point, e, s2)) * self.alpha for e in units]
            steps.append((p, side_by_side(moved)))
        return steps

    def stochastic(self, w: Vector) -> Iterator[tuple[arb, Vector]]:
        """(probability, g) of the stochastic meta-gradient, every batch enumerated."""
        return self._swept(w, lambda point, v, s2: self.f.hvp(point, v) + self.noise.hvp(point, v, s2))

    def hessian_free(self, w: Vector, delta: arb) -> Iterator[tuple[arb, Vector]]:
        """(probability, g) of the stochastic Hessian-free meta-gradient: both probes of a step share their batch."""

        def quotient(point: Vector, v: Vector, s2: arb) -> Vector:
            # s1's part of the gradient noise is constant in w and cancels between the two probes
            def slope(at: Vector) -> Vector:
                return self.f.gradient(at) + self.noise.gradient(at, ball(0), s2)

            return (slope(point + v * delta) - slope(point - v * delta)) * (1 / (2 * delta))

        return self._swept(w, quotient)

    def first_order(self, w: Vector) -> Iterator[tuple[arb, Vector]]:
        """(probability, g) of the stochastic first-order meta-gradient."""
        outer = outcomes(self.noise, self.batches.D_prime, gradient=True)
        for weight, points in self.trajectories(w):
            slope = self.f.gradient(points[-1])
            for p, s1, s2 in outer:
                yield weight * p, slope + self.noise.gradient(points[-1], s1, s2)

    def _swept(self, w: Vector, product) -> Iterator[tuple[arb, Vector]]:  # noqa: ANN001
        outer = outcomes(self.noise, self.batches.D_prime, gradient=True)
        hessian = outcomes(self.noise, self.batches.D_H, gradient=False)

        def sweep(weight: arb, points: list[Vector], v: Vector) -> Iterator[tuple[arb, Vector]]:
            if len(points) == 1:
                yield weight, v
                return
            for p, _, s2 in hessian:
                yield from sweep(weight * p, points[:-1], v - product(points[-2], v, s2) * self.alpha)

        for weight, points in self.trajectories(w):
            slope = self.f.gradient(points[-1])
            for p, s1, s2 in outer:
                yield from sweep(weight * p, points, slope + self.noise.gradient(points[-1], s1, s2))


def expected_squared_distance(law: Iterable[tuple[arb, Vector]], centre: Vector) -> arb:
    """E norm(g - centre)^2 over a finite law."""
    return sum((weight * squared_norm(g - centre) for weight, g in law), ball(0))


def expectation(law: Iterable[tuple[arb, Vector]]) -> Vector:
    """E g over a finite law."""
    total: Vector | None = None
    for weight, g in law:
        total = g * weight if total is None else total + g * weight
    assert total is not None
    return total


def tree_size(noise: BallNoise, nu: int, batches: Batches, mode: Mode) -> int:
    """How many leaves the tree of outcomes has, to be looked at before it is walked."""
    inner = len(outcomes(noise, batches.D, gradient=True)) ** nu
    outer = len(outcomes(noise, batches.D_prime, gradient=True))
    hessian = len(outcomes(noise, batches.D_H, gradient=False)) ** mode.hessian_batches(nu)
    return inner * outer * hessian
