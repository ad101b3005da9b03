"""A property: a sentence about every correct meta-gradient, and the function that tests it on one case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from empirics.algorithm.modes import Mode
from empirics.testing.comparison import Comparison

FULL_BATCH = tuple(mode for mode in Mode if not mode.draws)
SAMPLED = tuple(mode for mode in Mode if mode.draws)


@dataclass(frozen=True)
class Property:
    """`test(ask, case)` compares what a checked function says on a case with what must come out.

    `cause` is the likely cause of a failure when nothing more precise is found; `cases` names the strategy that draws
    the cases (hypothesis is imported only where they are drawn).
    """

    name: str
    claim: str
    cause: str
    modes: tuple[str, ...]
    cases: str
    test: Callable[[Any, Any], Comparison]
