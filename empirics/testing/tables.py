"""Which properties each checker runs, and how it asks. No hypothesis here: a failure is replayed without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from empirics.algorithm.modes import FULL_BATCH, SAMPLED
from empirics.numerics.errors import InputError
from empirics.testing import (
    properties_approximate,
    properties_conduct,
    properties_exact,
    properties_round,
    properties_sampled,
    properties_symmetry,
)
from empirics.testing.arrays import Arrays, WrongResultError, arrays_of
from empirics.testing.ask import Ask
from empirics.testing.cases import Case
from empirics.testing.comparison import Comparison
from empirics.testing.fixed import returned
from empirics.testing.meta_step import FromParameters
from empirics.testing.property import Property, properties_of
from empirics.testing.rounds import AskRound
from empirics.testing.sampled import AskSampled, SampledCase
from empirics.testing.suspects import diagnosis, observed, observed_round, single_precision


@dataclass(frozen=True)
class Checker:
    """A checker: its properties in the order in which they are reported, the first of them about the answer's shape."""

    name: str
    properties: tuple[Property, ...]
    modes: tuple[str, ...]
    ask: Callable[[Callable[..., Any], Arrays], Any]
    strategies: str

    def applicable(self, modes: tuple[str, ...]) -> list[tuple[Property, str]]:
        """Every property with every mode that it speaks about."""
        return [(own, mode) for own in self.properties for mode in modes if mode in own.modes]


META_GRADIENT = Checker(
    "check_meta_gradient",
    (
        *properties_of(properties_exact),
        *properties_of(properties_approximate),
        *properties_of(properties_symmetry),
        *properties_of(properties_conduct),
    ),
    FULL_BATCH,
    Ask,
    "empirics.testing.strategies",
)
STOCHASTIC = Checker(
    "check_stochastic", properties_of(properties_sampled), SAMPLED, AskSampled, "empirics.testing.sampled_strategies"
)
ROUND = Checker(
    "check_round", properties_of(properties_round), FULL_BATCH, AskRound, "empirics.testing.round_strategies"
)
CHECKERS = (META_GRADIENT, STOCHASTIC, ROUND)


def replay(
    name: str, f: Callable[..., Any], case: Any, dtype: Any = "torch.float64", returns: str = "gradient"
) -> Comparison:
    """What the property `name` finds on one case: both sides, and whether it `.holds`; the rest as in the checkers.

    Raises:
        InputError: no property has that name.
        WrongResultError: the function raised, or its answer is not one gradient.

    >>> from empirics.testing import Case, Quadratic
    >>> case = Case(Quadratic(A=((1.0,),), c=(0.0,)), w=(8.0,), alpha=0.5, nu=1)
    >>> print(replay("one_step", lambda f, w, alpha, nu, mode, delta: f.gradient(w), case))
    found [8], expected == [2], tolerance ...
    """
    f = FromParameters(f) if returned(returns) == "parameters" else f
    for checker in CHECKERS:
        for own in checker.properties:
            if own.name == name:
                return own.test(checker.ask(f, arrays_of(dtype)), case)
    names = [own.name for checker in CHECKERS for own in checker.properties]
    raise InputError(f"name = {name!r}: expected one of {', '.join(names)}")


def likely_cause(
    own: Property, ask: Any, together: Sequence[Any], cases: Sequence[Any], comparison: Comparison | None
) -> str:
    """The mistake that explains the answers on all failing cases together, or on this property's own cases.

    Where there is none: what the comparison, else the property, says.
    """
    try:
        exact = _explained(ask, together) or _explained(ask, cases)
    except WrongResultError as error:
        exact = error.likely
    return exact or (comparison.cause if comparison is not None else "") or own.cause


def _explained(ask: Any, cases: Sequence[Any]) -> str:
    if isinstance(ask, Ask):
        return _named([(case, ask(case), ask.rounding(case)) for case in cases], getattr(ask.f, "suspects", None))
    if isinstance(ask, AskRound):
        return diagnosis([observed_round(case, ask(case), ask.rounding(case)) for case in cases])
    if all(isinstance(case, SampledCase) and case.noise is None for case in cases):
        return _named([(_full_batch(case), ask.once(case)[0], ask.rounding(case)) for case in cases], None)
    return ""


def _named(answers: list[tuple[Case, Any, float]], suspects: Callable[..., Any] | None) -> str:
    def more(case: Case) -> Any:
        return () if suspects is None else suspects(case.problem, case.point, case.alpha, case.nu)

    observations = [observed(case, found, tolerance, more(case)) for case, found, tolerance in answers]
    pairs = zip((case for case, _, _ in answers), observations, strict=True)
    single = [single_precision(case, observation) for case, observation in pairs]
    return diagnosis(observations) or (single[0] if all(single) else "")


def _full_batch(case: SampledCase) -> Case:
    return Case(case.base, case.w, case.alpha, case.nu, case.full_batch_mode, case.delta)
