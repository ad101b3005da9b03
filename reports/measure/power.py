"""How many independent runs a sampled row needs: computed from the theory alone, before anything is run."""

from __future__ import annotations

import math
from dataclasses import dataclass

ASSUMED_TIGHTNESS = 0.25
FEWEST = 128


@dataclass(frozen=True)
class PowerCalculation:
    """The sample size of one row and the numbers it was computed from; kept in the record."""

    statement: str
    predicted: float
    largest: float
    level: float
    assumed_tightness: float
    needed: int


def required_replicas(statement: str, predicted: float, largest: float, level: float) -> PowerCalculation:
    """Runs after which a betting bound at this level is expected below the prediction.

    For a left side t = measured / predicted of observations in [0, largest], whose variance is then at most
    t predicted largest, Bernstein's inequality asks for

        N >= log(1 / level) (largest / predicted) [2 t / (1 - t)^2 + 2 / (1 - t)].

    The assumed t is 1/4; a row with a larger one may stay INCONCLUSIVE, and says so.

    >>> required_replicas("T2", 1.0, 1.0, math.exp(-9)).needed
    128
    >>> required_replicas("T2", 0.01, 1.0, math.exp(-9)).needed
    3200
    """
    t = ASSUMED_TIGHTNESS
    scale = 2 * t / (1 - t) ** 2 + 2 / (1 - t)
    needed = math.ceil(math.log(1 / level) * largest / predicted * scale - 1e-9)
    return PowerCalculation(statement, predicted, largest, level, t, max(FEWEST, needed))
