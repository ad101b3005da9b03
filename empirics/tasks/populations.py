"""Populations too large to store: an agent's parameters are drawn from (seed, agent) when it takes part."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirics.numerics.checks import integer, real
from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.numerics.randomness import derived_key, philox
from empirics.numerics.rounding import EPS, add_up, up
from empirics.tasks.forms import QuadraticForm
from empirics.tasks.quadratic import QuadraticLosses
from empirics.tasks.task import Task

MOST_AGENTS = 2**32
MOST_BYTES = 2**31


class Population(Task):
    r"""n agents, none of them stored: `materialise` makes the parameters of those that are selected.

    A run with m participants takes memory and time for m agents, whatever n is. Parameters are a pure function of
    (seed, agent), so an agent is the same whenever and in whatever company it takes part. What needs every agent (full
    participation, `whole`, `arrays`, losses without a selection) makes all of them at once, and is refused when they
    take more than 2 GiB.

    A population of your own implements `materialise` and the three methods of a `Task`:

    >>> class Points(Population):
    ...     '''f_i(w) = norm(w - c_i)^2 / 2 with c_i in the cube [-1, 1]^d.'''
    ...     def materialise(self, agents):
    ...         return {"c": self.uniforms("c", agents, self.d)}
    ...     def raw_loss(self, w):
    ...         return (w - self.parameter("c")).square().sum(-1) / 2
    ...     def raw_gradient(self, w):
    ...         return w - self.parameter("c")
    ...     def raw_hvp(self, w, v):
    ...         return v
    >>> from empirics import MetaFedAvg
    >>> points = Points(n=4_000_000_000, d=3, seed=0)
    >>> MetaFedAvg(0.1, 1, 0.5, 2, participants=5).run(points, [0.0] * 3, rounds=4).iterates.shape
    torch.Size([1, 5, 3])
    """

    family = "population"

    def __init__(self, n: int, d: int, *, seed: int = 0, dtype: torch.dtype = torch.float64) -> None:
        """Note the sizes; nothing is drawn yet."""
        self._n = integer("n", n, at_least=1)
        if self._n > MOST_AGENTS:
            raise InputError(f"n = {n}: expected at most 2**32 agents, the 32 bits that a draw has for an agent")
        if dtype not in (torch.float32, torch.float64):
            raise InputError(f"dtype = {dtype}: expected torch.float64 or torch.float32")
        # One agent's place stands for all parameters, which the base class would hold.
        super().__init__(integer("d", d, at_least=1), {"agent": torch.zeros(1, dtype=dtype)})
        self.seed = integer("seed", seed, at_least=0)

    @abstractmethod
    def materialise(self, agents: Tensor) -> dict[str, Tensor]:
        """Parameters (R, m, ...) of the agents (R, m), float64; a pure function of the seed and the agents."""

    def uniforms(self, purpose: str, agents: Tensor, count: int) -> Tensor:
        """Numbers (R, m, count) of agents (R, m), uniform on the odd multiples of 2^-32 in (-1, 1), float64.

        They are the same on every device, exactly symmetric about 0, and never 0.
        """
        key = derived_key(self.seed, 0, 0, f"population:{purpose}")
        blocks = torch.arange(-(-count // 4), device=agents.device)
        zero = torch.zeros((), dtype=torch.int64, device=agents.device)
        words = philox((blocks, agents.unsqueeze(-1), zero, zero), (zero + key[0], zero + key[1]))
        odd = torch.stack(torch.broadcast_tensors(*words), dim=-1).flatten(-2)[..., :count] * 2 + 1 - 2**32
        return odd.to(torch.float64) * 2.0**-32

    @property
    def on_demand(self) -> bool:
        """True: only those who take part are ever made."""
        return True

    @property
    def n(self) -> int:
        """Number of agents (of participants, in a selection)."""
        return self._n if self._selection is None else self._selection.shape[-1]

    @property
    def ids(self) -> Tensor:
        """Global indices of the agents, (n,) or, in a selection, (R, m)."""
        if self._selection is not None:
            return self._selection
        self._refuse_too_many(1)
        return torch.arange(self._n, device=self.device)

    @property
    def values_per_agent(self) -> int:
        """Numbers in one agent's parameters."""
        if "values" not in self._cache:
            one = self.materialise(torch.zeros((1, 1), dtype=torch.int64, device=self.device))
            self._cache["values"] = sum(value.numel() for value in one.values())
        return self._cache["values"]

    def parameter(self, name: str) -> Tensor:
        """The parameter of the agents that were selected, (R, m, ...), or of all of them, (n, ...)."""
        if self._selection is None:
            return self.whole(name)
        if "parameters" not in self._cache:
            made = self.materialise(self._selection)
            self._cache["parameters"] = {key: value.to(self.dtype) for key, value in made.items()}
        return self._cache["parameters"][name]

    def whole(self, name: str) -> Tensor:
        """A parameter of all agents, (n, ...), also in a selection; refused when they take more than 2 GiB."""
        return self._all()[name]

    def arrays(self) -> dict[str, np.ndarray]:
        """Every parameter of every agent; refused when they take more than 2 GiB."""
        return {name: value.cpu().numpy().copy() for name, value in self._all().items()}

    def _all(self) -> dict[str, Tensor]:
        if "all" not in self._cache:
            self._refuse_too_many(self.values_per_agent)
            made = self.materialise(torch.arange(self._n, device=self.device).unsqueeze(0))
            self._cache["all"] = {name: value[0].to(self.dtype) for name, value in made.items()}
        return self._cache["all"]

    def _refuse_too_many(self, values: int) -> None:
        if self._n * values * 8 > MOST_BYTES:
            size = self._n * values * 8 / 2**30
            raise InputError(
                f"all {self._n} agents of this population at once would take {size:.3g} GiB: expected at most "
                f"{MOST_BYTES // 2**30} GiB; give MetaFedAvg a number of participants, or select agents"
            )

    def as_points(self, w: Any, name: str = "w") -> tuple[Tensor, tuple[int, ...]]:
        """As for any task; refused where the points of all agents take more than 2 GiB."""
        if self._selection is None:
            self._refuse_too_many(self.d)
        return super().as_points(w, name)


class QuadraticPopulation(QuadraticLosses, Population):
    r"""f_i(w) = (w - c_i)^T A_i (w - c_i) / 2 for up to 2^32 agents, each drawn when it takes part.

    A_i = Q_i D_i Q_i with Q_i = I - 2 u_i u_i^T / norm(u_i)^2 a Householder reflection along a random u_i and D_i
    diagonal with entries in [mu, L], the first L and, for d > 1, the last mu; centres are uniform in the cube
    [-spread, spread]^d. So L, mu, rho = 0 and gamma_H <= L - mu hold by construction, without looking at any agent
    (L and mu are stated with room for the rounding of A_i). With `radius` r, B and gamma_G hold on norm(w) <= r.

    Args:
        n: number of agents, at most 2^32.
        d: dimension.
        L, mu: L > 0 and -L <= mu <= L, the largest and smallest eigenvalue of every A_i, in [F/W^2].
        spread: spread >= 0 of the centres in each coordinate, in [W].
        seed: root of the agents; independent of the seed of a run.
        radius: radius r > 0 of the ball about 0 on which B and gamma_G are stated.
        dtype: torch.float64 or torch.float32.

    Raises:
        InputError: a size or a number out of range.

    >>> task = QuadraticPopulation(100_000_000, 4, L=2.0, mu=0.5, seed=1)
    >>> from empirics import MetaFedAvg
    >>> run = MetaFedAvg(0.1, 2, 0.5, 3, participants=10).run(task, [1.0] * 4, rounds=2)
    >>> run.iterates.shape, round(task.constants()["L"].value, 9)
    (torch.Size([1, 3, 4]), 2.0)
    """

    family = "quadratic population"

    def __init__(
        self,
        n: int,
        d: int,
        *,
        L: float = 1.0,
        mu: float = 0.1,
        spread: float = 1.0,
        seed: int = 0,
        radius: float | None = None,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        """Check and note the law of the agents."""
        super().__init__(n, d, seed=seed, dtype=dtype)
        self.L, self.mu = real("L", L, above=0), real("mu", mu)
        if abs(self.mu) > self.L:
            raise InputError(f"mu = {self.mu}: expected -L <= mu <= L with L = {self.L}")
        self.spread = real("spread", spread, at_least=0)
        self._radius = None if radius is None else real("radius", radius, above=0)

    def materialise(self, agents: Tensor) -> dict[str, Tensor]:
        """A (R, m, d, d), symmetric to the last bit, and c (R, m, d)."""
        drawn = self.uniforms("quadratic", agents, 3 * self.d)
        centres, directions, places = drawn.split(self.d, dim=-1)
        eigenvalues = self.mu + (self.L - self.mu) * (places + 1) / 2
        eigenvalues[..., -1], eigenvalues[..., 0] = self.mu, self.L
        return {"A": _reflected(directions, eigenvalues), "c": self.spread * centres}

    def quadratic(self) -> QuadraticForm | None:
        """A and c of the one selection that was made of the agents; None for the whole population."""
        if self._selection is None or len(self._selection) != 1 or not self.unchanged_since(QuadraticPopulation):
            return None
        A, c = self.parameter("A")[0], self.parameter("c")[0]
        return QuadraticForm(A, c, torch.zeros_like(c[:, 0]))

    def own_constants(self) -> dict[str, Constant]:
        r"""L, mu, rho = 0 and gamma_H of all agents, by construction; with a radius B and gamma_G.

        norm(A_i - Abar) <= L - mu, since every A_i, and so their mean, lies between mu I and L I. On the ball the
        gradient A_i (w - c_i) has norm at most B = L (r + R) with R = spread sqrt(d) >= norm(c_i), and its distance
        from the mean gradient, (A_i - Abar) w - (A_i c_i - mean), at most (L - mu) r + 2 L R.
        """
        high, low = self._curvature()
        constants = {
            "L": Constant(high, "upper", "largest eigenvalue of every A_i, by construction"),
            "mu": Constant(low, "lower", "smallest eigenvalue of every A_i, by construction"),
            "rho": Constant(0.0, "exact", "quadratic"),
            "gamma_H": Constant(up(high - low), "upper", "L - mu"),
        }
        if self.radius is None:
            return constants
        norm, reach = max(high, -low), up(self.spread * math.sqrt(self.d))
        note = f"on the ball of radius {self.radius:g} about 0"
        constants["B"] = Constant(up(norm * (self.radius + reach)), "upper", f"L (r + spread sqrt(d)), {note}")
        spread = up((high - low) * self.radius + 2 * norm * reach)
        constants["gamma_G"] = Constant(spread, "upper", f"(L - mu) r + 2 L spread sqrt(d), {note}")
        return constants

    def _curvature(self) -> tuple[float, float]:
        """L and mu with room for rounding.

        A is D + u q^T + q u^T with q = (2 t/s^2) u - (2/s) D u, s = norm(u)^2 and t = u^T D u: norm(q) norm(u) <= 4 L,
        so the terms have Frobenius norms at most L sqrt(d), 4 L and 4 L, with fewer than 4 d + 32 roundings, and one
        more in float32. Eigenvalues move by at most the norm of the error.
        """
        size = max(abs(self.L), abs(self.mu)) * (math.sqrt(self.d) + 8)
        error = up(size * (2 * self.d + 16) * EPS + (size * 2.0**-23 if self.dtype == torch.float32 else 0.0))
        return add_up(self.L, error), -add_up(-self.mu, error)

    def loss_lower_bound(self) -> Constant:
        """0 when every A_i is positive semidefinite; with a radius mu (r + spread sqrt(d))^2 / 2 otherwise."""
        _, low = self._curvature()
        if low >= 0:
            return Constant(0.0, "lower", "every A_i is positive semidefinite")
        if self.radius is None:
            raise InputError(f"mu = {self.mu} leaves the losses without a lower bound: expected mu > 0 or a radius")
        reach = self.radius + up(self.spread * math.sqrt(self.d))
        return Constant(-up(-low * reach**2 / 2), "lower", f"on the ball of radius {self.radius:g} about 0")


def _reflected(u: Tensor, eigenvalues: Tensor) -> Tensor:
    """Q D Q (..., d, d) with Q = I - 2 u u^T / norm(u)^2, symmetric to the last bit because + and * commute."""
    square = u.square().sum(-1, keepdim=True)
    stretched = eigenvalues * u
    along = (u * stretched).sum(-1, keepdim=True)
    q = u * (2 * along / square**2) - stretched * (2 / square)
    matrices = u.unsqueeze(-1) * q.unsqueeze(-2)
    matrices += q.unsqueeze(-1) * u.unsqueeze(-2)
    matrices.diagonal(dim1=-2, dim2=-1).add_(eigenvalues)
    return matrices
