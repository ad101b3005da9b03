"""Words that all pages share."""

from __future__ import annotations

from reports.judging.rows import Verdict

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


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "row"), counted(0, "row"), counted(2, "hypothesis", "hypotheses")
    ('1 row', '0 rows', '2 hypotheses')
    """
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"
