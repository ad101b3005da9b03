"""Upper values by a solver: multipliers found in floating point, made rational, and proved.

The least value is found first; then, a little above it, the multipliers whose square has the largest margin. Rounded
to 2^-60 they miss the equations of the values f_p by little: these are restored exactly by the largest multipliers. A
proof that fails is tried again further above.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
import numpy as np

from theory.sharp.certificates import Given, Refused
from theory.sharp.checker import upper_value
from theory.sharp.problem import stated
from theory.sharp.semidefinite import Semidefinite, solved, solver

EXCESSES = tuple(Fraction(1, 10**k) for k in range(8, 2, -1))
ROUNDING = 60  # bits


def proved_above(statement: str, given: Given) -> dict[str, Any] | None:
    """The upper side of a certificate for a round, or None where no excess up to 1e-3 can be proved.

    Raises:
        InputError: the solver is not installed.
    """
    forms = Semidefinite(stated(statement, given))
    found = _solve(forms, None)
    if found is None:
        return None
    for excess in EXCESSES:
        raised = _solve(forms, found[0] * (1 + float(excess)))
        if raised is None:
            continue
        factor = Fraction(raised[0]) * forms.unit
        multipliers = _balanced(forms, raised[1])
        part = {"spread": factor, "multipliers": [[i, p, q, x] for (i, p, q), x in multipliers.items() if x]}
        try:
            upper_value(statement, given, part)
        except Refused:
            continue
        return part
    return None


def _solve(forms: Semidefinite, value: float | None) -> tuple[float, np.ndarray] | None:
    """The least factor, in units, with its multipliers, or at a given factor those with the largest margin."""
    cp = solver()
    problem, pairs = forms.problem, forms.pairs
    multipliers = cp.Variable(len(pairs), nonneg=True)
    goal = cp.Variable()
    factor, margin = (goal, 0) if value is None else (value, goal)
    constraints = []
    for k, objective in enumerate(forms.objective):
        size = len(objective)
        stacked = np.array([form[k].ravel() for form in forms.forms]).T
        square = cp.reshape(stacked @ multipliers, (size, size), order="C") + factor * forms.spread[k] - objective
        constraints.append(square - margin * np.eye(size) >> 0)
    unscaled = float(forms.unit) / forms.sizes
    for i in {pair[0] for pair in pairs}:
        for p, share in enumerate(problem.values()):
            sign = np.array([(j == i) * ((a == p) - (b == p)) for j, a, b in pairs], dtype=float)
            constraints.append(float(problem.h) * (sign * unscaled) @ multipliers == -float(problem.h * share))
    task = cp.Problem(cp.Minimize(goal) if value is None else cp.Maximize(goal), constraints)
    if not solved(task):
        return None
    return float(goal.value) if value is None else value, multipliers.value * unscaled


def _balanced(forms: Semidefinite, found: np.ndarray) -> dict[tuple[int, int, int], Fraction]:
    """The multipliers in rationals, with every value f_p of every agent cancelled by the largest of them."""
    rounded = {
        pair: Fraction(max(0, round(x * 2**ROUNDING)), 2**ROUNDING) for pair, x in zip(forms.pairs, found, strict=True)
    }
    for i in {pair[0] for pair in forms.pairs}:
        order = sorted((pair for pair in forms.pairs if pair[0] == i), key=lambda pair: -rounded[pair])
        rows = [
            [*(int(a == p) - int(b == p) for _, a, b in order), flint.fmpq(-x.numerator, x.denominator)]
            for p, x in enumerate(forms.problem.values())
        ]
        reduced, rank = flint.fmpq_mat(rows).rref()
        for row in range(rank):
            entries = [Fraction(int(x.p), int(x.q)) for x in (reduced[row, j] for j in range(len(order) + 1))]
            pivot = next(j for j, x in enumerate(entries) if x)
            rounded[order[pivot]] = entries[-1] - sum(
                x * rounded[order[j]] for j, x in enumerate(entries[:-1]) if j > pivot
            )
    return rounded
