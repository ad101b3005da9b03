"""What peers in torch and in JAX share, written with the operations that they hand in: losses and meta-gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from benchmarks.workloads import NetworkWorkload, Workload

Arrays = tuple[Any, Any]  # (A, c) or (x, y): of one agent, or one row an agent


class Batched(NamedTuple):
    """What one meta-gradient is evaluated on: nu inner batches, the outer one, and nu for the Hessians."""

    inner: Any
    outer: Any
    hessian: Any

    def mapped(self, function: Callable[[Any], Any]) -> Batched:
        """A function of every batch."""
        return Batched(
            [function(one) for one in self.inner], function(self.outer), [function(one) for one in self.hessian]
        )


MetaGradient = Callable[[Any, Batched], Any]  # at w (..., d)
Loss = Callable[[Any, Any, Any], Any]  # at w (..., d), of two arrays


def whole(arrays: Arrays, nu: int) -> Batched:
    """Everything everywhere, where no batches are drawn."""
    return Batched([arrays] * nu, arrays, [arrays] * nu)


def sweep(
    alpha: float, gradient: Callable[[Any, Arrays], Any], product: Callable[[Any, Any, Arrays], Any]
) -> MetaGradient:
    """Fine-tuning, then back through it: v <- v - alpha H v, with v the outer gradient at first."""

    def meta_gradient(w: Any, batched: Batched) -> Any:
        points = [w]
        for arrays in batched.inner:
            points.append(points[-1] - alpha * gradient(points[-1], arrays))
        v = gradient(points.pop(), batched.outer)
        for point, arrays in zip(reversed(points), reversed(batched.hessian), strict=True):
            v = v - alpha * product(point, v, arrays)
        return v

    return meta_gradient


def layers(w: Any, widths: Sequence[int]) -> list[tuple[Any, Any]]:
    """Weight (..., out, in) and bias (..., out) of each layer of w (..., d)."""
    parts, first = [], 0
    for fan_in, fan_out in pairwise(widths):
        middle = first + fan_out * fan_in
        weight, bias = w[..., first:middle], w[..., middle : middle + fan_out]
        parts.append((weight.reshape(*w.shape[:-1], fan_out, fan_in), bias))
        first = middle + fan_out
    return parts


def agent_loss(
    workload: Workload,
    linear: Callable[[Any, Any, Any], Any],
    tanh: Callable[[Any], Any],
    cross_entropy: Callable[[Any, Any], Any],
) -> Loss:
    """The loss of one agent at w (d,)."""
    if not isinstance(workload, NetworkWorkload):
        return lambda w, A, c: (w - c) @ A @ (w - c) / 2
    widths = workload.widths

    def loss(w: Any, x: Any, y: Any) -> Any:
        *hidden, last = layers(w, widths)
        for layer in hidden:
            x = tanh(linear(x, *layer))
        return cross_entropy(linear(x, *last), y)

    return loss


def from_the_loss(workload: Workload, loss: Loss, grad: Callable[..., Any], jvp: Callable[..., Any]) -> MetaGradient:
    """Gradient of the loss after unrolled fine-tuning; on batches of its own, `explicit_sweep`."""
    if workload.batch is not None:
        return explicit_sweep(workload, loss, grad, jvp)
    gradient = grad(loss)

    def fine_tuned(w: Any, arrays: Arrays) -> Any:
        for _ in range(workload.nu):
            w = w - workload.alpha * gradient(w, *arrays)
        return loss(w, *arrays)

    slope = grad(fine_tuned)
    return lambda w, batched: slope(w, batched.outer)


def explicit_sweep(workload: Workload, loss: Loss, grad: Callable[..., Any], jvp: Callable[..., Any]) -> MetaGradient:
    """The reverse sweep, Hessian-vector products forward over reverse."""
    gradient = grad(loss)

    def product(w: Any, v: Any, arrays: Arrays) -> Any:
        return jvp(lambda point: gradient(point, *arrays), (w,), (v,))[1]

    return sweep(workload.alpha, lambda w, arrays: gradient(w, *arrays), product)
