"""The wedge: two losses in the plane on which T1d is an equality for omega < eps <= psi, 1 - h psi >= 0.

With g = (al, +-1), al = omega/sqrt(eps^2 - omega^2), a = (1, 0), c' = (1 + mu_c)/2, r' = (1 - mu_c)/2 and the cone
C = {-a, -(g/norm(g) + a)},

    F(w) = <g, w> + c' norm(w)^2/2 + r' (norm(w)^2/2 - dist(w, C)^2).

Its gradient is g + c' w + r' (2 Pw - w), P the projection on C, and w -> 2 Pw - w does not expand: curvature in
[mu_c, 1]. On C, where the server's step ends, it is the quadratic of curvature 1; off C the local path is reflected.
With al = 2 s/(1 - s^2) for a rational s the norm of g is rational, and so is everything that is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theory.sharp.constants import Pair, root
from theory.sharp.instance import run
from theory.sharp.problem import Problem
from theory.sharp.rationals import Vector, plus


@dataclass(frozen=True)
class Wedge:
    """One of the two losses; `side` is 1 or -1.

    >>> wedge = Wedge(s=Fraction(1, 2), side=1, mu_c=Fraction(-1))
    >>> wedge.gradient([Fraction(-1), Fraction(0)])      # on the cone, where the curvature is 1
    [Fraction(1, 3), Fraction(1, 1)]
    """

    s: Fraction
    side: int
    mu_c: Fraction

    @property
    def first(self) -> Vector:
        """The gradient at 0."""
        return [2 * self.s / (1 - self.s**2), Fraction(self.side)]

    @property
    def rays(self) -> tuple[Vector, Vector]:
        """The two rays of the cone."""
        length = (1 + self.s**2) / (1 - self.s**2)
        return [Fraction(-1), Fraction(0)], [-self.first[0] / length - 1, -self.first[1] / length]

    def projection(self, w: Vector) -> Vector:
        """The nearest point of the cone."""
        u, v = self.rays
        above, below = _cross(u, w) * _cross(u, v), _cross(w, v) * _cross(u, v)
        if above >= 0 and below >= 0:
            return w
        feet = ([max(Fraction(0), _dot(w, ray)) / _dot(ray, ray) * x for x in ray] for ray in (u, v))
        return min(feet, key=lambda foot: _dot(plus(w, foot, -1), plus(w, foot, -1)))

    def gradient(self, w: Vector) -> Vector:
        """The gradient at w."""
        reflected = plus(self.projection(w), plus(w, self.projection(w), -1), -1)
        return plus(plus(self.first, w, (1 + self.mu_c) / 2), reflected, (1 - self.mu_c) / 2)

    def value(self, w: Vector) -> Fraction:
        """The loss at w."""
        away = plus(w, self.projection(w), -1)
        return _dot(self.first, w) + _dot(w, w) / 2 - (1 - self.mu_c) / 2 * _dot(away, away)


def wedge_instance(problem: Problem, c: Fraction) -> dict[str, Any]:
    """A round of the two losses at T1d's eps for c, or at psi where eps is larger: gradients and values on the way."""
    pair = Pair(problem.h, problem.tau, problem.mu_c)
    # at eps = omega, where A is the largest, norm(a) is infinite
    slope = max(min(pair.eps(c), pair.psi) / pair.omega, 1 + Fraction(1, 2**40))
    losses = [Wedge(slope - root(slope**2 - 1), side, problem.mu_c) for side in (1, -1)]
    return run(problem, losses, 2)


def _cross(u: Vector, v: Vector) -> Fraction:
    return u[0] * v[1] - u[1] * v[0]


def _dot(u: Vector, v: Vector) -> Fraction:
    return u[0] * v[0] + u[1] * v[1]
