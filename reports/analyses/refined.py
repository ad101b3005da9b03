"""Cells whose samples left a row open and were given more replicas: which, and why their verdicts are valid."""

from __future__ import annotations

from collections.abc import Sequence

from reports.records.attempts import words
from reports.records.seeded_cell import SeededCell
from reports.sections import Section, SectionTable


def refined_section(work: Sequence[SeededCell]) -> list[Section]:
    """A section that names them, absent where samples could not grow."""
    if not any(one.look for one in work):
        return []
    more = [one for one in work if one.look is not None and one.look > 1]
    lines = [(words(one), one.look, one.seeds, one.roots) for one in more]
    table = SectionTable("Cells with more replicas", ("cell", "look", "roots before", "roots now"), lines)
    return [
        Section(
            "more-replicas",
            "More replicas where samples left a row open",
            (
                f"{len(more)} of {len(work)} cells were given more replicas, because a row of theirs was inconclusive "
                "and more were likely to decide it, within a time that was asked for. Which cells these are depends on "
                "the machine and on its load, so that another build of this plan may look at other sizes; the sizes "
                "and the levels of all looks were fixed beforehand.",
                "The $k$-th look at a sample has $2^{k-1}$ times the replicas of the first one, and the share "
                "$1/(k(k+1))$ of its row's level, every first look half of it. These shares add up to 1, so that all "
                "looks are right at once: whichever one was the last, and for whatever reason, the error level of the "
                "page is the one that it states.",
            ),
            (table,) if more else (),
        )
    ]
