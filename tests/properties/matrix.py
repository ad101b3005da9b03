"""The matrix mistake x property, from the very cases that the default budget draws."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import import_module

from empirics.testing.arrays import WrongResultError, arrays_of
from empirics.testing.budget import PROFILES
from empirics.testing.causes import explained
from empirics.testing.comparison import Comparison
from empirics.testing.examples import examples
from empirics.testing.query_strategies import with_queries
from empirics.testing.search import search
from empirics.testing.tables import CHECKERS
from tests.properties.museum import MISTAKES

BUDGET = replace(PROFILES["ci"], shrink=False, large=0)
BY_NAME = {checker.name: checker for checker in CHECKERS}


@cache
def drawn(checker, name, mode, dtype, query=False):
    """The cases that a right implementation is tested on: a derandomised search draws them whatever it is told."""
    cases = []

    def keep(case):
        cases.append(case)
        return Comparison(0.0, 0.0, 0.0)

    owner, arrays = BY_NAME[checker], arrays_of(dtype)
    strategy = next(own.cases for own in owner.properties if own.name == name)
    of_one_loss = getattr(import_module(owner.strategies), strategy)(mode, arrays)
    search(keep, of_one_loss.flatmap(with_queries) if query else of_one_loss, BUDGET)
    return cases


def drawn_for(mistake, name):
    """The arguments of `drawn` for a property of the mistake's checker."""
    return mistake.checker, name, mistake.mode, mistake.dtype, mistake.query


@cache
def catchers(mistake):
    """Names of the properties that fail on some case; an answer that is not a gradient ends the search."""
    checker, arrays, caught = BY_NAME[mistake.checker], arrays_of(mistake.dtype), []
    function = mistake.make()
    for own, _ in checker.applicable((mistake.mode,)):
        verdict = verdict_of(own, checker.ask(function, arrays), drawn(*drawn_for(mistake, own.name)))
        if verdict != "holds":
            caught.append(own.name)
        if verdict == "no answer" and own is checker.properties[0]:
            break
    return tuple(caught)


def verdict_of(own, ask, cases):
    for case in cases:
        try:
            if not own.test(ask, case).holds:
                return "fails"
        except WrongResultError:
            return "no answer"
    return "holds"


def mistakes_of(checker):
    return [mistake for mistake in MISTAKES if mistake.checker == checker.name]


def table(rows):
    """Text: one line a mistake, one column a property, for each checker; rows maps mistakes to their catchers."""
    lines = []
    for checker in CHECKERS:
        names = [own.name for own in checker.properties]
        own_rows = {name: caught for (owner, name), caught in rows.items() if owner == checker.name}
        if not own_rows:
            continue
        lines += ["", checker.name, *(f"  {letter(i)} {name}" for i, name in enumerate(names)), ""]
        lines.append(" " * 46 + " ".join(letter(i) for i in range(len(names))))
        for name, caught in own_rows.items():
            marks = " ".join("x" if column in caught else "." for column in names)
            lines.append(f"  {name:44s}{marks}")
    return "\n".join(lines)


def letter(index):
    return "abcdefghijklmnopqrstuvwxyz"[index]


def caught(mistake):
    """Whether the property that explains the mistake best fails on a case, and the cause that is told from the case."""
    ask, own, case, comparison = first_failure(mistake)
    if comparison is None:
        return ""
    known = examples(ask, mistake.mode, mistake.query)
    return comparison.cause or explained(ask, [case, *known]) or own.cause


def first_failure(mistake):
    """The first drawn case on which the property that explains the mistake best fails, and what it found; or None."""
    checker, arrays = BY_NAME[mistake.checker], arrays_of(mistake.dtype)
    ask = checker.ask(mistake.make(), arrays)
    own = next(own for own in checker.properties if own.name == mistake.caught_by)
    for case in drawn(*drawn_for(mistake, own.name)):
        try:
            comparison = own.test(ask, case)
        except WrongResultError as error:
            # An answer that is none fails the property about its shape; elsewhere another case tells more.
            if own is checker.properties[0]:
                return ask, own, case, Comparison(str(error), "an answer", 0.0, cause=error.likely)
            continue
        if not comparison.holds:
            return ask, own, case, comparison
    return ask, own, None, None
