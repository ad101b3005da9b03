"""What a stage of the judgement is: named work with a share of the time, whose findings are written as they come."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class TimeUpError(Exception):
    """The stage's share of the time is used up; the text says what is left undone."""


@dataclass(frozen=True)
class Bench:
    """Where and for how long a stage works: device, small sizes or real ones, a folder to write in, a deadline."""

    device: str
    rehearsal: bool
    folder: Path
    deadline: float

    @property
    def kind(self) -> str:
        """The kind of device, cpu or cuda."""
        return self.device.partition(":")[0]

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()

    def need_time(self, undone: str) -> None:
        """Go on only before the deadline.

        Raises:
            TimeUpError: it has passed; `undone` is its text.
        """
        if self.left <= 0:
            raise TimeUpError(undone)


@dataclass(frozen=True)
class Finding:
    """One thing that a stage found: numbers, and whether they agree with what they must (None: nothing is compared)."""

    what: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    agrees: bool | None = None


class Stage(ABC):
    """A part of the judgement.

    `share` is its part of the time on a GPU, `rehearsal_share` its part on the CPU. A stage that was cut short by its
    time has not passed; what may be left undone it leaves undone without an error, and says so in a finding.
    """

    name: str
    title: str
    share: float
    rehearsal_share: float

    @abstractmethod
    def findings(self, bench: Bench) -> Iterator[Finding]:
        """The findings, one after another.

        Raises:
            TimeUpError: the share is used up.
        """
