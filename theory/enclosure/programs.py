"""Expressions compiled once into closures that walk them in any of two arithmetics: balls, or exact numbers.

A product stops at the first factor that is exactly zero; factors that may be singular (negative or symbolic
exponents) come last. So alpha rho B q^(nu-1) S_nu(q) is 0 at nu = 0, also when q = 0. An empty sum is 0 and
0^0 = 1; what is no real number has no value. S_j(x) for consecutive j is kept as a running list, so that sums over j of
S_j(x) take linear time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Protocol

import sympy
from flint import fmpq

from theory.enclosure import exact
from theory.enclosure.arithmetic import Arithmetic, Value
from theory.language.algebra import Expr, Kept, PowerGain, S
from theory.language.signs import never_negative
from theory.language.symbols import INDICES

Program = Callable[["Frame"], Value]
Counter = Callable[["Frame"], int]


class Frame(Protocol):
    """What a walk reads: values of symbols, values of counts and of summation indices, running lists."""

    arithmetic: Arithmetic
    indices: dict[str, int]
    running: dict[str, list[Value]]

    def value(self, name: str) -> Value:
        """The value of an input or a quantity."""
        ...

    def count(self, name: str) -> int:
        """The value of an integer input or index."""
        ...

    def spend(self, steps: int) -> None:
        """Raises PrecisionError where an evaluation has taken more steps than it may."""
        ...


@lru_cache(maxsize=4096)
def program(expression: Expr) -> Program:
    """The expression as a closure over a frame.

    Raises:
        TypeError: the expression has a part that no walk knows.
    """
    if expression.is_Rational:
        number = fmpq(int(expression.p), int(expression.q))
        return lambda frame: frame.arithmetic.rational(number)
    if expression.is_Symbol:
        name = str(expression)
        return lambda frame: frame.value(name)
    if expression.is_Add:
        return _folded([program(argument) for argument in expression.args], "add")
    if expression.is_Mul:
        return _product([program(factor) for factor in sorted(expression.args, key=_singular)])
    if expression.is_Pow:
        return _power(*expression.args)
    return _function(expression)


def _function(expression: Expr) -> Program:
    arguments = expression.args
    if isinstance(expression, S):
        return _geometric(*arguments)
    if isinstance(expression, Kept):
        return program(arguments[0])
    if isinstance(expression, PowerGain):
        return _gain(*arguments)
    if isinstance(expression, sympy.Sum):
        return _sum(expression)
    if isinstance(expression, (sympy.Min, sympy.Max)):
        operation = "smaller" if isinstance(expression, sympy.Min) else "larger"
        return _folded([program(argument) for argument in arguments], operation)
    if isinstance(expression, sympy.Abs):
        return _absolute(program(arguments[0]))
    if isinstance(expression, (sympy.exp, sympy.log)):
        inner, name = program(arguments[0]), type(expression).__name__
        return lambda frame: frame.arithmetic.function(name, inner(frame))
    if expression is sympy.E:
        return lambda frame: frame.arithmetic.function("exp", frame.arithmetic.rational(fmpq(1)))
    raise TypeError(f"{expression}: no evaluation rule for {type(expression).__name__}")


def _absolute(inner: Program) -> Program:
    def walk(frame: Frame) -> Value:
        value, arithmetic = inner(frame), frame.arithmetic
        return arithmetic.larger(value, arithmetic.multiply(arithmetic.rational(fmpq(-1)), value))

    return walk


def _singular(factor: Expr) -> bool:
    return factor.is_Pow and not (factor.exp.is_Number and factor.exp.is_positive)


def _folded(parts: Sequence[Program], operation: str) -> Program:
    first, rest = parts[0], tuple(parts[1:])

    def walk(frame: Frame) -> Value:
        combine = getattr(frame.arithmetic, operation)
        total = first(frame)
        for part in rest:
            total = combine(total, part(frame))
        return total

    return walk


def _product(parts: Sequence[Program]) -> Program:
    def walk(frame: Frame) -> Value:
        multiply = frame.arithmetic.multiply
        total, lost = None, None
        for part in parts:
            try:
                value = part(frame)
            except exact.NotExact as failure:  # a later factor may still be exactly zero
                lost = failure
                continue
            if value == 0:
                return value
            if lost is None:
                total = value if total is None else multiply(total, value)
        if lost is not None:
            raise lost
        return total

    return walk


def _power(base: Expr, exponent: Expr) -> Program:
    inner, root = program(base), "known_root" if never_negative(base) else "square_root"
    if exponent.is_Rational and exponent.q == 2:
        times = int(exponent.p)
        return lambda frame: frame.arithmetic.power(getattr(frame.arithmetic, root)(inner(frame)), times)
    try:
        steps = counter(exponent)
    except TypeError:
        return _root_of_power(inner, root, exponent)
    return lambda frame: frame.arithmetic.power(inner(frame), steps(frame))


def _root_of_power(inner: Program, root: str, exponent: Expr) -> Program:
    """x^(nu/2) is sqrt(x)^nu, or a whole power of x."""
    try:
        halves = counter(2 * exponent)
    except TypeError:
        return _real_power(inner, program(exponent))

    def walk(frame: Frame) -> Value:
        twice = halves(frame)
        if twice % 2 == 0:
            return frame.arithmetic.power(inner(frame), twice // 2)
        return frame.arithmetic.power(getattr(frame.arithmetic, root)(inner(frame)), twice)

    return walk


def _real_power(inner: Program, exponent: Program) -> Program:
    """x^y = e^(y log x), and a power of exactly zero."""

    def walk(frame: Frame) -> Value:
        base, power, arithmetic = inner(frame), exponent(frame), frame.arithmetic
        if base == 0 and power > 0:
            return base
        return arithmetic.function("exp", arithmetic.multiply(power, arithmetic.function("log", base)))

    return walk


@lru_cache(maxsize=1024)
def counter(expression: Expr) -> Counter:
    """An integer expression (an exponent, a limit of a sum) as a closure.

    Raises:
        TypeError: the expression is not an integer combination of counts.
    """
    if expression.is_Integer:
        constant = int(expression)
        return lambda frame: constant
    if expression.is_Symbol and expression.is_integer:
        name = str(expression)
        return lambda frame: frame.count(name)
    if not expression.args:
        raise TypeError(f"{expression}: not a count")
    parts = tuple(counter(argument) for argument in expression.args)
    if expression.is_Add:
        return lambda frame: sum(part(frame) for part in parts)
    if expression.is_Mul and len(parts) == 2:
        left, right = parts
        return lambda frame: left(frame) * right(frame)
    raise TypeError(f"{expression}: expected an integer combination of nu, tau, K and summation indices")


def _geometric(count: Expr, base: Expr) -> Program:
    steps, inner, key = counter(count), program(base), sympy.srepr(base)
    free_of_indices = base.free_symbols.isdisjoint(INDICES)

    def walk(frame: Frame) -> Value:
        arithmetic = frame.arithmetic
        needed = max(steps(frame), 0)  # an empty sum
        known = frame.running.get(key) if free_of_indices else None
        if known is None:
            known = [arithmetic.rational(fmpq(0))]
            if free_of_indices:
                frame.running[key] = known
        if len(known) <= needed:
            frame.spend(needed + 1 - len(known))
            ratio, one = inner(frame), arithmetic.rational(fmpq(1))
            while len(known) <= needed:
                known.append(arithmetic.add(one, arithmetic.multiply(ratio, known[-1])))
        return known[needed]

    return walk


def _gain(base: Expr, gain: Expr, power: Expr) -> Program:
    lower, difference, steps = program(base), program(gain), counter(power)

    def walk(frame: Frame) -> Value:
        arithmetic = frame.arithmetic
        extra, small = difference(frame), lower(frame)
        total = arithmetic.rational(fmpq(0))
        if extra == 0:
            return total
        large = arithmetic.add(small, extra)
        below, count = arithmetic.rational(fmpq(1)), steps(frame)
        frame.spend(count)
        for _ in range(count):
            total = arithmetic.add(arithmetic.multiply(total, large), below)
            below = arithmetic.multiply(below, small)
        return arithmetic.multiply(total, extra)

    return walk


def _sum(expression: sympy.Sum) -> Program:
    index, low, high = expression.limits[0]
    name, first, last, term = str(index), counter(low), counter(high), program(expression.function)

    def walk(frame: Frame) -> Value:
        arithmetic, indices = frame.arithmetic, frame.indices
        total = arithmetic.rational(fmpq(0))
        outer, low, high = indices.get(name), first(frame), last(frame)
        frame.spend(high - low)
        for value in range(low, high + 1):
            indices[name] = value
            total = arithmetic.add(total, term(frame))
        if outer is None:
            indices.pop(name, None)
        else:
            indices[name] = outer
        return total

    return walk
