"""Choices between words, besides the mode: which drift, which variance bound, which sampling of agents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """A key whose value is one of a few words; the first is the one in use where none is given.

    rising: every value needs what the one before needs, and more.

    >>> DRIFT.default, VARIANCE.values
    ('plain', ('recursion', 'budget'))
    """

    name: str
    values: tuple[str, ...]
    meaning: str
    rising: bool = False

    @property
    def default(self) -> str:
        """The value where none is given."""
        return self.values[0]

    def allowed(self, given: str | None) -> tuple[str, ...]:
        """The values that a list of choices may take beside the one given: those that need no more, or just that one.

        >>> DRIFT.allowed(None), DRIFT.allowed("ball"), VARIANCE.allowed(None)
        (('plain',), ('plain', 'ball'), ('recursion', 'budget'))
        """
        if self.rising:
            return self.values[: self.values.index(given or self.default) + 1]
        return (given,) if given else self.values


DRIFT = Option(
    "drift", ("plain", "ball"),
    "the pair (psi, omega) of T1d: (1, x), always valid, or that of D1, under W0+ and W0n", rising=True,
)  # fmt: skip
VARIANCE = Option("variance", ("recursion", "budget"), "the bound V of T1d on the variance of a local run")
SAMPLING = Option(
    "sampling", ("subset", "replacement", "full"),
    "how the server draws agents: m without replacement, m with replacement by weight, or all with their weights",
)  # fmt: skip

OPTIONS: Mapping[str, Option] = {option.name: option for option in (DRIFT, VARIANCE, SAMPLING)}
