"""Calls run by whoever is at hand, in the order in which they end: this process, others beside it, other machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

MOST_DEATHS = 3  # a call under which so many workers died is not tried again


class WorkersError(RuntimeError):
    """Those who run the calls cannot go on: one line that says why, and what to do."""


@dataclass(frozen=True)
class Call:
    """A function of a module, what it is called with, and a rough guess of its time in any unit.

    lost: what the call gives where every worker that tried it died, as a function of a sentence that says so; where it
    is None that is an error.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    weight: float = 1.0
    lost: Callable[[str], Any] | None = None

    def __call__(self) -> Any:
        """What the function gives for these arguments."""
        return self.function(*self.arguments)

    def given_up(self, why: str) -> Any:
        """What stands for its result when no worker survives it. Raises WorkersError where nothing may."""
        if self.lost is None:
            raise WorkersError(f"{self.function.__name__}: {why}")
        return self.lost(why)


class Workers(Protocol):
    """Whoever runs calls: this process, a pool of others, a cluster."""

    def run(self, calls: Iterable[Call]) -> Iterator[tuple[int, Any]]:
        """(index of the call, its result), each as soon as it is there; begun in the order of the calls.

        A call is taken from `calls` when somebody is free to run it, so that what they hold need not all be in memory.
        """
        ...


class OneByOne:
    """This process, one call after another.

    >>> list(OneByOne().run([Call(max, (1, 2)), Call(min, (1, 2))]))
    [(0, 2), (1, 1)]
    """

    def run(self, calls: Iterable[Call]) -> Iterator[tuple[int, Any]]:
        """Each call when its result is asked for."""
        for index, call in enumerate(calls):
            yield index, call()
