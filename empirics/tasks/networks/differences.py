"""Derivatives against central differences, with an allowance that the differences themselves show to be needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Differentiable:
    """A function of a point (d,), its gradient, and ways to its Hessian times a vector, each as they are computed."""

    value: Callable[[Tensor], Tensor]
    gradient: Callable[[Tensor], Tensor]
    products: tuple[Callable[[Tensor, Tensor], Tensor], ...]


@dataclass(frozen=True)
class Mistake:
    """A derivative that is none: what it gives along a direction, and what differences give."""

    what: str
    found: float
    expected: float

    def __str__(self) -> str:
        return f"the {self.what} is {self.found:.6g}, differences give {self.expected:.6g}"


def mistake(function: Differentiable, w: Tensor, seed: int = 0) -> Mistake | None:
    r"""The gradient or the Hessian-vector product at w that is not what differences along a random direction give.

    With a unit direction v and steps t, t/2, t/4 the residual of the gradient g is
    r(t) = (f(w + t v) - f(w - t v)) / (2 t) - <g, v>. A right g leaves the truncation error, which falls with t^2, and
    rounding, which changes with t; a wrong one leaves the same r for every t. So it is refused where the last r exceeds
    ten times their range, an allowance for rounding, and tau (1 + norm(g)) / sqrt(d), as a wrong entry shows in a
    random direction by 1/sqrt(d) of itself; tau is 1e-6 in float64 and 1e-2 in float32. Two directions must agree
    about it. A product is compared with differences of g in the same way.

    >>> w, cube = torch.ones(1, dtype=torch.float64), lambda w: (w**3).sum()
    >>> mistake(Differentiable(cube, lambda w: 3 * w**2, (lambda w, v: 6 * w * v,)), w)
    >>> print(mistake(Differentiable(lambda w: (w**2).sum(), lambda w: 3 * w, ()), w).what)
    derivative of the loss along a direction
    """
    generator = torch.Generator().manual_seed(seed)
    if _along(function, w, _direction(w, generator)) is None:
        return None
    return _along(function, w, _direction(w, generator))


def _direction(w: Tensor, generator: torch.Generator) -> Tensor:
    v = torch.randn(w.shape, generator=generator, dtype=torch.float64).to(w)
    return v / v.norm()


def _along(function: Differentiable, w: Tensor, v: Tensor) -> Mistake | None:
    eps = torch.finfo(w.dtype).eps
    tau, step = (1e-6, 2.0**-16) if w.dtype == torch.float64 else (1e-2, 2.0**-7)
    steps = [step, step / 2, step / 4]
    points = [(w + t * v, w - t * v) for t in steps]
    share = tau / w.numel() ** 0.5 + 4 * eps * float(w.norm()) / steps[-1]

    gradient = function.gradient(w)
    values = [(function.value(above), function.value(below)) for above, below in points]
    slopes = [(above - below) / (2 * t) for (above, below), t in zip(values, steps, strict=True)]
    slope, rounding = gradient @ v, _rounding(torch.stack([part for pair in values for part in pair]), eps, steps[-1])
    if _wrong([found - slope for found in slopes], share * (1 + gradient.norm()) + rounding):
        return Mistake("derivative of the loss along a direction", float(slope), float(slopes[-1]))

    around = [(function.gradient(above), function.gradient(below)) for above, below in points]
    bends = [(above - below) / (2 * t) for (above, below), t in zip(around, steps, strict=True)]
    rounding = _rounding(torch.stack([part.norm() for pair in around for part in pair]), eps, steps[-1])
    for product in function.products:
        bend = product(w, v)
        if _wrong([found - bend for found in bends], share * (1 + bend.norm()) + rounding):
            # the entry that differs most says more than two norms
            place = int((bends[-1] - bend).abs().nan_to_num(torch.inf).argmax())
            return Mistake("second derivative of the loss", float(bend[place]), float(bends[-1][place]))
    return None


def _rounding(values: Tensor, eps: float, step: float) -> Tensor:
    return 64 * eps * values.abs().max() / step


def _wrong(residuals: list[Tensor], allowance: Tensor) -> bool:
    """Whether the residuals say with one voice that the derivative is another; where f has no value nothing is said."""
    last = residuals[-1]
    if not bool(torch.isfinite(allowance)) and bool(torch.isnan(last).any()):
        return False
    spread = max(float((residual - last).norm()) for residual in residuals)
    return float(last.norm()) > float(allowance) + 10 * spread
