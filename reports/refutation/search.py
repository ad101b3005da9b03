"""The search: random batches, evolution in batches, dual annealing from the best, and a quasi-Newton polish."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy
import torch
from torch import Tensor

from reports.refutation.batched import EQUAL, RELATIONS, BatchScope, LongSumError, shares
from reports.refutation.equations import Gap, equations, moved_by, onto
from reports.refutation.family import Batch, Family, Target, counts_of
from reports.refutation.targets import mode_of
from theory.language.algebra import Expr
from theory.language.records import Hypothesis, dependencies
from theory.tables import Table

POPULATION = 2**14  # of which 7/8, more than 10^4, are new in every generation
_GENERATIONS = 12
_TURNS = 40  # over the options that are left, if the budget lasts
_MANY_OPTIONS = 6  # are looked at in smaller batches
_FEW_OPTIONS = 4  # are not halved again, and share what is left of the budget
_ROUNDING = 1e-9  # of a left side that float64 computes, beside what is proved to bound it
# a difference of two sides against zero; an equation holds up to rounding


@dataclass(frozen=True)
class Question:
    """What is searched for: a left side (as a built-in target) above a quantity of a table.

    beside: another left side that is measured with the target, and searched for instead of it.
    """

    target: Target
    quantity: str
    table: Table
    squared: bool = False
    without_mu: bool = False
    beside: str = ""

    @property
    def left(self) -> Target:
        """What a family measures for it."""
        return (self.target[0], self.beside) if self.beside else self.target


@dataclass(frozen=True)
class Candidate:
    """A promising point: ratio as the search sees it, and the term that makes up most of the right side."""

    ratio: float
    family: Family
    option: Mapping[str, int]
    x: tuple[float, ...]
    leading: str
    share: float


class _OutOfTimeError(Exception):
    """The share of the budget is spent."""


@dataclass
class Searched:
    """How many instances that fulfil the hypotheses were looked at."""

    evaluations: int = 0
    seconds: float = 0.0


def ratios(
    question: Question, family: Family, option: Mapping[str, int], x: Tensor
) -> tuple[Tensor, BatchScope] | None:
    """Measured over claimed; -inf where a hypothesis fails, None where the family has no such left side."""
    batch = family.batch(x, option)
    if question.left not in batch.measured:
        return None
    measured, scope = batch.measured[question.left], _scope(question, family, batch)
    inputs = scope.inputs
    try:
        claimed = scope.value(question.quantity)
        proved = scope.value(question.target[1])
        admissible = scope.admits(hypotheses(question.table, question.quantity))
    except (KeyError, LongSumError):
        return None
    if question.squared:
        measured, proved = measured**2, proved**2
    if "grad_norm" in inputs:  # one round: all are compared beyond the descent that the theory grants
        base = -inputs["beta"] * batch.counts["tau"] * _descent(question, scope) * inputs["grad_norm"] ** 2
        measured, claimed, proved = measured - base, claimed - base, proved - base
    # a right side of 0 or less is exceeded by whatever is more than rounding, on the scale of the proved one
    least = _ROUNDING * proved.clamp_min(0)
    excess = (measured - claimed.clamp_max(0)) / torch.maximum(claimed, least)
    value = torch.where((claimed > 0) | (measured >= 0), excess, claimed / measured)
    value = value.expand(len(x)).clone()
    value[~(admissible & torch.isfinite(value))] = -torch.inf
    return value, scope


def _scope(question: Question, family: Family, batch: Batch) -> BatchScope:
    inputs = {**batch.inputs, **batch.own.get(question.target, {})}
    if question.without_mu:
        del inputs["mu"]
    return BatchScope(question.table, inputs, batch.counts, family.mode or mode_of(question.target), batch.options)


def _descent(question: Question, scope: BatchScope) -> Tensor:
    """The coefficient of the descent: the bound's own, or that of the case for a claim."""
    own = f"{question.quantity}.A"
    return scope.part(own, question.quantity) if own in question.table.formulas else scope.value("A")


def hypotheses(table: Table, quantity: str) -> list[Hypothesis]:
    """The hypotheses of a quantity, and the optional ones of what it uses, in the order of the table.

    Not those about numbers that are chosen from a list: every element is held against them when it is tried.
    """
    used = dependencies(table.formulas, quantity)
    mine = [table.formulas[name] for name in table.formulas if name in used]
    named = [item for one in mine for item in one.hypotheses if one.name == quantity or item.optional]
    free = table.unsettled if table.formulas[quantity].choices else frozenset()
    return [item for item in named if not _names(item) & free]


def explore(
    question: Question,
    family: Family,
    options: Sequence[Mapping[str, int]],
    budget: float,
    seed: int,
    until: Callable[[Candidate], bool] = lambda candidate: False,
) -> tuple[list[Candidate], Searched]:
    """The best candidate of every option and leading term, within a budget of seconds.

    Every option is looked at, then the better half again, and so on; a candidate of which `until` says so ends it.
    """
    done, started = Searched(), time.perf_counter()
    population = POPULATION if len(options) <= _MANY_OPTIONS else POPULATION // 8
    best: dict[tuple[str, str], Candidate] = {}
    for turn in range(_TURNS):
        found: list[Candidate] = []
        for place, option in enumerate(options):
            left = budget - (time.perf_counter() - started)
            if left <= 0:
                break
            share = max(left / (len(options) - place) / (1 if len(options) <= _FEW_OPTIONS else 2), 0.02)
            candidate = _one_place(
                question, family, option, share, seed + turn * len(options) + place, done, population
            )
            if candidate is None:
                continue
            found.append(candidate)
            key = (str(sorted(option.items())), candidate.leading)
            if key not in best or candidate.ratio > best[key].ratio:
                best[key] = candidate
            if until(candidate):
                left = 0
                break
        else:
            left = budget - (time.perf_counter() - started)
        if left <= 0 or not found:
            break
        found.sort(key=lambda candidate: -candidate.ratio)
        options = [one.option for one in found[: max((len(found) + 1) // 2, min(len(found), _FEW_OPTIONS))]]
    done.seconds = time.perf_counter() - started
    return sorted(best.values(), key=lambda candidate: -candidate.ratio), done


def options_of(question: Question, family: Family) -> list[dict[str, int]]:
    """A family's options that the hypotheses admit, smallest first.

    Counts are moved to the numbers that hypotheses name where they ask. One that is the same in all options of the
    family, such as the number of equal agents, is moved only as far as hypotheses about counts alone ask.
    """
    rules = [rule for rule in hypotheses(question.table, question.quantity) if rule.difference.free_symbols]
    named: dict[str, set[int]] = {}
    for rule in rules:
        numbers = {abs(int(number)) for number in rule.difference.atoms(sympy.Integer)} or {0}
        for name in _names(rule):
            named.setdefault(name, set()).update(numbers, {number + 1 for number in numbers})
    moved: dict[tuple[tuple[str, int], ...], dict[str, int]] = {}
    for option in family.options:
        within = [
            sorted({value, *(x for x in named.get(name, ()) if x <= family.most.get(name, 0))})
            for name, value in option.items()
        ]
        for values in itertools.product(*within):
            other = dict(zip(option, values, strict=True))
            moved.setdefault(tuple(sorted(other.items())), other)
    weighed = [names for rule in rules if not (names := _names(rule)) <= counts_of(family.options[0]).keys()]
    varied = [
        name
        for name in family.options[0]
        if any(name in names for names in weighed) or len({option[name] for option in family.options}) > 1
    ]
    found: dict[tuple[int, ...], dict[str, int]] = {}
    for other in sorted(moved.values(), key=lambda option: sum(option.values())):
        admitted = all(_allows(rule, counts_of(other)) for rule in rules) and family.serves(question.target, other)
        if admitted and _possible(other):
            found.setdefault(tuple(other[name] for name in varied), other)
    return list(found.values())


def _possible(option: Mapping[str, int]) -> bool:
    positive = all(value >= (0 if name == "nu" else 1) for name, value in option.items())
    return positive and option.get("m", 1) <= option.get("n", 1)


def _names(rule: Hypothesis) -> set[str]:
    return {str(symbol) for symbol in rule.difference.free_symbols}


def _allows(rule: Hypothesis, counts: Mapping[str, int]) -> bool:
    """Whether counts alone satisfy a hypothesis; True where it speaks of other things too."""
    if not _names(rule) <= counts.keys():
        return True
    given = tuple((symbol, counts[str(symbol)]) for symbol in rule.difference.free_symbols)
    return _holds(rule.difference, rule.relation, given)


@lru_cache(maxsize=2**12)
def _holds(difference: Expr, relation: str, given: tuple[tuple[Expr, int], ...]) -> bool:
    """The same for one choice of counts, of which many options have the same."""
    return bool(RELATIONS[relation](torch.as_tensor(float(difference.subs(given)), dtype=torch.float64)))


def _one_place(
    question: Question,
    family: Family,
    option: Mapping[str, int],
    seconds: float,
    seed: int,
    done: Searched,
    population: int,
) -> Candidate | None:
    """The best point of a family and an option within some seconds, None where the left side does not exist.

    What is evaluated is added to `done`.
    """
    box = family.box()
    steer = _steering(question, family, option)
    population //= 8 if steer.columns else 1  # each point costs as many evaluations as its equations take

    def value(z: np.ndarray) -> np.ndarray:
        found = ratios(question, family, option, decode(family, steer(z)))
        values = np.full(len(np.atleast_2d(z)), -np.inf) if found is None else found[0].numpy()
        done.evaluations += int(np.isfinite(values).sum())
        return values

    generator, deadline = np.random.default_rng(seed), time.perf_counter() + seconds
    z = generator.uniform(box[:, 0], box[:, 1], (population, len(box)))
    values = value(z)
    if not np.isfinite(values).any():
        return None
    for generation in range(_GENERATIONS):
        top = np.argsort(-values)[: population // 8]
        spread = (box[:, 1] - box[:, 0]) * 0.5 ** (1 + generation / 2)
        children = z[top].repeat(7, axis=0) + spread * generator.standard_normal((7 * len(top), len(box)))
        children = np.clip(children, box[:, 0], box[:, 1])
        z = np.concatenate([z[top], children])
        values = np.concatenate([values[top], value(children)])
        if time.perf_counter() > deadline:
            break
    best = _annealed(lambda point: -float(value(point)[0]), box, z[int(values.argmax())], deadline, seed)
    return _candidate(question, family, option, tuple(decode(family, steer(best))[0].tolist()))


@dataclass(frozen=True)
class _Steering:
    """Moves points to where the equations among the hypotheses hold, each along a parameter of its own."""

    box: np.ndarray
    columns: tuple[tuple[int, Gap], ...]

    def __call__(self, z: np.ndarray) -> np.ndarray:
        z = np.atleast_2d(z)
        for column, gap in self.columns:
            z = onto(gap, z, column, self.box[column], EQUAL / 4)
        return z


def _steering(question: Question, family: Family, option: Mapping[str, int]) -> _Steering:
    box, columns = family.box(), []
    for rule in equations(hypotheses(question.table, question.quantity)):
        if _names(rule) <= option.keys():
            continue  # of counts alone
        try:
            gap = _gap(question, family, option, rule)
            column = moved_by(gap, box, EQUAL, [taken for taken, _ in columns])
        except (KeyError, LongSumError):
            continue
        columns += [] if column is None else [(column, gap)]
    return _Steering(box, tuple(columns))


def _gap(question: Question, family: Family, option: Mapping[str, int], rule: Hypothesis) -> Gap:
    """An equation's two sides at points; from a run's first round where the others change nothing in it."""

    def after(rounds: Mapping[str, int]) -> Gap:
        def gap(z: np.ndarray) -> np.ndarray:
            scope = _scope(question, family, family.batch(decode(family, z), {**option, **rounds}))
            return scope.relative(rule.difference).expand(len(z)).numpy()

        return gap

    whole, one = after({}), after({"K": 1})
    if option.get("K", 1) == 1:
        return whole
    box = family.box()
    z = np.random.default_rng(0).uniform(box[:, 0], box[:, 1], (8, len(box)))
    return one if np.array_equal(whole(z), one(z)) else whole


def _annealed(
    objective: Callable[[np.ndarray], float], box: np.ndarray, start: np.ndarray, deadline: float, seed: int
) -> np.ndarray:
    """Dual annealing from the best point while time is left, then L-BFGS-B; the best of all."""
    # half a second that a report, which only confirms candidates, need not pay
    from scipy.optimize import dual_annealing, minimize

    best, lowest = start, np.inf

    def finite(point: np.ndarray) -> float:
        nonlocal best, lowest
        found = objective(point)
        if found < lowest:
            best, lowest = np.array(point), found
        if time.perf_counter() > deadline:
            raise _OutOfTimeError
        return found if np.isfinite(found) else 1e3

    try:
        finite(start)
        dual_annealing(finite, box, x0=start, rng=np.random.default_rng(seed), maxiter=200, no_local_search=True)
        minimize(finite, best, method="L-BFGS-B", bounds=box, options={"maxfun": 400})
    except _OutOfTimeError:
        pass
    return np.clip(best, box[:, 0], box[:, 1])


def _candidate(question: Question, family: Family, option: Mapping[str, int], x: tuple[float, ...]) -> Candidate:
    found = ratios(question, family, option, torch.tensor([x], dtype=torch.float64))
    assert found is not None
    value, scope = found
    parts = [(name, float(part.reshape(-1)[0])) for name, part in shares(question.table, question.quantity, scope)]
    leading, share = max(parts, key=lambda part: abs(part[1]))
    return Candidate(float(value[0]), family, option, x, leading, share)


def decode(family: Family, z: np.ndarray) -> Tensor:
    """Parameters (P, number) from points of the family's box, logarithmic ones from their logarithms."""
    columns = [
        torch.as_tensor(10.0**column if parameter.logarithmic else column)
        for parameter, column in zip(family.parameters, np.atleast_2d(z).T, strict=True)
    ]
    return torch.stack(columns, dim=1).to(torch.float64)
