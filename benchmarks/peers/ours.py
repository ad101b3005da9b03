"""Ours, through `MetaFedAvg.run`; the draws of participants and batches are made inside the timed run."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks import ours
from benchmarks.peers import Run, Setting
from benchmarks.workloads import Data, Tables, Workload


class OurRun:
    """Runs, and remembers which backend the engine chose and what it notes of the run."""

    def __init__(self, workload: Workload, data: Data, setting: Setting, *, unknown: bool) -> None:
        """`unknown` makes the task one of a user's own."""
        self._settings = ours.settings(workload)
        self._task = ours.task(workload, data, setting.device, unknown=unknown)
        self._start, self._rounds = torch.from_numpy(data.w0), workload.rounds
        self.backend: str | None = None

    def __call__(self) -> np.ndarray:
        """The iterates (K + 1, d)."""
        made = self._settings.run(self._task, self._start, self._rounds, seed=ours.SEED)
        self.backend = "; ".join((made.backend, *made.notes))
        return made.iterates[0].numpy()


def prepare(workload: Workload, data: Data, tables: Tables, setting: Setting) -> Run:
    """The backend is the engine's own choice."""
    return OurRun(workload, data, setting, unknown=False)
