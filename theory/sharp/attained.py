"""The lower side of a certificate: what an instance attains; standard library only, exact.

Either every agent's gradients and values at its points, which belong to a loss when every I_pq >= 0, or quadratics, which
are run. Inner products have positive weights, <u, v> = sum of weights[j] u_j v_j, so that coordinates can be rational.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from typing import Any

from theory.sharp.problem import SAMPLED, Given, Problem, Terms, Vector, require
from theory.sharp.quadratics import Quadratics


def lower_value(statement: str, given: Given, problem: Problem, part: Any) -> Fraction:
    """The value that an instance attains, per unit of the spread where that scales."""
    require(all(weight > 0 for weight in part["weights"]), "a weight is not positive")
    if "hessians" in part:
        losses = Quadratics(part["hessians"], part["gradients"], part["weights"])
        return quadratic_value(statement, given, losses, part.get("minimiser", []))
    require(statement in SAMPLED, f"{statement} needs quadratics")
    gradients, values = part["gradients"], part["values"]
    require(len(gradients) == problem.n, f"it has {len(gradients)} agents, not {problem.n}")
    for i, (w, g, f) in enumerate(zip(problem.points(gradients), gradients, values, strict=True)):
        for p, q in permutations(range(problem.size), 2):
            form = evaluated(problem.form(w[p], w[q], g[p], g[q]), part["weights"])
            require(f[p] - f[q] >= form, f"I_{p},{q} of agent {i} is negative")
    change = sum(c * x for f in values for c, x in zip(problem.values(), f, strict=True))
    square, spread = (evaluated(form(gradients), part["weights"]) for form in (problem.objective, problem.spread))
    return (change + square) / spread


def quadratic_value(statement: str, given: Given, losses: Quadratics, minimiser: Vector) -> Fraction:
    """The value that quadratics attain: at the fixed point 0, or in the mean over K rounds from 0."""
    beta, tau, w = given["h"] / given["tau"], int(given["tau"]), [Fraction(0)] * len(losses.weights)
    require(losses.curved(given["mu_c"], Fraction(1)), "a loss has curvature outside [mu_c, 1]")
    require(len(losses.gradients) == given.get("n", len(losses.gradients)) >= 2, "another number of agents")
    if statement != "T4p":  # T4p asks for no minimum
        require(losses.mean_curved(given.get("mu_F", Fraction(0))), "the mean loss is not curved enough")
        require(not any(losses.mean_gradient(minimiser)), "the mean gradient does not vanish at the minimiser")
    if "K" not in given:
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
    return total


def evaluated(form: Terms, weights: Vector) -> Fraction:
    """The value of a form in given vectors, with <u, v> = sum of weights[j] u_j v_j."""
    return sum((c * s * a * b for c, u, v in form for s, a, b in zip(weights, u, v, strict=True)), Fraction(0))
