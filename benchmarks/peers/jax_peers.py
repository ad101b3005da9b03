"""JAX: a meta-gradient of one agent, a way to map it over agents, on one device or on several that share the agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from benchmarks.peers import Run, Setting
from benchmarks.peers.algorithm import MetaGradient, agent_loss, explicit_sweep, from_the_loss
from benchmarks.peers.jax_by_hand import by_hand
from benchmarks.peers.jax_rounds import rounds
from benchmarks.workloads import Data, Tables, Workload


def prepare(name: str, workload: Workload, data: Data, tables: Tables, setting: Setting) -> Run:
    """The run of the peer of that name, as one compiled function."""
    derivatives, over_agents, sharded = _KINDS[name]
    shards = setting.threads if sharded else 1
    return rounds(workload, data, tables, setting.device, derivatives(workload), over_agents, shards)


def _differentiated(make: Callable[..., MetaGradient]) -> Callable[[Workload], MetaGradient]:
    """From the loss, by JAX's own derivatives."""

    def cross_entropy(scores: Array, y: Array) -> Array:
        return -jnp.take_along_axis(jax.nn.log_softmax(scores), y[:, None], axis=1).mean()

    def made(workload: Workload) -> MetaGradient:
        loss = agent_loss(workload, lambda x, weight, bias: x @ weight.T + bias, jnp.tanh, cross_entropy)
        return make(workload, loss, jax.grad, jax.jvp)

    return made


def _looped(function: Callable[..., Array]) -> Callable[..., Array]:
    """One agent after another, its tau steps together: `jax.lax.map` over the first axis of every argument."""
    return lambda *arguments: lax.map(lambda one: function(*one), arguments)


_KINDS: dict[str, tuple[Callable[[Workload], MetaGradient], Callable[..., Any], bool]] = {
    "jax_plain": (_differentiated(from_the_loss), jax.vmap, False),
    "jax_sharded": (_differentiated(from_the_loss), jax.vmap, True),
    "jax_map": (_differentiated(from_the_loss), _looped, True),
    "jax_explicit": (_differentiated(explicit_sweep), jax.vmap, True),
    "jax_by_hand": (by_hand, jax.vmap, True),
    "jax_by_hand_map": (by_hand, _looped, True),
}
