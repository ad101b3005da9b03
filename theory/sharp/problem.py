"""The supremum that a statement bounds, as forms in unknown gradients; standard library only, exact.

L_F = gamma_F = 1, exact gradients, every F_i of curvature in [mu_c, 1]. Agent i has values f_p and gradients g_p at its
points p: 0..tau-1 on its path, w_{t+1} = w_t - (h/tau) g_t, then in a round the server's point for each set of m agents.
Such a loss exists if and only if I_pq := f_p - f_q - form_pq >= 0 for all p, q (arXiv 1502.05666, Theorem 4), where with
dg = g_p - g_q, dw = w_p - w_q, c_0 = (1 + mu_c)/2, r = (1 - mu_c)/2

    form_pq = <g_p + g_q, dw>/2 + (norm(dg - c_0 dw)^2 - r^2 norm(dw)^2)/(4 r).

A statement is about a round, whose net change [E F(w_{k+1}) - F(w_k)]/h + A norm(grad F(w_k))^2 is bounded, or about a
floor, norm(grad F(w))^2 at a fixed point w of the round of all agents.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, combinations

Vector = list[Fraction]
Matrix = list[Vector]
ROUNDS, FLOORS, SAMPLED = ("T1b", "T1d", "T2p"), ("T4p", "T4p_gap"), ("T1b", "T1d")
LARGEST = 200  # unknown gradients; a certificate of more would take hours to check

Given = dict[str, Fraction]
Terms = list[tuple[Fraction, Vector, Vector]]  # a form: the sum of c <u, v> over its terms (c, u, v)


class Refused(Exception):  # noqa: N818 (what it says of a certificate)
    """A certificate that does not prove what it says: which part."""


def require(holds: bool, what: str) -> None:
    """Refuse a certificate of which a part does not hold."""
    if not holds:
        raise Refused(what)


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
        """Every agent's gradients as unit vectors; at a fixed point the last is minus the sum of all others."""
        free = self.n * self.size - (self.A is None)
        units = [[Fraction(j == place) for j in range(free)] for place in range(free)]
        units += [[Fraction(-1)] * free] if self.A is None else []
        return [units[i * self.size : (i + 1) * self.size] for i in range(self.n)]

    def points(self, gradients: list[list[Vector]]) -> list[list[Vector]]:
        """Every agent's points, from its gradients there."""
        start = [Fraction(0)] * len(gradients[0][0])
        step = -self.h / self.tau
        paths = [list(accumulate(row[: self.tau], lambda w, g: plus(w, g, step), initial=start)) for row in gradients]
        drawn = [mean([paths[i][self.tau] for i in members]) for members in self.sets]
        return [path[: self.tau] + drawn for path in paths]

    def form(self, w: Vector, v: Vector, g: Vector, k: Vector) -> Terms:
        """form_pq, for the points w, v with the gradients g, k."""
        r, dw = (1 - self.mu_c) / 2, plus(w, v, -1)
        bent = plus(plus(g, k, -1), dw, -(1 + self.mu_c) / 2)
        return [(Fraction(1, 2), plus(g, k), dw), (1 / (4 * r), bent, bent), (-r / 4, dw, dw)]

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
    m = given.get("m", n)
    if any(count.denominator != 1 for count in (given["tau"], n, m)) or not (given["tau"] >= 1 <= m <= n >= 2):
        raise ValueError("expected integers tau >= 1 and 1 <= m <= n, n >= 2")
    if given["h"] <= 0 or not -1 <= given["mu_c"] < 1:
        raise ValueError("expected h > 0 and -1 <= mu_c < 1")
    if any(given[key] <= 0 for key in ("A", "mu_F", "K", "F0_gap") if key in given) or given.get("K", n).denominator != 1:
        raise ValueError("expected A, mu_F, F0_gap > 0 and an integer K > 0")
    A = given["A"] if statement in ROUNDS else None
    if m < n and statement not in SAMPLED:
        raise ValueError(f"expected m = n: with fewer there are {' and '.join(SAMPLED)} only")
    agents = (2, 2) if m == n else (int(n), int(m))
    problem = Problem(given["h"], int(given["tau"]), given["mu_c"], *agents, A)
    if problem.n * problem.size > LARGEST:
        raise ValueError(f"expected at most {LARGEST} unknown gradients, found {problem.n * problem.size}")
    return problem


def plus(u: Vector, v: Vector, factor: Fraction | int = 1) -> Vector:
    """The vector u + factor v.

    >>> plus([Fraction(1), Fraction(2)], [Fraction(3), Fraction(0)], -1)
    [Fraction(-2, 1), Fraction(2, 1)]
    """
    return [a + factor * b for a, b in zip(u, v, strict=True)]


def mean(vectors: list[Vector]) -> Vector:
    """The mean of vectors."""
    return [sum(entries, Fraction(0)) / len(vectors) for entries in zip(*vectors, strict=True)]


def matrix(terms: Terms) -> Matrix:
    """The symmetric matrix of a form in unknowns.

    >>> matrix([(Fraction(2), [Fraction(1), Fraction(0)], [Fraction(0), Fraction(1)])])
    [[Fraction(0, 1), Fraction(1, 1)], [Fraction(1, 1), Fraction(0, 1)]]
    """
    size = len(terms[0][1])
    rows = [[Fraction(0)] * size for _ in range(size)]
    for c, u, v in terms:
        for a in (a for a in range(size) if u[a] or v[a]):
            rows[a] = [x + c * (u[a] * v[b] + u[b] * v[a]) / 2 for b, x in enumerate(rows[a])]
    return rows


def nonnegative(symmetric: Matrix) -> bool:
    """Whether a symmetric matrix is positive semidefinite, by LDL^T over the rationals.

    >>> nonnegative([[Fraction(1), Fraction(1)], [Fraction(1), Fraction(1)]])
    True
    >>> nonnegative([[Fraction(0), Fraction(1)], [Fraction(1), Fraction(1)]])
    False
    """
    rows = [row[:] for row in symmetric]
    for k, pivot in enumerate(rows):
        if pivot[k] < 0 or (pivot[k] == 0 and any(pivot[k:])):
            return False
        for row in rows[k + 1 :] if pivot[k] else []:
            row[k:] = plus(row[k:], pivot[k:], -row[k] / pivot[k])
    return True
