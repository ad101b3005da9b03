"""The rounds around a meta-gradient of all participants at once, in eager torch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from benchmarks.peers import Run, Setting
from benchmarks.peers.algorithm import Arrays, Batched, MetaGradient, whole
from benchmarks.workloads import Data, Tables, Workload


def rounds(workload: Workload, data: Data, tables: Tables, setting: Setting, meta_gradient: MetaGradient) -> Run:
    """The whole run; arrays and tables are on the device already."""
    one, other, start = (torch.from_numpy(part).to(setting.device) for part in (*data.arrays, data.w0))
    drawn = {name: torch.from_numpy(table.astype(np.int64)).to(setting.device) for name, table in tables.drawn.items()}

    def run() -> np.ndarray:
        w, iterates = start, [start]
        for index in range(workload.rounds):
            chosen = drawn["participants"][index] if "participants" in drawn else slice(None)
            own = one[chosen], other[chosen]
            local = w.expand(workload.participants, workload.d)
            for step in range(workload.tau):
                batched = _batches(workload, own, drawn, index, step)
                local = local - workload.beta * meta_gradient(local, batched)
            w = local.mean(0)
            iterates.append(w)
        return torch.stack(iterates).cpu().numpy()

    return run


def _batches(workload: Workload, own: Arrays, drawn: dict[str, Tensor], index: int, step: int) -> Batched:
    if workload.batch is None:
        return whole(own, workload.nu)
    agents = torch.arange(len(own[0]), device=own[0].device).unsqueeze(1)
    places = Batched(*(drawn[name][index, step] for name in Batched._fields))
    return places.mapped(lambda rows: (own[0][agents, rows], own[1][agents, rows]))
