"""Ours on the general torch path: what a task or a module of a user's own gets."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks import ours
from benchmarks.peers import Run, Setting
from benchmarks.workloads import Data, Tables, Workload
from empirics import fedavg


def prepare(workload: Workload, data: Data, tables: Tables, setting: Setting) -> Run:
    """A network is wrapped in a module whose inside the engine does not know."""
    settings, task = ours.settings(workload), ours.task(workload, data, setting.device, traced=True)
    start = torch.from_numpy(data.w0)

    def run() -> np.ndarray:
        made = fedavg.run(settings, task, start, workload.rounds, seed=ours.SEED, replicas=1, backend="torch")
        return made.iterates[0].numpy()

    return run
