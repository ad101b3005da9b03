"""E norm(grad F(w_k))^2 over the rounds k < K of a run: the mean, which the theorems bound, and the least of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb

from reports.balls import ball
from reports.judging.measurement import Enclosed


@dataclass(frozen=True)
class SquaredGradients:
    """Both, enclosed.

    >>> both = SquaredGradients.of(arb(2), [arb(1), arb(3)], "by hand")
    >>> float(both.mean.upper), float(both.least.lower)
    (2.0, 1.0)
    """

    mean: Enclosed
    least: Enclosed

    @classmethod
    def of(cls, mean: arb, squares: Sequence[arb], how: str) -> SquaredGradients:
        """From balls; the least of balls lies between the least of their ends."""
        low, high = zip(*(ball.bounds(square) for square in squares), strict=True)
        return cls(Enclosed(*ball.bounds(mean), how), Enclosed(min(low), min(high), how))
