"""What a rule is given: one operation of a recorded loss at its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from empirics.certificates.norms.bounds import Ball, Bound, NoRuleError
from empirics.certificates.norms.majorants import Monomials


@dataclass(frozen=True, eq=False)
class Site:
    """An operation, its arguments with bounds in place of tensors, and its result at the centre, (N, ...).

    Of an operation with several results it is the first; `source` is the operation's node in the graph.
    """

    target: Any
    arguments: tuple[Any, ...]
    value: np.ndarray
    ball: Ball
    source: Any = None

    @property
    def table(self) -> Monomials:
        """Of the blocks."""
        return self.ball.table

    def argument(self, place: int, default: Any = None) -> Any:
        """An argument by its place in the operation's schema."""
        return self.arguments[place] if place < len(self.arguments) else default

    def bound(self, place: int = 0) -> Bound:
        """A tensor argument."""
        found = self.argument(place)
        if not isinstance(found, Bound):
            raise self.refusal(f"argument {place} is no tensor")
        return found

    def refusal(self, why: str) -> NoRuleError:
        """No rule for these arguments."""
        return NoRuleError(f"{self.target}: no bound is known for it, {why}")


Rule = Callable[[Site], Bound]
