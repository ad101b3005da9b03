"""Checks a certificate from its statement and parameters alone: standard library, exact, no solver.

An upper value rests on an identity, objective + sum of multiplier I_pq + square = factor spread: the values f_p cancel
and the square is positive semidefinite. At m = n all agents share one set of multipliers; every form is then one in the
agents' mean plus one in their deviations, so that two agents decide for any number. A lower value rests on an instance:
every agent's gradients and values at its points with every I_pq >= 0, or quadratics, which are run.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any

from theory.sharp.attained import lower_value
from theory.sharp.problem import Given, Problem, matrix, nonnegative, require, stated


class Malformed(Exception):  # noqa: N818 (what it says of a file)
    """No certificate: something is missing or unknown, or a number is not exact."""


def check(text: str) -> Given:
    """The values that a certificate proves, `upper` and `lower`; raises Malformed or Refused."""
    try:
        document = json.loads(text)
        statement, given = document["statement"], exact(document["parameters"])
        problem = stated(statement, given)
        parts = {side: exact(document[side]) for side in PROOFS if document.get(side)}
        proved = {side: PROOFS[side](statement, given, problem, part) for side, part in parts.items()}
        wrong = [side for side, value in proved.items() if parts[side]["value"] != value]
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise Malformed(" ".join(f"{type(error).__name__}: {error}".split())) from None
    require(not wrong, f"the value that is proved is another one: {', '.join(wrong)}")
    require(bool(proved), "it has neither an upper nor a lower value")
    return proved


def upper_value(statement: str, given: Given, problem: Problem, part: Any) -> Fraction:
    """The value that multipliers prove."""
    gradients, balance = problem.unknowns(), [problem.values() for _ in range(problem.n)]
    points, factor = problem.points(gradients), part["spread"]
    require(factor >= 0, "the factor of the spread is negative")
    square = [(factor * c, u, v) for c, u, v in problem.spread(gradients)]
    square += [(-c, u, v) for c, u, v in problem.objective(gradients)]
    for agent, p, q, multiplier in part["multipliers"]:
        p, q = int(p), int(q)
        require(multiplier >= 0, f"the multiplier of I_{p},{q} is negative")
        for i in range(problem.n) if problem.alike else [int(agent)]:
            g, w = gradients[i], points[i]
            square += [(multiplier * c, u, v) for c, u, v in problem.form(w[p], w[q], g[p], g[q])]
            balance[i][p] += multiplier
            balance[i][q] -= multiplier
    require(not any(map(any, balance)), "the values of the losses do not cancel")
    require(nonnegative(matrix(square)), "the square is not positive semidefinite")
    if statement == "T2p":
        return (factor + (given["F0_gap"] / (given["h"] * given["K"]) if "K" in given else 0)) / given["A"]
    return factor / (2 * given["mu_F"]) if statement == "T4p_gap" else factor


PROOFS = {"upper": upper_value, "lower": lower_value}


def exact(entry: Any) -> Any:
    """The numbers of an entry; each is written as text, p or p/q."""
    if isinstance(entry, dict):
        return {key: exact(value) for key, value in entry.items()}
    if isinstance(entry, list):
        return [exact(value) for value in entry]
    if not isinstance(entry, str) or not re.fullmatch(r"-?\d+(/\d+)?", entry):
        raise ValueError(f"{entry!r} is not a number such as '3' or '-1/2'")
    return Fraction(entry)
