"""What the JAX peers have in common: one compiled function for the whole run, over one device or over several.

A peer is a meta-gradient of one agent, a way to map it over agents (`jax.vmap`, or `jax.lax.map`, which keeps one
agent's tau steps together), and a number of devices over which the agents are spread.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from benchmarks.peers import Run, Setting
from benchmarks.workloads import Data, NetworkWorkload, Quadratics, Tables, Workload

Arrays = tuple[Array, Array]  # (A, c) or (x, y) of one agent
MetaGradient = Callable[[Array, Any], Array]  # w (d,), Batched
Mapping = Callable[[Callable[..., Array]], Callable[..., Array]]
Loss = Callable[[Array, Array, Array], Array]

_AXIS = "agents"


def agent_loss(workload: Workload) -> Loss:
    """The loss of one agent, w (d,)."""
    if not isinstance(workload, NetworkWorkload):
        return lambda w, A, c: (w - c) @ A @ (w - c) / 2
    widths = workload.widths

    def loss(w: Array, x: Array, y: Array) -> Array:
        *hidden, (weight, bias) = network_parts(w, widths)
        for inner, shift in hidden:
            x = jnp.tanh(x @ inner.T + shift)
        scores = jax.nn.log_softmax(x @ weight.T + bias)
        return -jnp.take_along_axis(scores, y[:, None], axis=1).mean()

    return loss


def network_parts(w: Array, widths: tuple[int, ...]) -> list[tuple[Array, Array]]:
    """Weight (out, in) and bias (out,) of each layer of w (d,)."""
    parts, first = [], 0
    for fan_in, fan_out in itertools.pairwise(widths):
        middle, end = first + fan_out * fan_in, first + fan_out * fan_in + fan_out
        parts.append((w[first:middle].reshape(fan_out, fan_in), w[middle:end]))
        first = end
    return parts


def from_the_loss(workload: Workload) -> MetaGradient:
    """Gradient of the loss after unrolled fine-tuning; on batches of its own, the sweep with Hv as jvp of grad."""
    if workload.mode != "exact":
        return explicit_sweep(workload)
    loss = agent_loss(workload)
    gradient = jax.grad(loss)

    def fine_tuned(w: Array, arrays: Arrays) -> Array:
        for _ in range(workload.nu):
            w = w - workload.alpha * gradient(w, *arrays)
        return loss(w, *arrays)

    return lambda w, batched: jax.grad(fine_tuned)(w, batched[1])


def explicit_sweep(workload: Workload) -> MetaGradient:
    """The reverse sweep; gradients by `jax.grad`, Hessian-vector products forward over reverse."""
    gradient = jax.grad(agent_loss(workload))

    def product(w: Array, v: Array, arrays: Arrays) -> Array:
        return jax.jvp(lambda point: gradient(point, *arrays), (w,), (v,))[1]

    return sweep(workload, lambda w, arrays: gradient(w, *arrays), product)


def sweep(
    workload: Workload, gradient: Callable[[Array, Arrays], Array], product: Callable[[Array, Array, Arrays], Array]
) -> MetaGradient:
    """The reverse sweep from a gradient and a Hessian-vector product."""

    def meta_gradient(w: Array, batched: Any) -> Array:
        inner, outer, hessian = batched
        points = [w]
        for arrays in inner:
            points.append(points[-1] - workload.alpha * gradient(points[-1], arrays))
        v = gradient(points.pop(), outer)
        for point, arrays in zip(reversed(points), reversed(hessian), strict=True):
            v = v - workload.alpha * product(point, v, arrays)
        return v

    return meta_gradient


def looped(function: Callable[..., Array]) -> Callable[..., Array]:
    """One agent after another: `jax.lax.map` over the first axis of every argument."""
    return lambda *arguments: lax.map(lambda one: function(*one), arguments)


def vmapped(function: Callable[..., Array]) -> Callable[..., Array]:
    """All agents of a device at once."""
    return jax.vmap(function)


def rounds(
    workload: Workload,
    data: Data,
    tables: Tables,
    setting: Setting,
    meta_gradient: MetaGradient,
    *,
    over_agents: Mapping = vmapped,
    shards: int = 1,
) -> Run:
    """The whole run as one jitted function; agents (participants) are spread over `shards` devices."""
    kind = setting.device.partition(":")[0]
    mesh = Mesh(np.array(jax.devices(kind)[: shards if kind == "cpu" else 1]), (_AXIS,))
    whole = (data.A, data.c) if isinstance(data, Quadratics) else (data.x, data.y.astype(np.int32))
    everyone = tables.participants is None
    agents_first = PartitionSpec(_AXIS) if everyone else PartitionSpec()
    drawn = _present(tables)
    specs = {"participants": PartitionSpec(None, _AXIS), "outer": PartitionSpec(None, None, _AXIS)}
    specs |= dict.fromkeys(("inner", "hessian"), PartitionSpec(None, None, None, _AXIS))
    specs = {name: specs[name] for name in drawn}

    place = partial(_place, mesh)
    own = tuple(place(part, agents_first) for part in whole)
    tabled = {name: place(table, specs[name]) for name, table in drawn.items()}
    start = place(data.w0, PartitionSpec())
    body = partial(_whole_run, workload, over_agents(_local_run(workload, meta_gradient)))
    sharded = jax.shard_map(
        body,
        mesh=mesh,
        in_specs=(PartitionSpec(), (agents_first, agents_first), specs),
        out_specs=PartitionSpec(),
        check_vma=False,
    )
    compiled = jax.jit(sharded)
    return lambda: np.asarray(compiled(start, own, tabled))


def _present(tables: Tables) -> dict[str, np.ndarray]:
    return {name: table for name, table in vars(tables).items() if table is not None}


def _place(mesh: Mesh, part: np.ndarray, spec: PartitionSpec) -> Array:
    return jax.device_put(part, NamedSharding(mesh, spec))


def _local_run(workload: Workload, meta_gradient: MetaGradient) -> Callable[..., Array]:
    """The tau local steps of one agent: w (d,), its two arrays, its tables with the local steps as first axis."""

    def run(w: Array, one: Array, other: Array, tables: dict[str, Array]) -> Array:
        def step(local: Array, places: dict[str, Array]) -> tuple[Array, None]:
            own = (one, other)
            batched: Any = ([own] * workload.nu, own, [own] * workload.nu)
            if places:
                batched = (
                    [(one[row], other[row]) for row in places["inner"]],
                    (one[places["outer"]], other[places["outer"]]),
                    [(one[row], other[row]) for row in places["hessian"]],
                )
            return local - workload.beta * meta_gradient(local, batched), None

        return lax.scan(step, w, tables, length=workload.tau)[0]

    return run


def _whole_run(
    workload: Workload, local_runs: Callable[..., Array], start: Array, whole: Arrays, tables: dict[str, Array]
) -> Array:
    """Iterates (K + 1, d); runs on every device with its own agents."""
    # inside, agents come first: (K, tau, nu, m, batch) -> (K, m, tau, nu, batch)
    batches = {name: jnp.moveaxis(tables[name], -2, 1) for name in tables if name != "participants"}

    def one_round(w: Array, drawn: tuple[Array | None, dict[str, Array]]) -> tuple[Array, Array]:
        chosen, places = drawn
        one, other = whole if chosen is None else (whole[0][chosen], whole[1][chosen])
        local = jnp.broadcast_to(w, (len(one), workload.d))
        after = lax.pmean(local_runs(local, one, other, places).mean(0), _AXIS)
        return after, after

    _, iterates = lax.scan(one_round, start, (tables.get("participants"), batches), length=workload.rounds)
    return jnp.concatenate([start[None], iterates])
