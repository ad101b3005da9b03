"""Quadratic losses with rational coefficients, run exactly, and what they attain; standard library only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theory.sharp.certificates import Given, require
from theory.sharp.rationals import Matrix, Vector, mean, nonnegative, plus

BITS = 256  # of a mean over rounds, whose exact value grows with their number


@dataclass(frozen=True)
class Quadratics:
    """F_i(w) = <g_i, w> + <w, H_i w>/2, one for each agent; <u, v> = sum of weights[j] u_j v_j.

    Weights let instances have rational coordinates whose orthonormal ones are irrational.

    >>> one = Quadratics([[[Fraction(1)]]], [[Fraction(-2)]], [Fraction(1)])
    >>> one.after_round([Fraction(0)], Fraction(1, 2), 1), one.drop([Fraction(2)])
    ([Fraction(1, 1)], Fraction(2, 1))
    """

    hessians: list[Matrix]
    gradients: list[Vector]
    weights: Vector

    def dot(self, u: Vector, v: Vector) -> Fraction:
        """The inner product."""
        return sum((c * a * b for c, a, b in zip(self.weights, u, v, strict=True)), Fraction(0))

    def mean_gradient(self, w: Vector) -> Vector:
        """grad F(w), F the mean loss."""
        return mean(self.gradients_at(w))

    def gradients_at(self, w: Vector) -> list[Vector]:
        """Every agent's gradient at w."""
        return [plus(g, act(H, w)) for g, H in zip(self.gradients, self.hessians, strict=True)]

    def spread(self, w: Vector) -> Fraction:
        """The mean squared distance of the agents' gradients at w from their mean."""
        away = [plus(g, self.mean_gradient(w), -1) for g in self.gradients_at(w)]
        return sum((self.dot(v, v) for v in away), Fraction(0)) / len(away)

    def after_round(self, w: Vector, beta: Fraction, tau: int) -> Vector:
        """Where a round of all agents from w ends."""
        ends = []
        for g, H in zip(self.gradients, self.hessians, strict=True):
            end = w
            for _ in range(tau):
                end = plus(end, plus(g, act(H, end)), -beta)
            ends.append(end)
        return mean(ends)

    def curved(self, lower: Fraction, upper: Fraction) -> bool:
        """Whether every loss has curvature in [lower, upper] (and every Hessian is symmetric)."""
        return all(self._at_least(H, lower) and self._at_least(scaled(H, -1), -upper) for H in self.hessians)

    def mean_curved(self, lower: Fraction) -> bool:
        """Whether the mean loss has curvature at least `lower`."""
        return self._at_least([mean(list(rows)) for rows in zip(*self.hessians, strict=True)], lower)

    def drop(self, minimiser: Vector) -> Fraction:
        """F(0) - F(minimiser); the gap at 0 where the mean gradient vanishes there and the mean loss is convex."""
        return -self.dot(mean(self.gradients), minimiser) / 2

    def _at_least(self, H: Matrix, lower: Fraction) -> bool:
        form = [
            [c * (x - lower * (i == j)) for j, x in enumerate(row)]
            for i, (c, row) in enumerate(zip(self.weights, H, strict=True))
        ]
        return all(form[i][j] == form[j][i] for i in range(len(H)) for j in range(i)) and nonnegative(form)


def act(H: Matrix, w: Vector) -> Vector:
    """The vector H w."""
    return [sum((x * y for x, y in zip(row, w, strict=True)), Fraction(0)) for row in H]


def scaled(H: Matrix, factor: int) -> Matrix:
    """The matrix factor H."""
    return [[factor * x for x in row] for row in H]


def quadratic_value(statement: str, given: Given, part: Any) -> Fraction:
    """The value that quadratics attain: at the fixed point 0, or over K rounds from 0, rounded down to 2^-BITS."""
    losses, minimiser = Quadratics(part["hessians"], part["gradients"], part["weights"]), part.get("minimiser", [])
    beta, tau, w = given["h"] / given["tau"], int(given["tau"]), [Fraction(0)] * len(losses.weights)
    require(losses.curved(given["mu_c"], Fraction(1)), "a loss has curvature outside [mu_c, 1]")
    require(len(losses.gradients) == given.get("n", len(losses.gradients)) >= 2, "another number of agents")
    if statement != "T4p":  # T4p asks for no minimum
        require(losses.mean_curved(given.get("mu_F", Fraction(0))), "the mean loss is not curved enough")
        require(not any(losses.mean_gradient(minimiser)), "the mean gradient does not vanish at the minimiser")
    if statement != "T2p" or "K" not in given:
        require(losses.after_round(w, beta, tau) == w, "the start is no fixed point")
        first = losses.mean_gradient(w)
        return (losses.drop(minimiser) if statement == "T4p_gap" else losses.dot(first, first)) / losses.spread(w)
    require(losses.drop(minimiser) <= given["F0_gap"], "the gap at the start is too large")
    total = Fraction(0)
    for _ in range(int(given["K"])):
        require(losses.spread(w) <= 1, "the agents' gradients spread too much")
        first = losses.mean_gradient(w)
        total += losses.dot(first, first) / given["K"]
        w = losses.after_round(w, beta, tau)
    return Fraction(math.floor(total * 2**BITS), 2**BITS)
