"""Which properties each checker runs, and how it asks. No hypothesis here: a failure is replayed without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from empirics.algorithm.modes import FULL_BATCH, SAMPLED
from empirics.numerics.errors import InputError, near
from empirics.testing import (
    properties_approximate,
    properties_conduct,
    properties_exact,
    properties_round,
    properties_sampled,
    properties_symmetry,
)
from empirics.testing.arrays import Arrays, arrays_of
from empirics.testing.ask import Ask
from empirics.testing.comparison import Comparison
from empirics.testing.fixed import returned
from empirics.testing.meta_step import FromParameters
from empirics.testing.property import Property, properties_of
from empirics.testing.rounds import AskRound, RoundCase
from empirics.testing.sampled import AskSampled, SampledCase


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
    "check_stochastic",
    (*properties_of(properties_sampled), *properties_of(properties_conduct)),
    SAMPLED,
    AskSampled,
    "empirics.testing.sampled_strategies",
)
ROUND = Checker(
    "check_round",
    (*properties_of(properties_round), *properties_of(properties_conduct)),
    FULL_BATCH,
    AskRound,
    "empirics.testing.round_strategies",
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
    checker = {RoundCase: ROUND, SampledCase: STOCHASTIC}.get(type(case), META_GRADIENT)
    for own in checker.properties:
        if own.name == name:
            return own.test(checker.ask(f, arrays_of(dtype)), case)
    names = [own.name for own in checker.properties]
    raise InputError(f"name = {name!r}: expected one of {', '.join(names)}{near(name, names)}")
