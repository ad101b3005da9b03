"""Sums, differences, products, quotients and powers, entry by entry, shapes broadcast."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import torch
from flint import arb, fmpq

from reports.balls.arrays import ONE, boxed, each, square, unbroadcast
from reports.balls.jets import Jet, Part, convolved, integrated, mapped, total
from reports.balls.operations.operation import (
    INFINITE,
    Call,
    Operation,
    Site,
    bilinear,
    linear,
)

aten = torch.ops.aten


def _scale(call: Call) -> arb | int:
    """The factor alpha of the second operand of a sum."""
    alpha = call.site.arguments[2] if len(call.site.arguments) > 2 else 1
    return alpha if isinstance(alpha, int) else arb(alpha)


def _sum(call: Call, order: int, sign: int) -> Part:
    factor = _scale(call) * sign
    a, b = call.inputs[0][order], call.inputs[1][order]
    if b is not None and factor == -1:
        if a is not None:
            return boxed(a - b)
        b = boxed(-b)
    elif b is not None and factor != 1:
        b = boxed(b * factor)
    if a is None or b is None:
        one = b if a is None else a
        return None if one is None else np.broadcast_to(one, call.site.shape)
    return boxed(a + b)


def _sum_back(call: Call, order: int, adjoint: Jet, sign: int) -> list[Part]:
    part, site, factor = adjoint[order], call.site, _scale(call) * sign
    if part is None:
        return [None, None]
    second = unbroadcast(part, site.shapes[1]) if site.wanted[1] else None
    if second is not None and factor != 1:
        second = boxed(-second) if factor == -1 else boxed(second * factor)
    return [unbroadcast(part, site.shapes[0]) if site.wanted[0] else None, second]


def _signed(sign: int) -> Operation:
    return Operation(
        lambda call, order: _sum(call, order, sign),
        lambda call, order, adjoint: _sum_back(call, order, adjoint, sign),
        operands=(0, 1),
        degree=linear,
    )


def _product(call: Call, order: int) -> Part:
    a, b = call.inputs
    if a is b and order == 0 and call.wide:
        return each(square, a.first)
    return convolved(a, b, order)


def _product_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    (a, b), site = call.inputs, call.site
    return [
        mapped(lambda x: unbroadcast(x, site.shapes[0]), convolved(adjoint, b, order)) if site.wanted[0] else None,
        mapped(lambda x: unbroadcast(x, site.shapes[1]), convolved(adjoint, a, order)) if site.wanted[1] else None,
    ]


def reciprocal_part(a: Jet, reciprocal: Jet, order: int) -> Part:
    """The coefficient of t^order of r = 1/a, from a r = 1."""
    if order == 0:
        return each(lambda x: 1 / x, a.first)
    terms: list[Part] = []
    for i in range(1, order + 1):
        x, r = a[i], reciprocal[order - i]
        terms.append(None if x is None or r is None else boxed(x * r))
    return mapped(lambda x: -x * reciprocal.first, total(terms))


def _divisor(call: Call, order: int) -> Jet:
    return call.helper("divisor", lambda one, k: reciprocal_part(one.inputs[1], one.growing("divisor"), k), order)


def _quotient(call: Call, order: int) -> Part:
    if len(call.inputs[1].parts) == 1 and not call.site.note:
        return mapped(lambda x: x / call.inputs[1].first, call.inputs[0][order])
    return convolved(call.inputs[0], _divisor(call, order), order)


def _quotient_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    site = call.site
    if not site.note:
        return [mapped(lambda x: unbroadcast(boxed(x / call.inputs[1].first), site.shapes[0]), adjoint[order]), None]
    by = _divisor(call, order)
    # (a / b)' in b is -(a / b) / b.
    down = call.helper("down", lambda one, k: mapped(lambda x: -x, convolved(one.result, by, k)), order)
    return [
        mapped(lambda x: unbroadcast(x, site.shapes[0]), convolved(adjoint, by, order)) if site.wanted[0] else None,
        mapped(lambda x: unbroadcast(x, site.shapes[1]), convolved(adjoint, down, order)),
    ]


def _power_exponent(site: Site) -> int | Fraction:
    exponent = site.arguments[1]
    if not isinstance(exponent, (int, float)) or exponent != exponent or abs(exponent) == float("inf"):
        raise site.unknown(f"with exponent {exponent}")
    return int(exponent) if int(exponent) == exponent else Fraction(exponent)


def _powers(call: Call, exponent: int, order: int) -> Jet:
    """a^exponent for an integer exponent >= 1, all lower powers on the way."""
    if exponent == 1:
        return call.inputs[0]
    below = _powers(call, exponent - 1, order)
    name = f"power {exponent}"

    def part(one: Call, k: int) -> Part:
        if k == 0 and one.wide:
            return each(_tight_power(exponent), one.inputs[0].first)
        return convolved(below, one.inputs[0], k)

    return call.helper(name, part, order)


def _tight_power(exponent: int) -> Callable[[arb], arb]:
    def power(x: arb) -> arb:
        if exponent % 2:
            return (x.lower() ** exponent).union(x.upper() ** exponent)
        return (x.abs_lower() ** exponent).union(x.abs_upper() ** exponent)

    return power


def _power_slope(call: Call, order: int) -> Part:
    """exponent a^(exponent - 1)."""
    exponent = call.site.note
    if isinstance(exponent, int) and exponent >= 1:
        if exponent == 1:
            return np.broadcast_to(np.array(ONE, dtype=object), call.site.shape) if order == 0 else None
        return mapped(lambda x: x * exponent, _powers(call, exponent - 1, order)[order])
    ball = arb(exponent) if isinstance(exponent, int) else arb(fmpq(exponent.numerator, exponent.denominator))
    inverse = call.helper("inverse", lambda one, k: reciprocal_part(one.inputs[0], one.growing("inverse"), k), order)
    return mapped(lambda x: x * ball, convolved(call.result, inverse, order))


def _power(call: Call, order: int) -> Part:
    exponent, a = call.site.note, call.inputs[0]
    if exponent == 0:
        return np.broadcast_to(np.array(ONE, dtype=object), call.site.shape) if order == 0 else None
    if isinstance(exponent, int) and exponent >= 1:
        return _powers(call, exponent, order)[order]
    if order == 0:
        return each(_real_power(exponent), a.first)
    return integrated(a, call.helper("slope", _power_slope, order - 1), order)


def _real_power(exponent: int | Fraction) -> Callable[[arb], arb]:
    if isinstance(exponent, int):
        return lambda x: 1 / _integer_power(x, -exponent)
    power = arb(fmpq(exponent.numerator, exponent.denominator))
    return lambda x: x**power


def _integer_power(x: arb, exponent: int) -> arb:
    return x if exponent == 1 else square(x) if exponent == 2 else _tight_power(exponent)(x)


def _power_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    return [convolved(adjoint, call.helper("slope", _power_slope, order), order)]


def _power_degree(degrees: list[float], site: Site) -> float:
    exponent = site.note
    if degrees[0] == 0:
        return 0.0
    return exponent * degrees[0] if isinstance(exponent, int) and exponent >= 0 else INFINITE


def _negative(call: Call, order: int) -> Part:
    return mapped(lambda x: -x, call.inputs[0][order])


def _negative_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    return [mapped(lambda x: -x, adjoint[order])]


def _quotient_degree(degrees: list[float], site: Site) -> float:
    return degrees[0] if degrees[1] == 0 else INFINITE


SUM, DIFFERENCE = _signed(1), _signed(-1)
PRODUCT = Operation(_product, _product_back, operands=(0, 1), degree=bilinear)
QUOTIENT = Operation(
    _quotient, _quotient_back, operands=(0, 1), degree=_quotient_degree, prepare=lambda site: site.wanted[1]
)
POWER = Operation(_power, _power_back, degree=_power_degree, prepare=_power_exponent)

TABLE = {
    **dict.fromkeys((aten.add.Tensor, aten.add.Scalar), SUM),
    **dict.fromkeys((aten.sub.Tensor, aten.sub.Scalar), DIFFERENCE),
    **dict.fromkeys((aten.mul.Tensor, aten.mul.Scalar), PRODUCT),
    **dict.fromkeys((aten.div.Tensor, aten.div.Scalar), QUOTIENT),
    aten.pow.Tensor_Scalar: POWER,
    aten.neg.default: Operation(_negative, _negative_back, degree=linear),
}
