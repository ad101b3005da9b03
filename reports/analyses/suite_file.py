"""What the suite found out about its own bounds, as it is stored: figures are redrawn from it, nothing is run again."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlantedError(_Stored):
    """A wrong version of a bound and what became of it.

    ratio: measured / wrong right side on the instance that exceeds it most, or comes closest; None where it is not
    finite. factor: by how much the wrong version lies below the right one at least; None where it is not finite.
    """

    statement: str
    quantity: str
    kind: str
    wrong: str
    refuted: bool
    subtle: bool
    ratio: float | None
    factor: float | None
    instance: str


class Exponent(_Stored):
    """Fitted exponents of a bound and of what is measured on one window, with the points that were fitted.

    points: (variable, measured, predicted). exponential: the slope is that of the logarithm per step of the variable,
    otherwise that in doubly logarithmic scale. low, high: the interval of the measured slope.
    """

    statement: str
    quantity: str
    what: str
    variable: str
    exponential: bool
    points: list[tuple[float, float, float]]
    predicted: float
    measured: float
    low: float
    high: float
    finding: str


class RunSlack(_Stored):
    """The right side of a rate on one run, its constants replaced one after another by what the run met.

    stages: name -> value, from predicted to measured. certified: what an instance with the same constants is proved to
    have; None where nothing is proved.
    """

    bound: str
    task: str
    mode: str
    nu: int
    tau: int
    m: int
    stages: dict[str, float]
    certified: float | None = None

    @property
    def irremovable(self) -> float | None:
        """The factor of predicted / measured that no proof from the same constants can remove."""
        return None if self.certified is None else irremovable(self.certified, list(self.stages.values())[-1])


def irremovable(certified: float, measured: float) -> float:
    """A certified left side over the measured one; at least 1, for the run itself is an instance.

    >>> irremovable(3.0, 2.0), irremovable(1.0, 2.0)
    (1.5, 1.0)
    """
    return max(certified / measured, 1.0)


class SuiteFile(_Stored):
    """suite.json: planted errors, exponents and slack; all empty where a report is cut down to some statements.

    >>> SuiteFile().planted
    []
    """

    planted: list[PlantedError] = Field(default_factory=list)
    exponents: list[Exponent] = Field(default_factory=list)
    slack: list[RunSlack] = Field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> SuiteFile:
        """The file of a finished report; without one, nothing. Raises ValueError when it is of another version."""
        return cls.model_validate_json(path.read_bytes()) if path.is_file() else cls()
