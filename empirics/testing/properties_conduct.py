"""How a pure function of its arguments behaves: no memory, no side effect, no change of precision."""

from __future__ import annotations

import math

import numpy as np

from empirics.algorithm.modes import FULL_BATCH
from empirics.testing import oracles
from empirics.testing.arrays import numbers
from empirics.testing.ask import UNCHANGED, Ask, changes
from empirics.testing.cases import Case
from empirics.testing.comparison import Comparison
from empirics.testing.property import property_for

DTYPE = "the answer has another dtype than w: the arithmetic left the precision of the input"


@property_for(
    FULL_BATCH,
    "cases",
    cause="gradients are accumulated across agents (.grad is not cleared), something is cached, or drawn at random",
)
def no_memory(ask: Ask, case: Case) -> Comparison:
    """A call does not depend on earlier calls, for another agent or at another point: the same bits come back."""
    other = case.but(problem=case.problem.scaled(-0.5))
    before = [ask(case), ask(other)]
    ask(case.but(w=tuple(entry + 1 for entry in case.w)))
    after = [ask(other), ask(case)]
    return Comparison(np.concatenate(after[::-1]), np.concatenate(before), 0.0)


@property_for(
    FULL_BATCH,
    "cases",
    cause="something is kept for an agent (a trajectory, a Hessian) and used at another point or setting",
)
def second_call(ask: Ask, case: Case) -> Comparison:
    """An agent that was asked before is answered like a new one: at another point and with another step.

    New agents have the loss plus a constant, so nothing that is kept by identity or by value is theirs.
    """
    moved = case.but(w=tuple(entry + 0.25 for entry in case.w))
    asked = [moved, moved.but(alpha=case.alpha / 2)]
    fresh = [each.but(problem=case.problem.raised(2.0**-k)) for k, each in enumerate(asked, start=8)]
    ask(case)
    found, expected = ([ask(each) for each in cases] for cases in (asked, fresh))
    tolerance = 2 * math.hypot(*(ask.rounding(each) for each in asked))
    return Comparison(np.concatenate(found), np.concatenate(expected), tolerance)


@property_for(
    FULL_BATCH,
    "cases",
    cause="an in-place update (w -= ..., sub_, .data), requires_grad_() on the caller's tensor, or eval() not undone",
)
def untouched_input(ask: Ask, case: Case) -> Comparison:
    """The caller's w, module and data are left as they were: w is no leaf with a gradient, no mode is switched."""
    changed = changes(ask, case)
    return Comparison(changed, UNCHANGED, 0.0, cause=f"the call changes {changed}: work on a copy, or restore it")


@property_for(FULL_BATCH, "cases", cause="a constant, buffer or conversion in another precision")
def precision(ask: Ask, case: Case) -> Comparison:
    """float32 and float64 agree within rounding, each answer in its own dtype.

    Code that is checked in float32 is asked in float32 only, and compared with what is right.
    """
    answers = {}
    for name in ("float64", "float32") if ask.arrays.precision == "float64" else ("float32",):
        answers[name] = ask.at(name).raw(case)
        dtype = str(getattr(answers[name], "dtype", "float64")).removeprefix("torch.")
        if dtype != name:
            return Comparison(dtype, name, 0.0, cause=DTYPE)
    single, rounding = numbers(answers["float32"], case.problem.d), ask.at("float32").rounding(case)
    if "float64" not in answers:
        right = oracles.meta_gradient_of(case.problem, case.point, case.alpha, case.nu, case.mode, case.delta)
        return Comparison(single, right, rounding)
    double = numbers(answers["float64"], case.problem.d)
    return Comparison(single, double, ask.at("float64").rounding(case) + rounding)
