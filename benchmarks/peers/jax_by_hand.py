"""Gradients and Hessian-vector products of both losses written by hand, for one agent, in JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from benchmarks.peers.algorithm import Arrays, MetaGradient, layers, sweep
from benchmarks.workloads import NetworkWorkload, Workload

Layers = list[tuple[Array, Array]]


def by_hand(workload: Workload) -> MetaGradient:
    """The reverse sweep with nothing left to automatic differentiation."""
    if not isinstance(workload, NetworkWorkload):
        return sweep(workload.alpha, lambda w, own: (w - own[1]) @ own[0], lambda w, v, own: v @ own[0])
    widths = workload.widths

    def gradient(w: Array, arrays: Arrays) -> Array:
        inputs, deltas, _ = _backward(layers(w, widths), *arrays)
        return _flat([(delta.T @ x, delta.sum(0)) for x, delta in zip(inputs, deltas, strict=True)])

    def product(w: Array, v: Array, arrays: Arrays) -> Array:
        own, directions = layers(w, widths), layers(v, widths)
        return _flat(_directional(own, directions, *_backward(own, *arrays)))

    return sweep(workload.alpha, gradient, product)


def _flat(parts: Layers) -> Array:
    return jnp.concatenate([part.reshape(-1) for layer in parts for part in layer])


def _backward(network: Layers, x: Array, y: Array) -> tuple[list[Array], list[Array], Array]:
    """Inputs of each layer, deltas of each layer's output before tanh, and the softmax of the last."""
    inputs = [x]
    for weight, bias in network[:-1]:
        inputs.append(jnp.tanh(inputs[-1] @ weight.T + bias))
    weight, bias = network[-1]
    probabilities = jax.nn.softmax(inputs[-1] @ weight.T + bias)
    deltas = [(probabilities - jax.nn.one_hot(y, probabilities.shape[1], dtype=x.dtype)) / len(x)]
    for (weight, _), output in zip(reversed(network[1:]), reversed(inputs[1:]), strict=True):
        deltas.append((deltas[-1] @ weight) * (1 - output**2))
    return inputs, deltas[::-1], probabilities


def _directional(
    network: Layers, directions: Layers, inputs: list[Array], deltas: list[Array], probabilities: Array
) -> Layers:
    """The R-operator: derivatives of the weights' gradients in the direction."""
    moved = [jnp.zeros_like(inputs[0])]
    change = inputs[0] @ directions[0][0].T + directions[0][1]
    for place in range(1, len(network)):
        moved.append(change * (1 - inputs[place] ** 2))
        change = moved[place] @ network[place][0].T + inputs[place] @ directions[place][0].T + directions[place][1]
    tilted = probabilities * (change - (probabilities * change).sum(1, keepdims=True)) / len(probabilities)
    parts: Layers = []
    for place in range(len(network) - 1, -1, -1):
        weight = tilted.T @ inputs[place]
        if place > 0:
            weight = weight + deltas[place].T @ moved[place]
        parts.append((weight, tilted.sum(0)))
        if place > 0:
            slope = 1 - inputs[place] ** 2
            back = tilted @ network[place][0] + deltas[place] @ directions[place][0]
            # delta = (delta' W)(1 - a^2): the derivative of the second factor is -2 a times that of a
            pulled = deltas[place] @ network[place][0]
            tilted = back * slope - 2 * pulled * inputs[place] * moved[place]
    return parts[::-1]
