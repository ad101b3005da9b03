"""What the stored witnesses of all statements give, as far as several tests ask for it."""

from __future__ import annotations

from dataclasses import dataclass

from reports.analyses.planted import FURTHER, Trial, trials_of
from reports.analyses.witnesses import witnesses_of
from reports.judging.measurement import Measurement
from reports.statements import statements


@dataclass(frozen=True)
class Witnessed:
    """measurements: on every witness. trials: of every planted error against them."""

    measurements: tuple[Measurement, ...]
    trials: tuple[Trial, ...]

    @classmethod
    def now(cls) -> Witnessed:
        """Measured in this process."""
        measurements = tuple(measurement for name in statements() for measurement in witnesses_of(name))
        trials = [trial for name in statements() for trial in trials_of(name)]
        return cls(measurements, (*trials, *(trial for ours in FURTHER.values() for trial in ours())))
