"""One seed tree: every cell's seed is a function of the root and the cell, not of the order in which cells run."""

from __future__ import annotations

import hashlib


def child_seed(root: int, *path: str | int) -> int:
    """A 62-bit seed for a node of the tree, by BLAKE2b of the root and the path.

    >>> child_seed(0, "runs", "a") == child_seed(0, "runs", "a"), child_seed(0, "a") == child_seed(1, "a")
    (True, False)
    """
    text = "/".join([str(root), *map(str, path)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 2
