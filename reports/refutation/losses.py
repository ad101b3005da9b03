"""One-dimensional losses, thousands of instances at once, as the agents of one task for the engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from torch import Tensor

from empirics.algorithm import meta_gradients
from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.numerics.randomness import Words
from empirics.tasks.sampler import AlmostSureBounds, Batch, Sampler
from empirics.tasks.task import Task


class BatchLoss(ABC):
    """f' and f'' of one agent, for a batch of instances."""

    @abstractmethod
    def slope(self, w: Tensor) -> Tensor:
        """The first derivative at points w (..., P), one instance a column."""

    @abstractmethod
    def bend(self, w: Tensor) -> Tensor:
        """The second derivative at points w (..., P), one instance a column."""


@dataclass(frozen=True)
class Parabola(BatchLoss):
    """f(w) = k w^2/2 + b w."""

    k: Tensor
    b: Tensor

    def slope(self, w: Tensor) -> Tensor:
        """f'(w) = k w + b."""
        return self.k * w + self.b

    def bend(self, w: Tensor) -> Tensor:
        """f''(w) = k at every point."""
        return self.k + 0 * w


@dataclass(frozen=True)
class Wave(BatchLoss):
    """f(w) = g w + s cos(a w + phi)."""

    g: Tensor
    s: Tensor
    a: Tensor
    phi: Tensor

    def slope(self, w: Tensor) -> Tensor:
        """f'(w) = g - s a sin(a w + phi)."""
        return self.g - self.s * self.a * torch.sin(self.a * w + self.phi)

    def bend(self, w: Tensor) -> Tensor:
        """f''(w) = -s a^2 cos(a w + phi)."""
        return -self.s * self.a**2 * torch.cos(self.a * w + self.phi)


@dataclass(frozen=True)
class BrokenLine(BatchLoss):
    """f'' interpolates heights (J, P) at common knots (J,), constant beyond; f'(0) = at_zero (P,)."""

    knots: Tensor
    heights: Tensor
    at_zero: Tensor

    @cached_property
    def _lengths(self) -> Tensor:
        return self.knots.diff().unsqueeze(-1)

    @cached_property
    def _rises(self) -> Tensor:
        return self.heights.diff(dim=0) / self._lengths

    @cached_property
    def _slopes(self) -> Tensor:
        """f' at the knots, up to what makes it right at 0: areas of trapezoids."""
        areas = (self.heights[1:] + self.heights[:-1]) / 2 * self._lengths
        return torch.cat([torch.zeros_like(areas[:1]), areas.cumsum(0)])

    def _place(self, w: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The segment of each point, how far into it the point is, and how far beyond the outermost knots."""
        segment = (torch.bucketize(w.contiguous(), self.knots) - 1).clamp_(0, len(self.knots) - 2)
        t = w - self.knots[segment]
        inside = torch.minimum(t.clamp_min(0), self.knots.diff()[segment])
        return segment, inside, t - inside

    def _at(self, values: Tensor, segment: Tensor) -> Tensor:
        return values.gather(0, segment.reshape(-1, segment.shape[-1])).reshape(segment.shape)

    def bend(self, w: Tensor) -> Tensor:
        """The broken line at w: a height and how far it has risen since."""
        segment, inside, _ = self._place(w)
        return self._at(self.heights, segment) + self._at(self._rises, segment) * inside

    def slope(self, w: Tensor) -> Tensor:
        """Its integral from 0."""
        return self._offset + self._integral(w)

    @cached_property
    def _offset(self) -> Tensor:
        return self.at_zero - self._integral(torch.zeros_like(self.at_zero))

    def _integral(self, w: Tensor) -> Tensor:
        segment, inside, beyond = self._place(w)
        height, rise = self._at(self.heights, segment), self._at(self._rises, segment)
        area = (height + rise * inside / 2) * inside + (height + rise * inside) * beyond
        return self._at(self._slopes, segment) + area

    def value(self, w: Tensor) -> Tensor:
        """f(w) - f(the first knot)."""
        segment, inside, beyond = self._place(w)
        height, rise = self._at(self.heights, segment), self._at(self._rises, segment)
        slope = self._at(self._slopes, segment) + self._offset
        turned = slope + (height + rise * inside / 2) * inside
        within = (slope + (height / 2 + rise * inside / 6) * inside) * inside
        return self._at(self._values, segment) + within + (turned + (height + rise * inside) * beyond / 2) * beyond

    @cached_property
    def _values(self) -> Tensor:
        """f at the knots, 0 at the first."""
        slopes = (self._slopes + self._offset)[:-1]
        steps = (slopes + (2 * self.heights[:-1] + self.heights[1:]) / 6 * self._lengths) * self._lengths
        return torch.cat([torch.zeros_like(steps[:1]), steps.cumsum(0)])

    def lowest(self) -> Tensor:
        """The least of f - f(the first knot) between the outermost knots: at a knot, or where f' crosses 0 upwards."""
        slope, height = (self._slopes + self._offset)[:-1], self.heights[:-1]
        turning = height**2 - 2 * self._rises * slope  # the square of f'' where f' is 0
        across = height + turning.clamp_min(0).sqrt()
        t = torch.where(across != 0, -2 * slope / across, -1.0)
        inside = (turning >= 0) & (t >= 0) & (t <= self._lengths)
        dip = self._values[:-1] + (slope + (height / 2 + self._rises * t / 6) * t) * t
        return torch.minimum(self._values.amin(0), torch.where(inside, dip, torch.inf).amin(0))

    def ends(self) -> tuple[Tensor, Tensor]:
        """f' at the outermost knots."""
        return self._slopes[0] + self._offset, self._slopes[-1] + self._offset

    def largest_slope(self) -> Tensor:
        """Largest |f'| between the outermost knots: at a knot, or where f'' crosses 0."""
        left, right = self.heights[:-1], self.heights[1:]
        crossing = torch.where(left * right < 0, self._lengths * left / (left - right), 0.0)
        turns = self._slopes[:-1] + left * crossing / 2
        return (torch.cat([self._slopes, turns]) + self._offset).abs().amax(0)


class Added(Sampler):
    """Batches whose gradient is the loss's own plus a given number an instance: `values` (1, P, 1)."""

    def check(self, task: Task, size: int) -> None:
        """Any size will do."""

    def blocks(self, size: int) -> int:
        """Nothing is drawn: what is added is enumerated."""
        return 0

    def draw(self, task: Task, words: Words, size: int) -> Tensor:
        """Nothing is added to a batch that is drawn."""
        return torch.zeros((*words[0].shape[:3], 1), dtype=task.dtype)

    def gradient(self, task: Task, w: Tensor, values: Tensor) -> Tensor:
        """The slope and what is added."""
        return task.raw_gradient(w) + values

    def hvp(self, task: Task, w: Tensor, v: Tensor, values: Tensor) -> Tensor:
        """What is added does not depend on w."""
        return task.raw_hvp(w, v)

    def constants(self, task: Task) -> dict[str, Constant]:
        """The search takes them from its families."""
        return {}

    def scalars(self) -> dict[str, float]:
        """No number describes it: what is added is given, not drawn from a law."""
        return {}

    def almost_sure_bounds(self, task: Task, constants: dict[str, Constant]) -> AlmostSureBounds:
        """No almost-sure bound holds: what is added may be any number."""
        return AlmostSureBounds(None, None, None)


class Instances(Task):
    """P unrelated losses with d = 1 as the agents of one task, so that the engine evaluates all of them at once."""

    family = "instances"

    def __init__(self, loss: BatchLoss, count: int) -> None:
        """Take the losses; points of this task are (1, count, 1)."""
        super().__init__(1, {"instance": torch.zeros(count, dtype=torch.float64)}, sampler=Added())
        self._loss = loss

    def raw_loss(self, w: Tensor) -> Tensor:
        """Not needed by any search: the families write losses out where they compare them."""
        raise InputError("instances of a search have slopes and bends only: evaluate the family's own formula")

    def raw_gradient(self, w: Tensor) -> Tensor:
        """The losses' first derivatives at w (1, P, 1)."""
        return _in(self._loss.slope(_out(w)))

    def raw_hvp(self, w: Tensor, v: Tensor) -> Tensor:
        """The losses' second derivatives at w (1, P, 1), times v."""
        return _in(self._loss.bend(_out(w))) * v


def trajectory(
    f: BatchLoss, w: Tensor, alpha: Tensor, nu: int, noise: list[Tensor | float] | None = None
) -> list[Tensor]:
    """w^0 to w^nu, with what is added to each gradient."""
    task = Instances(f, len(w))
    if noise is None:
        return [_out(point) for point in meta_gradients.fine_tuning(task, _in(w), alpha.unsqueeze(-1), nu)]
    inner = tuple(Batch(1, _in(torch.as_tensor(added, dtype=w.dtype).expand(w.shape))) for added in noise)
    batches = meta_gradients.Batches(inner, Batch(1, _in(0 * w)), ())
    points = meta_gradients.fine_tuning(task, _in(w), alpha.unsqueeze(-1), nu, batches=batches)
    return [_out(point) for point in points]


def exact(f: BatchLoss, w: Tensor, alpha: Tensor, nu: int) -> Tensor:
    """The derivative of the meta losses, F'(w), at points w (P,) after nu steps alpha (P,)."""
    return _out(meta_gradients.exact(Instances(f, len(w)), _in(w), alpha.unsqueeze(-1), nu))


def swept(f: BatchLoss, points: list[Tensor], alpha: Tensor, added: Tensor | float) -> Tensor:
    """The reverse sweep along given points, with what is added to the outer gradient."""
    return _out(_along(f, points, alpha, added).exact())


def probed(f: BatchLoss, points: list[Tensor], alpha: Tensor, delta: Tensor, added: Tensor | float) -> Tensor:
    """The Hessian-free sweep along given points."""
    return _out(_along(f, points, alpha, added).hessian_free(delta.unsqueeze(-1)))


def _along(f: BatchLoss, points: list[Tensor], alpha: Tensor, added: Tensor | float) -> meta_gradients.Trajectory:
    task, places = Instances(f, len(points[0])), tuple(_in(point) for point in points)
    products = tuple(partial(task.raw_hvp, place) for place in places[:-1])
    outer = _in(f.slope(points[-1]) + added)
    return meta_gradients.Trajectory(task, alpha.unsqueeze(-1), places, products, outer)  # type: ignore[arg-type]


def _in(values: Tensor) -> Tensor:
    return values.reshape(1, -1, 1)


def _out(points: Tensor) -> Tensor:
    return points[0, :, 0]
