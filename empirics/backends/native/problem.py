"""A task as the compiled engine sees it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from empirics.backends.native.job import Job


class Problem(ABC):
    """A task as the engine sees it; holds the tensors whose addresses it writes into a job."""

    @abstractmethod
    def fill(self, job: Job) -> None:
        """Write the problem's part of a job."""
