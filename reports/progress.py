"""How far a build is: a bar a stage on a terminal, nothing in a pipe, and the seconds of every stage."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from reports.records.workers import Call, Workers


class Stages:
    """The stages of a build: `seconds` by name; how many of its `cells` there are, and how many have a record.

    names: all stages that are to come, in order, so that a bar can say which of them it is about.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.names: Sequence[str] = ()
        self.recorded = self.cells = 0
        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeElapsedColumn(),
            TimeRemainingColumn(),
        )  # fmt: skip
        # drawn when something ends: a thread that draws would be there when processes are forked
        self._bars = Progress(
            *columns, console=console, disable=not console.is_terminal, transient=True, auto_refresh=False
        )

    @contextmanager
    def __call__(self, name: str, total: int | None = None) -> Iterator[None]:
        """A stage of so many steps, timed; None: of those that `counting` is given, or of one."""
        started = time.perf_counter()
        self._bars.start()
        bar = self._bars.add_task(self.described(name), total=total)
        self._bars.refresh()
        try:
            yield
        finally:
            self._bars.remove_task(bar)
            self._bars.stop()
        self.seconds[name] = round(time.perf_counter() - started, 3)

    def described(self, name: str) -> str:
        """A stage with its place among all of them.

        >>> stages = Stages()
        >>> stages.names = ("cells", "figures")
        >>> stages.described("figures"), stages.described("other")
        ('2 of 2: figures', 'other')
        """
        return f"{self.names.index(name) + 1} of {len(self.names)}: {name}" if name in self.names else name

    def counting(self, workers: Workers) -> Workers:
        """The same workers, each result of theirs a step of the stage that is under way."""
        return _Counting(self, workers)

    def expect(self, steps: int) -> None:
        """So many steps more belong to the stage that is under way."""
        for bar in self._bars.tasks:
            self._bars.update(bar.id, total=(bar.total or 0) + steps)

    def counted(self, recorded: int) -> None:
        """So many cells have a record now."""
        self.recorded = recorded

    def advance(self) -> None:
        """A step of the stage that is under way is done."""
        for bar in self._bars.task_ids:
            self._bars.advance(bar)
        self._bars.refresh()


class _Counting:
    def __init__(self, stages: Stages, workers: Workers) -> None:
        self.stages, self.workers = stages, workers

    def run(self, calls: Iterable[Call]) -> Iterator[tuple[int, Any]]:
        if isinstance(calls, Sized):  # others are counted by whoever makes them
            self.stages.expect(len(calls))
        return self._counted(self.workers.run(calls))

    def _counted(self, results: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
        for one in results:
            self.stages.advance()
            yield one


class _Rate(ProgressColumn):
    """Steps a second."""

    def render(self, task: Task) -> Text:
        """Nothing before there is a rate."""
        return Text("" if not task.speed else f"{task.speed:.3g}/s")
