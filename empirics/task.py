"""The old address of `Task`, which other people's code imports."""

from empirics.tasks.task import Task

__all__ = ["Task"]
