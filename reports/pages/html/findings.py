"""What was found about a statement, in a sentence, and why rows are undecided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reports.judging.closeness import Closeness, closeness, net, ratio_of, tightest
from reports.judging.rows import Row, Verdict
from reports.pages.html.numerals import number
from reports.pages.words import VERDICTS, counted, tally

# the verdicts that need a reader come first
ATTENTION = (Verdict.VIOLATED, Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE, Verdict.VACUOUS, Verdict.HOLDS)
_BRIEF = 60  # letters
_MOST = 5


def finding(rows: Sequence[Row]) -> str:
    """One statement's rows in words: whether it holds, on how many tasks, what is open and why, and how close it comes.

    >>> finding([])
    'Not measured by this plan.'
    """
    if not rows:
        return "Not measured by this plan."
    return " ".join([*_decided(rows), *_close(rows), *_undecided(rows)])


def told(rows: Sequence[Row]) -> list[str]:
    """A report in lines for a terminal: the verdicts, what is violated, and what is undecided and why.

    >>> told([])
    ['0 rows']
    """
    counts = dict(tally(rows))
    parts = ", ".join(f"{counts[verdict]} {verdict}" for verdict in reversed(ATTENTION) if verdict in counts)
    lines = [f"{counted(len(rows), 'row')}{': ' if parts else ''}{parts}"]
    broken = [row.row_id for row in rows if row.verdict is Verdict.VIOLATED]
    if rows:
        more = f" and {len(broken) - _MOST} more" if len(broken) > _MOST else ""
        lines.append(f"violated: {', '.join(broken[:_MOST])}{more}" if broken else "violated: nothing")
    for verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE):
        if found := reasons(rows, verdict):
            why = "; ".join(f"{count} ({reason})" for reason, count in found[:_MOST])
            lines.append(f"{VERDICTS[verdict]}: {why}{'; ...' if len(found) > _MOST else ''}")
    return lines


def reasons(rows: Sequence[Row], verdict: Verdict) -> list[tuple[str, int]]:
    """Why rows have a verdict, in short, the most frequent reason first."""
    found = Counter(brief(row.reason) for row in rows if row.verdict is verdict)
    return found.most_common()


def brief(reason: str) -> str:
    """A reason without what follows its first clause, and without the particulars of a long one.

    >>> brief("h <= 1: h = 3 > 1; A > 0: A = -2 <= 0")
    'h <= 1: h = 3 > 1'
    >>> brief("constants known on the wrong side only: L (lower), rho (lower), B (lower); that neither certifies (...)")
    'constants known on the wrong side only'
    """
    first = reason.partition(";")[0]
    return first if len(first) <= _BRIEF else first.partition(":")[0]


def _decided(rows: Sequence[Row]) -> list[str]:
    broken = [row for row in rows if row.verdict is Verdict.VIOLATED]
    held = [row for row in rows if row.verdict is Verdict.HOLDS]
    parts = []
    if broken:
        where = ", ".join(dict.fromkeys(row.task for row in broken))
        parts.append(f"Violated in {_share(broken, rows)}, on {where}.")
    if held:
        parts.append(f"Holds in {_share(held, rows)}, on {counted(len({row.task for row in held}), 'task')}.")
    elif not broken:
        parts.append("Not confirmed in its only row." if len(rows) == 1 else f"Confirmed in none of {len(rows)} rows.")
    return parts


def _share(some: Sequence[Row], rows: Sequence[Row]) -> str:
    if len(some) < len(rows):
        return f"{len(some)} of {len(rows)} rows"
    return "its only row" if len(rows) == 1 else f"all {len(rows)} rows"


_UNDECIDED = {
    Verdict.VACUOUS: "true but vacuous, not below a bound that needs no theorem",
    Verdict.NOT_APPLICABLE: "outside its hypotheses",
    Verdict.INCONCLUSIVE: "open",
}


def _undecided(rows: Sequence[Row]) -> list[str]:
    parts = []
    for verdict, words in _UNDECIDED.items():
        count = sum(row.verdict is verdict for row in rows)
        if count:
            (why, _), *others = reasons(rows, verdict)
            more = f", and {counted(len(others), 'other reason')}" if others else ""
            told = "" if verdict is Verdict.VACUOUS else f" ({why}{more})"
            parts.append(f"{counted(count, 'row')} {'is' if count == 1 else 'are'} {words}{told}.")
    return parts


_CLOSE = {
    Closeness.SHARP: "Sharp: it is attained on {task}, where {what} is {ratio}.",
    Closeness.TIGHT: "Tight: {what} reaches {ratio} on {task}.",
    Closeness.LOOSE: "Loose on these rows: {what} is at most {ratio}, on {task}.",
}


def _close(rows: Sequence[Row]) -> list[str]:
    best = tightest(rows)
    if best is None:
        return _without_ratio([row for row in rows if row.verdict is Verdict.HOLDS])
    what = "the net ratio" if net(best) else "measured / predicted"
    words = _CLOSE[closeness(ratio_of(best))]
    return [words.format(task=best.task, what=what, ratio=number(best.tightness, 3))]


def _without_ratio(held: Sequence[Row]) -> list[str]:
    if not held:
        return []
    if all(row.kind == "identity" for row in held):
        return ["An identity: both sides differ by no more than rounding does."]
    if all(net(row) for row in held):
        return ["No ratio: on each of them the loss falls by more than was promised, whatever the floor."]
    return ["No ratio: a side is zero on each of them."]
