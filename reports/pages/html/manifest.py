"""What made the page, flat enough for a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LONG_LIST = 8
_MANY_KEYS = 40  # a mapping of this size is data, not a description: the page counts it, manifest.json has it


def flattened(manifest: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str, list[str]]]:
    """(dotted key, text, long list): nested mappings by dotted keys, long lists apart so that they can be folded.

    >>> flattened({"seed": 0, "versions": {"torch": "2.6"}, "row_records": {str(i): "key" for i in range(50)}})
    [('seed', '0', []), ('versions.torch', '2.6', []), ('row_records', '50 entries, in manifest.json', [])]
    """
    lines: list[tuple[str, str, list[str]]] = []
    for key, value in manifest.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and len(value) >= _MANY_KEYS:
            lines.append((name, f"{len(value)} entries, in manifest.json", []))
        elif isinstance(value, Mapping):
            lines += flattened(value, f"{name}.")
        elif isinstance(value, list | tuple) and len(value) > _LONG_LIST and name != "command":
            lines.append((name, f"{len(value)} entries", [str(item) for item in value]))
        elif isinstance(value, list | tuple):
            lines.append((name, " ".join(str(item) for item in value), []))
        else:
            lines.append((name, str(value), []))
    return lines
