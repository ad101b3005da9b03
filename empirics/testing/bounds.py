"""Right sides of S5, S5', S6, S8, S9 and S9s in plain floats, q = 1 + alpha L, batches of one sample.

Only what the properties need; written from the statements and used nowhere else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from empirics.algorithm.modes import Mode


def geometric(count: int, x: float) -> float:
    """S_count(x) = 1 + x + ... + x^(count-1), the empty sum 0.

    >>> geometric(3, 2.0), geometric(0, 5.0)
    (7.0, 0)
    """
    return sum(x**power for power in range(count))


@dataclass(frozen=True)
class SampledBounds:
    """Bias and mean squared error of one stochastic meta-gradient, every batch of one sample.

    L and rho are those of the fine-tuning loss, B, L_outer and rho_outer those of the outer one: the drift of the
    trajectory changes its gradient by L_outer times as much, and the factors by alpha rho times as much.
    """

    alpha: float
    nu: int
    L: float
    rho: float
    B: float
    sigma_G: float
    sigma_H: float
    L_outer: float
    rho_outer: float
    delta: float = 0.0

    @property
    def q(self) -> float:
        """1 + alpha L, the most by which one step moves two points apart."""
        return 1 + self.alpha * self.L

    def bias(self, mode: str) -> float:
        """S5 and S5' (the smaller), S8 or S9s."""
        if not Mode(mode).curved:
            return self._first_order() + self.alpha * self.L_outer * self.sigma_G * math.sqrt(
                geometric(self.nu, self.q**2)
            )
        extra = self._probe() if Mode(mode).probes else None
        return min(self._first(), self._second()) if extra is None else self._first() + extra

    def mean_squared_error(self, mode: str) -> float:
        """S6, S8 (variance plus squared bias) or S9s."""
        if not Mode(mode).curved:
            drift = (self.alpha * self.L_outer * self.sigma_G) ** 2 * geometric(self.nu, self.q**2)
            return self.sigma_G**2 + drift + self.bias(mode) ** 2
        extra = self._probe() if Mode(mode).probes else 0.0
        return self._variance() + (self._first() + extra) ** 2

    def _power(self) -> float:
        """q^(nu-1), 0 at nu = 0."""
        return self.q ** (self.nu - 1) if self.nu else 0.0

    def _spread(self, steps: int) -> float:
        """E_l: at least the mean squared error of the noisy trajectory after l steps."""
        return (self.alpha * self.sigma_G) ** 2 * geometric(steps, self.q**2)

    def _turning(self) -> float:
        later = sum(math.sqrt(self._spread(step)) for step in range(1, self.nu))
        return self.alpha * self.rho * self.B * self._power() * later

    def _first(self) -> float:
        return self.q**self.nu * self.L_outer * math.sqrt(self._spread(self.nu)) + self._turning()

    def _second(self) -> float:
        mean = sum(self.q ** (self.nu - 1 - j) * self._spread(j) for j in range(1, self.nu)) * self.alpha * self.rho / 2
        last = self._spread(self.nu)
        ends = min(self.L_outer * math.sqrt(last), self.L_outer * mean + self.rho_outer * last / 2)
        return self.q**self.nu * ends + self._turning()

    def _variance(self) -> float:
        both = self.q**2 + (self.alpha * self.sigma_H) ** 2
        return both**self.nu * self.sigma_G**2 + self.B**2 * (both**self.nu - self.q ** (2 * self.nu))

    def _first_order(self) -> float:
        return min(self.alpha * self.L * geometric(self.nu, self.q), 1 + self.q**self.nu) * self.B

    def _probe(self) -> float:
        both = self.q**2 + (self.alpha * self.sigma_H) ** 2
        weights = sum(self.q**step * both ** (self.nu - 1 - step) for step in range(self.nu))
        return self.alpha * self.rho * self.delta * (self.B**2 + self.sigma_G**2) * weights / 2
