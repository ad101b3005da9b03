"""The three checkers: hand over your function, get a report, or an error that says what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from empirics.algorithm.modes import Mode
from empirics.numerics.checks import integer
from empirics.numerics.errors import InputError
from empirics.testing.agent import SupportQuery
from empirics.testing.arrays import Arrays, arrays_of
from empirics.testing.budget import SearchBudget, budget_of
from empirics.testing.causes import Failed, cause_of, told
from empirics.testing.failure import CheckFailedError, Failure, script_of
from empirics.testing.fixed import Fixed, fixed_at, returned
from empirics.testing.meta_step import FromParameters
from empirics.testing.modules import ModuleProblem
from empirics.testing.property_search import search_results
from empirics.testing.sampled import MOST_STEPS
from empirics.testing.tables import META_GRADIENT, ROUND, STOCHASTIC, Checker


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
        causes = {mode: cause_of(checker.ask(f, arrays), mode, found, fixed, query, own) for mode in modes}
        failures = tuple(_failure(checker, each, f, arrays, causes[each[1]]) for each in found)
        raise CheckFailedError(checker.name, len(worst), failures)
    return Report(checker.name, worst)


def _failure(checker: Checker, failed: Failed, f: Callable[..., Any], arrays: Arrays, cause: str) -> Failure:
    tested, mode, found = failed
    script = script_of(tested, f, found.case, arrays)
    return Failure(
        checker.name,
        tested.name,
        tested.claim,
        mode,
        str(arrays),
        cause if found.error is not None else told(found) or cause,
        found.case,
        found.comparison,
        found.error,
        script,
    )
