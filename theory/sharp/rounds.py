"""T1b and T1d: the supremum N*(A) of a round's net change [E F(w_{k+1}) - F(w_k)]/h + A norm(grad F(w_k))^2."""

from __future__ import annotations

from fractions import Fraction

from theory.language.errors import InputError
from theory.sharp.certificates import Given
from theory.sharp.checker import lower_value
from theory.sharp.closed_form import round_multipliers
from theory.sharp.constants import Pair
from theory.sharp.dual import proved_above
from theory.sharp.primal import attained_below
from theory.sharp.problem import Problem, stated
from theory.sharp.recorded import recorded
from theory.sharp.sides import Sides, shared
from theory.sharp.wedge import wedge_instance
from theory.tables import quantity

SETTLED = Fraction(1, 10**6)  # the relative gap at which closed forms need no solver
TARGET = "N*(A), the supremum of [E F(w_{k+1}) - F(w_k)]/(beta tau) + A norm(grad F(w_k))^2"


def round_change(statement: str, given: Given) -> Sides:
    """Both sides of N*(A): in closed form where these meet, else by a solver.

    Raises:
        InputError: A is too large, or the solver is needed and missing.
    """
    given, ours = _own_constant(statement, given)
    problem = stated(statement, given)
    return (_all_agents if problem.alike else _sampled)(statement, given, problem, ours)


def _own_constant(statement: str, given: Given) -> tuple[Given, Fraction]:
    """The parameters with A, and the statement's N there."""
    n = given.get("n", Fraction(2))
    m = given.get("m", n)
    if statement == "T1b":
        inputs = {"h": given["h"], "tau": given["tau"], "n": n, "m": m, "gamma_F": 1}
        A, N = (quantity(name).evaluate(**inputs).exact for name in ("T1b.A", "T1b.N"))
        if A is None or N is None or A <= 0:
            raise InputError(f"T1b: A = {A} at h = {given['h']}, tau = {given['tau']}; expected A > 0")
        return {**given, "A": A}, N
    pair = Pair(given["h"], int(given["tau"]), given["mu_c"])
    if given["A"] > pair.largest_A:
        raise InputError(f"A = {given['A']}: expected at most {float(pair.largest_A):.6g}, the largest A of T1d here")
    drawn = {**given, "n": n, "m": m}
    if not pair.omega:  # N falls as c grows; its limit is the least of T1d's list, seen where no descent weighs
        return given, recorded("T1d", {**drawn, "F0_gap": Fraction(0)}, grad_norm=Fraction(0)) / given["h"]
    c = pair.best_c(given["A"], (n - m) / (m * (n - 1)))
    return given, recorded("T1d.N", drawn, eps=pair.eps(c), c=c)


def _all_agents(statement: str, given: Given, problem: Problem, ours: Fraction) -> Sides:
    pair = Pair(problem.h, problem.tau, problem.mu_c)
    c = pair.least_c(given["A"])
    factor, multipliers = round_multipliers(pair, c, problem.n)
    upper, method = {"spread": factor, "multipliers": shared(multipliers)}, "multipliers of D1 and T1d in closed form"
    lower, instance = wedge_instance(problem, c), "the wedge, two agents in the plane"
    attained = lower_value(statement, given, lower)
    if factor - attained > SETTLED * factor:
        found = proved_above(statement, given)
        if found and found["spread"] < factor:
            upper, method = found, "multipliers found by a solver"
        found = attained_below(statement, given, upper["spread"])
        if found and lower_value(statement, given, found) > attained:
            lower, instance = found, "gradients and values found by a solver, two agents"
    scope = ("exact gradients, all agents take part, any number n >= 2 of them", _NOT)
    return Sides(given, TARGET, ours, upper, method, lower, instance, scope)


def _sampled(statement: str, given: Given, problem: Problem, ours: Fraction) -> Sides:
    upper = proved_above(statement, given)
    lower = upper and attained_below(statement, given, upper["spread"])
    found = f"by a solver, all {len(problem.sets)} sets of agents enumerated"
    scope = (
        f"exact gradients, n = {problem.n}, m = {problem.m} only: our constant knows them through kappa alone, and few "
        "agents may not attain it; other n and m of the same kappa are not covered",
        _NOT,
    )
    return Sides(given, TARGET, ours, upper, f"multipliers {found}", lower, f"gradients and values {found}", scope)


_NOT = "not covered: noise, bias, a server step other than 1, several rounds at once"
