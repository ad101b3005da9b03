"""Addresses inside the page: readable, stable, unique."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from reports.judging.rows import Row


def slug(text: str) -> str:
    """A text as a fragment that needs no escaping in an address.

    >>> slug("S4:L_F:cosine:nu=2")
    'S4-L_F-cosine-nu-2'
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-")


def row_anchors(rows: Sequence[Row]) -> dict[str, str]:
    """Row id to anchor: readable, stable, and unique also where two ids differ only in punctuation."""
    seen: Counter[str] = Counter()
    anchors = {}
    for row in rows:
        base = f"row-{slug(row.row_id)}"
        seen[base] += 1
        anchors[row.row_id] = base if seen[base] == 1 else f"{base}--{seen[base]}"
    return anchors
