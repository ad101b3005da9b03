"""A search for a counterexample to one bound: the stored witnesses, then every family within a budget of seconds."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

from reports.judging.ratio import one_round
from reports.judging.rows import Verdict
from reports.measure.statement import Target
from reports.refutation.confirm import Asked, Confirmed, confirm, simplified, stored
from reports.refutation.families.catalogue import families_for
from reports.refutation.family import Family
from reports.refutation.script import script
from reports.refutation.search import Candidate, Question, explore, options_of
from reports.refutation.targets import carried, left_script, mode_of, squared

_ROUNDING = 1e-9  # what float64 alone may lift a ratio above 1 by
_CONFIRMATIONS = 24  # of candidates of one family while it is searched: each takes longer than many evaluations
_SEARCHING = 0.85  # of a family's time; its best instances are confirmed in the rest
_WORTH_A_PASS = 0.1  # of the budget, left by the passes before
_NONE = "none of its instances fulfils the hypotheses"
_SEEDS = 2**20  # between those of one pass and of the next


@dataclass(frozen=True)
class Outcome:
    """What came of a search: a counterexample with its script, or the closest instances and what was looked at."""

    counterexample: Confirmed | None
    script: str
    closest: list[tuple[Confirmed, str, float]]
    evaluations: int
    seconds: float
    searched: list[str]


@dataclass
class _Turn:
    """One family searched for one target; what exceeds the right side in float64 is confirmed as it is found."""

    asked: Asked
    target: Target
    hits: list[Confirmed] = field(default_factory=list)
    tried: int = 0

    def exceeded(self, candidate: Candidate) -> bool:
        """Whether a counterexample has been confirmed."""
        if candidate.ratio > 1 + _ROUNDING and self.tried < _CONFIRMATIONS:
            self.tried += 1
            self._confirm(candidate)
        return bool(self.hits)

    def last(self, candidates: list[Candidate]) -> None:
        """The best candidate too, where so many were tried that it may have been left out."""
        if not self.hits and candidates and self.tried == _CONFIRMATIONS:
            self._confirm(candidates[0])

    def _confirm(self, candidate: Candidate) -> None:
        hit = simplified(candidate, self.asked, self.target)
        self.hits.extend([hit] if hit is not None else [])


def attempt(asked: Asked, name: str, budget: float, seed: int) -> Outcome:
    """First the stored witnesses, then the families for `budget` seconds; a hit is simplified and written out."""
    if not asked.targets:
        return Outcome(None, "", [], 0, 0.0, [])
    started = time.perf_counter()
    witnesses = stored(asked)
    search = _Search(asked, [(one, "", 0.0) for one in witnesses[:3]], len(witnesses))
    hit = witnesses[0] if witnesses and witnesses[0].violated else search.within(budget, seed)
    best: dict[tuple[str, str], tuple[Confirmed, str, float]] = {}
    for entry in sorted(search.closest, key=lambda entry: -entry[0].ratio):
        best.setdefault((entry[0].row.quantity, entry[1]), entry)
    text, closest = ("", list(best.values())) if hit is None else (_script(hit, asked, name), [])
    searched = ["the stored witnesses", *(f"{place}: {words}" for place, words in search.looked_at.items())]
    return Outcome(hit, text, closest, search.evaluations, time.perf_counter() - started, searched)


@dataclass(frozen=True)
class _Place:
    """A left side on a family, and the family's counts that the hypotheses admit."""

    question: Question
    family: Family
    options: list[dict[str, int]]

    @property
    def name(self) -> str:
        return f"{self.question.target[0]} on {self.family.name}"


@dataclass
class _Search:
    """The families of a question, in passes until the time is spent, and what was seen on the way."""

    asked: Asked
    closest: list[tuple[Confirmed, str, float]]
    evaluations: int
    looked_at: dict[str, str] = field(default_factory=dict)
    largest: dict[tuple[str, str], float] = field(default_factory=dict)  # ratio at a place where a term leads

    def within(self, seconds: float, seed: int) -> Confirmed | None:
        """A counterexample; passes after the first, of further seeds, take what those before have left."""
        deadline = time.perf_counter() + seconds
        served = [place for place in map(self._place, _served(self.asked)) if place.options]
        for again in itertools.count():
            for done, place in enumerate(served):
                share = (deadline - time.perf_counter()) / (len(served) - done)
                if (hit := self._look(place, share, seed + again * _SEEDS)) is not None:
                    return hit
            if not served or deadline - time.perf_counter() < _WORTH_A_PASS * seconds:
                break
        return None

    def _place(self, served: tuple[Target, Family]) -> _Place:
        target, family = served
        question = _question(self.asked, target)
        place = _Place(question, family, options_of(question, family))
        self.looked_at[place.name] = "not looked at, no time was left" if place.options else _NONE
        return place

    def _look(self, place: _Place, seconds: float, seed: int) -> Confirmed | None:
        """At a place for some seconds; where nothing is hit, instances better than in passes before are confirmed."""
        if seconds <= 0:
            return None
        target = place.question.target
        deadline, turn = time.perf_counter() + seconds, _Turn(self.asked, target)
        candidates, done = explore(
            place.question, place.family, place.options, _SEARCHING * seconds, seed, turn.exceeded
        )
        self.evaluations += done.evaluations
        if self.looked_at[place.name] != place.family.words:
            self.looked_at[place.name] = place.family.words if done.evaluations else _NONE
        turn.last(candidates)
        if turn.hits:
            return turn.hits[0]
        for candidate in candidates[:2]:
            here = place.name, candidate.leading
            if candidate.ratio <= self.largest.get(here, -inf):
                continue
            self.largest[here] = candidate.ratio
            found = confirm(candidate, self.asked, target)
            if found is not None and found.row.verdict in (Verdict.HOLDS, Verdict.VACUOUS):
                self.closest.append((found, candidate.leading, candidate.share))
            if time.perf_counter() > deadline:
                break
        return None


def _served(asked: Asked) -> Iterator[tuple[Target, Family]]:
    """What is asked of which family; a claim about some modes only in these."""
    modes = None if asked.claim is None else asked.claim.modes
    for target in asked.targets:
        for family in families_for(target):
            if modes is None or (family.mode or mode_of(target)) in modes:
                yield target, family


def _question(asked: Asked, target: Target) -> Question:
    claim = asked.claim
    if claim is None:
        return Question(target, target[1], asked.table)
    return Question(target, claim.id, asked.table, squared(claim), "A6" not in claim.assumes, carried(claim))


def _script(hit: Confirmed, asked: Asked, name: str) -> str:
    title, left = f"A counterexample to {name}: {_how_far(hit)}.", left_script(hit.measurement, asked.claim)
    return script(hit.instance, hit.measurement, asked.table, title=title, left=left)


def _how_far(hit: Confirmed) -> str:
    """In terms of the two sides as the script prints them."""
    measured, claimed = hit.row.measured, hit.row.predicted
    assert measured is not None
    assert claimed is not None
    if one_round(hit.measurement.inputs):
        return f"measured - claimed = {measured - claimed:.6g}, both sides with one shift"  # so no ratio says how far
    return f"measured / claimed = {measured / claimed:.6g}" if claimed > 0 else "the right side is not positive"
