"""Lower values by a solver: an instance a little below the least upper value, made rational and checked exactly.

Of the Gram matrices with nearly the largest value the one is taken whose inequalities I_pq >= 0 hold with the largest
margin, relative to the norm of their forms; its factor is rounded.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from theory.sharp.certificates import Given, Refused
from theory.sharp.checker import lower_value
from theory.sharp.problem import stated
from theory.sharp.rationals import Matrix, evaluated
from theory.sharp.semidefinite import Semidefinite, solved, solver

SHORTFALLS = tuple(Fraction(1, 10**k) for k in range(8, 2, -1))
ROUNDING = 56  # bits: the values f_p come as doubles


def attained_below(statement: str, given: Given, upper: Fraction) -> dict[str, Any] | None:
    """The lower side of a certificate for a round, or None where no instance within 1e-3 of `upper` survives rounding.

    Raises:
        InputError: the solver is not installed.
    """
    forms = Semidefinite(stated(statement, given))
    for shortfall in SHORTFALLS:
        found = _solve(forms, float(upper * (1 - shortfall) / forms.unit))
        if found is None:
            continue
        part = _instance(forms, *found)
        try:
            lower_value(statement, given, part)
        except Refused:
            continue
        return part
    return None


def _solve(forms: Semidefinite, value: float) -> tuple[list[np.ndarray], np.ndarray] | None:
    """The blocks of a Gram matrix in the basis, and in units the values f_p - <g_0, w_p> of agents that differ."""
    cp = solver()
    problem = forms.problem
    agents = 1 if problem.alike else problem.n
    grams = [cp.Variable((len(block), len(block)), PSD=True) for block in forms.objective]
    values = cp.Variable((agents, problem.size))
    margin = cp.Variable()

    def inner(form: list[np.ndarray]) -> Any:
        return sum(cp.sum(cp.multiply(part, gram)) for part, gram in zip(form, grams, strict=True))

    stand_for = problem.n // agents
    shares = np.array([float(x) * stand_for for x in problem.values()])
    constraints = [
        inner(forms.spread) == 1,
        cp.sum(values @ shares) + inner(forms.objective) >= value,
        values[:, 0] == 0,
    ]
    for (i, p, q), form, size in zip(forms.pairs, forms.forms, forms.sizes, strict=True):
        difference = float(forms.unit) * stand_for / size * (values[i, p] - values[i, q])
        constraints.append(difference - inner(form) >= margin)
    task = cp.Problem(cp.Maximize(margin), constraints)
    if not solved(task) or margin.value <= 0:
        return None
    return [gram.value for gram in grams], values.value


def _instance(forms: Semidefinite, grams: list[np.ndarray], values: np.ndarray) -> dict[str, Any]:
    """Rational gradients with nearly these Gram matrices, and rational values."""
    problem = forms.problem
    size = sum(len(gram) for gram in grams)
    factor = [[Fraction(0)] * size for _ in range(size)]
    for block, gram in zip(forms.blocks, grams, strict=True):
        lengths, axes = np.linalg.eigh(gram)
        part = axes * np.sqrt(np.maximum(lengths, 0))
        for a, row in zip(range(block.start, block.stop), part, strict=True):
            factor[a][block] = [_rounded(x) for x in row]
    unknowns = _product(forms.basis, factor)
    gradients = [_product(rows, unknowns) for rows in problem.unknowns()]
    weights = [Fraction(1)] * size
    return {
        "gradients": gradients,
        "values": [
            [
                forms.unit * _rounded(values[0 if problem.alike else i, p])
                + evaluated([(Fraction(1), g[0], w)], weights)
                for p, w in enumerate(points)
            ]
            for i, (g, points) in enumerate(zip(gradients, problem.points(gradients), strict=True))
        ],
        "weights": weights,
    }


def _rounded(x: float) -> Fraction:
    return Fraction(round(x * 2**ROUNDING), 2**ROUNDING)


def _product(M: Matrix, N: Matrix) -> Matrix:
    columns = list(zip(*N, strict=True))
    return [
        [sum((x * y for x, y in zip(row, column, strict=True) if x and y), Fraction(0)) for column in columns]
        for row in M
    ]
