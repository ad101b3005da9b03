"""Losses in one dimension whose second derivative is a broken line: kinks at will, exact constants."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirics.numerics.checks import array, real, shape
from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.tasks.noise import Noise, sampler_of, with_noise
from empirics.tasks.spline_constants import lower_bound, spline_constants
from empirics.tasks.task import Task


class SplineTask(Task):
    r"""d = 1; f_i'' interpolates the values h_ij at the knots x_j linearly and is constant outside [x_1, x_J].

    L = max |h|, mu = min h, rho = the steepest slope of f'' and gamma_H (worst knot, because a mean square of linear
    functions is convex) hold on all of R. B, gamma_G and the lower bound are stated on [x_1, x_J], and on all of R if
    f'' is 0 at both end knots. On one piece f' is a parabola: B from its ends and its vertex; gamma_G from its ends
    plus (x_{j+1} - x_j)^2/8 times the spread of f'''. The arguments are
    stored, and the loss integrates them: in exact arithmetic f'' is h at the knots. In `arrays`, tables hold value,
    slope, f'' (bends) and f''' (jerks) at the origin of each piece, left extension first, up to the rounding of the
    two integrations.

    Args:
        knots: (J,), increasing, J >= 2, in [W].
        curvature: h (n, J), in [F/W^2].
        slope: f_i' at the point `at` (n,), in [F/W].
        value: f_i there (n,), default 0, in [F].
        at: the point, default the first knot.
        noise: bounded sampling noise (`Noise`).

    Raises:
        InputError: a wrong shape, knots that do not increase, a non-finite entry.

    >>> task = SplineTask([-1.0, 0.0, 1.0], curvature=[[1.0, 0.0, 1.0]], slope=[0.0], at=0.0)   # |x|^3 / 6
    >>> task.loss([1.0]), task.gradient([1.0]).flatten(), task.constants()["rho"].value
    (tensor([0.1667], dtype=torch.float64), tensor([0.5000], dtype=torch.float64), 1.0)
    """

    family = "spline"
    spreads_follow_agents = True

    def __init__(
        self,
        knots: Any,
        curvature: Any,
        slope: Any,
        value: Any = None,
        *,
        at: float | None = None,
        noise: Noise | None = None,
    ) -> None:
        """Integrate the broken line twice."""
        points, heights = array("knots", knots, "(J,)", 1), array("curvature", curvature, "(n, J)", 2)
        n, count = heights.shape
        shape("knots", points, (count,), "(J,) of curvature")
        if count < 2 or not bool((points.diff() > 0).all()):
            raise InputError(f"knots = {points.tolist()}: expected at least two increasing numbers")
        slopes = shape("slope", array("slope", slope, "(n,)", 1), (n,), "(n,)").to(torch.float64)
        given = torch.zeros(n) if value is None else value
        values = shape("value", array("value", given, "(n,)", 1), (n,), "(n,)").to(torch.float64)
        points, heights = points.to(torch.float64), heights.to(torch.float64)
        anchor = points[0] if at is None else torch.tensor(real("at", at), dtype=torch.float64)
        own, shared = {"curvature": heights, "slope": slopes, "value": values}, {"knots": points, "at": anchor}
        super().__init__(1, with_noise(own, noise, n, 1), shared=shared, sampler=sampler_of(noise))
        self._anchor = int(torch.searchsorted(points, anchor, right=True))

    def raw_loss(self, w: Tensor) -> Tensor:
        """Cubic on each piece: all are evaluated, and comparisons of w with the knots choose one."""
        knots, x = self.common("knots"), w[..., 0]
        pieces = _cubic(self._tables(), x.unsqueeze(-1) - _origins(knots))
        loss = pieces[..., 0]
        for place, knot in enumerate(knots, 1):
            loss = torch.where(x >= knot, pieces[..., place], loss)
        return loss

    def raw_gradient(self, w: Tensor) -> Tensor:
        """Parabola on each piece."""
        slope, bend, jerk, t = self._pieces(w)
        return (slope + t * (bend + t * jerk / 2)).unsqueeze(-1)

    def raw_hvp(self, w: Tensor, v: Tensor) -> Tensor:
        """Line on each piece."""
        _, bend, jerk, t = self._pieces(w)
        return (bend + t * jerk).unsqueeze(-1) * v

    def own_constants(self) -> dict[str, Constant]:
        """L, mu, rho, gamma_H on R; B and gamma_G on the interval of the knots, or on R."""
        where = "on R" if self.everywhere else "on the interval of the knots"
        return spline_constants(self.arrays(), where)

    def loss_lower_bound(self) -> Constant:
        """From the values at the knots and the dips; over R it exists only if no loss falls beyond an end knot."""
        slopes = self._tables()["slopes"]
        if self.everywhere and not bool((slopes[:, 0] <= 0).all() and (slopes[:, -1] >= 0).all()):
            raise InputError("some loss falls without bound beyond an end knot: expected f' <= 0 and f' >= 0 there")
        return lower_bound(self.arrays())

    @property
    def everywhere(self) -> bool:
        """Whether f'' vanishes beyond both end knots, so that all constants hold on all of R."""
        return not bool(self._parameters["curvature"][:, [0, -1]].any())

    def contains(self, w: Any) -> Tensor:
        """Whether each point lies in [x_1, x_J], or anywhere if f'' vanishes beyond the end knots."""
        points, leading = self.as_points(w)
        knots, x = self.common("knots"), points[..., 0]
        inside = torch.ones_like(x, dtype=torch.bool) if self.everywhere else (x >= knots[0]) & (x <= knots[-1])
        return inside.reshape(*leading, self.n)

    def arrays(self) -> dict[str, np.ndarray]:
        """The arguments, and the tables of the pieces."""
        tables = {name: table.cpu().numpy().copy() for name, table in self._tables().items()}
        return {**super().arrays(), **tables}

    def _tables(self) -> dict[str, Tensor]:
        """Value, slope, f'' and f''' at the origins of the pieces, (n, J + 1) each; worked out once."""
        if "tables" not in self._cache:
            curvature, slope, value = (self.parameter(name) for name in ("curvature", "slope", "value"))
            self._cache["tables"] = self._anchored(curvature, slope, value)
        return self._cache["tables"]

    def _anchored(self, heights: Tensor, slopes: Tensor, values: Tensor) -> dict[str, Tensor]:
        """The tables whose slope and value at the point `at` are the given ones."""
        points, anchor = self.common("knots"), self.common("at")
        flat = _tables(points, heights, torch.zeros_like(slopes), torch.zeros_like(values))
        t = anchor - _origins(points)[self._anchor]
        at = {name: table[..., self._anchor] for name, table in flat.items()}
        first = slopes - (at["slopes"] + t * (at["bends"] + t * at["jerks"] / 2))
        start = values - _cubic(at, t) - first * (anchor - points[0])
        return _tables(points, heights, first, start)

    def _pieces(self, w: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        x, knots, tables = w[..., 0].contiguous(), self.common("knots"), self._tables()
        place = torch.searchsorted(knots, x, right=True)
        slope, bend, jerk = (
            tables[name].expand(*x.shape, -1).gather(-1, place.unsqueeze(-1)).squeeze(-1)
            for name in ("slopes", "bends", "jerks")
        )
        return slope, bend, jerk, x - _origins(knots)[place]


def _cubic(tables: dict[str, Tensor], t: Tensor) -> Tensor:
    """The pieces at the distance t from their origins."""
    return tables["values"] + t * (tables["slopes"] + t * (tables["bends"] / 2 + t * tables["jerks"] / 6))


def _origins(points: Tensor) -> Tensor:
    """Where each piece starts: the left extension shares the first knot, the right one starts at the last."""
    return torch.cat([points[:1], points])


def _tables(points: Tensor, heights: Tensor, first: Tensor, start: Tensor) -> dict[str, Tensor]:
    """Value, slope, second and third derivative at the origin of each of the J + 1 pieces, left extension first."""
    width, left, right = points.diff(), heights[..., :-1], heights[..., 1:]
    steps = (left + right) / 2 * width
    slopes = torch.cat([first.unsqueeze(-1), first.unsqueeze(-1) + steps.cumsum(-1)], dim=-1)
    rises = slopes[..., :-1] * width + (2 * left + right) * width**2 / 6
    values = torch.cat([start.unsqueeze(-1), start.unsqueeze(-1) + rises.cumsum(-1)], dim=-1)
    none = torch.zeros_like(first).unsqueeze(-1)
    jerks = torch.cat([none, (right - left) / width, none], dim=-1)
    tables = {"values": values, "slopes": slopes, "bends": heights}
    return {**{name: torch.cat([table[..., :1], table], dim=-1) for name, table in tables.items()}, "jerks": jerks}
