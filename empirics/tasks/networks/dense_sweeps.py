"""Forward, backward and R-operator sweeps of multilayer perceptrons, all agents in one batched product per layer.

With H_0 = x, Z_l = H_{l-1} W_l^T + b_l, H_l = phi(Z_l), the last Z the output, and E_l = d loss / d Z_l:

    E_{l-1} = phi'(Z_{l-1}) (E_l W_l),        d loss / d W_l = E_l^T H_{l-1},     d loss / d b_l = sum of E_l's rows.

The R-operator (Pearlmutter, 1994) differentiates each of these along (V_l, c_l):

    RZ_l = H_{l-1} V_l^T + RH_{l-1} W_l^T + c_l,       RH_l = phi'(Z_l) RZ_l,
    RE_{l-1} = phi'(Z_{l-1}) (RE_l W_l + E_l V_l) + phi''(Z_{l-1}) RZ_{l-1} (E_l W_l),
    R(d loss / d W_l) = RE_l^T H_{l-1} + E_l^T RH_{l-1}.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

from empirics.tasks.networks.activations import jet, value
from empirics.tasks.networks.dense_form import DenseForm
from empirics.tasks.networks.sweeps import Linearisation, Sweeps

Layers = list[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Primal:
    """What the R-operator needs of the forward and backward sweep at one point.

    Per layer: its weights W, its inputs H and its errors E; per hidden layer, `slopes` phi'(Z) and `turns`
    phi''(Z) (E W), the product with the errors and weights of the layer above. `output` is the softmax of the last Z,
    or None for mse.
    """

    weights: list[Tensor]
    inputs: list[Tensor]
    errors: list[Tensor]
    slopes: list[Tensor]
    turns: list[Tensor]
    output: Tensor | None


class DenseSweeps(Sweeps):
    """Hand-written derivatives of a `DenseForm`."""

    path = "dense"

    def __init__(self, form: DenseForm) -> None:
        """Work out where each layer's parameters lie: (first weight, first bias, end, outputs)."""
        self._form = form
        self._places, place = [], 0
        for inputs, outputs in pairwise(form.widths):
            bias = place + inputs * outputs
            self._places.append((place, bias, bias + outputs, outputs))
            place = bias + outputs

    def outputs(self, w: Tensor, x: Tensor) -> Tensor:
        """The forward sweep alone, (A, S, outputs)."""
        *hidden, last = self._layers(w)
        for weight, bias in hidden:
            x = value(self._form.activation, _affine(x, weight, bias))
        return _affine(x, *last)

    def loss(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Mean over samples of -log softmax at the label, or mean over samples and outputs of the squared error."""
        output = self.outputs(w, x)
        if self._form.loss == "mse":
            return (output - y).square().mean(dim=(-2, -1))
        return functional.cross_entropy(output.mT, y, reduction="none").mean(-1)

    def gradient(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Backpropagation: a forward sweep and a backward one."""
        return self._gradient(self._primal(w, x, y))

    def linearisation(self, w: Tensor, x: Tensor, y: Tensor) -> Linearisation:
        """The gradient and the R-operator share one forward and backward sweep."""
        primal = self._primal(w, x, y)
        return self._gradient(primal), lambda v: self._product(primal, v)

    def hvp(self, w: Tensor, x: Tensor, y: Tensor, v: Tensor) -> Tensor:
        """The R-operator, without assembling the gradient."""
        return self._product(self._primal(w, x, y), v)

    def _layers(self, w: Tensor) -> Layers:
        return [(w[:, a:b].unflatten(1, (outputs, -1)), w[:, b:c]) for a, b, c, outputs in self._places]

    def _primal(self, w: Tensor, x: Tensor, y: Tensor) -> Primal:
        *hidden, last = self._layers(w)
        weights, inputs, slopes, bends = [weight for weight, _ in hidden], [x], [], []
        for weight, bias in hidden:
            h, slope, bend = jet(self._form.activation, _affine(inputs[-1], weight, bias))
            inputs.append(h)
            slopes.append(slope)
            bends.append(bend)
        weights.append(last[0])
        output = _affine(inputs[-1], *last)
        if self._form.loss == "mse":
            softmax, error = None, (output - y).mul_(2 / output[0].numel())
        else:
            softmax = _softmax(output)
            error = softmax.scatter_add(-1, y.unsqueeze(-1), softmax.new_full((1, 1, 1), -1.0).expand(*y.shape, 1))
            error.div_(y.shape[-1])
        errors = [error]
        for layer in range(len(hidden) - 1, -1, -1):
            back = torch.bmm(errors[0], weights[layer + 1])
            bends[layer].mul_(back)
            errors.insert(0, back.mul_(slopes[layer]))
        return Primal(weights, inputs, errors, slopes, bends, softmax)

    def _gradient(self, primal: Primal) -> Tensor:
        result = self._empty(primal)
        for place, error, h in zip(self._places, primal.errors, primal.inputs, strict=True):
            weight, bias = self._parts(result, place)
            torch.bmm(error.mT, h, out=weight)
            torch.sum(error, 1, out=bias)
        return result

    def _product(self, primal: Primal, v: Tensor) -> Tensor:
        """The R-operator along v."""
        turned = self._layers(v)
        rz, rh = [_affine(primal.inputs[0], *turned[0])], []
        for layer in range(1, len(turned)):
            rh.append(primal.slopes[layer - 1] * rz[-1])
            moved = _affine(primal.inputs[layer], *turned[layer])
            rz.append(torch.baddbmm(moved, rh[-1], primal.weights[layer].mT))
        result = self._empty(primal)
        error = self._last(primal, rz[-1])
        for layer in range(len(turned) - 1, -1, -1):
            weight, bias = self._parts(result, self._places[layer])
            torch.bmm(error.mT, primal.inputs[layer], out=weight)
            if layer:
                weight.baddbmm_(primal.errors[layer].mT, rh[layer - 1])
            torch.sum(error, 1, out=bias)
            if layer:
                back = torch.bmm(error, primal.weights[layer]).baddbmm_(primal.errors[layer], turned[layer][0])
                error = back.mul_(primal.slopes[layer - 1]).addcmul_(primal.turns[layer - 1], rz[layer - 1])
        return result

    def _last(self, primal: Primal, rz: Tensor) -> Tensor:
        """The Hessian of the loss in the output, times RZ of the output; it may be made in the memory of rz."""
        if primal.output is None:
            return rz.mul_(2 / rz[0].numel())
        error = primal.output * rz
        return torch.addcmul(error, primal.output, error.sum(-1, keepdim=True), value=-1).div_(rz.shape[1])

    def _empty(self, primal: Primal) -> Tensor:
        return primal.inputs[0].new_empty((len(primal.inputs[0]), self._form.d))

    def _parts(self, result: Tensor, place: tuple[int, int, int, int]) -> tuple[Tensor, Tensor]:
        first, bias, last, outputs = place
        return result[:, first:bias].unflatten(1, (outputs, -1)), result[:, bias:last]


def _softmax(output: Tensor) -> Tensor:
    """torch.softmax over few classes spends its time on setting up each row; these run along all rows at once."""
    exponentials = (output - output.amax(-1, keepdim=True)).exp_()
    return exponentials.div_(exponentials.sum(-1, keepdim=True))


def _affine(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.baddbmm(bias.unsqueeze(1), x, weight.mT)
