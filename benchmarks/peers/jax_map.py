"""Agents spread over host devices, each device's one after another, derivatives of the loss by `jax.grad`."""

from __future__ import annotations

from benchmarks.jax_rounds import from_the_loss, looped, rounds
from benchmarks.peers import Run, Setting
from benchmarks.workloads import Data, Tables, Workload


def prepare(workload: Workload, data: Data, tables: Tables, setting: Setting) -> Run:
    """The whole run as one compiled function."""
    meta_gradient = from_the_loss(workload)
    return rounds(workload, data, tables, setting, meta_gradient, over_agents=looped, shards=setting.threads)
