"""More replicas where samples leave a row open: for which cells, how many, and what they give within some seconds."""

from __future__ import annotations

import bisect
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reports.analyses.judged import Judged
from reports.contents import judged
from reports.judging.measurement import Measurement, Sampled
from reports.judging.rows import Verdict
from reports.judging.verdicts import judge
from reports.plans.memory import at_hand
from reports.records.attempts import Failure, cell_call
from reports.records.execution import Outcome
from reports.records.harvest import Kept
from reports.records.seeded_cell import MOST_LOOKS, SeededCell, key_of
from reports.records.timings import NAME, Timings
from reports.records.workers import Call, Workers
from reports.request import Request

_MOST_VALUES = 2**19  # of a sample that is imagined, in order to see whether it would decide
_OF_A_RECORD = 4  # what a cell holds while it is run and read, by the size of its record


@dataclass(frozen=True)
class Refined:
    """The cells at the looks where they were left, what each of them gave, and the places of those that were tried.

    `failed` are those at whose further look there was no time, or something else failed.
    """

    work: list[SeededCell]
    found: list[Outcome | Failure]
    tried: set[int]
    failed: set[int]


@dataclass(frozen=True)
class _Wish:
    """A cell, by its place, at the look that is worth its time; decides: whether that is likely to close a row."""

    place: int
    cell: SeededCell
    seconds: float
    decides: bool


def refine(
    request: Request, work: Sequence[SeededCell], found: Sequence[Outcome | Failure], kept: Kept, workers: Workers,
    *, expect: Callable[[Sequence[SeededCell]], None], told: Callable[[str], None],
) -> Refined:  # fmt: skip
    """Give more replicas to the cells with a row that samples leave INCONCLUSIVE, for as long as the request says.

    A cell goes straight to the first look at which a row of it would be decided if all replicas were like those that
    are there, or as far as there is time. That is a guess: a wrong one costs time, and never the validity of a verdict,
    since the levels of all looks were fixed before (`reports.judging.statistics.level_of_look`). Cells that are
    decided soonest are begun first; what has not ended in time is ended, and its cell stays at the look that it has.

    expect: hears which cells are about to be run; told: hears of cells that failed at a further look.
    """
    assert request.refine is not None
    end = time.monotonic() + request.refine
    state = Refined(list(work), list(found), set(), set())
    while (left := end - time.monotonic()) > 0:
        wishes = _affordable(_wishes(request, state, kept, left), left, request.jobs)
        if not wishes:
            break
        expect([wish.cell for wish in wishes])

        def calls(wishes: Sequence[_Wish] = wishes) -> Iterator[Call]:
            for wish in wishes:
                if (now := end - time.monotonic()) > 0:
                    yield cell_call(wish.cell, kept.store.find(key_of(wish.cell)), now)

        state.tried.update(wish.place for wish in wishes)
        state.failed.update(wish.place for wish in wishes)
        for index, result in workers.run(calls()):
            wish = wishes[index]
            if isinstance(result, Failure):
                if time.monotonic() < end:
                    told(f"more replicas: {result.cell}: {result.reason}; it stays as it was")
                continue
            state.work[wish.place], state.found[wish.place] = wish.cell, kept.keep(wish.cell, result, "")
            state.failed.discard(wish.place)
    return state


def _affordable(wishes: Sequence[_Wish], left: float, jobs: int) -> list[_Wish]:
    """Those that so many processes may end in the time that is left; first what decides, then what takes least."""
    chosen, spent = list[_Wish](), 0.0
    for wish in sorted(wishes, key=lambda wish: (not wish.decides, wish.seconds, wish.place)):
        spent += wish.seconds / jobs
        if chosen and spent > left:
            break
        chosen.append(wish)
    return chosen


def _wishes(request: Request, state: Refined, kept: Kept, left: float) -> list[_Wish]:
    """What more replicas may decide, and could be run in the time and the memory at hand."""
    places = [place for place, one in enumerate(state.found) if isinstance(one, Outcome)]
    rows = judged(request, [one for one in state.found if isinstance(one, Outcome)])
    verdicts = {row.row_id: row.verdict for row in rows.rows}
    timings, wishes = Timings.read(kept.out / NAME), list[_Wish]()
    for place, outcome in zip(places, rows.outcomes, strict=True):
        open_rows = [
            (one, one.evidence)
            for one in outcome.measurements
            if isinstance(one.evidence, Sampled) and verdicts[one.row_id] is Verdict.INCONCLUSIVE
        ]
        if not open_rows or place in state.failed:
            continue
        cell, once = state.work[place], outcome.seconds
        if place not in state.tried:  # its record may have been there, and took no longer than to be read
            once = max(once, timings.seconds(cell) or 0.0)
        wanted = min((look for one in open_rows if (look := _deciding(cell, *one, rows)) is not None), default=None)
        within = [
            (further, seconds)
            for further in _further(cell, wanted)
            if (seconds := once * _grown(cell, further)) <= left and _fits(cell, kept, further, request)
        ]
        if within:
            look, seconds = within[-1]
            wishes.append(_Wish(place, cell.looked_at(look), seconds, look == wanted))
    return wishes


def _further(cell: SeededCell, wanted: int | None) -> range:
    """The looks after the one that a cell is at, up to the one that is wanted; none where none is."""
    assert cell.look is not None
    return range(cell.look + 1, 0 if wanted is None else wanted + 1)


def _deciding(cell: SeededCell, measurement: Measurement, sample: Sampled, rows: Judged) -> int | None:
    """The first look at which a row would be decided if all replicas were like those that are there; None for never."""
    assert cell.look is not None
    here = cell.look
    most = min(MOST_LOOKS, here + (_MOST_VALUES // sample.values.size).bit_length() - 1)

    def decided(look: int) -> bool:
        grown = np.tile(sample.values, 2 ** (look - here))
        imagined = replace(measurement, evidence=replace(sample, values=grown, look=look))
        return judge([imagined], rows.family, rows.table)[0].verdict is not Verdict.INCONCLUSIVE

    looks = range(here + 1, most + 1)
    if not looks or not decided(most):
        return None
    return looks[bisect.bisect_left(looks, True, key=decided)]


def _grown(cell: SeededCell, look: int) -> float:
    """How many times the replicas of a cell are those of a further look of it."""
    return cell.looked_at(look).roots / cell.roots


def _fits(cell: SeededCell, kept: Kept, look: int, request: Request) -> bool:
    """Whether a look fits into the memory at hand, by the size of the record that is there."""
    size = kept.store.path(key_of(cell)).stat().st_size * _grown(cell, look)
    return _OF_A_RECORD * size * request.jobs <= at_hand()
