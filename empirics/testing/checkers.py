"""The three checkers: hand over your function, get a report, or an error that says what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import Any

import torch
from hypothesis import strategies as st

from empirics.algorithm.modes import Mode
from empirics.numerics.checks import integer
from empirics.numerics.errors import InputError
from empirics.testing.agent import Agent, SupportQuery
from empirics.testing.arrays import Arrays, arrays_of
from empirics.testing.budget import SearchBudget, budget_of
from empirics.testing.examples import examples
from empirics.testing.failure import CheckFailedError, Failure, script_of
from empirics.testing.fixed import FREE, Fixed, fixed_at, returned
from empirics.testing.large import large_case, search_large, sizes
from empirics.testing.meta_step import FromParameters
from empirics.testing.modules import ModuleProblem
from empirics.testing.property import Property
from empirics.testing.query_strategies import with_queries
from empirics.testing.sampled import MOST_STEPS
from empirics.testing.search import Found, SearchResult, search
from empirics.testing.tables import META_GRADIENT, ROUND, STOCHASTIC, Checker, explained


@dataclass(frozen=True)
class Report:
    """Properties that hold: (property, mode) -> the largest difference seen, as a fraction of what is allowed."""

    checker: str
    worst: dict[tuple[str, str], float]

    def __str__(self) -> str:
        """One line a property."""
        rows = [f"  {name:24s} {mode:24s} {ratio:.2g}" for (name, mode), ratio in self.worst.items()]
        return "\n".join([f"{self.checker}: {len(rows)} properties hold; largest difference / allowed:", *rows])


def check_meta_gradient(
    f: Callable[..., Any],
    *,
    modes: Sequence[str] = (Mode.EXACT,),
    dtype: Any = None,
    max_examples: int | None = None,
    profile: str = "ci",
    problem: ModuleProblem | SupportQuery | None = None,
    nu: int | None = None,
    delta: float | None = None,
    returns: str = "gradient",
    query: bool = False,
) -> Report:
    """Check f(problem, w, alpha, nu, mode, delta) -> one agent's meta-gradient, the shape and dtype of w.

    problem offers `loss(w)`, `gradient(w)`, `hvp(w, v)` and `d`; w is a fresh tensor or array (d,); delta is None
    except in Hessian-free mode. Use whichever of them your code uses: with tensors `loss` is differentiable.

    Args:
        f: the function to check.
        modes: among exact, first_order, hessian_free.
        dtype: torch.float64 (the default), torch.float32 (f gets tensors), numpy.float64 or numpy.float32 (f gets
            arrays), or the text "jax.float64" or "jax.float32". With float64 the function is asked in float32 as well,
            with float32 in nothing else.
        max_examples: examples for each property, default that of the profile (25 in ci).
        profile: ci (the same examples each time), thorough (ten times as many, drawn afresh) or targeted (climbing).
        problem: a model of your own (`module_problem`) in place of generated losses; properties that have to
            transform the loss are then left out.
        nu: the number of fine-tuning steps, where your code fixes it (1 in much federated code).
        delta: the probe length of Hessian-free mode, where your code fixes it. Properties that have to vary what is
            fixed are left out.
        returns: "gradient", or "parameters" where f returns w - g, a meta step of length 1; digits of g that this
            loses are allowed for.
        query: the outer gradient is that of a query loss, as in ordinary MAML: problem.support and problem.query then
            have `loss`, `gradient` and `hvp`, and problem has not. `on_episodes` implies it.

    Raises:
        CheckFailedError: some property fails; says which, both numbers, the likely cause, a small case and a script.
        InputError: an unknown mode, dtype or profile; a problem whose module draws at random or has a layer with a
            wrong derivative, by the layer's name.

    >>> def mine(problem, w, alpha, nu, mode, delta):
    ...     points = [w]
    ...     for _ in range(nu):
    ...         points.append(points[-1] - alpha * problem.gradient(points[-1]))
    ...     v = problem.gradient(points.pop())
    ...     while points:
    ...         v = v - alpha * problem.hvp(points.pop(), v)
    ...     return v
    >>> check_meta_gradient(mine, dtype="numpy.float64", max_examples=3).checker
    'check_meta_gradient'
    """
    for part in () if problem is None else (problem.support, problem.query):
        part.refuse_wrong_derivatives()
    checked = FromParameters(f) if returned(returns) == "parameters" else f
    budget, fixed = budget_of(profile, max_examples), fixed_at(nu, delta)
    return _check(META_GRADIENT, checked, tuple(modes), dtype, budget, fixed, query, problem)


def check_stochastic(
    f: Callable[..., Any],
    *,
    modes: Sequence[str] = (Mode.STOCHASTIC,),
    dtype: Any = None,
    max_examples: int | None = None,
    profile: str = "ci",
    nu: int | None = None,
    delta: float | None = None,
    query: bool = False,
) -> Report:
    """Check f(samples, w, alpha, nu, mode, delta) -> one agent's stochastic meta-gradient.

    samples.draw("inner" | "outer" | "hessian") gives a fresh batch; samples.loss(w, batch), .gradient(w, batch) and
    .hvp(w, v, batch) use it, and every call is logged. With `query` batches for "outer" are of the query loss. All
    batches that could be drawn are enumerated, so means and errors are exact. Modes among stochastic,
    first_order_stochastic, hessian_free_stochastic; the rest as in `check_meta_gradient`.

    >>> def reckless(samples, w, alpha, nu, mode, delta):
    ...     batch = samples.draw("inner")                        # one batch for everything
    ...     for _ in range(nu):
    ...         w = w - alpha * samples.gradient(w, batch)
    ...     return samples.gradient(w, batch)
    >>> check_stochastic(reckless, modes=["first_order_stochastic"], dtype="numpy.float64")
    Traceback (most recent call last):
    empirics.testing.failure.CheckFailedError: check_stochastic: ... independent_batches ...
    """
    if nu is not None and integer("nu", nu, at_least=1) > MOST_STEPS:
        raise InputError(f"nu = {nu}: expected at most {MOST_STEPS}, as every batch that could be drawn is enumerated")
    return _check(STOCHASTIC, f, tuple(modes), dtype, budget_of(profile, max_examples), fixed_at(nu, delta), query)


def check_round(
    f: Callable[..., Any],
    *,
    modes: Sequence[str] = (Mode.EXACT,),
    dtype: Any = None,
    max_examples: int | None = None,
    profile: str = "ci",
    nu: int | None = None,
    delta: float | None = None,
    query: bool = False,
) -> Report:
    """Check f(problems, w, setting) -> the next server iterate: every agent takes part, with equal weights.

    setting has alpha, nu, beta, tau, mode and delta; problems is a list; the rest as in `check_meta_gradient`.

    >>> def mine(problems, w, setting):
    ...     ends = []
    ...     for f in problems:
    ...         x = w
    ...         for _ in range(setting.tau):
    ...             points = [x]
    ...             for _ in range(setting.nu):
    ...                 points.append(points[-1] - setting.alpha * f.gradient(points[-1]))
    ...             v = f.gradient(points.pop())
    ...             for point in reversed(points):
    ...                 v = v - setting.alpha * f.hvp(point, v)
    ...             x = x - setting.beta * v
    ...         ends.append(x)
    ...     return sum(ends) / len(ends)
    >>> print(check_round(mine, dtype="numpy.float64", max_examples=2))
    check_round: 14 properties hold; ...
    """
    return _check(ROUND, f, tuple(modes), dtype, budget_of(profile, max_examples), fixed_at(nu, delta), query)


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
        raise InputError(f"modes = {modes}: expected some of {', '.join(checker.modes)}")
    pairs = [pair for pair in checker.applicable(modes) if fixed.allows(pair[0])]
    return pairs if own is None else [pair for pair in pairs if pair[0].name in ModuleProblem.PROPERTIES]


def _check(
    checker: Checker,
    f: Callable[..., Any],
    modes: tuple[str, ...],
    dtype: Any,
    budget: SearchBudget,
    fixed: Fixed,
    query: bool,
    own: Any = None,
) -> Report:
    arrays = arrays_of(getattr(f, "dtype", torch.float64) if dtype is None else dtype)
    query, found, worst = query or getattr(f, "episodes", False), [], {}
    for tested, mode, outcome in search_results(checker, f, modes, arrays, budget, fixed, query, own):
        worst[tested.name, mode] = outcome.worst
        if outcome.failure is not None:
            found.append((tested, mode, outcome.failure))
    if found:
        causes = {mode: _cause(checker.ask(f, arrays), mode, found, fixed, query, own) for mode in modes}
        failures = tuple(_failure(checker, each, f, arrays, causes[each[1]]) for each in found)
        raise CheckFailedError(checker.name, len(worst), failures)
    return Report(checker.name, worst)


_UNKNOWN = "none of the known mistakes gives these answers; this property fails most often because "

Failed = tuple[Property, str, Found]


def _cause(ask: Any, mode: str, found: Sequence[Failed], fixed: Fixed, query: bool, own: Any) -> str:
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
    return exact or _told(each) or usual + tested.cause


def _told(found: Found) -> str:
    """What the failure itself says about its cause."""
    if found.error is not None:
        return found.note or found.error.likely
    return found.note or (found.comparison.cause if found.comparison is not None else "")


def _strategy(checker: Checker, tested: Property, mode: str, arrays: Arrays, query: bool) -> st.SearchStrategy[Any]:
    cases = getattr(import_module(checker.strategies), tested.cases)(mode, arrays)
    return cases.flatmap(with_queries) if query else cases


def _on(own: Agent, mode: str) -> st.SearchStrategy[Any]:
    return own.support.cases(mode).map(lambda case: case.but(problem=own))


def _failure(checker: Checker, failed: Failed, f: Callable[..., Any], arrays: Arrays, cause: str) -> Failure:
    tested, mode, found = failed
    script = script_of(tested, f, found.case, arrays)
    return Failure(
        checker.name,
        tested.name,
        tested.claim,
        mode,
        str(arrays),
        cause if found.error is not None else _told(found) or cause,
        found.case,
        found.comparison,
        found.error,
        script,
    )
