"""A problem in floating point for a solver, in a basis of gradients and their difference quotients.

In the plain basis the forms of neighbouring points nearly agree, and what is left of a margin after rounding is too
small to prove anything. Where all agents take part every form has two blocks, of their mean and of their difference.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import permutations, product
from types import ModuleType
from typing import Any

import numpy as np

from theory.language.errors import InputError
from theory.sharp.problem import Problem
from theory.sharp.rationals import Matrix, Terms

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
    def basis(self) -> Matrix:
        """Every unknown, one a row, as a combination of the basis."""
        size, groups = self.problem.size, self.problem.n
        rows = [[Fraction(0)] * (groups * size) for _ in range(groups * size)]
        for group, p in product(range(groups), range(size)):
            start, local = group * size, p < self.problem.tau
            rows[start + p][start] = Fraction(1)
            for j in range(1, p + 1) if local else (p,):
                rows[start + p][start + j] = self.problem.h / self.problem.tau if local else self.problem.h
        return rows

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
    def pairs(self) -> list[tuple[int, int, int]]:
        """The (agent, p, q) of the inequalities; agent 0 stands for all where they are alike."""
        agents = 1 if self.problem.alike else self.problem.n
        return [(i, p, q) for i in range(agents) for p, q in permutations(range(self.problem.size), 2)]

    @cached_property
    def forms(self) -> list[list[np.ndarray]]:
        """The form of every pair, added up over the agents that it stands for."""
        gradients = self.problem.unknowns()
        points, alike = self.problem.points(gradients), range(self.problem.n)
        return [
            self.form(
                [
                    term
                    for k in (alike if self.problem.alike else [i])
                    for term in self.problem.form(points[k][p], points[k][q], gradients[k][p], gradients[k][q])
                ]
            )
            for i, p, q in self.pairs
        ]

    @cached_property
    def objective(self) -> list[np.ndarray]:
        """The objective's form."""
        return self.form(self.problem.objective(self.problem.unknowns()))

    @cached_property
    def spread(self) -> list[np.ndarray]:
        """The spread's form."""
        return self.form(self.problem.spread(self.problem.unknowns()))
