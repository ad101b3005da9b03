"""What a build would do: its cells, what is there of them, and what the rest may take in time and memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reports.plans.memory import amount, at_hand, cell_bytes, task_bytes
from reports.records.attempts import words
from reports.records.harvest import Kept, share
from reports.records.seeded_cell import SeededCell, seeded_cells
from reports.records.store import record_key
from reports.records.timings import NAME, Timings, makespan
from reports.request import Request
from reports.tasks.factories import make_task
from reports.user_objects import trusted


@dataclass(frozen=True)
class _Seen:
    """The cells that may be looked at: all but those that need a module that is not imported here."""

    there: list[SeededCell]
    failed: list[SeededCell]
    missing: list[SeededCell]


def rehearsal(request: Request) -> Iterator[str]:
    """One line a cell and study, then lines about all of them; nothing is run and nothing written."""
    plan = request.plan
    work = share(_work(request), request.shard)
    yield f"{plan.title}: {len(work)} cells on {len(plan.tasks)} tasks, {len(plan.studies)} studies"
    for one in (*(seeded.cell for seeded in work), *plan.studies):
        yield one.model_dump_json(exclude_none=True)
    if not work:
        return
    seen = _seen(request, [one for one in work if all(map(trusted, one.outside))])
    failed = f", {len(seen.failed)} failed before (--retry-failed runs them again)" if seen.failed else ""
    yield f"already there: {len(seen.there)} of {len(work)} cells{failed}"
    to_run = [*seen.missing, *(seen.failed if request.retry_failed else [])]
    yield _time(request, to_run)
    yield _memory(request, to_run)
    if request.refine is not None:
        yield f"more replicas: for at most {request.refine:g} s, where samples leave a row open and more may decide it"


def _work(request: Request) -> list[SeededCell]:
    return seeded_cells(request.plan, seed=request.seed, seeds=request.seeds, device=request.device)


def _seen(request: Request, work: Sequence[SeededCell]) -> _Seen:
    kept, seen = Kept(request.out), _Seen([], [], [])
    store, failures = kept.store, kept.failures
    for one in work:
        key = record_key(one.description())
        place = seen.there if key in store else seen.failed if failures.read(key) is not None else seen.missing
        place.append(one)
    return seen


def _time(request: Request, to_run: Sequence[SeededCell]) -> str:
    timings = Timings.read(request.out / NAME)
    guesses = [(seconds, one) for one in to_run if (seconds := timings.seconds(one)) is not None]
    if not guesses:
        return f"time: not known, for lack of times of like cells in {request.out / NAME}" if to_run else "time: none"
    longest, cell = max(guesses, key=lambda guess: guess[0])
    whole = makespan([seconds for seconds, _ in guesses], request.jobs)
    unknown = "" if len(guesses) == len(to_run) else f", without {len(to_run) - len(guesses)} cells like none so far"
    over = sum(seconds > request.cell_limit for seconds, _ in guesses) if request.cell_limit is not None else 0
    return (
        f"time: about {whole:.3g} s for {len(guesses)} cells on {request.jobs} processes here{unknown}; the longest, "
        f"{longest:.3g} s: {words(cell)}{f'; {over} cells may be over their time limit' if over else ''}"
    )


def _memory(request: Request, to_run: Sequence[SeededCell]) -> str:
    """The largest cell; packaged plans fit anywhere, and others were refused where one does not."""
    tasks = {one.task.name: one.task for one in to_run}
    made = {name: make_task(task) for name, task in tasks.items()}
    needs = [(task_bytes(one.task) + cell_bytes(one.cell, made[one.task.name]), one) for one in to_run]
    if not needs:
        return "memory: none"
    most, cell = max(needs, key=lambda need: need[0])
    together, free = sum(heapq.nlargest(request.jobs, (need for need, _ in needs))), at_hand()
    several = f", and {amount(together)} for the {request.jobs} largest at once" if together > free else ""
    return f"memory: at least {amount(most)} for the largest, of {amount(free)} at hand{several}: {words(cell)}"
