"""Sets over which a supremum is sought: a ball, or the convex hull of points that a run visited."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from empirics.algorithm.meta_gradients import fine_tuning
from empirics.numerics.checks import array, real
from empirics.numerics.errors import InputError
from empirics.tasks.task import Task

_MOST_VERTICES = 128


class Region(ABC):
    """A convex set described by coordinates x, so that projecting onto it is easy: w = point(x)."""

    @property
    @abstractmethod
    def d(self) -> int:
        """Dimension of its points."""

    @property
    @abstractmethod
    def reach(self) -> float:
        """A step in the coordinates that crosses about half of the set."""

    @abstractmethod
    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Coordinates of `count` points (count, .), the first of them fixed and characteristic."""

    @abstractmethod
    def point(self, x: Tensor) -> Tensor:
        """The points (P, d) at coordinates (P, .)."""

    @abstractmethod
    def pull_back(self, slopes: Tensor) -> Tensor:
        """Gradients in w (P, d) as gradients in the coordinates."""

    @abstractmethod
    def project(self, x: Tensor) -> Tensor:
        """The nearest admissible coordinates."""

    @abstractmethod
    def inner(self, margin: float) -> Region | None:
        """The points whose ball of this radius stays in the set; None where there are none, or too few to search."""


@final
@dataclass(frozen=True, eq=False)
class Ball(Region):
    """norm(w - centre) <= radius.

    >>> Ball([0.0, 0.0], 1.0).project(torch.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]], dtype=torch.float64)
    """

    centre: Any
    radius: float

    def __post_init__(self) -> None:
        """Check the centre (d,) and the radius > 0."""
        object.__setattr__(self, "centre", array("centre", self.centre, "(d,)", 1).to(torch.float64))
        object.__setattr__(self, "radius", real("radius", self.radius, above=0))

    @property
    def d(self) -> int:
        """Length of the centre."""
        return len(self.centre)

    @property
    def reach(self) -> float:
        """The radius, from the centre to the sphere."""
        return self.radius

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """The centre, then alternately points of the sphere and of the ball, uniformly."""
        direction = torch.randn(count, self.d, generator=generator, dtype=torch.float64)
        direction /= direction.norm(dim=-1, keepdim=True).clamp_min(1e-300)
        depth = torch.rand(count, 1, generator=generator, dtype=torch.float64) ** (1 / self.d)
        depth[1::2] = 1.0
        depth[0] = 0.0
        return self.project(self.centre + self.radius * depth * direction)

    def point(self, x: Tensor) -> Tensor:
        """Coordinates are the points themselves."""
        return x

    def pull_back(self, slopes: Tensor) -> Tensor:
        """Unchanged, since coordinates are the points."""
        return slopes

    def project(self, x: Tensor) -> Tensor:
        """Towards the centre, as far as needed; one part in 10^15 further, so that rounding stays inside too."""
        offset = x.to(torch.float64) - self.centre
        norms = offset.norm(dim=-1, keepdim=True).clamp_min(1e-300)
        return self.centre + offset * torch.clamp(self.radius * (1 - 1e-15) / norms, max=1.0)

    def inner(self, margin: float) -> Ball | None:
        """The ball whose radius is smaller by the margin; None where less than half of it is left."""
        return Ball(self.centre, self.radius - margin) if margin <= self.radius / 2 else None


@final
@dataclass(frozen=True, eq=False)
class Hull(Region):
    """Convex combinations of `vertices` (P, d); the coordinates are the weights, a point of the simplex.

    >>> hull = Hull([[0.0], [2.0]])
    >>> hull.point(hull.project(torch.tensor([[0.75, 0.25]], dtype=torch.float64)))
    tensor([[0.5000]], dtype=torch.float64)
    """

    vertices: Any

    def __post_init__(self) -> None:
        """Check the vertices (P, d), at least one of them."""
        object.__setattr__(self, "vertices", array("vertices", self.vertices, "(P, d)", 2).to(torch.float64))

    @property
    def d(self) -> int:
        """Length of a vertex."""
        return self.vertices.shape[-1]

    @property
    def reach(self) -> float:
        """Half the diameter of the simplex."""
        return 0.5**0.5

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """The middle of all vertices, then alternately vertices and random mixtures of a few of them."""
        number = len(self.vertices)
        weights = torch.zeros(count, number, dtype=torch.float64)
        for row in range(count):
            size = 1 if row % 2 else min(number, 3)
            chosen = torch.randperm(number, generator=generator)[:size]
            mixture = -torch.rand(size, generator=generator, dtype=torch.float64).clamp_min(1e-12).log()
            weights[row, chosen] = mixture / mixture.sum()
        weights[0] = 1 / number
        return weights

    def point(self, x: Tensor) -> Tensor:
        """The convex combinations x V of the vertices."""
        return x @ self.vertices

    def pull_back(self, slopes: Tensor) -> Tensor:
        """Chain rule through w = x V."""
        return slopes @ self.vertices.mT

    def project(self, x: Tensor) -> Tensor:
        """Euclidean projection onto the simplex: max(x - t, 0) with the t that makes the sum 1."""
        ordered = x.sort(dim=-1, descending=True).values
        excess = ordered.cumsum(-1) - 1
        counts = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype)
        active = (ordered - excess / counts > 0).sum(-1, keepdim=True)
        threshold = excess.gather(-1, active - 1) / active
        kept = (x - threshold).clamp_min(0)
        return kept / kept.sum(-1, keepdim=True)

    def inner(self, margin: float) -> None:
        """None: a hull of few points has no interior."""


@final
@dataclass(frozen=True, eq=False)
class Pairs(Region):
    """Two points of one region side by side, (w, u) as a vector of twice the length.

    >>> Pairs(Ball([0.0], 1.0)).project(torch.tensor([[3.0, -0.5]], dtype=torch.float64))
    tensor([[ 1.0000, -0.5000]], dtype=torch.float64)
    """

    each: Region

    @property
    def d(self) -> int:
        """Twice that of the region."""
        return 2 * self.each.d

    @property
    def reach(self) -> float:
        """That of the region."""
        return self.each.reach

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Two independent draws; the first members start with the region's characteristic point."""
        first = self.each.draw(count, generator)
        second = self.each.draw(count + 1, generator)[1:]
        return torch.cat([first, second], dim=-1)

    def point(self, x: Tensor) -> Tensor:
        """Both points of each pair, side by side."""
        return torch.cat([self.each.point(part) for part in x.chunk(2, dim=-1)], dim=-1)

    def pull_back(self, slopes: Tensor) -> Tensor:
        """Of each point by itself."""
        return torch.cat([self.each.pull_back(part) for part in slopes.chunk(2, dim=-1)], dim=-1)

    def project(self, x: Tensor) -> Tensor:
        """Of each point by itself."""
        return torch.cat([self.each.project(part) for part in x.chunk(2, dim=-1)], dim=-1)

    def inner(self, margin: float) -> Pairs | None:
        """Pairs of the inner region."""
        inside = self.each.inner(margin)
        return None if inside is None else Pairs(inside)


def near(over: Region, w: Tensor, distance: float, count: int, generator: torch.Generator) -> Tensor:
    """Points (P, d) of a set at that distance from its point w (d,), on the way to points drawn from it.

    >>> near(Hull([[0.0], [2.0]]), torch.tensor([0.0], dtype=torch.float64), 0.5, 2, torch.Generator().manual_seed(1))
    tensor([[0.5000],
            [0.5000]], dtype=torch.float64)
    """
    towards = over.point(over.draw(count, generator)) - w
    size = towards.norm(dim=-1, keepdim=True)
    return (w + towards * (distance / size.clamp_min(1e-300)))[size[:, 0] >= distance]


def spread_out(points: Tensor, most: int = _MOST_VERTICES) -> Tensor:
    """At most `most` of the points (P, d), each next one the farthest from those already taken.

    Their hull lies in the hull of all points, so a supremum over it is still approached from below.
    """
    taken = [0]
    distance = (points - points[0]).norm(dim=-1)
    while len(taken) < min(most, len(points)) and float(distance.max()) > 0:
        taken.append(int(distance.argmax()))
        distance = torch.minimum(distance, (points - points[taken[-1]]).norm(dim=-1))
    return points[torch.tensor(taken)]


@torch.no_grad()
def hull_of_run(task: Task, iterates: Any, alpha: float, nu: int, *, most: int = _MOST_VERTICES) -> Hull:
    """The hull of a run: its server iterates (..., d) and, from each of them, every agent's fine-tuning trajectory.

    The trajectory of the average loss is included too (S7 uses it). At most `most` vertices are kept, spread out.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]]], c=[[0.0]])
    >>> hull_of_run(task, [[8.0], [4.0]], alpha=0.5, nu=1).vertices.flatten().sort().values.tolist()
    [2.0, 4.0, 8.0]
    """
    server = array("iterates", iterates, "(..., d)", tuple(range(1, 9))).to(task.dtype).reshape(-1, task.d)
    if not len(server):
        raise InputError("iterates is empty: expected at least one server iterate")
    server = spread_out(server, most)
    points = server.unsqueeze(1).expand(-1, task.n, -1).contiguous()
    trajectories = torch.cat(fine_tuning(task, points, alpha, nu)).reshape(-1, task.d)
    average = points
    common = []
    for _ in range(nu):
        average = average - alpha * task.raw_gradient(average).mean(dim=1, keepdim=True).expand_as(average)
        common.append(average[:, 0])
    everything = torch.cat([server, trajectories, *common]).cpu()
    return Hull(spread_out(everything.unique(dim=0), most))
