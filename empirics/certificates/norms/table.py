"""All operations with a rule."""

from __future__ import annotations

from typing import Any

from empirics.certificates.norms import choices, elementary, products, rows, structural, sums
from empirics.certificates.norms.rule import Rule

TABLE: dict[Any, Rule] = {
    **structural.TABLE,
    **sums.TABLE,
    **products.TABLE,
    **elementary.TABLE,
    **rows.TABLE,
    **choices.TABLE,
}


def operations() -> tuple[str, ...]:
    """Names of the operations with a rule, sorted.

    >>> "aten.tanh.default" in operations()
    True
    """
    return tuple(sorted(str(target) for target in TABLE))
