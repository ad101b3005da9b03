"""The constants of one exact round with all agents, as rationals: D1's pair and T1d's coefficients as functions of c.

Units L_F = gamma_F = 1 and beta_s = 1, so that H = h. c stands for 1/(2 eps) |1 - h psi| + h/2, the least c of T1d.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

BITS = 60  # of a root that has no exact value; every use of it is valid for any number near it


@dataclass(frozen=True)
class Pair:
    """D1's pair: the mean gradient of tau steps lies within omega norm(g) of psi g.

    >>> pair = Pair(Fraction(1, 10), 2, Fraction(-1))
    >>> pair.psi, pair.omega
    (Fraction(1, 1), Fraction(1, 40))
    """

    h: Fraction
    tau: int
    mu_c: Fraction

    @property
    def P_plus(self) -> Fraction:
        """The mean gradient along a path of curvature 1."""
        return self._mean(Fraction(1))

    @property
    def P_minus(self) -> Fraction:
        """The mean gradient along a path of curvature mu_c."""
        return self._mean(self.mu_c)

    @property
    def psi(self) -> Fraction:
        """The middle of the ball."""
        return (self.P_minus + self.P_plus) / 2

    @property
    def omega(self) -> Fraction:
        """The radius of the ball."""
        return (self.P_minus - self.P_plus) / 2

    def _mean(self, curvature: Fraction) -> Fraction:
        return sum(((1 - curvature * self.h / self.tau) ** t for t in range(self.tau)), Fraction(0)) / self.tau

    @property
    def left(self) -> Fraction:
        """What a round leaves of a gradient in front of the cross term, 1 - h psi."""
        return 1 - self.h * self.psi

    def A(self, c: Fraction) -> Fraction:
        """T1d's A at the least eps that c allows."""
        u = 2 * c - self.h
        cross = self.left**2 / (2 * u) if self.left else Fraction(0)
        return self.psi * (1 - self.h * self.psi / 2) - cross - c * self.omega**2

    def eps(self, c: Fraction) -> Fraction:
        """That eps, |1 - h psi|/(2c - h); at h psi = 1 any will do, and psi is taken."""
        return abs(self.left) / (2 * c - self.h) if self.left else self.psi

    @property
    def largest_A(self) -> Fraction:
        """The largest A(c), where eps = omega."""
        return self.psi * (1 - self.h * self.psi / 2) - abs(self.left) * self.omega - self.h * self.omega**2 / 2

    def least_c(self, A: Fraction) -> Fraction:
        """The least c with A(c) >= A, rounded upwards; A(c) = A is quadratic in u = 2c - h.

        >>> pair = Pair(Fraction(1, 10), 2, Fraction(-1))
        >>> c = pair.least_c(Fraction(3, 4))
        >>> round(float(c * pair.omega**2), 11), bool(pair.A(c) >= Fraction(3, 4))
        (0.00066617737, True)
        """
        # A(c) = r - s/u - q u with r, s, q below; the smaller root of q u^2 - (r - A) u + s
        r = self.psi * (1 - self.h * self.psi / 2) - self.h * self.omega**2 / 2 - A
        s, q = self.left**2 / 2, self.omega**2 / 2
        u = 2 * s / (r + root(r**2 - 4 * q * s)) if s else s  # rounded upwards, as the root is downwards
        return (u + self.h) / 2

    def greatest_c(self, A: Fraction) -> Fraction | None:
        """The greatest c with A(c) >= A, rounded downwards; None where every larger c will do (omega = 0)."""
        if not self.omega:
            return None
        r = self.psi * (1 - self.h * self.psi / 2) - self.h * self.omega**2 / 2 - A
        s, q = self.left**2 / 2, self.omega**2 / 2
        return ((r + root(r**2 - 4 * q * s)) / (2 * q) + self.h) / 2

    def best_c(self, A: Fraction, kappa: Fraction) -> Fraction:
        """The c at which T1d's N is least with A(c) >= A; any other one gives a bound as well.

        N is convex in c, least at c = (h kappa/2)(1 + psi/omega), and c is free between `least_c` and `greatest_c`.
        """
        c, most = self.least_c(A), self.greatest_c(A)
        if not kappa or most is None:
            return c
        return min(max(c, self.h * kappa / 2 * (1 + self.psi / self.omega)), most)


def root(number: Fraction) -> Fraction:
    """The square root, rounded down to BITS significant bits; exact where it is rational and short.

    >>> root(Fraction(9, 4)), float(root(Fraction(2)) ** 2)
    (Fraction(3, 2), 2.0)
    """
    above, below = math.isqrt(number.numerator), math.isqrt(number.denominator)
    if above**2 == number.numerator and below**2 == number.denominator:
        return Fraction(above, below)
    shift = BITS + max(0, number.denominator.bit_length() - number.numerator.bit_length())
    return Fraction(math.isqrt((number.numerator << 2 * shift) // number.denominator), 1 << shift)
