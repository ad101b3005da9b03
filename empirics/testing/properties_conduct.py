"""How a pure function of its arguments behaves: no memory, no side effect, no change of precision."""

from __future__ import annotations

import numpy as np

from empirics.algorithm.modes import FULL_BATCH
from empirics.testing.arrays import numbers
from empirics.testing.ask import Ask, marks
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
    FULL_BATCH, "cases", cause="an in-place update (w -= ..., sub_, .data) or requires_grad_() on the caller's tensor"
)
def untouched_input(ask: Ask, case: Case) -> Comparison:
    """The caller's w is left as it was: no entry is changed, and it has not become a leaf with a gradient."""
    return Comparison(marks(ask, case), 0, 0.0)


@property_for(FULL_BATCH, "cases", cause="a constant, buffer or conversion in another precision")
def precision(ask: Ask, case: Case) -> Comparison:
    """float32 and float64 agree within rounding, each answer in its own dtype."""
    answers = {}
    for name in ("float64", "float32"):
        answers[name] = ask.at(name).raw(case)
        dtype = str(getattr(answers[name], "dtype", "float64")).removeprefix("torch.")
        if dtype != name:
            return Comparison(dtype, name, 0.0, cause=DTYPE)
    double, single = (numbers(answers[name], case.problem.d) for name in ("float64", "float32"))
    return Comparison(single, double, ask.at("float64").rounding(case) + ask.at("float32").rounding(case))
