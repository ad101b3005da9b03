"""The text of a certificate: JSON in which every number is exact, written as p or p/q.

{"statement": ..., "parameters": {key: number}, "upper": {"value", "spread", "multipliers": [[agent, p, q, number]]},
"lower": {"value", "gradients", "values", "weights"} or {"value", "hessians", "gradients", "weights", "minimiser"}}
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any

Given = dict[str, Fraction]
SIDES = ("upper", "lower")


class Malformed(Exception):  # noqa: N818 (what it says of a text)
    """No certificate: something is missing or unknown, or a number is not exact."""


class Refused(Exception):  # noqa: N818 (what it says of a certificate)
    """A certificate that does not prove what it says: which part."""


def require(holds: bool, what: str) -> None:
    """Refuse a certificate of which a part does not hold."""
    if not holds:
        raise Refused(what)


def written(statement: str, given: Given, sides: dict[str, Any]) -> str:
    """The text of a certificate.

    >>> read(written("T4p", {"h": Fraction(1, 2)}, {"upper": {"value": Fraction(3)}}))
    ('T4p', {'h': Fraction(1, 2)}, {'upper': {'value': Fraction(3, 1)}})
    """
    return json.dumps(_text({"statement": statement, "parameters": given, **sides}))


def read(text: str) -> tuple[str, Given, dict[str, Any]]:
    """Statement, parameters and sides; numbers that are not exact raise ValueError, what is missing LookupError."""
    data = json.loads(text)
    sides = {side: _exact(data[side]) for side in SIDES if side in data}
    if not sides:
        raise LookupError("neither upper nor lower")
    return data["statement"], _exact(data["parameters"]), sides


def _text(entry: Any) -> Any:
    if isinstance(entry, dict):
        return {key: _text(value) for key, value in entry.items()}
    return [_text(value) for value in entry] if isinstance(entry, list) else str(entry)


def _exact(entry: Any) -> Any:
    if isinstance(entry, dict):
        return {key: _exact(value) for key, value in entry.items()}
    if isinstance(entry, list):
        return [_exact(value) for value in entry]
    if not isinstance(entry, str) or not re.fullmatch(r"-?[0-9]+(/[0-9]+)?", entry):
        raise ValueError(f"{entry!r} is not a number such as '3' or '-1/2'")
    return Fraction(entry)
