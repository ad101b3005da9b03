"""Who computes the rounds: one small interface, and torch, which serves every task on every device."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from empirics.algorithm.one_round import one_round
from empirics.algorithm.settings import Settings
from empirics.tasks.task import Task


class Backend(ABC):
    """Computes blocks of rounds. Backends agree within rounding, and their draws are the same bit for bit.

    `name` is stored with a run; `named` finds the backend again.
    """

    name: str

    @abstractmethod
    def rounds(
        self, settings: Settings, task: Task, w: Tensor, first: int, count: int, seed: int, replicas: Tensor
    ) -> Tensor:
        """Server iterates (R, count, d) after rounds first .. first + count - 1, from w (R, d).

        `replicas` (R,) holds the global indices that the draws use. A run that leaves the finite numbers gives
        iterates that are not finite from that round on; the values after it mean nothing.
        """

    def measured(self) -> Backend:
        """The backend whose use of memory stands for this one's when the size of a chunk is chosen."""
        return self

    def notes(self) -> tuple[str, ...]:
        """What a reader of the run must know about how it was computed; nothing by default."""
        return ()


class TorchBackend(Backend):
    """The general path: stacked torch operations, any task, any device."""

    name = "torch"

    @torch.no_grad()
    def rounds(
        self, settings: Settings, task: Task, w: Tensor, first: int, count: int, seed: int, replicas: Tensor
    ) -> Tensor:
        """One round after another; on the CPU, where looking is free, nothing is computed from a bad iterate."""
        iterates = torch.full((len(w), count, task.d), torch.nan, dtype=task.dtype, device=task.device)
        for place in range(count):
            w = one_round(settings, task, w, first + place, seed, replicas)
            iterates[:, place] = w
            if w.device.type == "cpu" and not bool(torch.isfinite(w).all()):
                break
        return iterates
