"""Long tables cut so that pages are full: a table cannot break, so it ends where its page does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PAGE = 76  # lines of a table that a page, or a column, of the appendix takes: 9 inches at 8 points
TALLEST = 66  # lines of a table with its head that the page of a plain article takes, where a piece may stand as well
HEAD = 9  # lines that a caption, heads, rules and the space around a table take
_FEWEST = 6  # a table is not begun, and not ended, with fewer lines than this, unless it has no more


@dataclass(frozen=True)
class Chunk:
    """Rows start to stop of one of the tables, and whether a new page begins with them."""

    table: int
    start: int
    stop: int
    new_page: bool


def paged(tables: Sequence[Sequence[int]], taken: int = 0) -> list[Chunk]:
    """The tables cut into chunks; every row is so many lines high, and no higher than a page.

    taken: lines of the first page that are used up already.

    >>> [(c.table, c.start, c.stop, c.new_page) for c in paged([[1] * 10, [1] * 100])]
    [(0, 0, 10, False), (1, 0, 48, False), (1, 48, 100, True)]
    """
    chunks, used = [], taken
    for table, heights in enumerate(tables):
        start = 0
        while start < len(heights):
            stop = _fitting(heights, start, min(PAGE - used, TALLEST) - HEAD)
            left = sum(heights[start:])
            new_page = stop < len(heights) and (sum(heights[start:stop]) < _FEWEST or left < 2 * _FEWEST)
            if new_page:
                used, stop = 0, max(start + 1, _fitting(heights, start, TALLEST - HEAD))
            rest = sum(heights[stop:])
            if 0 < rest < _FEWEST:
                stop = max(start + 1, stop - (_FEWEST - rest))
            chunks.append(Chunk(table, start, stop, new_page))
            used += HEAD + sum(heights[start:stop])
            start = stop
    return chunks


def _fitting(heights: Sequence[int], start: int, room: int) -> int:
    """Where the rows from start on that fit into so many lines end."""
    stop = start
    while stop < len(heights) and sum(heights[start : stop + 1]) <= room:
        stop += 1
    return stop
