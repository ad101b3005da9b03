"""The summary of one screen: every statement with its verdicts and its tightest ratio, the violated ones first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.judging.closeness import ATTAINED, CLOSE, closeness, net, ratio_of, tightest
from reports.judging.frames import by_statement
from reports.judging.rows import Row, Verdict
from reports.pages.words import counted, tally


@dataclass(frozen=True)
class Line:
    """A statement in the summary: its counts by verdict, those of zero left out, and its tightest row."""

    bound: str
    title: str
    counts: list[tuple[Verdict, int]]
    best: Row | None

    @property
    def net(self) -> bool:
        """Whether its ratio is net of what both sides share."""
        return self.best is not None and net(self.best)


@dataclass(frozen=True)
class Group:
    """Statements of which the same is known: a name, what it means, and them."""

    name: str
    meaning: str
    lines: list[Line]


_GROUPS = {
    "Violated": "false on at least one row",
    "Sharp": f"attained: measured / predicted is at least {ATTAINED:g} on some row",
    "Tight": f"at least {CLOSE:g} on some row",
    "Loose": f"below {CLOSE:g} on every row",
    "Holds": "an identity, or no row on which both sides are positive",
    "Undecided": "no row holds: vacuous, open, or outside the hypotheses",
}


def groups(rows: Sequence[Row], titles: Sequence[tuple[str, str]]) -> list[Group]:
    """The groups, empty ones but the first left out. titles: id and title of every bound, in order."""
    lines: dict[str, list[Line]] = {name: [] for name in _GROUPS}
    found = by_statement(rows)
    for bound, title in titles:
        if mine := found.get(bound):
            lines[_group(mine)].append(Line(bound, title, tally(mine), tightest(mine)))
    return [Group(name, _GROUPS[name], mine) for name, mine in lines.items() if mine or name == "Violated"]


def _group(rows: Sequence[Row]) -> str:
    if any(row.verdict is Verdict.VIOLATED for row in rows):
        return "Violated"
    best = tightest(rows)
    if best is not None:
        return closeness(ratio_of(best)).capitalize()
    return "Holds" if any(row.verdict is Verdict.HOLDS for row in rows) else "Undecided"


def words(counts: Sequence[tuple[Verdict, int]], names: dict[Verdict, str]) -> str:
    """Counts by verdict in words, for those who hear the page.

    >>> words([(Verdict.HOLDS, 2)], {Verdict.HOLDS: "holds"})
    '2 rows: 2 holds'
    """
    total = counted(sum(count for _, count in counts), "row")
    return f"{total}: {', '.join(f'{count} {names[verdict]}' for verdict, count in counts)}"
