"""One compiled function for the whole run around a meta-gradient of one agent, over one device or over several."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from benchmarks.peers import Run
from benchmarks.peers.algorithm import Arrays, Batched, MetaGradient, whole
from benchmarks.workloads import Data, Tables, Workload

Mapping = Callable[[Callable[..., Array]], Callable[..., Array]]

_AXIS = "agents"


def rounds(
    workload: Workload, data: Data, tables: Tables, device: str, meta_gradient: MetaGradient, over_agents: Mapping,
    shards: int,
) -> Run:  # fmt: skip
    """The run; `over_agents` maps a function of one agent, and agents (participants) are spread over `shards` devices.

    A GPU is one device, whatever `shards` is.
    """
    kind = device.partition(":")[0]
    mesh = Mesh(np.array(jax.devices(kind)[: shards if kind == "cpu" else 1]), (_AXIS,))
    drawn = tables.drawn
    agents_first = PartitionSpec() if "participants" in drawn else PartitionSpec(_AXIS)
    specs = {"participants": PartitionSpec(None, _AXIS), "outer": PartitionSpec(None, None, _AXIS)}
    specs |= dict.fromkeys(("inner", "hessian"), PartitionSpec(None, None, None, _AXIS))
    specs = {name: specs[name] for name in drawn}

    def place(part: np.ndarray, spec: PartitionSpec) -> Array:
        narrow = part.astype(np.int32) if part.dtype.kind == "i" else part
        return jax.device_put(narrow, NamedSharding(mesh, spec))

    own = tuple(place(part, agents_first) for part in data.arrays)
    tabled = {name: place(table, specs[name]) for name, table in drawn.items()}
    start = place(data.w0, PartitionSpec())
    sharded = jax.shard_map(
        partial(_whole_run, workload, over_agents(_local_run(workload, meta_gradient))),
        mesh=mesh,
        in_specs=(PartitionSpec(), (agents_first, agents_first), specs),
        out_specs=PartitionSpec(),
        check_vma=False,
    )
    compiled = jax.jit(sharded)
    return lambda: np.asarray(compiled(start, own, tabled))


def _local_run(workload: Workload, meta_gradient: MetaGradient) -> Callable[..., Array]:
    """The tau local steps of one agent: w (d,), its two arrays, its tables with the local steps as first axis."""

    def run(w: Array, one: Array, other: Array, tables: dict[str, Array]) -> Array:
        def step(local: Array, places: dict[str, Array]) -> tuple[Array, None]:
            batched = whole((one, other), workload.nu)
            if places:
                batched = Batched(**places).mapped(lambda rows: (one[rows], other[rows]))
            return local - workload.beta * meta_gradient(local, batched), None

        return lax.scan(step, w, tables, length=workload.tau)[0]

    return run


def _whole_run(
    workload: Workload, local_runs: Callable[..., Array], start: Array, agents: Arrays, tables: dict[str, Array]
) -> Array:
    """Iterates (K + 1, d); runs on every device with its own agents."""
    # inside, agents come first: (K, tau, nu, m, batch) -> (K, m, tau, nu, batch)
    batches = {name: jnp.moveaxis(tables[name], -2, 1) for name in tables if name != "participants"}

    def one_round(w: Array, drawn: tuple[Array | None, dict[str, Array]]) -> tuple[Array, Array]:
        chosen, places = drawn
        one, other = agents if chosen is None else (agents[0][chosen], agents[1][chosen])
        local = jnp.broadcast_to(w, (len(one), workload.d))
        after = lax.pmean(local_runs(local, one, other, places).mean(0), _AXIS)
        return after, after

    _, iterates = lax.scan(one_round, start, (tables.get("participants"), batches), length=workload.rounds)
    return jnp.concatenate([start[None], iterates])
