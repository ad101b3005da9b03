"""What an operation of a recorded loss is to ball arithmetic: a forward rule on jets and a reverse rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reports.balls.arrays import ONE, UNIT, ZERO, boxed
from reports.balls.jets import Jet, Part

INFINITE = float("inf")
ANY: tuple[int, ...] = (-1,)


class UnknownOperationError(RuntimeError):
    """A recorded loss uses an operation that ball arithmetic has no rule for; the message names it."""


@dataclass
class Site:
    """An operation at its place in a graph, for one agent: all that does not move with w.

    `arguments` are those of the operation's schema in order, with integers, booleans and everything that is no operand
    as torch takes them; operands are None there. `shapes` are those of the operands. Of an operation with several
    results, this is number `component`. `note` is what `Operation.prepare` worked out.
    """

    target: Any
    component: int | None
    arguments: list[Any]
    shapes: list[tuple[int, ...]]
    shape: tuple[int, ...]
    wanted: list[bool] = field(default_factory=list)
    note: Any = None

    def unknown(self, why: str) -> UnknownOperationError:
        """The refusal of this operation for these arguments."""
        return UnknownOperationError(f"{self.target} has no rule in ball arithmetic {why}")


class Call:
    """An operation at a point: its operands' jets (a condition's as an array), its result's, and jets that help."""

    __slots__ = ("_helpers", "inputs", "result", "site", "wide")

    def __init__(self, site: Site, inputs: list[Any], wide: bool) -> None:
        """`wide`: the point is a box, so that tight enclosures are worth more than quick ones."""
        self.site, self.inputs, self.wide = site, inputs, wide
        self.result = Jet([])
        self._helpers: dict[str, Jet] = {}

    def helper(self, name: str, rule: Callable[[Call, int], Part], order: int) -> Jet:
        """A jet of one's own, with coefficients up to the order, each by rule(call, order) from lower ones."""
        jet = self._helpers.get(name)
        if jet is None:
            jet = self._helpers[name] = Jet([])
        while len(jet.parts) <= order:
            jet.parts.append(rule(self, len(jet.parts)))
        return jet

    def growing(self, name: str) -> Jet:
        """A helper as far as it has been computed: for rules that refer to their own lower coefficients."""
        return self._helpers[name]

    def cut(self) -> None:
        """Forget all but values."""
        self.result.cut()
        for jet in self._helpers.values():
            jet.cut()


Forward = Callable[[Call, int], Any]
Reverse = Callable[[Call, int, Jet], Sequence[Part]]
Degree = Callable[[list[float], Site], float]


def linear(degrees: list[float], site: Site) -> float:
    """The degree in w of what is linear in all operands jointly."""
    return max(degrees)


def bilinear(degrees: list[float], site: Site) -> float:
    """That of a product."""
    return sum(degrees)


def curved(degrees: list[float], site: Site) -> float:
    """That of a function that is no polynomial."""
    return 0.0 if max(degrees) == 0 else INFINITE


def no_reverse(call: Call, order: int, adjoint: Jet) -> Sequence[Part]:
    """Nothing flows back: the result is a condition, or does not change with its operands."""
    return [None] * len(call.inputs)


@dataclass(frozen=True)
class Operation:
    """One entry of the table.

    Args:
        forward: (call, order) -> the result's coefficient of t^order, lower ones being known. A condition is returned
            at order 0 as an array of 0 (false), 1 (true) and 2 (undecided).
        reverse: (call, order, adjoint) -> for every operand, the coefficient of its adjoint that the result's gives.
        operands: places in the schema of what moves or is computed with; ANY: every floating tensor.
        degree: the result's degree as a polynomial in w from those of its operands.
        prepare: site -> note, once for a graph and an agent.
        conditions: places that are read as conditions, not as numbers.
        kinked: whether what the operation does may change inside the box, so that derivatives need not exist there; of
            a condition this is seen in its result.
    """

    forward: Forward
    reverse: Reverse
    operands: tuple[int, ...] = (0,)
    degree: Degree = curved
    prepare: Callable[[Site], Any] | None = None
    conditions: tuple[int, ...] = ()
    kinked: Callable[[Call], bool] | None = None


def numbers(truth: np.ndarray) -> np.ndarray:
    """A condition as the numbers 0 and 1, all from 0 to 1 where it is undecided."""
    return boxed(np.array([ZERO, ONE, UNIT], dtype=object)[truth])
