r"""Certified constants on a ball by branch and bound: boxes that cover it, the worst cut first.

For every box an upper bound of each constant is known, and at its point a value that is attained. The largest bound
over all boxes bounds the constant; it can be no smaller than the largest value attained. The constants take turns: the
box with the largest bound of one is cut along the side along which derivatives change most, until bound and value agree
within the gap, or boxes are spent. Their number is the only limit, so that equal input gives equal output; more boxes
never give a worse bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from empirics.certificates.norms.bounds import UnboundedError
from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from reports.balls.recorded import RecordedLoss
from reports.certificates.box_bounds import LOWER, UPPER, Bounds, bounds_on, unknown
from reports.certificates.boxes import Box, Region
from reports.certificates.derivatives import derivatives, kink

GAP = 0.05
# Cuts after which a box that still may hold a kink, or an infinite derivative, is taken to hold one: 2^-20 a side
# on a line, 2^-10 in three dimensions.
_CUTS = 20
# Dimensions in which third derivatives at the point of every box are worth a look: the box has them as well.
_FEW = 3


def certified_over_box(
    losses: Sequence[RecordedLoss], centre: np.ndarray, radius: float, budget: int
) -> dict[str, Constant]:
    """B, L, rho, gamma_G, gamma_H from above, mu, mu_mean and the loss from below, on norm(w - centre) <= radius.

    A name is absent where no finite bound was found. Notes say how many boxes were looked at, and what is attained.

    Args:
        losses: one an agent.
        centre: (d,).
        radius: of the ball, positive and finite.
        budget: boxes that are looked at, at least 1.

    Raises:
        InputError: a radius that is not positive and finite, or no budget.
        UnboundedError: an operation may have a kink in the ball, where higher derivatives do not exist.

    >>> from empirics import CosineTask
    >>> from reports.balls.recorded import recorded_losses
    >>> losses = recorded_losses(CosineTask(a=[[2.0]], s=[[3.0]], phi=[[0.0]]))              # 3 cos(2 w)
    >>> found = certified_over_box(losses, np.zeros(1), 2.0, 200)
    >>> [12 <= found["L"].value <= 12.6, 24 <= found["rho"].value <= 25.2, -12.6 <= found["mu"].value <= -12]
    [True, True, True]
    """
    return subdivided(losses, centre, radius, budget).constants


@dataclass(frozen=True, eq=False)
class Subdivision:
    """What was found: certified bounds, and values attained at points of the ball, by name.

    `boxes`: that were looked at.
    """

    bounds: dict[str, float]
    attained: dict[str, float]
    boxes: int
    radius: float

    @property
    def constants(self) -> dict[str, Constant]:
        """Those that are finite."""
        found = {}
        for name, value in self.bounds.items():
            if np.isfinite(value):
                note = (
                    f"intervals on {self.boxes} boxes, on the ball of radius {self.radius:g} about the centre; "
                    f"{self.attained[name]:.6g} is attained"
                )
                found[name] = Constant(value, "upper" if name in UPPER else "lower", note)
        return found


def subdivided(losses: Sequence[RecordedLoss], centre: np.ndarray, radius: float, budget: int) -> Subdivision:
    """The same with the values that are attained; see `certified_over_box`.

    >>> from empirics import QuadraticTask
    >>> from reports.balls.recorded import recorded_losses
    >>> losses = recorded_losses(QuadraticTask(A=[[[2.0]]], c=[[1.0]]))                        # (w - 1)^2
    >>> found = subdivided(losses, np.zeros(1), 1.0, 9)
    >>> round(found.bounds["B"], 6), round(found.attained["L"], 6), round(found.bounds["mu"], 6)
    (4.0, 2.0, 2.0)
    """
    if not 0 < radius < np.inf:
        raise InputError(f"radius = {radius}: expected a positive, finite number")
    if budget < 1:
        raise InputError(f"budget = {budget} boxes: expected at least 1")
    search = _Search(losses, Region(np.asarray(centre, float), float(radius)))
    while search.looked < budget and search.step():
        pass
    return search.result()


class _Search:
    """Boxes that cover the ball, with what is known on each."""

    def __init__(self, losses: Sequence[RecordedLoss], region: Region) -> None:
        self.losses, self.region = losses, region
        n, self.d = len(losses), len(region.centre)
        self.size = len(UPPER) + len(LOWER) + n
        self.boxes: list[Box] = []
        self.slopes: list[np.ndarray] = []
        self.kinks: list[str | None] = []
        self.found = np.empty((0, self.size))
        self.attained = np.full(self.size, -np.inf)
        self.given_up = np.zeros(self.size, dtype=bool)
        self.looked = self.turn = 0
        root = region.around()
        self._take(root, np.full(self.size, np.inf), [])

    def step(self) -> bool:
        """Cut one box; False where nothing is left to do."""
        upper = self.found.max(axis=0)
        scales = self._scales()
        with np.errstate(invalid="ignore"):
            open_ = ~(upper - self.attained <= GAP * scales) & ~self.given_up
        if not open_.any():
            return False
        # the constants take turns
        name = next(k % self.size for k in range(self.turn, self.turn + self.size) if open_[k % self.size])
        self.turn = name + 1
        column = self.found[:, name]
        worst = np.flatnonzero(column == column.max())
        # a box without a bound is followed down to the place that is to blame
        place = int(max(worst, key=lambda k: (self.boxes[k].cuts, -k)))
        box = self.boxes[place]
        if not np.isfinite(column[place]) and box.cuts >= _CUTS + 5 * (self.d - 1):
            self._refuse_kink(place)
            self.given_up[name] = True
            return True
        weights = box.widths * self.slopes[place][0 if name in (0, 3) or name >= len(UPPER) + len(LOWER) else 1]
        halves = box.cut(int(np.argmax(weights)))
        if not halves and box.widths.max() > 0:
            self.given_up[name] = True
            return True
        known = self.found[place].copy()
        self._take(halves[0], known, [place])
        for half in halves[1:]:
            self._take(half, known, [])
        return True

    def _take(self, box: Box, before: np.ndarray, place: list[int]) -> None:
        """Look at a box, in place of another or beside all."""
        self.looked += 1
        why = kink(self.losses, box.low, box.high)
        at_point = kink(self.losses, box.point, box.point) if why is not None and box.inside else None
        if at_point is not None:
            raise _refusal(at_point, box)
        bounds = self._looked_at(box) if why is None else unknown(len(self.losses), self.d)
        # what holds on the whole box holds on its half
        found = np.minimum(bounds.found, before)
        self.attained = np.maximum(self.attained, bounds.attained)
        if place:
            (k,) = place
            self.boxes[k], self.slopes[k], self.kinks[k] = box, bounds.slopes, why
            self.found[k] = found
        else:
            self.boxes.append(box)
            self.slopes.append(bounds.slopes)
            self.kinks.append(why)
            self.found = np.concatenate([self.found, found[None]])

    def _looked_at(self, box: Box) -> Bounds:
        at = derivatives(self.losses, box.point, box.point, third=self.d <= _FEW or box.cuts == 0)
        over = derivatives(self.losses, box.low, box.high)
        # what is attained elsewhere is enough of a bound
        return bounds_on(box, at, over, enough=float(max(self.attained[UPPER.index("rho")], 0.0)))

    def _refuse_kink(self, place: int) -> None:
        name = self.kinks[place]
        if name is not None:
            raise _refusal(name, self.boxes[place])

    def _scales(self) -> np.ndarray:
        """What each gap is relative to: constants to themselves, eigenvalues to L, losses to B radius.

        Deviations that are small beside what deviates need no more digits than that has: agents that are all alike.
        """
        found = np.maximum(self.attained, 0.0)
        B, L = found[:2]
        scales = found.copy()
        scales[3], scales[4] = max(found[3], GAP * B), max(found[4], GAP * L)
        scales[len(UPPER) : len(UPPER) + len(LOWER)] = L
        scales[len(UPPER) + len(LOWER) :] = B * self.region.radius
        return scales

    def result(self) -> Subdivision:
        """What holds on all boxes.

        Raises:
            UnboundedError: a kink was not excluded.
        """
        for place in range(len(self.boxes)):
            self._refuse_kink(place)
        found = self.found.max(axis=0)
        low = -found[len(UPPER) :]
        reached = -self.attained[len(UPPER) :]
        names = (*UPPER, *LOWER, "loss")
        both = [
            {**dict(zip(UPPER, map(float, above[: len(UPPER)]), strict=True)),
             **dict(zip(LOWER, map(float, below[: len(LOWER)]), strict=True)),
             "loss": _mean_down(below[len(LOWER) :])}
            for above, below in ((found, low), (self.attained, reached))
        ]  # fmt: skip
        return Subdivision(
            {name: both[0][name] for name in names}, {name: both[1][name] for name in names}, self.looked,
            self.region.radius,
        )  # fmt: skip


def _refusal(name: str, box: Box) -> UnboundedError:
    where = ", ".join(f"{x:.6g}" for x in box.point)
    return UnboundedError(
        f"{name}: the loss may have a kink within {box.reach:.3g} of ({where}): expected three derivatives on the ball"
    )


def _mean_down(values: np.ndarray) -> float:
    """At most the mean: numbers below the losses, one an agent; a sum of n rounds relative to the sum of sizes."""
    mean = float(values.mean())
    return mean - float(np.abs(values).mean()) * 2.0**-40 if np.isfinite(mean) else -np.inf
