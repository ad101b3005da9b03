"""Names of files and macros that are made from other people's names."""

from __future__ import annotations

import re


def file_stem(bound: str) -> str:
    """The id of a bound as the stem of a file: letters, digits, dots and hyphens."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", bound).strip("-.") or "unnamed"


def fresh(name: str, used: set[str]) -> str:
    """The name, with letters added where it is taken; it is added to `used`."""
    while name in used:
        name += "X"
    used.add(name)
    return name
