"""Calls run by worker processes, in the order in which they end."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Call:
    """A function of a module, what it is called with, and a rough guess of its time in any unit."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    weight: float = 1.0

    def __call__(self) -> Any:
        """What the function gives for these arguments."""
        return self.function(*self.arguments)


class Workers(Protocol):
    """Whoever runs calls: this process, or a pool of others."""

    def run(self, calls: Sequence[Call]) -> Iterator[tuple[int, Any]]:
        """(index of the call, its result), each as soon as it is there; started in the order of the calls."""
        ...


class OneByOne:
    """This process, one call after another.

    >>> list(OneByOne().run([Call(max, (1, 2)), Call(min, (1, 2))]))
    [(0, 2), (1, 1)]
    """

    def run(self, calls: Sequence[Call]) -> Iterator[tuple[int, Any]]:
        """Each call when its result is asked for."""
        for index, call in enumerate(calls):
            yield index, call()


@dataclass(frozen=True)
class Processes:
    """A pool of processes that lives as long as the `with` block it was made for."""

    pool: ProcessPoolExecutor

    def __enter__(self) -> Processes:
        """The pool itself; its processes start with the first call."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for the processes, and after an error not for the calls that have not begun."""
        self.pool.shutdown(cancel_futures=kind is not None)

    def run(self, calls: Sequence[Call]) -> Iterator[tuple[int, Any]]:
        """All calls are handed over at once; a call that raises ends the iteration with what it raised."""
        places = {self.pool.submit(call.function, *call.arguments): index for index, call in enumerate(calls)}
        return ((places[future], future.result()) for future in as_completed(places))


def processes(count: int) -> Processes:
    """A pool of `count` processes for a `with` block; functions, arguments and results must be picklable."""
    context = multiprocessing.get_context(_start_method())
    return Processes(ProcessPoolExecutor(count, mp_context=context, initializer=_alone))


def _start_method() -> str:
    """Forked processes begin with everything imported, which takes seconds otherwise.

    That is safe while this process has one thread, on Linux; from Python 3.12 on it warns all the same.
    """
    if sys.platform == "linux" and sys.version_info < (3, 12) and threading.active_count() == 1:
        return "fork"
    return "spawn" if sys.platform == "win32" else "forkserver"


def _alone() -> None:
    """One thread a process: the processes themselves fill the processors."""
    import torch

    torch.set_num_threads(1)
