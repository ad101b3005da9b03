"""Losses that turn back outside a cone: the round that drifts as far as curvature allows."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor

from empirics.numerics.checks import integer, real
from empirics.numerics.constants import Constant, rational_up
from empirics.numerics.errors import InputError
from empirics.numerics.rounding import float_up, up
from empirics.tasks.local_constants import LocalConstants
from empirics.tasks.sampler import AlmostSureBounds
from empirics.tasks.task import Task


class WedgeTask(Task):
    r"""Two agents in the plane, at w = 0 as unlike as a round of tau exact steps can make worst use of.

    With C_i the cone of the directions -a and -(g_i/norm(g_i) + a), a = (1, 0), g_i = (al, +-gamma),

        f_i(w) = <g_i, w> + (c/2) norm(w)^2 + r (norm(w)^2/2 - dist(w, C_i)^2),   c = (1 + mu)/2, r = (1 - mu)/2,

    whose curvature lies in [mu, 1] everywhere: it is 1 in the cone, and outside a reflection, P the projection on C_i:
    grad f_i(w) = g_i + c w + r (2 P w - w). Agent i's local steps from w = 0 are reflected along the cone's edge, the
    mean of their results lies on -a, in both cones, and T1d is attained there at that eps, where
    al = omega gamma/sqrt(eps^2 - omega^2) and omega is D1's for tau, h and mu.

    The gradients are Lipschitz and have kinks, so there is no rho and the task serves nu = 0 alone, where nothing asks
    for second derivatives. B and gamma_G hold on norm(w) <= radius: norm(P w - w/2) = norm(w)/2 for every cone, so
    norm(P_1 w - P_2 w) <= norm(w) and the spread is at most gamma + r radius.

    Args:
        tau, h: local steps and length h = beta tau of the round that is at its worst.
        eps: the number of T1d at which it is, above omega.
        mu: the lowest curvature, in [-1, 1).
        gamma: spread of the gradients at 0.
        radius: how far from 0 B and gamma_G hold; left out, what one such round surely stays within, at h < 1.

    Raises:
        InputError: h outside (0, 1], eps <= omega or a number out of range.

    >>> task = WedgeTask(2, 0.5, eps=0.5)                       # omega = x = 1/8 at mu = -1
    >>> [round(float(x), 6) for x in task.gradient([0.0, 0.0])[0]]
    [0.258199, 1.0]
    >>> task.gradient([-1.0, 0.0])[0] - task.gradient([0.0, 0.0])[0]          # in the cone the curvature is 1
    tensor([-1.,  0.], dtype=torch.float64)
    """

    family = "wedge"

    def __init__(
        self, tau: int = 2, h: float = 0.1, *, eps: float = 0.5, mu: float = -1.0, gamma: float = 1.0,
        radius: float | None = None,
    ) -> None:  # fmt: skip
        """Work out g_i and the second edge of each cone."""
        tau, h, mu = integer("tau", tau, at_least=2), real("h", h, above=0), real("mu", mu, at_least=-1)
        gamma, eps = real("gamma", gamma, above=0), real("eps", eps, above=0)
        if mu >= 1 or h > 1:
            raise InputError(f"mu = {mu}, h = {h}: expected mu below 1, the largest curvature, and h at most 1")
        p_minus, p_plus = (sum((1 - s * h / tau) ** t for t in range(tau)) / tau for s in (mu, 1.0))
        omega = (p_minus - p_plus) / 2
        if eps <= omega:
            raise InputError(f"eps = {eps}: expected a number above omega = {omega:.6g}")
        slope = omega * gamma / math.sqrt(eps**2 - omega**2)
        g = np.array([[slope, gamma], [slope, -gamma]])
        edge = -(g / np.linalg.norm(g, axis=1, keepdims=True) + np.array([1.0, 0.0]))
        # the cone lies between -a and the edge, on the side of w_2 where the edge is
        shared = {"axis": [-1.0, 0.0], "even": (1 + mu) / 2, "odd": (1 - mu) / 2}
        super().__init__(2, {"g": g, "edge": edge, "side": [1.0, -1.0]}, shared=shared)
        size = float(np.linalg.norm(g[0]))
        reach = 1.02 * h * size / max(1 - h, 1 / 64)
        self._radius = reach if radius is None else real("radius", radius, above=0)
        self._gamma, self._size = gamma, size

    def _edges(self, w: Tensor) -> tuple[tuple[Tensor, Tensor, Tensor], ...]:
        """Of -a and of the second edge: the direction e, <w, e> and the turn from e to w, positive into the cone."""
        side, found = self.parameter("side"), []
        for e, into in ((self.common("axis"), side), (self.parameter("edge"), -side)):
            found.append((e, (w * e).sum(-1), into * (e[..., 0] * w[..., 1] - e[..., 1] * w[..., 0])))
        return tuple(found)

    def raw_loss(self, w: Tensor) -> Tensor:
        """The squared distance from a cone of less than a right angle is that from the nearer edge.

        Edges are of any length: divided by its square, distances are 0 on them in exact arithmetic.
        """
        even, odd = self.common("even"), self.common("odd")
        square, edges = w.square().sum(-1), self._edges(w)
        near = [torch.where(dot > 0, turn.square() / e.square().sum(-1), square) for e, dot, turn in edges]
        inside = torch.minimum(edges[0][2], edges[1][2]) >= 0
        away = torch.where(inside, 0.0, torch.minimum(*near))
        return (self.parameter("g") * w).sum(-1) + even / 2 * square + odd * (square / 2 - away)

    def raw_gradient(self, w: Tensor) -> Tensor:
        """A multiple of w and of its reflection."""
        return self.parameter("g") + self._bent(w, w)

    def raw_hvp(self, w: Tensor, v: Tensor) -> Tensor:
        """The same of v, with the projection that is linear about w."""
        return self._bent(w, v)

    def _bent(self, w: Tensor, v: Tensor) -> Tensor:
        """c v + r (2 P v - v), P the projection that is linear about w."""
        even, odd, edges = self.common("even"), self.common("odd"), self._edges(w)
        onto = [
            torch.where((dot > 0).unsqueeze(-1), (v * e).sum(-1, keepdim=True) * e / e.square().sum(-1, True), 0.0)
            for e, dot, _ in edges
        ]
        reach = [dot.clamp_min(0) / e.square().sum(-1).sqrt() for e, dot, _ in edges]
        nearer = torch.where((reach[0] > reach[1]).unsqueeze(-1), *onto)
        inside = (torch.minimum(edges[0][2], edges[1][2]) >= 0).unsqueeze(-1)
        return even * v + odd * (2 * torch.where(inside, v, nearer) - v)

    def own_constants(self) -> dict[str, Constant]:
        """L, mu, gamma_H everywhere; B and gamma_G on the ball; no rho."""
        even, odd = (Fraction(float(self.common(name))) for name in ("even", "odd"))
        where = f"norm(w) <= {self._radius:.6g}"
        return {
            "L": rational_up(even + odd, "curvature in [mu, 1]"),
            "mu": Constant(-float_up(odd - even), "lower", "curvature in [mu, 1]"),
            "B": Constant(up(self._size * (1 + 1e-12) + self._radius), "upper", where),
            "gamma_G": Constant(up(self._gamma * (1 + 1e-12) + float(odd) * self._radius), "upper", where),
            "gamma_H": Constant(up(float(odd)), "upper", "r times half the difference of two projections"),
        }

    @property
    def local(self) -> LocalConstants:
        """What holds on the ball; without noise a batch is the whole."""
        known = {**self.own_constants(), **self.sampler.constants(self)}
        sure = AlmostSureBounds(known["B"].value, -known["L"].value, known["L"].value)
        return LocalConstants(torch.zeros(2, dtype=torch.float64), self._radius, known, sure)

    @property
    def everywhere(self) -> bool:
        """B and gamma_G need the ball."""
        return False

    @property
    def curved_everywhere(self) -> bool:
        """L and mu do not."""
        return True

    def contains(self, w: object) -> Tensor:
        """Whether each point lies in the ball."""
        points, leading = self.as_points(w)
        return (points.norm(dim=-1) <= self._radius).reshape(*leading, self.n)

    def loss_lower_bound(self) -> Constant:
        """On the ball: norm(g_i) radius and r radius^2 below 0, since c - r >= mu."""
        low = self._size * (1 + 1e-12) * self._radius + float(self.common("odd")) * self._radius**2
        return Constant(-up(low), "lower", "on the ball")
