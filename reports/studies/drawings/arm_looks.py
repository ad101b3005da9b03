"""How the arms of a study are drawn: one look each, told apart in grey as well."""

from __future__ import annotations

from collections.abc import Sequence

from reports.figures.looks import Look
from reports.studies.arms import Arm

_COLORS = ("#1a1a19", "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#A6427C", "#8a8a88")
_DASHES = ("-", (0, (5, 1.5)), (0, (3, 1)), (0, (4, 1.2, 1, 1.2)), (0, (1.5, 1.2)), "-", (0, (6, 2)), (0, (1, 2)))
_MARKERS = ("o", "s", "v", "^", "D", "h", "*", "P")


def arm_looks(present: Sequence[Arm], skip: int = 0) -> dict[Arm, Look]:
    """A look an arm, in turn; skip: so many of the looks stay for other arms."""
    return {
        arm: Look(arm.name, _COLORS[place % 8], _DASHES[place % 8], _MARKERS[place % 8])
        for place, arm in enumerate(present, skip)
    }
