"""As `jax_by_hand`, one agent after another on each device."""

from __future__ import annotations

from benchmarks.jax_by_hand import by_hand
from benchmarks.jax_rounds import looped, rounds
from benchmarks.peers import Run, Setting
from benchmarks.workloads import Data, Tables, Workload


def prepare(workload: Workload, data: Data, tables: Tables, setting: Setting) -> Run:
    """The whole run as one compiled function."""
    meta_gradient = by_hand(workload)
    return rounds(workload, data, tables, setting, meta_gradient, over_agents=looped, shards=setting.threads)
