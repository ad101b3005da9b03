"""Inputs of a right side that were measured themselves: an interval each, and the one value that a row shows."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from flint import arb, ctx

from reports.balls import ball
from theory.enclosure.scope import Ends


def split(inputs: Mapping[str, Any]) -> tuple[dict[str, Any], Ends]:
    """The inputs with a number for every ball, and the ends of the balls; one of radius 0 is that number exactly.

    >>> split({"B": 2.0, "grad_norm": arb(3) / 2})
    ({'B': 2.0, 'grad_norm': Fraction(3, 2)}, {})
    >>> shown, between = split({"grad_norm": arb(2).sqrt()})
    >>> between["grad_norm"][0] < between["grad_norm"][1], "B" in between
    (True, False)
    """
    shown, between = dict(inputs), {}
    for name, value in inputs.items():
        if isinstance(value, arb):
            with ctx.workprec(ball.BITS):
                low, high = ball.bounds(value)
            shown[name] = low if low == high else Fraction(float(value.mid()))
            if low < high:
                between[name] = (low, high)
    return shown, between
