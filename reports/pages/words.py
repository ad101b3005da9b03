"""Words that all pages share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from reports.judging.rows import Row, Verdict

# by provenance
GROUPS = {
    "derived": "Statements derived here",
    "published": "Published constants",
    "claim": "Claims registered by the user",
}
VERDICTS = {
    Verdict.HOLDS: "holds",
    Verdict.VIOLATED: "violated",
    Verdict.VACUOUS: "vacuous",
    Verdict.NOT_APPLICABLE: "not applicable",
    Verdict.INCONCLUSIVE: "inconclusive",
}


def tally(rows: Iterable[Row]) -> list[tuple[Verdict, int]]:
    """The verdicts that rows have, each with how many have it.

    >>> tally([])
    []
    """
    found = Counter(row.verdict for row in rows)
    return [(verdict, found[verdict]) for verdict in Verdict if verdict in found]


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "row"), counted(0, "row"), counted(2, "hypothesis", "hypotheses")
    ('1 row', '0 rows', '2 hypotheses')
    """
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"
