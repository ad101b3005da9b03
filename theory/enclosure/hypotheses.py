"""Hypotheses decided in exact or outward-rounded arithmetic, and explained in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from flint import fmpq

from theory.enclosure import rounding
from theory.enclosure.scope import PRECISIONS, Scope, to_fraction
from theory.language.algebra import Expr
from theory.language.errors import NoValue
from theory.language.records import Assumed, Hypothesis

_HOLDS = {
    "<=": lambda order: order <= 0,
    "<": lambda order: order < 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
    "==": lambda order: order == 0,
}
_FOUND = {-1: "<", 0: "=", 1: ">"}


@dataclass(frozen=True)
class HypothesisCheck:
    """A hypothesis decided in numbers, or "assumed" where no input decides it."""

    name: str
    holds: bool | Literal["assumed"]
    detail: str


def holds(scope: Scope, hypothesis: Hypothesis) -> bool:
    """Whether a hypothesis holds for these inputs, decided in exact or ball arithmetic; without a value it does not."""
    try:
        return _HOLDS[hypothesis.relation](_order(scope, hypothesis))
    except NoValue:
        return False


def _order(scope: Scope, hypothesis: Hypothesis) -> int:
    for part in hypothesis.written:
        scope.require_value(part)
    return scope.sign_of(hypothesis.difference)


def check(scope: Scope, hypothesis: Hypothesis) -> HypothesisCheck:
    """Decide a hypothesis and say both sides in numbers."""
    try:
        order = _order(scope, hypothesis)
    except NoValue as error:
        return HypothesisCheck(hypothesis.name, False, str(error))
    left, right = _distinct(scope, hypothesis, order)
    detail = f"{_printed(hypothesis.left)} = {left} {_FOUND[order]} {_printed(hypothesis.right)}"
    if not hypothesis.right.is_Number:
        detail += f" = {right}"
    elif order == 0:
        detail = f"{_printed(hypothesis.left)} = {right}"
    return HypothesisCheck(hypothesis.name, _HOLDS[hypothesis.relation](order), detail)


def assumption(scope: Scope, assumed: Assumed) -> HypothesisCheck:
    """What is known of a hypothesis that no input decides."""
    for condition, reason in assumed.settled:
        if condition.holds(scope):
            return HypothesisCheck(assumed.name, True, reason)
    return HypothesisCheck(assumed.name, "assumed", assumed.detail)


@lru_cache(maxsize=512)
def _printed(expression: Expr) -> str:
    return str(expression)


def _distinct(scope: Scope, hypothesis: Hypothesis, order: int) -> tuple[str, str]:
    """Both sides with as few digits as show the difference."""
    left = right = ""
    for digits in (6, 12, 25, 60, 1200):
        left, right = (_digits(scope, side, digits) for side in (hypothesis.left, hypothesis.right))
        if order == 0 or left != right:
            break
    return left, right


def _digits(scope: Scope, expression: Any, digits: int) -> str:
    number = scope.exact_of(expression)
    if isinstance(number, fmpq):
        return rounding.short_text(to_fraction(number), digits)
    bits = next((size for size in PRECISIONS if size > 4 * digits + 64), PRECISIONS[-1])
    return rounding.text(scope.ball_of(expression, bits), digits)
