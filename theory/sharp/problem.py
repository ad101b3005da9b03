"""The supremum that a statement bounds, as forms in unknown gradients; standard library only, exact.

L_F = gamma_F = 1, exact gradients, every F_i of curvature in [mu_c, 1]. Agent i has values f_p and gradients g_p at its
points p: 0..tau-1 on its path, w_{t+1} = w_t - (h/tau) g_t, then in a round the server's point for each set of m
agents. Such a loss exists if and only if f_p - f_q >= form_pq for all p, q (arXiv 1502.05666, Theorem 4), with
dg = g_p - g_q, dw = w_p - w_q and

    form_pq = <g_q, dw> + (norm(dg)^2 + mu_c norm(dw)^2 - 2 mu_c <dg, dw>)/(2 - 2 mu_c).

A statement is about a round, whose net change [E F(w_{k+1}) - F(w_k)]/h + A norm(grad F(w_k))^2 is bounded, or about a
floor, norm(grad F(w))^2 at a fixed point w of the round of all agents.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, combinations

from theory.sharp.certificates import Given
from theory.sharp.rationals import Terms, Vector, mean, plus

ROUNDS, FLOORS, SAMPLED = ("T1b", "T1d", "T2p"), ("T4p", "T4p_gap"), ("T1b", "T1d")
LARGEST = 50  # unknown gradients: rational elimination of more takes from minutes to hours
ROUNDS_RUN = 1000  # of quadratics, whose coordinates grow by some digits in every step


@dataclass(frozen=True)
class Problem:
    """The numbers that define a supremum; A is None for a floor."""

    h: Fraction
    tau: int
    mu_c: Fraction
    n: int = 2
    m: int = 2
    A: Fraction | None = None

    @property
    def sets(self) -> list[tuple[int, ...]]:
        """The sets of agents that the server may draw; none for a floor."""
        return [] if self.A is None else list(combinations(range(self.n), self.m))

    @property
    def size(self) -> int:
        """The number of points of an agent."""
        return self.tau + len(self.sets)

    @property
    def alike(self) -> bool:
        """Whether all agents take part, so that one set of multipliers serves them all."""
        return self.m == self.n

    def unknowns(self) -> list[list[Vector]]:
        """Every agent's gradients in the unknowns: themselves, or where all take part the mean and half the difference.

        In the latter no form mixes the two. At a fixed point the mean gradients of the path add up to 0.
        """
        bound = int(self.A is None)
        free = self.n * self.size - bound
        units = [[Fraction(j == place) for j in range(free)] for place in range(free)]
        if not self.alike:
            return [units[i * self.size : (i + 1) * self.size] for i in range(self.n)]
        middle, away = units[: self.size - bound], units[self.size - bound :]
        if bound:
            middle.append([-sum(entries, Fraction(0)) for entries in zip(*middle, strict=True)])
        return [[plus(g, d, sign) for g, d in zip(middle, away, strict=True)] for sign in (1, -1)]

    def points(self, gradients: list[list[Vector]]) -> list[list[Vector]]:
        """Every agent's points, from its gradients there."""
        start = [Fraction(0)] * len(gradients[0][0])
        step = -self.h / self.tau
        paths = [list(accumulate(row[: self.tau], lambda w, g: plus(w, g, step), initial=start)) for row in gradients]
        drawn = [mean([paths[i][self.tau] for i in members]) for members in self.sets]
        return [path[: self.tau] + drawn for path in paths]

    def form(self, w: Vector, v: Vector, g: Vector, k: Vector) -> Terms:
        """form_pq, for the points w, v with the gradients g, k."""
        mu, dw, dg, half = self.mu_c, plus(w, v, -1), plus(g, k, -1), 1 / (2 - 2 * self.mu_c)
        return [(Fraction(1), k, dw), (half, dg, dg), (half * mu, dw, dw), (-2 * half * mu, dg, dw)]

    def values(self) -> list[Fraction]:
        """What the objective has in front of f_p, the same for every agent."""
        share = Fraction(1, self.n) / self.h
        ends = [share / len(self.sets) for _ in self.sets]
        return [-share if ends else Fraction(0), *[Fraction(0)] * (self.tau - 1), *ends]

    def objective(self, gradients: list[list[Vector]]) -> Terms:
        """What the objective has besides the values: A norm(grad F(w))^2, for a floor with 1 for A."""
        first = mean([row[0] for row in gradients])
        return [(Fraction(1) if self.A is None else self.A, first, first)]

    def spread(self, gradients: list[list[Vector]]) -> Terms:
        """The agents' mean squared distance from their mean gradient at the start."""
        first = [row[0] for row in gradients]
        return [(Fraction(1, self.n), away, away) for away in (plus(g, mean(first), -1) for g in first)]


def stated(statement: str, given: Given) -> Problem:
    """The problem of a statement at the given numbers; two agents stand for any number of them at m = n.

    >>> stated("T4p", {"h": Fraction(1), "tau": Fraction(2), "mu_c": Fraction(-1)}).size
    2

    Raises:
        ValueError: an unknown statement, or a number outside its range.
        KeyError: a number is missing.
    """
    if statement not in ROUNDS + FLOORS:
        raise ValueError(f"{statement}: expected one of {', '.join(ROUNDS + FLOORS)}")
    n = given.get("n", Fraction(2))
    m, tau, mu_c = given.get("m", n), given["tau"], given["mu_c"]
    if any(count.denominator != 1 for count in (n, m, tau, given.get("K", n))):
        raise ValueError("expected integers n, m, tau, K")
    if (
        any(given.get(key, n) <= 0 for key in ("h", "tau", "m", "A", "K", "F0_gap", "mu_F"))
        or given.get("K", 1) > ROUNDS_RUN
    ):
        raise ValueError(f"expected h, tau, m, A, K, F0_gap, mu_F > 0 and K <= {ROUNDS_RUN}")
    if not (-1 <= mu_c < 1 and n >= 2 and (m == n or (m < n and statement in SAMPLED))):
        raise ValueError(f"expected -1 <= mu_c < 1, n >= 2, m = n (m <= n for {', '.join(SAMPLED)})")
    agents = (2, 2) if m == n else (int(n), int(m))
    if max(agents) > LARGEST or agents[0] * (tau + math.comb(*agents)) > LARGEST:
        raise ValueError(f"expected n (tau + number of sets of m agents) <= {LARGEST}, with n = 2 where all take part")
    return Problem(given["h"], int(tau), mu_c, *agents, given["A"] if statement in ROUNDS else None)
