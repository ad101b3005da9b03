"""What a property compares, and by how much it may be off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True, eq=False)
class Comparison:
    """`found` must be `expected` within `tolerance` (Euclidean norm), or at most that, as `relation` says.

    `cause` is what this property can say about a failure; texts are compared as they are.
    """

    found: Any
    expected: Any
    tolerance: float
    relation: Literal["equal", "at most"] = "equal"
    cause: str = ""

    @property
    def difference(self) -> float:
        """Distance of the two sides (equal), or the excess over the bound (at most)."""
        if isinstance(self.found, str):
            return 0.0 if self.found == self.expected else float("inf")
        if self.relation == "at most":
            return max(0.0, float(self.found) - float(self.expected))
        return float(np.linalg.norm(np.atleast_1d(np.asarray(self.found) - np.asarray(self.expected))))

    @property
    def holds(self) -> bool:
        """Whether the sides agree; a difference that is not a number does not."""
        return self.difference <= self.tolerance

    @property
    def ratio(self) -> float:
        """Difference over tolerance (equal), measured over bound (at most): a search for failures pushes it up."""
        if self.relation == "at most":
            limit, size = float(self.expected) + self.tolerance, float(self.found)
        else:
            limit, size = self.tolerance, self.difference
        return (0.0 if size == 0 else float("inf")) if limit == 0 else size / limit

    def __str__(self) -> str:
        """Both sides and the tolerance, for people."""
        sign = "<=" if self.relation == "at most" else "=="
        return f"found {_shown(self.found)}, expected {sign} {_shown(self.expected)}, tolerance {self.tolerance:.3g}"


def _shown(side: Any) -> str:
    if isinstance(side, str):
        return side
    values = np.atleast_1d(np.asarray(side, dtype=np.float64))
    text = ", ".join(f"{value:.12g}" for value in values)
    return text if np.ndim(side) == 0 else f"[{text}]"
