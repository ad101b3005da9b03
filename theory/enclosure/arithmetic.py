"""The two arithmetics of a walk: outward-rounded balls, and exact numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flint import arb, fmpq

from theory.enclosure import exact
from theory.language.errors import NoValue

Value = Any


@dataclass(frozen=True)
class Arithmetic:
    """The operations a walk needs; a power has an integer exponent and 0^0 = 1, a function is exp or log.

    known_root: the root of what is never negative, so that a ball which dips below zero is cut there.

    Every operation raises NoValue where its result is no real, finite number.
    """

    rational: Callable[[fmpq], Value]
    add: Callable[[Value, Value], Value]
    multiply: Callable[[Value, Value], Value]
    power: Callable[[Value, int], Value]
    square_root: Callable[[Value], Value]
    known_root: Callable[[Value], Value]
    smaller: Callable[[Value, Value], Value]
    larger: Callable[[Value, Value], Value]
    function: Callable[[str, Value], Value]


def _power(base: arb, exponent: int) -> arb:
    if exponent < 0 and base == 0:
        raise NoValue("a division by zero")
    return base**exponent


def _square_root(value: arb) -> arb:
    """Not a number where the sign of the value is not known: more bits may tell."""
    if value < 0:
        raise NoValue(f"the root of {value.str(6, radius=False)}")
    return value.sqrt()


def _function(name: str, value: arb) -> arb:
    if name == "exp":
        return value.exp()
    if value <= 0:
        raise NoValue(f"the logarithm of {value.str(6, radius=False)}")
    return value.log()


# outward-rounded balls (Arb) at the working precision, not finite where the value is not proved to be a real number
BALLS = Arithmetic(
    rational=arb,
    add=operator.add,
    multiply=operator.mul,
    power=_power,
    square_root=_square_root,
    known_root=lambda value: value.nonnegative_part().sqrt(),
    smaller=lambda left, right: left.min(right),
    larger=lambda left, right: left.max(right),
    function=_function,
)
# rationals and sums of square roots; NotExact outside them
EXACT = Arithmetic(
    rational=exact.within_budget,
    add=exact.add,
    multiply=exact.multiply,
    power=exact.power,
    square_root=exact.square_root,
    known_root=exact.square_root,
    smaller=exact.smaller,
    larger=exact.larger,
    function=exact.function,
)
