"""The least value over a finite list: which element of a formula's choices gives it."""

from __future__ import annotations

from collections.abc import Iterator

from flint import arb

from theory.enclosure.hypotheses import holds
from theory.enclosure.scope import Scope, missing
from theory.language.errors import InputError, NoValue
from theory.language.options import OPTIONS
from theory.language.records import Choice, Formula

_BITS = (128, 256)  # values that these do not tell apart are taken for equal
Trial = tuple[Scope, Choice]


def best(scope: Scope, formula: Formula, stale: frozenset[str]) -> Trial:
    """The scope with the element whose right side is least among those whose hypotheses hold, and the element.

    Where none holds, the first that applies: its hypotheses say what fails. stale: what an element can change.

    Raises:
        InputError: an input is missing.
    """
    _prepare(scope, formula, stale)
    first: Trial | None = None
    found: Trial | None = None
    for trial in _allowed(scope, formula, stale):
        if not trial[1].when.holds(trial[0]):
            continue
        first = first or trial
        if _usable(trial[0], formula) and (found is None or _less(trial[0], found[0], formula)):
            found = trial
    chosen = found or first
    if chosen is None:
        raise InputError(f"{formula.name}: no element of its list applies")
    return chosen


def _allowed(scope: Scope, formula: Formula, stale: frozenset[str]) -> Iterator[Trial]:
    """The elements that the given options leave, each over the scope."""
    for choice in formula.choices:
        if all(value in OPTIONS[name].allowed(scope.options.get(name)) for name, value in choice.options.items()):
            formulas = {item.name: item for item in choice.formulas}
            yield scope.with_choice(formulas, choice.options, stale), choice


def _prepare(scope: Scope, formula: Formula, stale: frozenset[str]) -> None:
    """Ask for the inputs, and compute what all elements share, where every free number has a formula."""
    fullest = max(_allowed(scope, formula, stale), key=lambda trial: len(trial[1].formulas))[0]
    absent = fullest.requirements([formula.name]).absent
    if absent:
        raise InputError(f"{formula.name}: {missing(absent)}")
    _usable(fullest, formula)
    scope.learn(fullest, stale)


def _usable(scope: Scope, formula: Formula) -> bool:
    """Whether the hypotheses of the formula's own, which are those about the free numbers, hold, with a value."""
    if not all(holds(scope, item) for item in formula.hypotheses if item.when.holds(scope)):
        return False
    try:
        return bool(scope.ball_of(formula.symbol, _BITS[0]).is_finite())
    except NoValue:
        return False


def _less(left: Scope, right: Scope, formula: Formula) -> bool:
    for bits in _BITS:
        gap: arb = left.ball_of(formula.symbol, bits) - right.ball_of(formula.symbol, bits)
        if gap < 0:
            return True
        if gap > 0:
            return False
    return False
