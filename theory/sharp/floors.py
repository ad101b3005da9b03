"""T4p, T4p_gap and T2p: what is left at a fixed point of the round, and the mean over K rounds; m = n."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from theory.sharp.certificates import Given
from theory.sharp.checker import lower_value
from theory.sharp.closed_form import Multipliers, floor_multipliers, round_multipliers
from theory.sharp.constants import Pair, root
from theory.sharp.quadratics import Quadratics
from theory.sharp.rationals import Vector
from theory.sharp.recorded import recorded
from theory.sharp.reflections import agents_for_a_minimum, curvature_along, reflected
from theory.sharp.sides import Sides, shared

Candidate = tuple[dict[str, Any], str]  # the lower part of a certificate, and what it is
_DUAL = "multipliers of D1 in closed form"
_REFLECTED = "reflected quadratics"
_NOT = "not covered: noise, bias, a server step other than 1"


def fixed_point(statement: str, given: Given) -> Sides:
    """T4p: norm(grad F(w))^2 at a fixed point w, omega^2/(P_+ P_-), attained."""
    pair = _pair(given)
    upper = _upper(*floor_multipliers(pair, 2))
    losses = reflected(pair, int(given.get("n", 2)))
    target = "the supremum of norm(grad F(w))^2 over fixed points w of the round"
    scope = ("exact gradients, all agents take part, any number n >= 2 of them", _NOT)
    return Sides(given, target, recorded("T4p", given), upper, _DUAL, *_described(losses, _REFLECTED), scope)


def fixed_point_gap(statement: str, given: Given) -> Sides:
    """T4p_gap: F(w) - F* there under A7, attained where mu_F is the curvature of the reflected quadratics."""
    pair = _pair(given)
    given = {**given, "mu_F": given.get("mu_F", curvature_along(pair))}
    upper = _upper(*floor_multipliers(pair, 2))
    best = _best(statement, given, [*_reflected_minimum(pair, given), *_on_the_line(given)])
    target = "the supremum of F(w) - F* over fixed points w of the round, F with A7"
    scope = (
        f"exact gradients, all agents take part; attained at mu_F = {float(curvature_along(pair)):.6g}, "
        f"from n = {agents_for_a_minimum(pair)} on",
        _NOT,
    )
    return Sides(given, target, recorded("T4p_gap", given), upper, _DUAL, *best, scope)


def mean_over_rounds(statement: str, given: Given) -> Sides:
    """T2p: the mean of norm(grad F(w_k))^2 over K rounds from the gap F0_gap, or its limit for many rounds."""
    pair, K = _pair(given), given.get("K")
    start = given["F0_gap"] / (given["h"] * K) if K else Fraction(0)
    c = _best_c(pair, start)
    given = {**given, "A": pair.A(c)}
    upper = _upper(*round_multipliers(pair, c, 2))
    method = "multipliers of D1 and T1d in closed form"
    scope = (
        f"exact gradients, all agents take part, any number of them from n = {agents_for_a_minimum(pair)} on",
        _NOT,
    )
    if K == 1:
        upper, method = {"descent": Fraction(2)}, "smoothness alone: F* <= F(w_0) - norm(grad F(w_0))^2/2"
    elif K:
        scope = (*scope, "not covered: an upper value below T2p's own at K >= 2, which adds up T1d's rounds")
    candidates = [*_reflected_rounds(pair, given), *_parabola(given)] if K else _reflected_minimum(pair, given)
    target = f"the supremum of the mean of norm(grad F(w_k))^2 over {K or 'many'} rounds"
    chosen = {"eps": pair.eps(c), "c": c}
    floor = recorded("T1d.N", given, **chosen) / recorded("T1d.A", given, **chosen)  # the limit for many rounds
    ours = recorded("T2p", given, **chosen) if K else floor
    return Sides(given, target, ours, upper, method, *_best(statement, given, candidates), scope)


def _pair(given: Given) -> Pair:
    return Pair(given["h"], int(given["tau"]), given["mu_c"])


def _upper(factor: Fraction, multipliers: Multipliers) -> dict[str, Any]:
    return {"spread": factor, "multipliers": shared(multipliers)}


def _best_c(pair: Pair, start: Fraction) -> Fraction:
    """The c at which (start + c omega^2)/A(c) is least, nearly: any other one gives a bound as well.

    In u = 2c - h this is (p + q u)/(r - s/u - q u), whose derivative vanishes at the root of a quadratic.
    """
    s, q = pair.left**2 / 2, pair.omega**2 / 2
    p, r = start + pair.h * q, pair.psi * (1 - pair.h * pair.psi / 2) - pair.h * q
    return ((q * s + root(q**2 * s**2 + q * (r + p) * p * s)) / (q * (r + p)) + pair.h) / 2


def _reflected_minimum(pair: Pair, given: Given) -> list[Candidate]:
    """Reflected quadratics whose mean has a minimum and the curvature that is asked for."""
    needed, curvature = agents_for_a_minimum(pair), curvature_along(pair)
    n = int(given.get("n", needed))
    if n < needed or given.get("mu_F", curvature) > curvature:
        return []
    minimiser = [-pair.omega / pair.psi / curvature, *[Fraction(0)] * (n - 1)]
    return [_described(reflected(pair, n), _REFLECTED, minimiser)]


def _reflected_rounds(pair: Pair, given: Given) -> list[Candidate]:
    """The same at rest, and orthogonal to it a parabola that uses up what is left of the gap."""
    found = []
    for part, _ in _reflected_minimum(pair, given):
        losses = reflected(pair, len(part["gradients"]), more=1)
        gap = -losses.weights[0] * pair.omega / pair.psi * part["minimiser"][0] / 2
        share = min(Fraction(1), given["F0_gap"] / gap)
        rest = 2 * (given["F0_gap"] - share * gap)
        if rest:
            weights = [*(share * weight for weight in losses.weights[:-1]), rest]
            gradients = [[*g[:-1], Fraction(1)] for g in losses.gradients]
            whole = Quadratics(losses.hessians, gradients, weights)
            found.append(_described(whole, f"{_REFLECTED} and a parabola", [*part["minimiser"], Fraction(-1)]))
    return found


def _parabola(given: Given) -> list[Candidate]:
    """F_i(w) = w^2/2 for every agent."""
    n = int(given.get("n", 2))
    losses = Quadratics([[[Fraction(1)]]] * n, [[Fraction(1)]] * n, [2 * given["F0_gap"]])
    return [_described(losses, "a parabola", [Fraction(-1)])]


def _on_the_line(given: Given) -> list[Candidate]:
    """Half of the agents with curvature 1, half with 2 mu_F - 1, at rest."""
    n, curvatures = int(given.get("n", 2)), (Fraction(1), 2 * given["mu_F"] - 1)
    if n % 2 or not given["mu_c"] <= curvatures[1] < 1:
        return []
    # a round moves agent i by tau P(k_i) times its gradient
    moves = [Pair(given["h"], int(given["tau"]), k).P_minus for k in curvatures]
    gradients = [[moves[1]], [-moves[0]]]
    minimiser = [-(moves[1] - moves[0]) / 2 / given["mu_F"]]
    losses = Quadratics([[[k]] for k in curvatures] * (n // 2), gradients * (n // 2), [Fraction(1)])
    return [_described(losses, "quadratics on the line", minimiser)]


def _described(losses: Quadratics, name: str, minimiser: Vector | None = None) -> Candidate:
    part = {"hessians": losses.hessians, "gradients": losses.gradients, "weights": losses.weights}
    return {**part, **({"minimiser": minimiser} if minimiser else {})}, f"{name}, n = {len(losses.gradients)}"


def _best(statement: str, given: Given, candidates: list[Candidate]) -> tuple[dict[str, Any] | None, str]:
    return max(candidates, key=lambda found: lower_value(statement, given, found[0]), default=(None, "none"))
