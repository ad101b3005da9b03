"""A task as the compiled engine reads it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from empirics.backends.native.job import Job


class NativeModel(ABC):
    """A task as one of the engine's models reads it; holds the tensors whose addresses it writes into a job."""

    @abstractmethod
    def fill(self, job: Job) -> None:
        """Write the task's part of a job, which is changed in place."""
