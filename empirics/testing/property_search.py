"""The properties of a checker one after another, each searched for a failure on the cases that it speaks about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any

from hypothesis import strategies as st

from empirics.numerics.errors import InputError, near
from empirics.testing.agent import Agent
from empirics.testing.arrays import Arrays
from empirics.testing.budget import SearchBudget
from empirics.testing.fixed import FREE, Fixed
from empirics.testing.large import large_case, search_large, sizes
from empirics.testing.modules import ModuleProblem
from empirics.testing.property import Property
from empirics.testing.query_strategies import with_queries
from empirics.testing.search import SearchResult, search
from empirics.testing.tables import Checker


def search_results(
    checker: Checker,
    f: Callable[..., Any],
    modes: tuple[str, ...],
    arrays: Arrays,
    budget: SearchBudget,
    fixed: Fixed = FREE,
    query: bool = False,
    own: Any = None,
) -> Iterator[tuple[Property, str, SearchResult]]:
    """Search for a failure of every applicable property; an answer that the first one finds to be none ends it.

    The first failure is the one that is printed, and it alone is shrunk.
    """
    for tested, mode in _applicable(checker, modes, fixed, own):
        ask = checker.ask(f, arrays)
        cases = _strategy(checker, tested, mode, arrays, query) if own is None else _on(own, mode)
        test = partial(tested.test, ask)
        outcome = search(test, cases if fixed == FREE else cases.map(fixed.applied), budget)
        if outcome.failure is None and tested.large and budget.large and own is None:
            made = large_case(type(ask), mode, query)
            chosen = sizes(type(ask), budget.large, 0 if budget.repeatable else None)
            beyond = search_large(test, lambda size, made=made: fixed.applied(made(size)), chosen)
            outcome = SearchResult(beyond.failure, max(outcome.worst, beyond.worst))
        budget = replace(budget, shrink=budget.shrink and outcome.failure is None)
        yield tested, mode, outcome
        if outcome.failure is not None and outcome.failure.error is not None and tested is checker.properties[0]:
            return


def _applicable(checker: Checker, modes: tuple[str, ...], fixed: Fixed, own: Any) -> list[tuple[Property, str]]:
    unknown = [mode for mode in modes if mode not in checker.modes]
    if unknown or not modes:
        hint = near(str(unknown[0]), checker.modes) if unknown else ""
        raise InputError(f"modes = {modes}: expected some of {', '.join(checker.modes)}{hint}")
    pairs = [pair for pair in checker.applicable(modes) if fixed.allows(pair[0])]
    return pairs if own is None else [pair for pair in pairs if pair[0].name in ModuleProblem.PROPERTIES]


def _strategy(checker: Checker, tested: Property, mode: str, arrays: Arrays, query: bool) -> st.SearchStrategy[Any]:
    cases = getattr(import_module(checker.strategies), tested.cases)(mode, arrays)
    return cases.flatmap(with_queries) if query else cases


def _on(own: Agent, mode: str) -> st.SearchStrategy[Any]:
    return own.support.cases(mode).map(lambda case: case.but(problem=own))
