"""T7: what one local step of one agent costs in each mode."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from theory.language.algebra import Expr
from theory.language.errors import InputError
from theory.language.inputs import read_inputs, read_number
from theory.language.modes import MODES, LocalCost
from theory.language.symbols import COUNT, KNOWN

COSTS: tuple[LocalCost, ...] = tuple(mode.cost for mode in MODES)


def costs(mode: str, nu: object, D: object = None, D_prime: object = None, D_H: object = None) -> LocalCost:
    """The counts of T7 with the given numbers put in.

    >>> costs("exact", 3).gradients, costs("hessian_free_stochastic", 2, 16, 8, 4).sample_gradients
    (4, 56)

    Raises:
        InputError: the mode is unknown, or a number that the mode needs is missing or out of range.
    """
    given = {"nu": nu, "D": D, "D_prime": D_prime, "D_H": D_H}
    inputs = {name: value for name, value in given.items() if value is not None}
    found = read_inputs({**inputs, "mode": mode}, KNOWN)
    cost = found.mode.cost
    counts = {name: _put(count, found.values) for name, count in vars(cost).items() if name != "mode"}
    return replace(cost, **counts)


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
    agents, length = read_number("m", participants, COUNT), read_number("d", dimension, COUNT)
    if agents.denominator != 1 or length.denominator != 1 or agents < 1 or length < 1:
        raise InputError(f"m = {participants}, d = {dimension}: expected integers >= 1")
    return 2 * int(agents) * int(length)
