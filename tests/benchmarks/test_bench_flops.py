"""The operation counts against an implementation that counts its own products, and the values against autograd."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch

from benchmarks.peers.algorithm import layers
from benchmarks.peers.torch_peers import batched_losses
from benchmarks.workloads import NetworkWorkload, QuadraticWorkload
from tests.benchmarks.tiny import TINY


@dataclass
class Counter:
    """Multiplies matrices and counts a multiplication and an addition for each term."""

    flops: int = 0

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        self.flops += 2 * a.shape[0] * a.shape[1] * b.shape[1]
        return a @ b


@dataclass
class CountedNetwork:
    """Backward pass and R-operator of one agent's network, layer by layer."""

    layers: list[tuple[np.ndarray, np.ndarray]]
    x: np.ndarray
    y: np.ndarray
    dot: Counter
    inputs: list[np.ndarray] = field(default_factory=list)
    deltas: list[np.ndarray] = field(default_factory=list)

    def primal(self) -> None:
        """Forward and deltas."""
        self.inputs = [self.x]
        for weight, bias in self.layers[:-1]:
            self.inputs.append(np.tanh(self.dot(self.inputs[-1], weight.T) + bias))
        logits = self.dot(self.inputs[-1], self.layers[-1][0].T) + self.layers[-1][1]
        self.p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        delta = (self.p - np.eye(logits.shape[1])[self.y]) / len(self.x)
        self.deltas, self.pulled = [delta], []
        for (weight, _), a in zip(self.layers[:0:-1], self.inputs[:0:-1], strict=True):
            self.pulled.insert(0, self.dot(self.deltas[0], weight))
            self.deltas.insert(0, self.pulled[0] * (1 - a**2))

    def gradient(self) -> np.ndarray:
        """From the primal."""
        parts = []
        for a, delta in zip(self.inputs, self.deltas, strict=True):
            parts += [self.dot(delta.T, a).ravel(), delta.sum(0)]
        return np.concatenate(parts)

    def product(self, directions: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
        """From the primal: derivative of the gradient in a direction."""
        moved: list[np.ndarray] = []
        change = self.dot(self.x, directions[0][0].T) + directions[0][1]
        for a, (weight, _), (v, shift) in zip(self.inputs[1:], self.layers[1:], directions[1:], strict=True):
            moved.append(change * (1 - a**2))
            change = self.dot(moved[-1], weight.T) + self.dot(a, v.T) + shift
        tilted = self.p * (change - (self.p * change).sum(1, keepdims=True)) / len(self.x)
        parts: list[np.ndarray] = []
        for place in range(len(self.layers) - 1, -1, -1):
            weight = self.dot(tilted.T, self.inputs[place])
            if place:
                weight = weight + self.dot(self.deltas[place].T, moved[place - 1])
            parts = [weight.ravel(), tilted.sum(0), *parts]
            if place:
                a = self.inputs[place]
                back = self.dot(tilted, self.layers[place][0]) + self.dot(self.deltas[place], directions[place][0])
                tilted = back * (1 - a**2) - 2 * self.pulled[place - 1] * a * moved[place - 1]
        return np.concatenate(parts)


def _layers(workload: NetworkWorkload, w: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    return layers(w, workload.widths)


@pytest.mark.parametrize("name", ["W2", "W3"])
def test_networks_need_what_the_formula_says(name: str) -> None:
    workload = TINY[name]
    assert isinstance(workload, NetworkWorkload)
    data = workload.data("float64")
    used = workload.batch or workload.samples
    x, y = (part[0, :used] for part in data.arrays)
    v = np.random.default_rng(1).standard_normal(workload.d)
    dot = Counter()
    for step in range(workload.nu + 1):
        network = CountedNetwork(_layers(workload, data.w0), x, y, dot)
        network.primal()
        gradient = network.gradient()
        if step < workload.nu:
            if workload.batch is not None:  # a Hessian has a batch of its own, so its primal is not that of a gradient
                network.primal()
            product = network.product(_layers(workload, v))
    assert dot.flops == workload.meta_gradient_flops()

    losses = batched_losses(workload)
    point = torch.from_numpy(data.w0).unsqueeze(0).requires_grad_()
    slope = torch.autograd.grad(
        losses(point, torch.from_numpy(x)[None], torch.from_numpy(y)[None]).sum(), point, create_graph=True
    )[0]
    curved = torch.autograd.grad(slope, point, torch.from_numpy(v)[None])[0]
    # some hundred terms of order one, each rounded at 1e-16
    assert np.abs(gradient - slope.detach().numpy()[0]).max() < 1e-13
    assert np.abs(product - curved.numpy()[0]).max() < 1e-12


@pytest.mark.parametrize("name", ["W1", "W4"])
def test_quadratics_need_what_the_formula_says(name: str) -> None:
    workload = TINY[name]
    assert isinstance(workload, QuadraticWorkload)
    data, dot = workload.data("float64"), Counter()
    A, c = (part[0] for part in data.arrays)
    w = data.w0
    for _ in range(workload.nu):
        w = w - workload.alpha * dot((w - c)[None], A)[0]
    v = dot((w - c)[None], A)[0]
    for _ in range(workload.nu):
        v = v - workload.alpha * dot(v[None], A)[0]
    assert dot.flops == workload.meta_gradient_flops()


@pytest.mark.parametrize("name", sorted(TINY))
def test_a_run_needs_a_meta_gradient_for_each_participant_step_and_round(name: str) -> None:
    workload = TINY[name]
    one = replace(workload, rounds=1, tau=1, participants=1)
    assert workload.flops() == workload.rounds * workload.tau * workload.participants * one.flops()
