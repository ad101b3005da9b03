"""A claim beside the bound of the theory on the same left side: their ratio on admissible points, and proved order."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sympy

from theory.claims.reading import Claim
from theory.language.algebra import Expr, PowerGain, S, unfold
from theory.language.conditions import AnyGiven, Otherwise
from theory.language.errors import InputError, PrecisionError
from theory.language.records import dependencies
from theory.language.symbols import L, alpha, nu
from theory.statements.s02 import q
from theory.tables import Table

POINTS = 200
NOT_DECIDED = "not decided"
_STEPS = (1, 2, 3)
_LONGEST = 4000
_MOST_TERMS = 1000
_MOST_STEPS = 50
_MOST_SPENT = 300_000  # steps of sums over all points
_MOST_DENOMINATORS = 8  # brought to one
_ORDER = {0: "claimed == ours", 1: "ours <= claimed", -1: "claimed <= ours"}


@dataclass(frozen=True)
class Comparison:
    """Claimed over ours: the smallest and largest ratio found, where, and what is proved for nu = 1, 2, 3."""

    claim: str
    mode: str
    ours: str
    points: int
    smallest: float | None
    largest: float | None
    smallest_at: Mapping[str, str]
    proved: tuple[str, ...]


def compare(claim: Claim, table: Table, seed: int = 0) -> list[Comparison]:
    """One comparison a mode, over a table that holds the claim."""
    return [_compare(claim, mode, claim.measures.ours[mode], table, seed) for mode in claim.modes]


def _compare(claim: Claim, mode: str, ours: str, table: Table, seed: int) -> Comparison:
    ratios, spent = [], 0
    for inputs in _points(claim, table, mode, seed):
        if spent > _MOST_SPENT:
            break
        try:
            claimed = table.quantity(claim.id).evaluate(**inputs).value
            own = table.quantity(ours).evaluate(**inputs).value
        except (InputError, PrecisionError):
            continue
        finally:
            spent += table.scope(inputs).spent
        if claimed is not None and own is not None and own > 0:
            ratios.append((claimed / own, inputs))
    low = min(ratios, key=lambda entry: entry[0], default=(None, {}))
    high = max(ratios, key=lambda entry: entry[0], default=(None, {}))
    proved = tuple(_proofs(claim, ours, table))
    return Comparison(claim.id, mode, ours, len(ratios), low[0], high[0], low[1], proved)


def _points(claim: Claim, table: Table, mode: str, seed: int) -> Iterator[dict[str, str]]:
    """Rational inputs of moderate size at which the common hypotheses have a chance to hold."""
    generator = random.Random(seed)
    names = dependencies(table.formulas, claim.id) | dependencies(table.formulas, claim.measures.ours[mode])

    def number(low: int, high: int) -> str:
        return f"{generator.randint(low * 16, high * 16)}/16"

    def count(high: int) -> str:
        return str(generator.randint(1, high))

    for _ in range(POINTS):
        L, alpha_L = generator.randint(1, 8), generator.randint(1, 16)
        n = generator.randint(2, 8)
        inputs = {
            "alpha": f"{alpha_L}/{16 * L}", "L": str(L), "rho": number(0, 4), "B": number(1, 8),
            "sigma_G": number(0, 4), "sigma_H": number(0, 4), "gamma_G": number(0, 4), "gamma_H": number(0, 4),
            "D": count(32), "D_prime": count(32), "D_H": count(32),
            "nu": "1" if generator.random() < 0.4 else count(5), "tau": count(8),
            "n": str(n), "m": count(n), "K": count(1000), "delta": f"1/{count(64)}", "F0_gap": number(1, 16),
            "mu_F": "1/64", "grad_norm": number(0, 2),
            "beta": f"1/{generator.choice((1 << 8, 1 << 12, 1 << 16))}", "grad_norm_i": number(0, 2),
        }  # fmt: skip
        if "A6" in claim.assumes:
            inputs["mu"] = f"{generator.randint(-16 * L, 16 * L)}/16"
        yield {"mode": mode, **{name: value for name, value in inputs.items() if name in names or name == "mu"}}


def _proofs(claim: Claim, ours: str, table: Table) -> Iterator[str]:
    """What equality or an evident sign of the difference proves.

    A claim that assumes A6 is compared for every q >= 0, for what q is there depends on mu.
    """
    written, own = table.formulas[claim.id].cases[-1].expression, table.formulas[ours]
    if written == own.symbol or [written] == [case.expression for case in own.cases]:
        yield _ORDER[0]
        return
    kept = frozenset({q} if "A6" in claim.assumes else ())
    short = any(item.difference == alpha * L - 1 and item.relation == "<=" for item in claim.hypotheses)
    for steps in _STEPS:
        if any(item.left == nu and item.relation == "==" and item.right != steps for item in claim.hypotheses):
            continue
        claimed, own = (_closed(name, steps, table, kept) for name in (claim.id, ours))
        if claimed is None or own is None:
            continue
        found = _sign(claimed - own, short)
        if found is not None:
            yield f"{_ORDER[found]} at nu = {steps}" + (" for alpha <= 1/L" if short else "")


def _closed(name: str, steps: int, table: Table, kept: frozenset[Expr]) -> Expr | None:
    """A quantity written out in the inputs and what is kept, with q = 1 + alpha L; None where it depends on cases.

    Cases that only a mu or a q of one's own decides are settled where q is not kept: then the last one is in use.
    """
    expression = table.formulas[name].cases[-1].expression
    for _ in range(12):
        inner = [item for item in expression.free_symbols - kept if str(item) in table.formulas]
        if not inner:
            break
        for item in inner:
            cases = table.formulas[str(item)].cases
            last = cases[-1].expression
            settled = not kept and all(isinstance(case.when, (AnyGiven, Otherwise)) for case in cases)
            if len(cases) > 1 and item != q and not settled:
                return None
            expression = expression.xreplace({item: last})
    expression = expression.subs(nu, steps)
    if _terms(expression) > _MOST_TERMS:
        return None
    written = unfold(expression)
    return None if written.has(sympy.Sum, sympy.Min, sympy.Max, sympy.Abs) else written


def _terms(expression: Expr) -> int:
    """No fewer than the terms of what an expression is written out to; counts beyond 50 are too many."""
    counts = [abs(int(number)) for number in expression.atoms(sympy.Integer) if expression.args]
    if max(counts, default=0) > _MOST_STEPS and expression.has(S, PowerGain, sympy.Sum, sympy.Pow):
        return _MOST_TERMS + 1
    inner = [_terms(part) for part in expression.args]
    if expression.is_Add or not inner:
        return sum(inner) or 1
    if expression.is_Pow and expression.exp.is_Integer:
        return min(inner[0], _MOST_TERMS + 1) ** abs(int(expression.exp))
    return math.prod(inner) * (_MOST_STEPS if isinstance(expression, sympy.Sum) else 1)


def _sign(difference: Expr, short: bool) -> int | None:
    """The sign of a difference that is 0 or shows it, for all positive inputs; None where that decides nothing.

    It shows its sign where, with alpha = 1/(L (1 + s)) and s >= 0 if the step is short, the coefficients of its
    numerator have one sign, those of its denominator have one, and what they multiply is never negative.
    """
    if any(not item.is_nonnegative for item in difference.free_symbols):
        return None  # mu may have either sign, so nothing can be read off
    s, positive = sympy.Symbol("s", positive=True), {}
    if short:
        difference = difference.subs(alpha, 1 / (L * (1 + s)))
    for item in sorted(difference.free_symbols, key=str):
        base = sympy.Symbol(f"r_{item}", positive=True)
        positive[item] = base**2 if item != s else s  # roots of inputs become plain powers
    written = sympy.powdenest(difference.subs(positive), force=True)
    if sum(_denominators(part) for part in sympy.Add.make_args(written)) > _MOST_DENOMINATORS:
        return None
    numerator, denominator = sympy.fraction(sympy.together(written))
    if len(str(numerator)) > _LONGEST:
        return None
    signs = [_evident(sympy.expand(side)) for side in (numerator, denominator)]
    return None if None in signs else signs[0] * signs[1]  # type: ignore[operator]


def _denominators(term: Expr) -> int:
    """How many sums a term is divided by."""
    return sum(item.exp.is_negative is True and item.base.is_Add for item in term.atoms(sympy.Pow))


def _evident(side: Expr) -> int | None:
    """The common sign of the terms of a sum, 0 for no term; None where they differ or are not seen to have one."""
    signs = {1 if term.is_positive else -1 if term.is_negative else None for term in sympy.Add.make_args(side)}
    if side == 0:
        return 0
    return signs.pop() if len(signs) == 1 else None
