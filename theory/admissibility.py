"""The largest step beta for which the hypotheses of a statement hold."""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq

from theory.enclosure.hypotheses import check, holds
from theory.enclosure.rounding import dyadic, outward
from theory.enclosure.scope import Scope, missing, to_fraction
from theory.language.errors import Inadmissible, InputError
from theory.language.records import Hypothesis, dependencies
from theory.language.symbols import mu_F, tau
from theory.statements import t1d_terms
from theory.statements.s04 import L_F
from theory.statements.t1 import h
from theory.tables import Table, default_table

_SMALLEST = math.ulp(0.0)
_LARGEST = sys.float_info.max


@dataclass(frozen=True)
class Largest:
    """The largest double beta for which every hypothesis holds, h there, and the hypothesis that stops it.

    Every smaller beta is admissible too. `beta` is infinite and `binding` empty when nothing stops it.
    """

    name: str
    beta: float
    h: float
    binding: str


def admissible(name: str, **inputs: object) -> Largest:
    """The largest beta (and h) for which the hypotheses of a quantity hold.

    h <= 1 is linear in beta and A decreases in it (x and M increase), so the admissible steps form an interval from
    0; its end is found by bisection over the doubles, each of them decided exactly. For T3 the product of A and beta
    is at most 1/2 of beta, so the third hypothesis is automatic for mu_F <= L_F, which A7 and smoothness imply.

    >>> admissible("T2", alpha=0, L=2, rho=0, B=1, nu=0, tau=1, n=2, m=2, gamma_G=1, gamma_H=0, K=1, F0_gap=1).beta
    0.5

    Raises:
        InputError: an input is unknown, missing or out of range, h is given, or the hypotheses do not involve beta.
        Inadmissible: a hypothesis fails for every beta.
    """
    table = default_table()
    table.quantity(name)
    if t1d_terms.A.name in dependencies(table.formulas, name):
        older = "every beta that is admissible for T2 (T3) is so for T2p (T3p)"
        raise InputError(f"{name}: its admissible steps need not form an interval; ask for T2 or T3: {older}")
    if "h" in inputs:
        raise InputError(f"h = {inputs['h']}: h is what admissible finds; give L_F or the constants instead")
    fixed = {key: value for key, value in inputs.items() if key != "beta"}
    scope = table.scope({**fixed, "beta": 1})
    moving = _moving(table, scope, name)
    if not any(item.left == h for item in moving):
        raise InputError(f"{name}: its hypotheses do not involve beta; try T1, T2, T3 or T4")

    def holds_at(beta: float) -> bool:
        trial = scope.with_input("beta", Fraction(beta), table.dependents("beta"))
        return all(holds(trial, item) for item in moving)

    beta = _largest(holds_at, _first_guess(scope))
    return Largest(name, beta, _round_length(table, scope, beta), _binding(table, scope, moving, beta))


def _moving(table: Table, scope: Scope, name: str) -> list[Hypothesis]:
    """The hypotheses that involve beta; the others must hold."""
    absent, hypotheses, _ = scope.requirements([name])
    if absent:
        raise InputError(f"{name}: {missing(absent)}")
    moving = []
    for item in hypotheses:
        names = {str(part) for side in (item.left, item.right) for part in side.free_symbols}
        if any("beta" in dependencies(table.formulas, part) for part in names):
            moving.append(item)
        elif not (found := check(scope, item)).holds:
            raise Inadmissible(f"{name} has no admissible beta: {found.name} fails, {found.detail}")
    if any(mu_F in item.left.free_symbols for item in moving):
        smooth = Hypothesis("mu_F <= L_F", mu_F, "<=", L_F)
        if not (found := check(scope, smooth)).holds:
            raise Inadmissible(f"{name}: {found.detail}, but no L_F-smooth function satisfies A7 with mu_F > L_F")
    return moving


def _first_guess(scope: Scope) -> float:
    """1 / (tau L_F) rounded down: where h <= 1 ends."""
    if scope.sign_of(L_F) == 0:
        return _LARGEST
    end = 1 / (tau * L_F)
    number = scope.exact_of(end)
    low = to_fraction(number) if isinstance(number, fmpq) else dyadic(scope.ball_of(end, 128).mid())
    return min(_LARGEST, max(_SMALLEST, outward(low, low)[0]))


def _largest(holds_at: Callable[[float], bool], guess: float) -> float:
    if holds_at(guess):
        above = math.nextafter(guess, math.inf)
        if math.isinf(above):
            return math.inf
        if not holds_at(above):
            return guess
    low, high = guess, guess
    while not holds_at(low):
        low /= 2
        if low == 0:
            raise Inadmissible("no positive double beta is admissible")
    while holds_at(high):
        high *= 2
        if math.isinf(high):
            return math.inf
    first, last = _place(low), _place(high)
    while last - first > 1:
        middle = (first + last) // 2
        first, last = (middle, last) if holds_at(_double(middle)) else (first, middle)
    return _double(first)


def _place(value: float) -> int:
    """The rank of a positive double among all of them."""
    return struct.unpack("<q", struct.pack("<d", value))[0]


def _double(place: int) -> float:
    return struct.unpack("<d", struct.pack("<q", place))[0]


def _round_length(table: Table, scope: Scope, beta: float) -> float:
    if math.isinf(beta):
        return 0.0
    names: Mapping[str, object] = {**scope.inputs, "beta": beta, "mode": scope.mode.name}
    return table.quantity("h").value(**names)


def _binding(table: Table, scope: Scope, moving: list[Hypothesis], beta: float) -> str:
    if math.isinf(beta):
        return ""
    beyond = Fraction(math.nextafter(beta, math.inf))
    trial = scope.with_input("beta", beyond, table.dependents("beta"))
    return next(item.name for item in moving if not holds(trial, item))
