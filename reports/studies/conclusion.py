"""Sentences made from the comparisons alone: whether a claim holds here, where, by how much, and where it fails."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from reports.figures.selection import groups, lines, only
from reports.studies.comparisons import BETTER, OPEN, UNTESTED, WORSE, Question

_WHEN = {"communication": "After equally many rounds", "compute": "After equal computation"}


def conclusion(comparisons: pd.DataFrame, question: Question, budget: str) -> str:
    """What the tests of one question under one budget say, in one paragraph; the words follow from the numbers.

    It begins with 'The claim holds', 'holds in part', 'fails' or 'is not supported', by whether there are comparisons
    that are better and ones that are worse.
    """
    mine, when = only(comparisons, question=question.key, budget=budget), _WHEN[budget]
    if mine.empty:
        return f"{when}: nothing was compared with {question.baseline}."
    if len(only(mine, outcome=UNTESTED)) == len(mine):
        return f"{when}: one seed gives no interval, so nothing is concluded about {question.claim}; give more seeds."
    better, worse = only(mine, outcome=BETTER), only(mine, outcome=WORSE)
    counts = (
        f"{question.claim} is more accurate than {question.baseline} in {len(better)} of {len(mine)} comparisons, "
        f"less accurate in {len(worse)}, and {len(only(mine, outcome=OPEN))} show no difference"
    )
    parts = [f"{when}, {_opening(len(better), len(worse))}: {counts}."]
    if len(better):
        parts.append(f"It wins {_where(better)}; most, {_most(better)}.")
    if len(worse):
        parts.append(f"It loses {_where(worse)}; most, {_most(worse)}.")
    if not len(better) and not len(worse):
        parts.append(f"The largest difference seen is {_most(mine)}.")
    return " ".join(parts)


def headline(comparisons: pd.DataFrame, question: Question, budget: str = "communication") -> str:
    """The same in a few words, for the top of a page."""
    mine = only(comparisons, question=question.key, budget=budget)
    if len(only(mine, outcome=UNTESTED)) == len(mine):
        return "Too few seeds to compare fine-tuning steps"
    return (
        f"More fine-tuning steps beat {question.baseline} in {len(only(mine, outcome=BETTER))} of {len(mine)} "
        f"comparisons and lose in {len(only(mine, outcome=WORSE))} of them"
    )


def _opening(better: int, worse: int) -> str:
    if better and not worse:
        return "the claim holds here"
    if better:
        return "the claim holds in part"
    return "the claim fails here" if worse else "the claim is not supported here"


def _where(won: pd.DataFrame) -> str:
    """Level by level: the arms and the numbers of test steps that occur."""
    parts = []
    for level, part in groups(won, "level"):
        agents = " and ".join(f"{name} agents" for name in ("seen", "new") if len(only(part, group=name)))
        parts.append(f"on {level} ({agents}; ν = {_list(part['nu'])}, tested after ν′ = {_list(part['adapt'])} steps)")
    return "; ".join(parts)


def _most(won: pd.DataFrame) -> str:
    """The line with the largest difference, in points of accuracy."""
    line = max(lines(won), key=lambda line: abs(line["difference"]))
    size, low, high = (100 * line[name] for name in ("difference", "low", "high"))
    return (
        f"{_signed(size)} points (95 % interval {_signed(low)} to {_signed(high)}, adjusted p "
        f"{_p(line['adjusted'])}), with ν = {line['nu']} on {line['level']}, {line['group']} agents, "
        f"ν′ = {line['adapt']}"
    )


def _list(values: Iterable[int]) -> str:
    return ", ".join(str(value) for value in sorted(set(values)))


def _signed(value: float) -> str:
    """A difference with its sign, one decimal.

    >>> _signed(1.25), _signed(-0.04)
    ('+1.2', '0.0')
    """
    text = f"{value:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"= {value:.2g}"
