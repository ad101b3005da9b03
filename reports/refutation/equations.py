"""Hypotheses that are equations: the search moves along them, and a counterexample fulfils them exactly.

No float64 alpha has alpha L = 1/3 at L = 1; but a constant of A2 to A5 only bounds, so that it may be stated larger (a
lower bound smaller), and with L = 1/(3 alpha) >= 1 the instance fulfils the hypothesis as it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
from flint import fmpq

from reports.judging.measurement import Measurement
from reports.refutation.family import Instance
from theory.enclosure.scope import to_fraction
from theory.language.algebra import Expr
from theory.language.errors import InputError
from theory.language.records import Hypothesis
from theory.tables import Table

# what only bounds from above, and from below; L_F is any smoothness constant of every F_i
_ABOVE = ("L", "rho", "B", "sigma_G", "sigma_H", "gamma_G", "gamma_H", "L_F")
_BELOW = ("mu", "mu_F", "mu_c")
_SETTINGS = ("alpha", "beta", "delta")
_HAIR = Fraction(1, 2**30)  # a step is moved by, to that side on which a constant can be restated
_TRIED = 64  # points, to see which parameter moves an equation
_MET_BY_CHANCE = 0.02  # of them: then the family fulfils it of itself, as mu = 0 where curvature is clipped
_STEPS = 40  # of false position, which needs a fraction of them


def equations(rules: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Those that ask for equality."""
    return [rule for rule in rules if rule.relation == "=="]


# --- the search


Gap = Callable[[np.ndarray], np.ndarray]  # left minus right over the size of their terms at points (P, parameters)


def moved_by(gap: Gap, box: np.ndarray, close: float, taken: Sequence[int] = ()) -> int | None:
    """The parameter along which an equation has most often a root; None where it is met already, or never is."""
    z = np.random.default_rng(0).uniform(box[:, 0], box[:, 1], (_TRIED, len(box)))
    if (np.abs(gap(z)) <= close).mean() > _MET_BY_CHANCE:
        return None
    shares = []
    for column in range(len(box)):
        low, high = (gap(_at(z, column, end)) for end in box[column])
        shares.append(0.0 if column in taken else float((low * high <= 0).mean()))
    best = int(np.argmax(shares))
    return best if shares[best] > 0 else None


def onto(gap: Gap, z: np.ndarray, column: int, ends: np.ndarray, close: float) -> np.ndarray:
    """The points with one parameter at a root of an equation, where it changes sign between the ends of its range.

    False position by the Illinois rule on all points at once, each until it is close.
    """
    moved = np.array(z)
    rows, (a, b) = np.arange(len(z)), (np.full(len(z), end) for end in ends)
    at_a, at_b = gap(_at(z, column, a)), gap(_at(z, column, b))
    live = at_a * at_b <= 0
    for _ in range(_STEPS):
        rows, a, b, at_a, at_b = (part[live] for part in (rows, a, b, at_a, at_b))
        if not len(rows):
            break
        weight = np.divide(at_b, at_b - at_a, out=np.full(len(rows), 0.5), where=at_a != at_b)
        x = b - weight * (b - a)
        moved[rows, column] = x
        at_x = gap(moved[rows])
        turned = at_x * at_b < 0
        a, at_a = np.where(turned, b, a), np.where(turned, at_b, at_a / 2)
        b, at_b, live = x, at_x, np.abs(at_x) > close
    return moved


def _at(z: np.ndarray, column: int, value: np.ndarray | float) -> np.ndarray:
    moved = np.array(z)
    moved[:, column] = value
    return moved


# --- exactly


def restated(measurement: Measurement, rules: Sequence[Hypothesis], table: Table) -> Measurement:
    """With constants stated a little worse where that fulfils every equation exactly, otherwise as it is."""
    inputs, used = dict(measurement.inputs), set(measurement.between)
    for rule in equations(rules):
        if _exact(table, inputs, rule.difference) == 0:
            continue
        found = _worse(inputs, rule.difference, table, used)
        if found is None:
            return measurement
        used.add(found[0])
        inputs[found[0]] = str(found[1])
    met = all(_exact(table, inputs, rule.difference) == 0 for rule in equations(rules))
    return replace(measurement, inputs=inputs) if met else measurement


def beside(instance: Instance) -> Iterator[Instance]:
    """The instance with one of its steps a hair smaller or larger."""
    for name in _SETTINGS:
        value: Fraction | None = getattr(instance.cell, name, None)
        if value is None:
            continue
        for factor in (1 - _HAIR, 1 + _HAIR):
            yield replace(instance, cell=instance.cell.model_copy(update={name: value * factor}))


def _worse(inputs: dict[str, str], difference: Expr, table: Table, used: set[str]) -> tuple[str, Fraction] | None:
    """A constant and what it has to be stated as for the difference to vanish; that which changes least."""
    found: list[tuple[Fraction, str, Fraction]] = []
    for name in (*_ABOVE, *_BELOW):
        now = None if name in used else _exact(table, inputs, table.symbols[name])
        if now is None or (name in _BELOW and name not in inputs):
            continue
        root = _root(lambda value, name=name: _exact(table, {**inputs, name: str(value)}, difference), now)
        if root is not None and (root >= now if name in _ABOVE else root <= now):
            found.append((abs(root - now) / abs(now), name, root))
    return min(found)[1:] if found else None


def _root(value: Callable[[Fraction], Fraction | None], start: Fraction) -> Fraction | None:
    """Where a function that is linear in x or in 1/x vanishes, from its values at x and 2 x; x = 0 says nothing."""
    first = value(start) if start else None
    second = None if first is None else value(2 * start)
    if first is None or second is None or first == second:
        return None
    linear = start - first * start / (second - first)
    share = first / (second - first) / 2  # 1/x goes down by half of itself
    inverse = start / (1 + share) if share != -1 else None
    for root in (linear, inverse):
        if root is not None and root * start > 0 and value(root) == 0:
            return root
    return None


def _exact(table: Table, inputs: dict[str, str], expression: Expr) -> Fraction | None:
    try:
        number = table.scope(inputs).exact_of(expression)
    except InputError:
        return None
    return to_fraction(number) if isinstance(number, fmpq) else None
