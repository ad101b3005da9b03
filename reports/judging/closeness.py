"""How close a bound comes to what happens: which rows say anything about it, and what 'tightest' means everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from reports.judging.ratio import one_round
from reports.judging.rows import Row, Verdict

ATTAINED = 0.999
CLOSE = 0.5


class Closeness(StrEnum):
    """A bound by its tightest row: sharp from a ratio of 0.999 on, tight from 0.5 on, loose below."""

    SHARP = "sharp"
    TIGHT = "tight"
    LOOSE = "loose"


def comparable(row: Row) -> bool:
    """Whether a row's ratio says how close its bound comes: it holds, is no identity, and both sides are positive.

    An identity is compared with its rounding, and a left side that vanishes (net of the descent: a round that falls by
    more than was promised) is as far from every right side.
    """
    held = row.verdict is Verdict.HOLDS and row.kind != "identity"
    return held and row.tightness is not None and row.tightness > 0


def ratio_of(row: Row) -> float:
    """The ratio of a comparable row.

    Raises:
        ValueError: the row has none.
    """
    if row.tightness is None:
        raise ValueError(f"row {row.row_id}: has no ratio; expected a comparable row")
    return row.tightness


def tightest(rows: Iterable[Row]) -> Row | None:
    """The comparable row with the largest ratio, the first of equals; None where there is none."""
    return max(filter(comparable, rows), key=ratio_of, default=None)


def loosest(rows: Iterable[Row]) -> Row | None:
    """The comparable row with the smallest ratio, the first of equals; None where there is none."""
    return min(filter(comparable, rows), key=ratio_of, default=None)


def closeness(ratio: float) -> Closeness:
    """The word for the ratio of a tightest row.

    >>> closeness(1.0).value, closeness(0.7).value, closeness(1e-9).value
    ('sharp', 'tight', 'loose')
    """
    if ratio >= ATTAINED:
        return Closeness.SHARP
    return Closeness.TIGHT if ratio >= CLOSE else Closeness.LOOSE


def net(row: Row) -> bool:
    """Whether a row's ratio is net of the shift and the descent that both of its sides carry, as in T1."""
    return one_round(row.inputs)
