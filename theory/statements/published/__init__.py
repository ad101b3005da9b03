"""Published statements, one file each, by author and place in the paper; proved there, not here."""

from __future__ import annotations

from typing import Any

import sympy

from theory.language.algebra import Expr
from theory.language.records import PUBLISHED, Formula, Hypothesis, Line, Statement, formula
from theory.language.symbols import L, Symbol, alpha, nu

# the setting of Per-FedAvg, and how its claims end
ONE_SHORT_STEP = (
    Hypothesis("nu = 1", nu, "==", sympy.Integer(1), optional="nu"),
    Hypothesis("alpha L <= 1", alpha * L, "<=", sympy.Integer(1)),
)
STATED_FOR = r" It is stated for one fine-tuning step and $\alpha \le 1/L$."


def cited(symbol: Symbol, right: Expr, source: str, hypotheses: tuple[Hypothesis, ...]) -> Formula:
    """A published right side."""
    return formula(symbol, right, source, hypotheses=hypotheses, provenance=PUBLISHED)


def statement(symbol: Symbol, left: str, suffix: str = "", *, proof: str, **fields: Any) -> Statement:
    """A published statement, `left <= symbol suffix`, whose `proof` is only how it compares with ours."""
    proof = f"Proved in the cited paper, not here. {proof}"
    lines = (Line(left, symbol, suffix),)
    return Statement(symbol.name, quantities=(symbol,), lines=lines, provenance=PUBLISHED, proof=proof, **fields)
