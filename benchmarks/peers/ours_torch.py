"""Ours without the compiled engine: what a machine without a C++ compiler gets, and what a GPU runs."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks import ours
from benchmarks.peers import Run, Setting
from benchmarks.workloads import Data, NetworkWorkload, Tables, Workload
from empirics.runs import fedavg


def prepare(workload: Workload, data: Data, tables: Tables, setting: Setting) -> Run:
    """A network is wrapped in a module whose inside the engine does not know."""
    settings, network = ours.settings(workload), isinstance(workload, NetworkWorkload)
    task = ours.task(workload, data, setting.device, unknown=network)
    start = torch.from_numpy(data.w0)

    def run() -> np.ndarray:
        made = fedavg.run(settings, task, start, workload.rounds, seed=ours.SEED, replicas=1, backend="torch")
        return made.iterates[0].numpy()

    return run
