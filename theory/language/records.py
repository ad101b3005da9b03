"""The records that hold the mathematics: formulas and statements are data, everything else reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import sympy

from theory.language.algebra import Expr
from theory.language.conditions import Condition, Otherwise
from theory.language.modes import Mode
from theory.language.symbols import Symbol
from theory.language.units import Unit

DERIVED = "derived"
PUBLISHED = "published"
CLAIM = "claim"
OURS = "derived here; setting of arXiv 2504.21327"
IDENTITY, DETERMINISTIC, EXPECTATION = "identity", "deterministic", "expectation"

ASSUMPTIONS: Mapping[str, str] = {
    "A1": r"$F$ is bounded below by $F^{\ast}$ on $W_0$.",
    "A2": r"Every $f_i$ is twice continuously differentiable with $\|\nabla f_i\| \le B$ and "
    r"$\|\nabla^2 f_i\| \le L$ on $W$.",
    "A3": r"$\|\nabla^2 f_i(w) - \nabla^2 f_i(u)\| \le \rho \|w - u\|$ on $W$.",
    "A4": r"Per sample, at every point of $W$, the gradient noise has mean zero and mean square at most "
    r"$\sigma_G^2$, the Hessian noise mean zero and mean square at most $\sigma_H^2$; samples are independent "
    r"(drawing without replacement inside a batch is allowed).",
    "A5": r"At every point of $W$ the mean over the agents of $\|\nabla f_i - \nabla f\|^2$ is at most "
    r"$\gamma_G^2$, and that of $\|\nabla^2 f_i - \nabla^2 f\|^2$ at most $\gamma_H^2$.",
    "A6": r"The eigenvalues of every $\nabla^2 f_i$ lie in $[\mu, L]$ with $-L \le \mu \le L$; used when $\mu$ is "
    r"given.",
    "A7": r"$\|\nabla F\|^2 \ge 2 \mu_F (F - F^{\ast})$ on $W_0$ with $\mu_F > 0$.",
}

SETTING = (
    r"The loss is $f = \frac{1}{n} \sum_{i=1}^{n} f_i$ over $n$ agents. Fine-tuning from $w$ is $w_i^0 = w$, "
    r"$w_i^l = w_i^{l-1} - \alpha \nabla f_i(w_i^{l-1})$; the meta loss is $F_i(w) = f_i(w_i^{\nu})$ and "
    r"$F = \frac{1}{n} \sum_{i=1}^{n} F_i$. Write $P_i^l = I - \alpha \nabla^2 f_i(w_i^l)$. $W_0$ is a convex set that "
    r"holds every global and local iterate of all agents, and $W$ a convex set that contains $W_0$ and, from every "
    r"point of it, the exact and noisy fine-tuning trajectories and every probe point. Matrix norms are spectral. "
    r"The step factor $q$ bounds $\|I - \alpha \nabla^2 f_i\|$ on $W$, and $S_j(x) = 1 + x + \dots + x^{j-1}$. "
    r"$E_l = \frac{\alpha^2 \sigma_G^2}{D} S_l(q^2)$ bounds the mean squared error of the noisy trajectory."
)


@dataclass(frozen=True)
class Case:
    """One case of a formula: its expression and when it applies."""

    expression: Expr
    when: Condition = field(default_factory=Otherwise)


@dataclass(frozen=True)
class Hypothesis:
    """An inequality or equation `left relation right` that must hold for a formula to have a value.

    `optional` names an input without which the hypothesis says nothing (mu, or nu for published forms). `written`: what
    must have a value besides, because it was written though it cancels from the difference. `when`: where it is asked.
    """

    name: str
    left: Expr
    relation: str
    right: Expr
    optional: str = ""
    written: tuple[Expr, ...] = ()
    when: Condition = field(default_factory=Otherwise)

    @cached_property
    def difference(self) -> Expr:
        """Left minus right, whose sign decides."""
        return self.left - self.right

    def same_as(self, other: Hypothesis) -> bool:
        """Whether the other one says the same, wherever the two are asked."""
        return replace(self, when=other.when) == other


@dataclass(frozen=True)
class Assumed:
    """A hypothesis that no input decides, such as W0+; `settled`: conditions under which it holds, each with why."""

    name: str
    detail: str
    settled: tuple[tuple[Condition, str], ...] = ()
    when: Condition = field(default_factory=Otherwise)


@dataclass(frozen=True)
class Formula:
    """What a symbol stands for: cases tried in order, hypotheses, provenance, source and the recursion of its proof.

    `recursion` maps a number of steps (nu, or tau where `steps` says so) to the expression that the proof's
    recursion gives; it equals the closed form with that number put in. `written`: what must have a value besides the
    expression, because a user wrote it though it cancels. `choices`: where it has free numbers that are not given, its
    value is the least over these.
    """

    symbol: Symbol
    cases: tuple[Case, ...]
    source: str
    hypotheses: tuple[Hypothesis, ...] = ()
    provenance: str = DERIVED
    recursion: Callable[[int], Expr] | None = None
    steps: str = "nu"
    written: tuple[Expr, ...] = ()
    assumed: tuple[Assumed, ...] = ()
    choices: tuple[Choice, ...] = ()

    @property
    def name(self) -> str:
        """The name of its symbol."""
        return self.symbol.name

    @property
    def unit(self) -> Unit:
        """The unit of its symbol."""
        return self.symbol.record.unit

    @property
    def expression(self) -> Expr:
        """The expression; several cases come as a Piecewise whose conditions are named symbols."""
        if len(self.cases) == 1:
            return self.cases[0].expression
        pairs = [(case.expression, _label(case.when)) for case in self.cases]
        return sympy.Piecewise(*pairs, evaluate=False)

    @property
    def names(self) -> frozenset[str]:
        """Every symbol in some case, indices of sums excluded."""
        return frozenset(str(item) for case in self.cases for item in case.expression.free_symbols)


@dataclass(frozen=True)
class Choice:
    """One element of the list over which a right side with free numbers is least: what they stand for, and where.

    `formulas` stand in the table in the place of the numbers' own; `options` are set beside those given.
    """

    text: str
    formulas: tuple[Formula, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    when: Condition = field(default_factory=Otherwise)


def _label(condition: Condition) -> object:
    return True if isinstance(condition, Otherwise) else sympy.Symbol(condition.latex)


def formula(symbol: Symbol, expression: Expr, source: str, **more: Any) -> Formula:
    """A formula with a single case; `more` are the other fields of Formula."""
    return Formula(symbol, (Case(sympy.sympify(expression)),), source, **more)


def dependencies(formulas: Mapping[str, Formula], name: str) -> frozenset[str]:
    """Every symbol that a quantity uses in some case, directly or through other quantities."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        item = waiting.pop()
        if item not in seen:
            seen.add(item)
            waiting.extend(formulas[item].names if item in formulas else ())
    return frozenset(seen)


@dataclass(frozen=True)
class Line:
    """One displayed relation: `left relation quantity suffix`; `literal` replaces the quantity in an identity."""

    left: str
    quantity: Symbol | None = None
    suffix: str = ""
    relation: str = r"\le"
    literal: str = ""


@dataclass(frozen=True)
class Statement:
    """A statement of the theory. Formulas are named, never retyped: the display prints them from the table.

    The first of `quantities` is the main right side; the others are shown with it.
    """

    id: str
    title: str
    claim: str
    measures: str
    quantities: tuple[Symbol, ...]
    lines: tuple[Line, ...]
    kind: str
    assumptions: tuple[str, ...]
    modes: tuple[Mode, ...]
    source: str
    provenance: str = DERIVED
    proof: str = ""
