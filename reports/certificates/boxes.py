"""Boxes that cover a ball, in float64: neighbours share their sides, so nothing is left out."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np

# A point counts as inside, or a box as outside, with this room for a few roundings.
_MARGIN = 2.0**-40
# Corners that are worth looking at one by one.
_MOST_CORNERS = 64


@dataclass(frozen=True, eq=False)
class Region:
    """The ball norm(w - centre) <= radius.

    >>> Region(np.zeros(2), 1.0).around().point.tolist()
    [0.0, 0.0]
    """

    centre: np.ndarray
    radius: float

    def around(self) -> Box:
        """The least box that holds the ball, its sides rounded outwards."""
        low, high = self.centre - self.radius, self.centre + self.radius
        return Box(np.nextafter(low, -np.inf), np.nextafter(high, np.inf), self, 0)


@dataclass(frozen=True, eq=False)
class Box:
    """low <= w <= high, of which only what lies in the region counts; `cuts` since the box that holds it all."""

    low: np.ndarray
    high: np.ndarray
    region: Region
    cuts: int

    @cached_property
    def widths(self) -> np.ndarray:
        """Lengths of the sides (d,)."""
        return self.high - self.low

    @cached_property
    def outside(self) -> bool:
        """Whether no point of the region lies in the box, for certain."""
        away = np.maximum(self.low - self.region.centre, 0.0) + np.maximum(self.region.centre - self.high, 0.0)
        return bool(np.linalg.norm(away) > self.region.radius * (1 + _MARGIN))

    @cached_property
    def point(self) -> np.ndarray:
        """A point of the box and of the region: the middle, or the nearest to it on the way to the region's centre."""
        middle = (self.low + self.high) / 2
        offset = middle - self.region.centre
        radius = self.region.radius * (1 - _MARGIN)
        if np.linalg.norm(offset) <= radius:
            return middle
        nearest = np.clip(self.region.centre, self.low, self.high) - self.region.centre
        # norm(nearest + t (offset - nearest)) = radius
        way = offset - nearest
        a, b, c = way @ way, nearest @ way, nearest @ nearest - radius**2
        t = 0.0 if c >= 0 else (-b + np.sqrt(b * b - a * c)) / a
        return np.clip(self.region.centre + nearest + t * way, self.low, self.high)

    @cached_property
    def reach(self) -> float:
        """At least the distance from `point` to any other of the box."""
        far = np.maximum(self.high - self.point, self.point - self.low)
        return float(np.linalg.norm(far)) * (1 + _MARGIN)

    @cached_property
    def inside(self) -> bool:
        """Whether `point` lies in the region, for certain."""
        return bool(np.linalg.norm(self.point - self.region.centre) <= self.region.radius * (1 - _MARGIN / 4))

    @cached_property
    def corners(self) -> np.ndarray | None:
        """Corners minus `point`, (2^d, d), where they are few."""
        d = len(self.low)
        if 2**d > _MOST_CORNERS:
            return None
        sides = np.stack([self.low - self.point, self.high - self.point])
        return np.array([sides[list(choice), np.arange(d)] for choice in itertools.product((0, 1), repeat=d)])

    def cut(self, side: int) -> list[Box]:
        """Both halves, without what lies outside the region; empty where a half has no width left.

        >>> [one.high.tolist() for one in Region(np.zeros(1), 1.0).around().cut(0)]
        [[0.0], [1.0000000000000002]]
        """
        middle = (self.low[side] + self.high[side]) / 2
        if not self.low[side] < middle < self.high[side]:
            return []
        lower, upper = self.high.copy(), self.low.copy()
        lower[side] = upper[side] = middle
        halves = [
            Box(self.low, lower, self.region, self.cuts + 1),
            Box(upper, self.high, self.region, self.cuts + 1),
        ]
        return [half for half in halves if not half.outside]
