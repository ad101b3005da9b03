"""What is found for a statement before it is put into words: the parts of a certificate and our own constant."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theory.sharp.certificates import Given


@dataclass(frozen=True)
class Sides:
    """The two parts of a certificate, without their values; None where there is none.

    given: the parameters, with those that the statement chooses. target: what is bounded. ours: the statement's own
    constant. method, instance: where upper and lower come from. scope: what the values speak of, and what not.
    """

    given: Given
    target: str
    ours: Fraction
    upper: dict[str, Any] | None
    method: str
    lower: dict[str, Any] | None
    instance: str
    scope: tuple[str, ...]


def shared(multipliers: dict[tuple[int, int], Fraction]) -> list[list[Any]]:
    """Multipliers of I_pq that serve every agent, as a certificate lists them: agent, p, q, value."""
    return [[0, p, q, value] for (p, q), value in multipliers.items()]
