"""What a measurement hands to the judge: the bound it speaks about, its exact inputs, and the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reports.judging.rows import StatedConstant


@dataclass(frozen=True)
class Enclosed:
    """A left side known to lie in [lower, upper]: a deterministic value or an exactly computed expectation."""

    lower: Fraction
    upper: Fraction
    how: str


@dataclass(frozen=True)
class Sampled:
    """Independent observations whose mean is the left side to a power, each surely in [low, high].

    power: 1, or 2 where the observations estimate the square of the left side without bias.
    rounding: how far each stored observation may be from the one that exact arithmetic would have produced.
    """

    values: NDArray[np.float64]
    low: float
    high: float
    rounding: float
    how: str
    power: int = 1


@dataclass(frozen=True)
class Withheld:
    """No evidence, on purpose: the hypothesis that fails, in numbers."""

    reason: str


@dataclass(frozen=True)
class Unproved:
    """A left side seen in float64 (None where not even that), which nothing encloses: why it decides nothing."""

    value: float | None
    reason: str


Evidence = Enclosed | Sampled | Withheld | Unproved


@dataclass(frozen=True)
class Setting:
    """The columns of a row that say which run or point it is about."""

    task: str
    mode: str
    nu: int
    n: int
    alpha: float
    tau: int | None = None
    m: int | None = None
    beta: float | None = None
    K: int | None = None
    seeds: int | None = None
    replicas: int | None = None


@dataclass(frozen=True)
class Measurement:
    """A left side, measured, waiting for its right side and its verdict.

    between: the intervals of inputs of the right side that were measured too; `inputs` shows one value of each.
    settled: hypotheses that no input decides, each with why it holds. further: what else was seen on the way and only
    a claim may bound, under the claim's name for it.
    """

    bound: str
    quantity: str
    inputs: Mapping[str, str]
    setting: Setting
    evidence: Evidence
    trivial: float | None
    constants: Mapping[str, StatedConstant] = field(default_factory=dict)
    witness: Mapping[str, Any] | None = None
    label: str = ""
    origin: tuple[str, str] | None = None  # of a claim: the statement and quantity of the row it was measured for
    note: str = ""
    between: Mapping[str, tuple[Fraction, Fraction]] = field(default_factory=dict)  # of `inputs` that were measured
    settled: Mapping[str, str] = field(default_factory=dict)
    further: Mapping[str, Evidence] = field(default_factory=dict)

    @property
    def row_id(self) -> str:
        """Readable and stable: the bound, the quantity, the task, the setting and the plan's own label."""
        s = self.setting
        parts = [self.bound, self.quantity if self.quantity != self.bound else "", s.task, s.mode, f"nu{s.nu}"]
        parts += [f"tau{s.tau}" if s.tau is not None else "", f"m{s.m}" if s.m is not None else "", self.label]
        return ":".join(part for part in parts if part)
