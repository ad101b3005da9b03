"""Reflected quadratics: instances at a fixed point of the round on which T4p is an equality.

c_0 = (1 + mu_c)/2, r = (1 - mu_c)/2, c = omega/psi. Agent i has the Hessian c_0 + r B_i, where the reflection B_i turns
its gradient g_i into norm(g_i) times the unit vector a, and is 1 on what is orthogonal to both. A round moves it along
psi g_i - omega B_i g_i, and the mean of these is 0. The g_i are (c a + s e_i)/s, s^2 = 1 - c^2, with unit vectors e_i
that add up to 0: spread 1, norm(grad F)^2 = c^2/s^2. In the coordinates along a/s and the e_i, a/s of squared length
1/s^2, everything is rational.
"""

from __future__ import annotations

from fractions import Fraction

from theory.sharp.constants import Pair
from theory.sharp.quadratics import Quadratics
from theory.sharp.rationals import Vector


def reflected(pair: Pair, n: int, more: int = 0) -> Quadratics:
    """n agents around a fixed point at 0, and `more` further coordinates in which every loss has curvature 1.

    >>> losses = reflected(Pair(Fraction(1), 2, Fraction(-1)), 2)
    >>> losses.after_round([Fraction(0)] * 2, Fraction(1, 2), 2), losses.spread([Fraction(0)] * 2)
    ([Fraction(0, 1), Fraction(0, 1)], Fraction(1, 1))
    """
    c = pair.omega / pair.psi
    squared_sine = 1 - c**2
    corners, weights = simplex(n)
    size = n + more
    weights = [1 / squared_sine, *weights, *[Fraction(1)] * more]
    hessians, gradients = [], []
    for corner in corners:
        e = [Fraction(0), *corner, *[Fraction(0)] * more]
        a = [Fraction(int(j == 0)) for j in range(size)]
        # of a/s and e: B a = c a + e, B e = s^2 a - c e, B = 1 elsewhere; `along` is <e, .>
        along = [weight * x for weight, x in zip(weights, e, strict=True)]
        B = [
            [
                Fraction(int(i == j))
                + a[j] * ((c - 1) * a[i] + e[i])
                + along[j] * (squared_sine * a[i] - (c + 1) * e[i])
                for j in range(size)
            ]
            for i in range(size)
        ]
        middle, radius = (1 + pair.mu_c) / 2, (1 - pair.mu_c) / 2
        hessians.append([[middle * (i == j) + radius * x for j, x in enumerate(row)] for i, row in enumerate(B)])
        gradients.append([c * x + y for x, y in zip(a, e, strict=True)])
    return Quadratics(hessians, gradients, weights)


def curvature_along(pair: Pair) -> Fraction:
    """The mean loss's curvature along a, which is its least one with enough agents."""
    return (1 + pair.mu_c) / 2 + (1 - pair.mu_c) / 2 * pair.omega / pair.psi


def agents_for_a_minimum(pair: Pair) -> int:
    """How many agents the mean loss needs to be curved least along a: (1 + c)/(n - 1) <= 1 - c.

    >>> agents_for_a_minimum(Pair(Fraction(1, 10), 2, Fraction(-1)))
    3
    """
    c = pair.omega / pair.psi
    return max(3, 1 + -((-(1 + c)) // (1 - c)))


def simplex(n: int) -> tuple[list[Vector], Vector]:
    """n unit vectors that add up to 0, and the weights of their n - 1 rational coordinates (Helmert's).

    >>> simplex(2)
    ([[Fraction(1, 1)], [Fraction(-1, 1)]], [Fraction(1, 1)])
    """
    columns = [[Fraction(1)] * k + [Fraction(-k)] + [Fraction(0)] * (n - 1 - k) for k in range(1, n)]
    weights = [Fraction(n, (n - 1) * k * (k + 1)) for k in range(1, n)]
    return [[column[i] for column in columns] for i in range(n)], weights
