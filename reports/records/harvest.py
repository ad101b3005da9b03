"""The cells of a plan given to workers, and what they give kept as it comes: records, failures, times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.records import timings
from reports.records.attempts import Failure, Success, cell_call, shape
from reports.records.execution import Outcome, weight
from reports.records.failures import Failures
from reports.records.seeded_cell import SeededCell
from reports.records.store import Store, record_key
from reports.records.workers import Call, Workers


@dataclass(frozen=True)
class Harvest:
    """What each cell gave, in their order, what each of the calls beside them gave, and how many cells were run."""

    cells: list[Outcome | Failure]
    beside: list[Any]
    run: int

    @property
    def outcomes(self) -> list[Outcome]:
        """Of the cells that gave a record."""
        return [one for one in self.cells if isinstance(one, Outcome)]

    @property
    def failures(self) -> list[Failure]:
        """Of those that gave none."""
        return [one for one in self.cells if isinstance(one, Failure)]


@dataclass(frozen=True)
class Kept:
    """A folder where builds keep what they computed, its records, failures and times."""

    out: Path

    @property
    def store(self) -> Store:
        """The records."""
        return Store(self.out / "records")

    @property
    def failures(self) -> Failures:
        """The cells that failed."""
        return Failures(self.out / "failed")

    def keep(self, seeded: SeededCell, found: Success | Failure, command: str) -> Outcome | Failure:
        """Write what is new of a cell; command: what runs a failed one again."""
        if isinstance(found, Failure):
            self.failures.write(found, command)
            return found
        if found.made is not None:
            self.store.write(found.made.cell, found.made.facts, found.made.arrays)
            self.failures.forget(found.made.key)
            timings.add(self.out / timings.NAME, seeded, found.outcome.seconds)
        return found.outcome


def harvest(
    work: Sequence[SeededCell], kept: Kept, workers: Workers, beside: Sequence[Call] = (), *, retry: bool,
    command: str, limit: float | None = None, counted: Callable[[int], None] = lambda done: None,
) -> Harvest:  # fmt: skip
    """Every cell from its record where it has one, run otherwise; a cell that failed before is run only to `retry`.

    beside: other calls that the same workers run. The heaviest are begun first, so that the workers end together, and
    those of one shape one after another, so that they can travel together.
    limit: seconds that a cell may take to run.
    counted: hears how many cells have a record, whenever that changes.
    """
    store, keys = kept.store, [record_key(one.description()) for one in work]
    there = {place for place, key in enumerate(keys) if key in store}
    found: dict[int, Any] = {}
    for place in set() if retry else set(range(len(work))) - there:
        if (failed := kept.failures.read(keys[place])) is not None:
            found[place] = failed
    weights = [*map(weight, work), *(call.weight for call in beside)]
    shapes = [*map(shape, work), *[""] * len(beside)]
    order = sorted(set(range(len(weights))) - set(found), key=lambda place: (-weights[place], shapes[place], place))

    def calls() -> Iterator[Call]:
        for place in order:
            if place < len(work):
                yield cell_call(work[place], store.find(keys[place]) if place in there else None, limit)
            else:
                yield beside[place - len(work)]

    counted(len(there))
    run = 0
    for index, result in workers.run(calls()):
        place = order[index]
        if place >= len(work):
            found[place] = result
            continue
        found[place] = kept.keep(work[place], result, command)
        if isinstance(result, Failure):
            run += 1
        elif result.made is not None:
            run += 1
            there.add(place)
            counted(len(there))
    ordered = [found[place] for place in range(len(weights))]
    return Harvest(ordered[: len(work)], ordered[len(work) :], run)


def share(work: Sequence[SeededCell], shard: tuple[int, int] | None) -> list[SeededCell]:
    """The cells of shard I of N, which depend on nothing but their keys; all of them without a shard."""
    if shard is None:
        return list(work)
    index, count = shard
    return [one for one in work if int(record_key(one.description())[:16], 16) % count == index - 1]
