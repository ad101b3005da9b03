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

    lost: what the call gives where every worker that tried it died, or where it took longer than its limit, as a
    function of a sentence that says so and of the host's name ('' where nobody knows it); where it is None that is an
    error. limit: the seconds after which the process that runs it is ended; None where it may take as long as it takes.
    shape: calls that follow each other with equal ones are light enough, or not, to travel together; '' for none.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    weight: float = 1.0
    lost: Callable[[str, str], Any] | None = None
    limit: float | None = None
    shape: str = ""

    def __call__(self) -> Any:
        """What the function gives for these arguments."""
        return self.function(*self.arguments)

    @property
    def over_time(self) -> str:
        """Why it is given up when its time is over.

        >>> Call(max, limit=1.5).over_time
        'over its time limit of 1.5 s'
        """
        return f"over its time limit of {self.limit:g} s"

    def given_up(self, why: str, host: str = "") -> Any:
        """What stands for its result when no worker ends it. Raises WorkersError where nothing may."""
        if self.lost is None:
            raise WorkersError(f"{self.function.__name__}: {why}")
        return self.lost(why, host)


class Workers(Protocol):
    """Whoever runs calls: this process, a pool of others, a cluster."""

    def run(self, calls: Iterable[Call]) -> Iterator[tuple[int, Any]]:
        """(index of the call, its result), each as soon as it is there; begun in the order of the calls.

        A call is taken from `calls` when somebody is free to run it, so that what they hold need not all be in memory.
        """
        ...


class OneByOne:
    """This process, one call after another; their limits are not kept, for which it takes another process.

    >>> list(OneByOne().run([Call(max, (1, 2)), Call(min, (1, 2))]))
    [(0, 2), (1, 1)]
    """

    def run(self, calls: Iterable[Call]) -> Iterator[tuple[int, Any]]:
        """Each call when its result is asked for."""
        for index, call in enumerate(calls):
            yield index, call()
