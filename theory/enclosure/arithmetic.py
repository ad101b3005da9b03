"""The two arithmetics of a walk: outward-rounded balls, and exact numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from flint import arb, fmpq

from theory.enclosure import exact

Value = Any


@dataclass(frozen=True)
class Arithmetic:
    """The operations a walk needs; a power has an integer exponent and 0^0 = 1, a function is exp or log."""

    rational: Callable[[fmpq], Value]
    add: Callable[[Value, Value], Value]
    multiply: Callable[[Value, Value], Value]
    power: Callable[[Value, int], Value]
    square_root: Callable[[Value], Value]
    smaller: Callable[[Value, Value], Value]
    larger: Callable[[Value, Value], Value]
    function: Callable[[str, Value], Value]


def _not_exact(name: str, value: exact.Exact) -> NoReturn:
    """No exponential or logarithm of a rational is kept."""
    raise exact.NotExact


# outward-rounded balls (Arb) at the working precision; a ball that dips below zero under a root is cut there, where the
# exact value cannot be
BALLS = Arithmetic(
    rational=arb,
    add=operator.add,
    multiply=operator.mul,
    power=operator.pow,
    square_root=lambda value: value.nonnegative_part().sqrt(),
    smaller=lambda left, right: left.min(right),
    larger=lambda left, right: left.max(right),
    function=lambda name, value: value.exp() if name == "exp" else value.log(),
)
# rationals and sums of square roots; NotExact outside them
EXACT = Arithmetic(
    rational=exact.within_budget,
    add=exact.add,
    multiply=exact.multiply,
    power=exact.power,
    square_root=exact.square_root,
    smaller=exact.smaller,
    larger=exact.larger,
    function=_not_exact,
)
