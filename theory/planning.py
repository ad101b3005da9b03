"""T7: what one local step of one agent costs in each mode."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy

from theory.algebra import Expr, symbols
from theory.errors import InputError
from theory.inputs import read_inputs, read_number

nu, D, D_prime, D_H = symbols("nu D D_prime D_H")
_NONE = sympy.Integer(0)


@dataclass(frozen=True)
class LocalCost:
    """Counts of one local step of one agent, as expressions in nu, D, D_prime and D_H, or as numbers.

    Full-batch modes count gradients and Hessian-vector products; batch modes count them per sample.
    `memory` is the number of parameter vectors that the step keeps.
    """

    mode: str
    gradients: Expr = _NONE
    hessian_vector_products: Expr = _NONE
    sample_gradients: Expr = _NONE
    sample_hessian_vector_products: Expr = _NONE
    memory: Expr = nu + 2


COSTS: tuple[LocalCost, ...] = (
    LocalCost("exact", gradients=nu + 1, hessian_vector_products=nu),
    LocalCost("stochastic", sample_gradients=nu * D + D_prime, sample_hessian_vector_products=nu * D_H),
    LocalCost("first_order", gradients=nu + 1, memory=sympy.Integer(2)),
    LocalCost("first_order_stochastic", sample_gradients=nu * D + D_prime, memory=sympy.Integer(2)),
    LocalCost("hessian_free", gradients=3 * nu + 1),
    LocalCost("hessian_free_stochastic", sample_gradients=nu * D + D_prime + 2 * nu * D_H),
)


def costs(mode: str, nu: object, D: object = None, D_prime: object = None, D_H: object = None) -> LocalCost:
    """The counts of T7 with the given numbers put in.

    >>> costs("exact", 3).gradients, costs("hessian_free_stochastic", 2, 16, 8, 4).sample_gradients
    (4, 56)

    Raises:
        InputError: the mode is unknown, or a number that the mode needs is missing or out of range.
    """
    given = {"nu": nu, "D": D, "D_prime": D_prime, "D_H": D_H}
    inputs = {name: value for name, value in given.items() if value is not None}
    values, _ = read_inputs({**inputs, "mode": mode})
    cost = next(item for item in COSTS if item.mode == mode)
    return LocalCost(
        mode,
        _put(cost.gradients, values),
        _put(cost.hessian_vector_products, values),
        _put(cost.sample_gradients, values),
        _put(cost.sample_hessian_vector_products, values),
        _put(cost.memory, values),
    )


def _put(count: Expr, values: dict[str, Fraction]) -> Expr:
    absent = sorted(str(item) for item in count.free_symbols if str(item) not in values)
    if absent:
        raise InputError(f"costs: missing {', '.join(absent)}")
    return count.subs({item: int(values[str(item)]) for item in count.free_symbols})


def communication(participants: object, dimension: object) -> int:
    """Numbers sent per round: every participant receives and returns one parameter vector.

    >>> communication(5, 100)
    1000

    Raises:
        InputError: not a positive integer.
    """
    agents, length = read_number("m", participants), read_number("d", dimension)
    if agents.denominator != 1 or length.denominator != 1 or agents < 1 or length < 1:
        raise InputError(f"m = {participants}, d = {dimension}: expected integers >= 1")
    return 2 * int(agents) * int(length)
