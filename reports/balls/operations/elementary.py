"""Elementary functions, entry by entry: a value, and the jet of the slope y' / a', from which all orders follow.

With y' = s a', the coefficients of y come from those of s and a, and the adjoint of a is that of y times s.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from flint import arb

from reports.balls.arrays import ONE, Array, boxed, each, increasing, square, unbroadcast
from reports.balls.jets import Jet, Part, convolved, integrated, mapped
from reports.balls.operations.arithmetic import reciprocal_part
from reports.balls.operations.operation import Call, Operation

aten = torch.ops.aten
Slope = Callable[[Call, int], Part]
Value = Callable[[arb], arb]
_HALF = arb(0.5)


def elementary(value: Value, slope: Slope, wide: Value | None = None) -> Operation:
    """The operation of a function and its slope; `wide` is the function on boxes, where it has a tighter form."""

    def forward(call: Call, order: int) -> Part:
        a = call.inputs[0]
        if order == 0:
            return each(wide if wide is not None and call.wide else value, a.first)
        return integrated(a, call.helper("slope", slope, order - 1), order)

    def reverse(call: Call, order: int, adjoint: Jet) -> list[Part]:
        return [convolved(adjoint, call.helper("slope", slope, order), order)]

    return Operation(forward, reverse)


def _monotone(value: Value, slope: Slope) -> Operation:
    return elementary(value, slope, increasing(value))


def _plus_one(part: Part, order: int) -> Part:
    """1 + y."""
    return part if order else boxed(part + ONE)  # type: ignore[operator]


def _squared(jet: Jet, call: Call, order: int) -> Part:
    return each(square, jet.first) if order == 0 and call.wide else convolved(jet, jet, order)


def _one_minus(part: Part, order: int) -> Part:
    if order == 0:
        return boxed(ONE - part)  # type: ignore[operator]
    return mapped(lambda x: -x, part)


def _inverse(name: str, of: Callable[[Call, int], Jet]) -> Slope:
    """1 / b for a jet b of the call."""

    def rule(call: Call, order: int) -> Part:
        return call.helper(name, lambda one, k: reciprocal_part(of(one, k), one.growing(name), k), order)[order]

    return rule


def _shifted(call: Call, order: int) -> Jet:
    """1 + a."""
    return call.helper("shifted", lambda one, k: _plus_one(one.inputs[0][k], k), order)


def _bump(call: Call, order: int) -> Jet:
    """1 + a^2."""
    return call.helper("bump", lambda one, k: _plus_one(_squared(one.inputs[0], one, k), k), order)


def _partner(start: Value, sign: int) -> Slope:
    """s with s' = sign y a': the cosine of a sine, and its kin."""

    def rule(call: Call, order: int) -> Part:
        a = call.inputs[0]
        if order == 0:
            return each(start, a.first)
        return mapped(lambda x: x * sign, integrated(a, call.result, order))

    return rule


def _sigmoid(x: arb) -> arb:
    return 1 / (1 + (-x).exp())


def _sigmoid_slope(call: Call, order: int) -> Part:
    y = call.result
    if order == 0 and call.wide:
        return each(lambda x: arb(0.25) - square(x - 0.5), y.first)
    part = mapped(lambda x: -x, _squared(y, call, order))
    own = y[order]
    return part if own is None else own if part is None else boxed(own + part)


def _miss(call: Call, order: int) -> Part:
    """The slope of log sigmoid, s = sigmoid(-a), from s' = -s (1 - s) a'."""
    a = call.inputs[0]
    if order == 0:
        value = lambda x: 1 / (1 + x.exp())  # noqa: E731
        return each(increasing(value) if call.wide else value, a.first)
    bend = call.helper("bend", lambda one, k: _bend(one.growing("slope"), k), order - 1)
    return mapped(lambda x: -x, integrated(a, bend, order))


def _bend(s: Jet, order: int) -> Part:
    part = convolved(s, s, order)
    own = s[order]
    return mapped(lambda x: -x, part) if own is None else own if part is None else boxed(own - part)


def _bell(call: Call, order: int) -> Jet:
    """exp(-a^2), from its own slope -2 a exp(-a^2)."""

    def rule(one: Call, k: int) -> Part:
        a = one.inputs[0]
        if k == 0:
            return each(lambda x: (-x).exp(), _squared(a, one, 0))  # type: ignore[arg-type]
        steep = one.helper(
            "steep", lambda other, j: mapped(lambda x: x * -2, convolved(a, other.growing("bell"), j)), k - 1
        )
        return integrated(a, steep, k)

    return call.helper("bell", rule, order)


def _erf_slope(call: Call, order: int) -> Part:
    return mapped(lambda x: x * (2 / arb.pi().sqrt()), _bell(call, order)[order])


def _rsqrt_slope(call: Call, order: int) -> Part:
    """-y^3 / 2."""
    squares = call.helper("squares", lambda one, k: _squared(one.result, one, k), order)
    return mapped(lambda x: x * -_HALF, convolved(squares, call.result, order))


def _sqrt_slope(call: Call, order: int) -> Part:
    """1 / (2 y)."""
    return mapped(lambda x: x * _HALF, _inverse("inverse", lambda one, k: one.result)(call, order))


def _even(value: Value) -> Value:
    """A function that grows with |x|, on boxes."""
    return lambda x: value(x.abs_lower()).union(value(x.abs_upper()))


# GELU: y = a P with P the normal distribution function, P' = p a', p' = -a p a'.
def _density(call: Call, order: int) -> Jet:
    def rule(one: Call, k: int) -> Part:
        a = one.inputs[0]
        if k == 0:
            bell = each(arb.exp, boxed(_squared(a, one, 0) * -_HALF))  # type: ignore[operator]
            return boxed(bell / (2 * arb.pi()).sqrt())
        steep = one.helper(
            "steep", lambda other, j: mapped(lambda x: -x, convolved(a, other.growing("density"), j)), k - 1
        )
        return integrated(a, steep, k)

    return call.helper("density", rule, order)


def _distribution(call: Call, order: int) -> Jet:
    def rule(one: Call, k: int) -> Part:
        if k == 0:
            scaled = boxed(one.inputs[0].first * _HALF.sqrt())
            return boxed(each(increasing(arb.erf) if one.wide else arb.erf, scaled) * _HALF + _HALF)
        return integrated(one.inputs[0], _density(one, k - 1), k)

    return call.helper("distribution", rule, order)


def _gelu(call: Call, order: int) -> Part:
    return convolved(call.inputs[0], _distribution(call, order), order)


def _gelu_slope(call: Call, order: int) -> Part:
    """P + a p."""
    own, moved = _distribution(call, order)[order], convolved(call.inputs[0], _density(call, order), order)
    return moved if own is None else own if moved is None else boxed(own + moved)


def _gelu_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    return [convolved(adjoint, call.helper("slope", _gelu_slope, order), order)]


def _log_sigmoid(x: arb) -> arb:
    # for x >> 0 the value is about -exp(-x), whose relative accuracy log1p keeps
    return -(-x).exp().log1p() if x > 0 else x - x.exp().log1p()


# log(e^a + e^b) is b + log(1 + e^(a - b)): a smooth function of both, its slope in a the sigmoid of a - b.
def _gap_slope(call: Call, order: int) -> Jet:
    """s = sigmoid(c) of c = a - b."""

    def gap(one: Call, k: int) -> Part:
        a, b = one.inputs[0][k], one.inputs[1][k]
        if a is None or b is None:
            part = a if b is None else boxed(-b)
            return None if part is None else np.broadcast_to(part, one.site.shape)
        return boxed(a - b)

    def rule(one: Call, k: int) -> Part:
        c = one.helper("gap", gap, k)
        if k == 0:
            return each(increasing(_sigmoid) if one.wide else _sigmoid, c.first)
        bend = one.helper("bend", lambda other, j: _bend(other.growing("share"), j), k - 1)
        return integrated(c, bend, k)

    call.helper("gap", gap, order)
    return call.helper("share", rule, order)


def _log_add(call: Call, order: int) -> Part:
    share = _gap_slope(call, order)
    b = call.inputs[1]
    if order == 0:
        gap = call.growing("gap").first
        rest: Array = each(increasing(_softplus) if call.wide else _softplus, gap)
        return boxed(rest + b.first)
    rest_part = integrated(call.growing("gap"), share, order)
    own = b[order]
    if own is None:
        return rest_part
    return np.broadcast_to(own, call.site.shape) if rest_part is None else boxed(rest_part + own)


def _softplus(x: arb) -> arb:
    return -_log_sigmoid(-x)


def _log_add_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    share, site = _gap_slope(call, order), call.site
    rest = call.helper("rest", lambda one, k: _one_minus(share[k], k), order)
    parts = convolved(adjoint, share, order), convolved(adjoint, rest, order)
    return [
        mapped(lambda x, shape=shape: unbroadcast(x, shape), part) if wanted else None
        for part, shape, wanted in zip(parts, site.shapes, site.wanted, strict=True)
    ]


TABLE = {
    aten.exp.default: _monotone(lambda x: x.exp(), lambda call, k: call.result[k]),
    aten.expm1.default: _monotone(lambda x: x.expm1(), lambda call, k: _plus_one(call.result[k], k)),
    aten.log.default: _monotone(lambda x: x.log(), _inverse("inverse", lambda call, k: call.inputs[0])),
    aten.log1p.default: _monotone(lambda x: x.log1p(), _inverse("inverse", _shifted)),
    aten.sqrt.default: _monotone(lambda x: x.sqrt(), _sqrt_slope),
    aten.rsqrt.default: _monotone(lambda x: x.rsqrt(), _rsqrt_slope),
    aten.reciprocal.default: elementary(
        lambda x: 1 / x, lambda call, k: mapped(lambda x: -x, _squared(call.result, call, k))
    ),
    aten.tanh.default: _monotone(lambda x: x.tanh(), lambda call, k: _one_minus(_squared(call.result, call, k), k)),
    aten.sigmoid.default: _monotone(_sigmoid, _sigmoid_slope),
    aten.log_sigmoid_forward.default: _monotone(_log_sigmoid, _miss),
    aten.sin.default: elementary(lambda x: x.sin(), _partner(lambda x: x.cos(), -1)),
    aten.cos.default: elementary(lambda x: x.cos(), _partner(lambda x: -x.sin(), -1)),
    aten.sinh.default: _monotone(lambda x: x.sinh(), _partner(lambda x: x.cosh(), 1)),
    aten.cosh.default: elementary(lambda x: x.cosh(), _partner(lambda x: x.sinh(), 1), _even(lambda x: x.cosh())),
    aten.tan.default: elementary(lambda x: x.tan(), lambda call, k: _plus_one(_squared(call.result, call, k), k)),
    aten.atan.default: _monotone(lambda x: x.atan(), _inverse("inverse", _bump)),
    aten.erf.default: _monotone(lambda x: x.erf(), _erf_slope),
    aten.gelu.default: Operation(_gelu, _gelu_back),
    aten.logaddexp.default: Operation(_log_add, _log_add_back, operands=(0, 1)),
}
