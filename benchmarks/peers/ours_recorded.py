"""Ours on a task or module of a user's own, whose inside the engine learns by recording it, within the first run."""

from __future__ import annotations

from benchmarks.peers import Run, Setting
from benchmarks.peers.ours import OurRun
from benchmarks.workloads import Data, Tables, Workload


def prepare(workload: Workload, data: Data, tables: Tables, setting: Setting) -> Run:
    """The backend is the engine's own choice."""
    return OurRun(workload, data, setting, unknown=True)
