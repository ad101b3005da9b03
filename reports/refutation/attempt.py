"""A search for a counterexample to one bound: the stored witnesses, then every family within a budget of seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite

from reports.judging.rows import Verdict
from reports.measure.statement import Target
from reports.refutation.confirm import Asked, Confirmed, confirm, simplified, stored
from reports.refutation.families.catalogue import families_for
from reports.refutation.family import Family
from reports.refutation.script import script
from reports.refutation.search import Candidate, Question, explore
from reports.refutation.targets import carried, left_script, mode_of, squared

_ROUNDING = 1e-9  # what float64 alone may lift a ratio above 1 by
_CONFIRMATIONS = 24  # of candidates of one family while it is searched: each takes longer than many evaluations
_SEARCHING = 0.85  # of a family's time; its best instances are confirmed in the rest


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
    searched, evaluations = ["the stored witnesses"], len(witnesses)

    def outcome(hit: Confirmed | None, closest: list[tuple[Confirmed, str, float]]) -> Outcome:
        text = "" if hit is None else _script(hit, asked, name)
        return Outcome(hit, text, closest, evaluations, time.perf_counter() - started, searched)

    if witnesses and witnesses[0].violated:
        return outcome(witnesses[0], [])
    closest = [(one, "", 0.0) for one in witnesses[:3]]
    served = list(_served(asked))
    deadline = time.perf_counter() + budget
    for place, (target, family) in enumerate(served):
        share = (deadline - time.perf_counter()) / (len(served) - place)
        if share <= 0:
            searched.append(f"{target[0]} on {family.name}: not looked at, no time was left")
            continue
        turn = _Turn(asked, target)
        candidates, done = explore(_question(asked, target), [family], _SEARCHING * share, seed, turn.exceeded)
        evaluations += done.evaluations
        looked_at = family.words if done.evaluations else "none of its instances fulfils the hypotheses"
        searched.append(f"{target[0]} on {family.name}: {looked_at}")
        turn.last(candidates)
        if turn.hits:
            return outcome(turn.hits[0], [])
        for candidate in candidates[:2]:
            found = confirm(candidate, asked, target)
            if found is not None and found.row.verdict in (Verdict.HOLDS, Verdict.VACUOUS):
                closest.append((found, candidate.leading, candidate.share))
    best: dict[tuple[str, str], tuple[Confirmed, str, float]] = {}
    for entry in sorted(closest, key=lambda entry: -entry[0].ratio):
        best.setdefault((entry[0].row.quantity, entry[1]), entry)
    return outcome(None, list(best.values()))


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
    how_far = f"measured / claimed = {hit.ratio:.6g}" if isfinite(hit.ratio) else "the right side is not positive"
    title = f"A counterexample to {name}: {how_far}."
    left = left_script(hit.measurement, asked.claim)
    return script(hit.instance, hit.measurement, asked.table, title=title, left=left)
