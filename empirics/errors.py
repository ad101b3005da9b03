"""What can go wrong in a measurement: bad input, and a run that left the finite numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from empirics.fedavg import Run


class InputError(ValueError):
    """Bad input, refused before any work: the message names the thing, its value and what was expected."""


@dataclass(frozen=True)
class Divergence:
    """Where a run first left the finite numbers.

    `round` and `local_step` count from 0; `term` names the first vector that was not finite (a trajectory point
    w^l, the outer gradient, the vector of the reverse sweep after factor l, the local iterate, or the average).
    `agent` is None only for the average, which belongs to no single agent.
    """

    agent: int | None
    replica: int
    round: int
    local_step: int | None
    term: str

    def __str__(self) -> str:
        """One line for people, with every coordinate of the event."""
        agent = "the average of the agents" if self.agent is None else f"agent {self.agent}"
        step = "" if self.local_step is None else f", local step {self.local_step}"
        return f"{self.term} of {agent} is not finite in replica {self.replica}, round {self.round}{step}"


class DivergedError(ArithmeticError):
    """A run met a non-finite iterate; `divergence` says where and `partial` holds the finite rounds before it."""

    def __init__(self, divergence: Divergence, partial: Run) -> None:
        """Keep the event and the part of the run that is finite in every replica."""
        super().__init__(f"the run diverged: {divergence}; use smaller steps alpha or beta, or fewer rounds")
        self.divergence = divergence
        self.partial = partial

    def __reduce__(self) -> tuple[type[DivergedError], tuple[Divergence, Run]]:
        """Rebuild from both parts, so that a worker process can hand the error over."""
        return type(self), (self.divergence, self.partial)
