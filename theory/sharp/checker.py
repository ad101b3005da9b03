"""Checks a certificate from its statement and parameters: exact, standard library only, no solver.

Upper: factor spread - objective + sum of multiplier (form_pq - f_p + f_q) has no value f in it and is a sum of squares.
At m = n the multipliers serve every agent and the form splits into the agents' mean and their deviations, so that two
agents decide for any number. Lower: an instance, every agent's gradients and values at its points, or quadratics.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from typing import Any

from theory.sharp.certificates import Given, Malformed, read, require
from theory.sharp.problem import SAMPLED, stated
from theory.sharp.quadratics import quadratic_value
from theory.sharp.rationals import evaluated, matrix, nonnegative


def check(text: str) -> Given:
    """The values that a certificate proves, `upper` and `lower`.

    Raises:
        Refused: it does not prove the values that it states.
        Malformed: it is no certificate.
    """
    try:
        statement, given, sides = read(text)
        proved = {side: PROOFS[side](statement, given, part) for side, part in sides.items()}
        values = {side: part["value"] for side, part in sides.items()}
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise Malformed(" ".join(f"{type(error).__name__}: {error}".split())) from None
    require(values == proved, "another value is stated than is proved")
    return proved


def upper_value(statement: str, given: Given, part: Any) -> Fraction:
    """The value that multipliers prove; raises Refused."""
    problem = stated(statement, given)
    if "descent" in part:  # F* <= F(w - grad F(w)) <= F(w) - norm(grad F(w))^2/2
        require(statement == "T2p" and given["K"] == 1 and part["descent"] >= 2, "one descent bounds one round")
        return part["descent"] * given["F0_gap"]
    g = problem.unknowns()
    w, f, factor = problem.points(g), [problem.values() for _ in g], part["spread"]
    square = [(factor * x, u, v) for x, u, v in problem.spread(g)] + [(-x, u, v) for x, u, v in problem.objective(g)]
    for agent, *pair, c in part["multipliers"]:
        p, q = map(int, pair)
        require(c >= 0, f"the multiplier of {p}, {q} is negative")
        for i in range(problem.n) if problem.alike else [int(agent)]:
            square += [(c * x, u, v) for x, u, v in problem.form(w[i][p], w[i][q], g[i][p], g[i][q])]
            f[i][p] += c
            f[i][q] -= c
    require(not any(map(any, f)), "the values of the losses do not cancel")
    require(nonnegative(matrix(square)), "the square is not positive semidefinite")
    if statement == "T2p":
        return (factor + (given["F0_gap"] / (given["h"] * given["K"]) if "K" in given else 0)) / given["A"]
    return factor / (2 * given["mu_F"]) if statement == "T4p_gap" else factor


def lower_value(statement: str, given: Given, part: Any) -> Fraction:
    """The value that an instance attains, per unit of its spread; raises Refused."""
    problem = stated(statement, given)
    require(min(part["weights"]) > 0, "a weight is not positive")
    if statement not in SAMPLED:
        return quadratic_value(statement, given, part)
    g, f = part["gradients"], part["values"]
    require(len(g) == problem.n, "it has another number of agents")
    for i, w in enumerate(problem.points(g)):
        for p, q in permutations(range(problem.size), 2):
            form = evaluated(problem.form(w[p], w[q], g[i][p], g[i][q]), part["weights"])
            require(f[i][p] - f[i][q] >= form, f"no loss of agent {i} has these gradients and values at {p}, {q}")
    change = sum(c * x for row in f for c, x in zip(problem.values(), row, strict=True))
    square, spread = (evaluated(terms(g), part["weights"]) for terms in (problem.objective, problem.spread))
    return (change + square) / spread


PROOFS = {"upper": upper_value, "lower": lower_value}
