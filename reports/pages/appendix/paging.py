"""Long tables cut so that pages are full: a table cannot break, so it ends where its page does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PAGE = 68  # lines of a table that a page takes, at the type size of the appendix
HEAD = 6  # lines that a caption, heads, rules and the space around a table take
_FEWEST = 6  # a table is not begun, and not ended, with fewer lines than this, unless it has no more


@dataclass(frozen=True)
class Chunk:
    """Lines start to stop of one of the tables, and whether a new page begins with them."""

    table: int
    start: int
    stop: int
    new_page: bool


def paged(lengths: Sequence[int], taken: int = 0) -> list[Chunk]:
    """The tables with so many lines each, cut into chunks; `taken` lines of the first page are used up already.

    >>> [(c.table, c.start, c.stop, c.new_page) for c in paged([10, 100])]
    [(0, 0, 10, False), (1, 0, 46, False), (1, 46, 100, True)]
    """
    chunks, used = [], taken
    for table, length in enumerate(lengths):
        start = 0
        while start < length:
            room, left = PAGE - used - HEAD, length - start
            new_page = room < left and (room < _FEWEST or left < 2 * _FEWEST)
            if new_page:
                used, room = 0, PAGE - HEAD
            take = min(left, room)
            if 0 < left - take < _FEWEST:
                take = left - _FEWEST
            chunks.append(Chunk(table, start, start + take, new_page))
            used += HEAD + take
            start += take
    return chunks
