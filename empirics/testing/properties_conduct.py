"""How a pure function of its arguments behaves: no memory, no side effect, no change of precision."""

from __future__ import annotations

import numpy as np

from empirics.testing.arrays import numbers
from empirics.testing.ask import Ask
from empirics.testing.cases import Case
from empirics.testing.comparison import Comparison
from empirics.testing.property import FULL_BATCH, Property

DTYPE = "the answer has another dtype than w: the arithmetic left the precision of the input"


def no_memory(ask: Ask, case: Case) -> Comparison:
    """The same bits before and after calls for another agent at the same point and for this one at another point."""
    other = case.but(problem=case.problem.scaled(-0.5))
    before = [ask(case), ask(other)]
    ask(case.but(w=tuple(entry + 1 for entry in case.w)))
    after = [ask(other), ask(case)]
    return Comparison(np.concatenate(after[::-1]), np.concatenate(before), 0.0)


def untouched_input(ask: Ask, case: Case) -> Comparison:
    """The call leaves the caller's w as it was: no entry is changed and it has not become a leaf with a gradient."""
    w = ask.arrays.make(case.w)
    before = numbers(w, case.problem.d)
    numbers(ask.raw(case, w), case.problem.d)
    changed = int(np.sum(numbers(w, case.problem.d) != before))
    marked = bool(getattr(w, "requires_grad", False)) or getattr(w, "grad", None) is not None
    return Comparison(changed + int(marked), 0, 0.0)


def precision(ask: Ask, case: Case) -> Comparison:
    """The answer has the dtype of w, and in float32 it is the one in float64 within the rounding of both."""
    answers = {}
    for name in ("float64", "float32"):
        answers[name] = ask.at(name).raw(case)
        dtype = str(getattr(answers[name], "dtype", "float64")).removeprefix("torch.")
        if dtype != name:
            return Comparison(dtype, name, 0.0, cause=DTYPE)
    double, single = (numbers(answers[name], case.problem.d) for name in ("float64", "float32"))
    return Comparison(single, double, ask.at("float64").rounding(case) + ask.at("float32").rounding(case))


PROPERTIES = (
    Property(
        "no_memory",
        "a call does not depend on earlier calls",
        "gradients are accumulated across agents (.grad is not cleared), something is cached, or drawn at random",
        FULL_BATCH,
        "cases",
        no_memory,
    ),
    Property(
        "untouched_input",
        "the caller's parameters are left as they were",
        "an in-place update (w -= ..., sub_, .data) or requires_grad_() on the caller's tensor",
        FULL_BATCH,
        "cases",
        untouched_input,
    ),
    Property(
        "precision",
        "float32 and float64 agree within rounding, each answer in its own dtype",
        "a constant, buffer or conversion in another precision",
        FULL_BATCH,
        "cases",
        precision,
    ),
)
