"""Why a function fails: the mistake that explains its answers, what a failure says itself, or what usually is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from empirics.testing.arrays import WrongResultError
from empirics.testing.cases import Case
from empirics.testing.examples import examples
from empirics.testing.fixed import Fixed
from empirics.testing.property import Property
from empirics.testing.rounds import AskRound
from empirics.testing.sampled import AskSampled, SampledCase
from empirics.testing.search import Found
from empirics.testing.suspects import diagnosis, observed, observed_round, single_precision

_UNKNOWN = "none of the known mistakes gives these answers; this property fails most often because "

Failed = tuple[Property, str, Found]


def cause_of(ask: Any, mode: str, found: Sequence[Failed], fixed: Fixed, query: bool, own: Any) -> str:
    """One cause for all failures of a mode: the mistake that gives what the function says on all cases that failed,
    shrunk and not, and on the examples; else what breaks the most telling of the properties.
    """
    failed = [(tested, each) for tested, other, each in found if other == mode]
    if not failed:
        return ""
    known = [] if own is not None else [fixed.applied(case) for case in examples(ask, mode, query)]
    seen = [case for _, each in failed for case in (each.case, each.first)]
    exact = explained(ask, list(dict.fromkeys([*seen, *known])))
    tested, each = max(failed, key=lambda pair: pair[0].rank)
    usual = "" if tested.rank or each.error is not None else _UNKNOWN
    return exact or told(each) or usual + tested.cause


def told(found: Found) -> str:
    """What the failure itself says about its cause."""
    if found.error is not None:
        return found.note or found.error.likely
    return found.note or (found.comparison.cause if found.comparison is not None else "")


def explained(ask: Any, cases: Sequence[Any]) -> str:
    """The mistake that explains the answers on all cases together, or no text."""
    answers = []
    for case in cases:
        # An answer that is none explains nothing; what was wrong with it is told where it failed.
        with suppress(WrongResultError):
            answers.append((case, ask(case), ask.rounding(case)))
    if isinstance(ask, AskRound):
        return diagnosis([observed_round(*each, eps=ask.arrays.eps) for each in answers])
    if isinstance(ask, AskSampled):
        answers = [(_full_batch(case), *rest) for case, *rest in answers if case.noise is None]
    suspects = getattr(ask.f, "suspects", None)

    def more(case: Case) -> Any:
        return () if suspects is None else suspects(case.problem, case.point, case.alpha, case.nu)

    observations = [observed(case, found, tolerance, more(case), ask.arrays.eps) for case, found, tolerance in answers]
    return diagnosis(observations) or single_precision([case for case, *_ in answers], observations)


def _full_batch(case: SampledCase) -> Case:
    return Case(case.base, case.w, case.alpha, case.nu, case.full_batch_mode, case.delta)
