"""Exact arithmetic with square roots: sums of rationals times roots of distinct squarefree integers.

Roots of distinct squarefree integers are linearly independent over the rationals, so the form is unique:
two numbers are equal exactly when their forms are. Anything that leaves the form, or outgrows the budget
of 4096 bits, raises NotExact and the caller falls back on enclosures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from flint import arb, ctx, fmpq, fmpz

from theory.language.errors import NoValue

BUDGET_BITS = 4096
LARGEST_RADICAND_BITS = 96
LARGEST_TERMS = 16


class NotExact(Exception):  # noqa: N818 (a signal to fall back, not an error)
    """The number left the exact form or its budget."""


@dataclass(frozen=True)
class Surd:
    """The sum over squarefree s of coefficient * sqrt(s), with at least one s > 1."""

    terms: tuple[tuple[int, fmpq], ...]


Exact = fmpq | Surd


def _terms(value: Exact) -> dict[int, fmpq]:
    return dict(value.terms) if isinstance(value, Surd) else {1: value}


def _number(terms: dict[int, fmpq]) -> Exact:
    kept = {root: value for root, value in terms.items() if value != 0}
    if not kept:
        return fmpq(0)
    if len(kept) > LARGEST_TERMS:
        raise NotExact
    if set(kept) == {1}:
        return within_budget(kept[1])
    return Surd(tuple(sorted((root, within_budget(value)) for root, value in kept.items())))


def within_budget(value: fmpq) -> fmpq:
    """The value itself, or NotExact when it needs too many bits."""
    if value.height_bits() > BUDGET_BITS:
        raise NotExact
    return value


def add(left: Exact, right: Exact) -> Exact:
    """The exact sum; NotExact where it would grow beyond the budget."""
    if isinstance(left, fmpq) and isinstance(right, fmpq):
        return within_budget(left + right)
    total = _terms(left)
    for root, value in _terms(right).items():
        total[root] = total.get(root, fmpq(0)) + value
    return _number(total)


def multiply(left: Exact, right: Exact) -> Exact:
    """The product: sqrt(s) sqrt(t) = g sqrt(s t / g^2) with g = gcd(s, t)."""
    if isinstance(left, fmpq) and isinstance(right, fmpq):
        return within_budget(left * right)
    total: dict[int, fmpq] = {}
    for root, value in _terms(left).items():
        for other, factor in _terms(right).items():
            common = int(fmpz(root).gcd(fmpz(other)))
            product = (root // common) * (other // common)
            total[product] = total.get(product, fmpq(0)) + value * factor * common
    return _number(total)


def power(base: Exact, exponent: int) -> Exact:
    """An integer power, with 0^0 = 1."""
    if exponent < 0:
        return power(_inverse(base), -exponent)
    if isinstance(base, fmpq):
        if base.height_bits() * exponent > 2 * BUDGET_BITS and base not in (0, 1, -1):
            raise NotExact
        return within_budget(base**exponent)
    result: Exact = fmpq(1)
    while exponent:
        if exponent & 1:
            result = multiply(result, base)
        exponent >>= 1
        if exponent:
            base = multiply(base, base)
    return result


def _inverse(value: Exact) -> Exact:
    if isinstance(value, fmpq):
        if value == 0:
            raise NoValue("a division by zero")
        return 1 / value
    if len(value.terms) > 1:
        raise NotExact
    root, coefficient = next(iter(value.terms))
    return Surd(((root, 1 / (coefficient * root)),))


def square_root(value: Exact) -> Exact:
    """The root of a non-negative rational: sqrt(a/b) = c sqrt(s)/b where a b = c^2 s, s squarefree."""
    if sign(value) < 0:
        raise NoValue(f"the root of {decimal_of(value)}")
    if isinstance(value, Surd):
        raise NotExact
    below = value.q
    product = value.p * below
    if product.is_square():
        return fmpq(product.isqrt(), below)
    if product.bit_length() > LARGEST_RADICAND_BITS:
        raise NotExact
    outside, inside = 1, 1
    for prime, multiplicity in product.factor():
        outside *= int(prime) ** (multiplicity // 2)
        inside *= int(prime) ** (multiplicity % 2)
    return Surd(((inside, fmpq(outside, below)),))


def sign(value: Exact) -> int:
    """-1, 0 or 1; a surd is never 0, so raising the precision decides."""
    if isinstance(value, fmpq):
        return (value > 0) - (value < 0)
    bits = 128
    while bits <= 1 << 16:
        with_bits = ball(value, bits)
        if with_bits > 0:
            return 1
        if with_bits < 0:
            return -1
        bits *= 2
    raise NotExact


def function(name: str, value: Exact) -> NoReturn:
    """No exponential or logarithm of a rational is kept; whether there is a logarithm is known all the same."""
    if name == "log" and sign(value) <= 0:
        raise NoValue(f"the logarithm of {decimal_of(value)}")
    raise NotExact


def decimal_of(value: Exact) -> str:
    """The number in six digits, for a message."""
    return ball(value, 128).str(6, radius=False)


def smaller(left: Exact, right: Exact) -> Exact:
    """The smaller of two exact values, decided exactly."""
    return left if sign(add(left, multiply(fmpq(-1), right))) <= 0 else right


def larger(left: Exact, right: Exact) -> Exact:
    """The larger of two exact values, decided exactly."""
    return right if smaller(left, right) is left else left


def ball(value: Exact, bits: int) -> arb:
    """An enclosure at the given precision."""
    with ctx.workprec(bits):
        if isinstance(value, fmpq):
            return arb(value)
        return sum((arb(coefficient) * arb(root).sqrt() for root, coefficient in value.terms), arb(0))
