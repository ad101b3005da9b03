"""A problem in floating point for a solver, scaled so that what it has to tell apart is of order 1.

The basis is one of gradients and their difference quotients: in the plain one the forms of neighbouring points nearly
agree, and what is left of a margin after rounding is too small to prove anything. Values are f_p - <g_0, w_p>, which
leaves the second order. Where all agents take part every form has two blocks, of their mean and of their difference.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import permutations, product
from types import ModuleType
from typing import Any

import numpy as np

from theory.language.errors import InputError
from theory.sharp.constants import Pair
from theory.sharp.problem import Problem
from theory.sharp.rationals import Matrix, Terms, Vector, plus

_TOLERANCES = ("tol_gap_abs", "tol_gap_rel", "tol_feas")


def solver() -> ModuleType:
    """The module cvxpy.

    Raises:
        InputError: the extra is not installed.
    """
    try:
        import clarabel  # noqa: F401
        import cvxpy
    except ImportError as error:
        raise InputError(
            f"no closed form is sharp here, and {error.name} is missing: pip install 'meta-fedavg-bounds[sharp]'"
        ) from None
    return cvxpy


def solved(task: Any) -> bool:
    """Solve a cvxpy problem; whether numbers came out, be they inaccurate: what is made of them is checked exactly."""
    cp = solver()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # Clarabel's other factorisation gives up at its first step on some sampled rounds; the tolerances are
            # beyond what it reaches, so that it goes on as long as it gains
            task.solve(solver=cp.CLARABEL, direct_solve_method="qdldl", **dict.fromkeys(_TOLERANCES, 1e-12))
        except cp.error.SolverError:
            return False
    return all(variable.value is not None for variable in task.variables())


@dataclass(frozen=True)
class Semidefinite:
    """The forms of a round problem as arrays, each a list of its blocks."""

    problem: Problem

    @cached_property
    def unit(self) -> Fraction:
        """The order of the value, as a power of 4: drift, omega^2, and sampling, h kappa/2."""
        problem = self.problem
        kappa = Fraction(problem.n - problem.m, problem.m * (problem.n - 1))
        order = Pair(problem.h, problem.tau, problem.mu_c).omega ** 2 + problem.h * kappa / 2
        return Fraction(4) ** round(math.log(order, 4))

    @cached_property
    def basis(self) -> Matrix:
        """Every unknown, one a row, as a combination of the basis: mean first, then deviations from it."""
        problem, size, groups = self.problem, self.problem.size, self.problem.n
        small = Fraction(2) ** round(math.log2(self.unit) / 2)  # the order of the mean gradient
        rows = [[Fraction(0)] * (groups * size) for _ in range(groups * size)]
        for group, part, p in product(range(groups), range(groups), range(size)):
            sign = self._sign(group, part)
            row, start, local = rows[group * size + p], part * size, p < problem.tau
            row[start] = sign * (Fraction(1) if part else small)
            for j in range(1, p + 1) if local else ():
                row[start + j] = sign * problem.h / problem.tau
            if not local:
                row[start + p] = sign * problem.h * (small if problem.alike else 1)
        return rows

    def _sign(self, group: int, part: int) -> int:
        if self.problem.alike:  # whose unknowns are the mean and the deviation
            return int(group == part)
        last = group == self.problem.n - 1
        return 1 if part == 0 else -1 if last else int(part == group + 1)

    @cached_property
    def blocks(self) -> list[slice]:
        """The blocks of the basis."""
        size, agents = self.problem.size, self.problem.n
        return [slice(0, size), slice(size, 2 * size)] if self.problem.alike else [slice(0, agents * size)]

    def form(self, terms: Terms) -> list[np.ndarray]:
        """The blocks of a form."""
        basis = np.array(self.basis, dtype=float)
        whole = np.zeros_like(basis)
        for c, u, v in terms:
            left, right = (np.array(vector, dtype=float) @ basis for vector in (u, v))
            whole += float(c) / 2 * (np.outer(left, right) + np.outer(right, left))
        return [whole[block, block] for block in self.blocks]

    @cached_property
    def unknowns(self) -> list[list[Vector]]:
        """Every agent's gradients in the unknowns."""
        return self.problem.unknowns()

    @cached_property
    def points(self) -> list[list[Vector]]:
        """Every agent's points in the unknowns."""
        return self.problem.points(self.unknowns)

    @cached_property
    def pairs(self) -> list[tuple[int, int, int]]:
        """The (agent, p, q) of the inequalities; agent 0 stands for all where they are alike."""
        agents = 1 if self.problem.alike else self.problem.n
        return [(i, p, q) for i in range(agents) for p, q in permutations(range(self.problem.size), 2)]

    def _tilted(self, i: int, p: int, q: int) -> Terms:
        w, g = self.points[i], self.unknowns[i]
        return [*self.problem.form(w[p], w[q], g[p], g[q]), (Fraction(-1), g[0], plus(w[p], w[q], -1))]

    @cached_property
    def forms(self) -> list[list[np.ndarray]]:
        """The form of every pair, added up over the agents that it stands for, divided by `sizes`."""
        return [[part / size for part in form] for form, size in zip(self._forms, self.sizes, strict=True)]

    @cached_property
    def _forms(self) -> list[list[np.ndarray]]:
        every = range(self.problem.n)
        return [
            self.form([term for k in (every if self.problem.alike else [i]) for term in self._tilted(k, p, q)])
            for i, p, q in self.pairs
        ]

    @cached_property
    def sizes(self) -> np.ndarray:
        """The norm of every pair's form."""
        return np.array([math.hypot(*(np.linalg.norm(part) for part in form)) for form in self._forms])

    @cached_property
    def objective(self) -> list[np.ndarray]:
        """The objective's form in units of `unit`."""
        tilt = [
            (c, g[0], w)
            for points, g in zip(self.points, self.unknowns, strict=True)
            for c, w in zip(self.problem.values(), points, strict=True)
        ]
        return [part / float(self.unit) for part in self.form([*self.problem.objective(self.unknowns), *tilt])]

    @cached_property
    def spread(self) -> list[np.ndarray]:
        """The spread's form."""
        return self.form(self.problem.spread(self.unknowns))
