"""Gradients and Hessian-vector products of both losses written by hand, for one agent, in JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from benchmarks.jax_rounds import Arrays, MetaGradient, network_parts, sweep
from benchmarks.workloads import NetworkWorkload, Workload

Layers = list[tuple[Array, Array]]


def by_hand(workload: Workload) -> MetaGradient:
    """The reverse sweep with nothing left to automatic differentiation."""
    if not isinstance(workload, NetworkWorkload):
        return sweep(
            workload,
            lambda w, arrays: (w - arrays[1]) @ arrays[0],
            lambda w, v, arrays: v @ arrays[0],
        )
    widths = workload.widths

    def gradient(w: Array, arrays: Arrays) -> Array:
        layers = network_parts(w, widths)
        inputs, deltas, _ = _backward(layers, *arrays)
        return _flat([(delta.T @ x, delta.sum(0)) for x, delta in zip(inputs, deltas, strict=True)])

    def product(w: Array, v: Array, arrays: Arrays) -> Array:
        layers, directions = network_parts(w, widths), network_parts(v, widths)
        inputs, deltas, probabilities = _backward(layers, *arrays)
        return _flat(_directional(layers, directions, inputs, deltas, probabilities))

    return sweep(workload, gradient, product)


def _flat(parts: Layers) -> Array:
    return jnp.concatenate([part.reshape(-1) for layer in parts for part in layer])


def _backward(layers: Layers, x: Array, y: Array) -> tuple[list[Array], list[Array], Array]:
    """Inputs of each layer, deltas of each layer's output before tanh, and the softmax of the last."""
    inputs = [x]
    for weight, bias in layers[:-1]:
        inputs.append(jnp.tanh(inputs[-1] @ weight.T + bias))
    weight, bias = layers[-1]
    probabilities = jax.nn.softmax(inputs[-1] @ weight.T + bias)
    deltas = [(probabilities - jax.nn.one_hot(y, probabilities.shape[1], dtype=x.dtype)) / len(x)]
    for (weight, _), output in zip(reversed(layers[1:]), reversed(inputs[1:]), strict=True):
        deltas.append((deltas[-1] @ weight) * (1 - output**2))
    return inputs, deltas[::-1], probabilities


def _directional(
    layers: Layers, directions: Layers, inputs: list[Array], deltas: list[Array], probabilities: Array
) -> Layers:
    """The R-operator: derivatives of the weights' gradients in the direction."""
    moved = [jnp.zeros_like(inputs[0])]
    change = inputs[0] @ directions[0][0].T + directions[0][1]
    for place in range(1, len(layers)):
        moved.append(change * (1 - inputs[place] ** 2))
        change = moved[place] @ layers[place][0].T + inputs[place] @ directions[place][0].T + directions[place][1]
    tilted = probabilities * (change - (probabilities * change).sum(1, keepdims=True)) / len(probabilities)
    parts: Layers = []
    for place in range(len(layers) - 1, -1, -1):
        weight = tilted.T @ inputs[place]
        if place > 0:
            weight = weight + deltas[place].T @ moved[place]
        parts.append((weight, tilted.sum(0)))
        if place > 0:
            slope = 1 - inputs[place] ** 2
            back = tilted @ layers[place][0] + deltas[place] @ directions[place][0]
            # delta = (delta' W)(1 - a^2): the derivative of the second factor is -2 a times that of a
            pulled = deltas[place] @ layers[place][0]
            tilted = back * slope - 2 * pulled * inputs[place] * moved[place]
    return parts[::-1]
