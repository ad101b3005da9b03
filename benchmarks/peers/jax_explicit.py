"""Agents spread over host devices, the reverse sweep with Hessian-vector products forward over reverse."""

from __future__ import annotations

from benchmarks.jax_rounds import explicit_sweep, rounds, vmapped
from benchmarks.peers import Run, Setting
from benchmarks.workloads import Data, Tables, Workload


def prepare(workload: Workload, data: Data, tables: Tables, setting: Setting) -> Run:
    """The whole run as one compiled function."""
    meta_gradient = explicit_sweep(workload)
    return rounds(workload, data, tables, setting, meta_gradient, over_agents=vmapped, shards=setting.threads)
