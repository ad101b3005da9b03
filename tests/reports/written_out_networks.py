"""A dense network's loss in balls: value, gradient and Hessian-vector product written out, layer by layer.

Samples are the columns of every matrix; a constant row of ones carries the bias, so a layer is one product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import final

import numpy as np
from flint import arb, arb_mat

from reports.balls.ball import BallLoss, Vector, matrix

Jet = Callable[[arb], tuple[arb, arb, arb]]


def _tanh(z: arb) -> tuple[arb, arb, arb]:
    t = z.tanh()
    slope = 1 - t * t
    return t, slope, -2 * t * slope


def _sigmoid(z: arb) -> tuple[arb, arb, arb]:
    s = 1 / (1 + (-z).exp())
    slope = s * (1 - s)
    return s, slope, slope * (1 - 2 * s)


def _softplus(z: arb) -> tuple[arb, arb, arb]:
    s, slope, _ = _sigmoid(z)
    return (1 + z.exp()).log(), s, slope


def _gelu(z: arb) -> tuple[arb, arb, arb]:
    cumulated = (1 + (z / arb(2).sqrt()).erf()) / 2
    density = (-z * z / 2).exp() / (2 * arb.pi()).sqrt()
    return z * cumulated, cumulated + z * density, density * (2 - z * z)


def _silu(z: arb) -> tuple[arb, arb, arb]:
    s, slope, bend = _sigmoid(z)
    return z * s, s + z * slope, 2 * slope + z * bend


_JETS: dict[str, Jet] = {
    "tanh": _tanh, "sigmoid": _sigmoid, "softplus": _softplus, "gelu": _gelu, "silu": _silu,
    "identity": lambda z: (z, arb(1), arb(0)),
}  # fmt: skip


@dataclass(frozen=True)
class _Pass:
    """What the sweeps share: extended inputs of every layer, slopes and bends between layers, the outputs."""

    inputs: list[arb_mat]
    slopes: list[arb_mat]
    bends: list[arb_mat]
    output: arb_mat


@final
@dataclass(frozen=True)
class BallDense(BallLoss):
    """f(w) = mean over samples of a dense network's loss; w holds weight and bias of every layer in turn."""

    widths: tuple[int, ...]
    activation: str
    x: arb_mat
    target: arb_mat
    cross_entropy: bool

    def loss(self, w: Vector) -> arb:
        """The mean loss over the samples at a column w."""
        out = self._forward(self._layers(w)).output
        if not self.cross_entropy:
            rest = _zipped(lambda a, b: (a - b) * (a - b), out, self.target)
            return _total(rest) / (out.nrows() * out.ncols())
        chosen = _total(_zipped(lambda a, b: a * b, out, self.target))
        return (sum((_log_sum(column) for column in _columns(out)), arb(0)) - chosen) / out.ncols()

    def gradient(self, w: Vector) -> Vector:
        """Its gradient, by a sweep back through the layers."""
        layers = self._layers(w)
        done = self._forward(layers)
        back, parts = self._slope(done.output), []
        for index in range(len(layers) - 1, -1, -1):
            parts.append(back * done.inputs[index].transpose())
            if index:
                back = _zipped(lambda a, b: a * b, done.slopes[index - 1], _weight(layers[index]).transpose() * back)
        return _flat(parts[::-1])

    def hvp(self, w: Vector, v: Vector) -> Vector:
        """Backpropagation, differentiated along v."""
        layers, moving = self._layers(w), self._layers(v)
        done = self._forward(layers)
        inputs, slopes = self._tangents(layers, moving, done)
        back, back_dot, parts = self._slope(done.output), self._bend(done.output, slopes[-1]), []
        for index in range(len(layers) - 1, -1, -1):
            parts.append(back_dot * done.inputs[index].transpose() + back * inputs[index].transpose())
            if index:
                weight, moved = _weight(layers[index]).transpose(), _weight(moving[index]).transpose()
                through, through_dot = weight * back, moved * back + weight * back_dot
                slope, bend = done.slopes[index - 1], done.bends[index - 1]
                curved = _zipped(lambda a, b: a * b, _zipped(lambda a, b: a * b, bend, slopes[index - 1]), through)
                back_dot = curved + _zipped(lambda a, b: a * b, slope, through_dot)
                back = _zipped(lambda a, b: a * b, slope, through)
        return _flat(parts[::-1])

    def _tangents(
        self, layers: list[arb_mat], moving: list[arb_mat], done: _Pass
    ) -> tuple[list[arb_mat], list[arb_mat]]:
        """Directional derivatives of the extended inputs and of the pre-activations."""
        inside, before = [done.inputs[0] * arb(0)], []
        for index, (layer, moved) in enumerate(zip(layers, moving, strict=True)):
            change = moved * done.inputs[index] + layer * inside[-1]
            before.append(change)
            if index + 1 < len(layers):
                inside.append(_extended(_zipped(lambda a, b: a * b, done.slopes[index], change), arb(0)))
        return inside, before

    def _layers(self, w: Vector) -> list[arb_mat]:
        """Extended weights (out, in + 1), the bias in the last column."""
        entries, at, layers = [w[j, 0] for j in range(w.nrows())], 0, []
        for inputs, outputs in zip(self.widths[:-1], self.widths[1:], strict=True):
            bias = at + inputs * outputs
            rows = [[*entries[at + k * inputs : at + (k + 1) * inputs], entries[bias + k]] for k in range(outputs)]
            layers.append(arb_mat(rows))
            at = bias + outputs
        return layers

    def _forward(self, layers: list[arb_mat]) -> _Pass:
        inputs, slopes, bends = [_extended(self.x, arb(1))], [], []
        for layer in layers[:-1]:
            jets = [_JETS[self.activation](z) for z in (layer * inputs[-1]).entries()]
            shape = (layer.nrows(), self.x.ncols())
            value, slope, bend = (arb_mat(*shape, [jet[order] for jet in jets]) for order in range(3))
            inputs.append(_extended(value, arb(1)))
            slopes.append(slope)
            bends.append(bend)
        return _Pass(inputs, slopes, bends, layers[-1] * inputs[-1])

    def _slope(self, out: arb_mat) -> arb_mat:
        """The gradient of the mean loss in the outputs."""
        if self.cross_entropy:
            return (_softmax(out) - self.target) / arb(out.ncols())
        return (out - self.target) * (arb(2) / (out.nrows() * out.ncols()))

    def _bend(self, out: arb_mat, change: arb_mat) -> arb_mat:
        """Its Hessian in the outputs, times their change."""
        if not self.cross_entropy:
            return change * (arb(2) / (out.nrows() * out.ncols()))
        p = _softmax(out)
        weighted = _zipped(lambda a, b: a * b, p, change)
        means = [sum(column, arb(0)) for column in _columns(weighted)]
        spread = [p[i, j] * means[j] for i in range(p.nrows()) for j in range(p.ncols())]
        return (weighted - arb_mat(p.nrows(), p.ncols(), spread)) / arb(out.ncols())


def dense_networks(arrays: Mapping[str, np.ndarray]) -> list[BallLoss]:
    """One ball loss an agent from a dense network's arrays: widths, activation, loss, x and y."""
    widths = tuple(int(width) for width in arrays["widths"])
    cross_entropy = str(arrays["loss"]) == "cross_entropy"
    result: list[BallLoss] = []
    for x, y in zip(arrays["x"], arrays["y"], strict=True):
        target = np.eye(widths[-1])[y] if cross_entropy else y
        result.append(BallDense(widths, str(arrays["activation"]), matrix(x.T), matrix(target.T), cross_entropy))
    return result


def _zipped(function: Callable[[arb, arb], arb], a: arb_mat, b: arb_mat) -> arb_mat:
    return arb_mat(a.nrows(), a.ncols(), [function(x, y) for x, y in zip(a.entries(), b.entries(), strict=True)])


def _extended(a: arb_mat, last: arb) -> arb_mat:
    return arb_mat(a.nrows() + 1, a.ncols(), [*a.entries(), *([last] * a.ncols())])


def _weight(layer: arb_mat) -> arb_mat:
    """A layer without its bias column."""
    return arb_mat([[layer[i, j] for j in range(layer.ncols() - 1)] for i in range(layer.nrows())])


def _columns(a: arb_mat) -> list[list[arb]]:
    return [[a[i, j] for i in range(a.nrows())] for j in range(a.ncols())]


def _total(a: arb_mat) -> arb:
    return sum(a.entries(), arb(0))


def _log_sum(column: list[arb]) -> arb:
    """log sum exp, shifted by the middle of the largest entry."""
    shift = reduce(lambda a, b: a if a.mid() > b.mid() else b, column).mid()
    return shift + sum(((z - shift).exp() for z in column), arb(0)).log()


def _softmax(out: arb_mat) -> arb_mat:
    columns = _columns(out)
    sums = [_log_sum(column) for column in columns]
    rows, number = out.nrows(), out.ncols()
    return arb_mat(rows, number, [(out[i, j] - sums[j]).exp() for i in range(rows) for j in range(number)])


def _flat(parts: list[arb_mat]) -> Vector:
    """Extended weights as one column: weight row by row, then bias, layer after layer."""
    entries: list[arb] = []
    for part in parts:
        inputs = part.ncols() - 1
        entries += [part[i, j] for i in range(part.nrows()) for j in range(inputs)]
        entries += [part[i, inputs] for i in range(part.nrows())]
    return arb_mat(len(entries), 1, entries)
