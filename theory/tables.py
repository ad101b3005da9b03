"""The table of everything: formulas by name, and quantities that evaluate them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache

from theory import (
    approximation,
    approximation_proofs,
    convergence,
    convergence_proofs,
    heterogeneity,
    heterogeneity_proofs,
    published,
    published_proofs,
    smoothness,
    smoothness_proofs,
)
from theory.algebra import Expr
from theory.errors import Inadmissible, InputError
from theory.evaluation import Evaluation, bracket
from theory.formulas import Formula, Hypothesis
from theory.hypotheses import check, holds
from theory.inputs import read_inputs
from theory.latex_printer import formula_latex
from theory.presentation import mathml
from theory.rounding import Bracket
from theory.scope import Scope, missing
from theory.statements import Bound, Statement, dependencies

_Given = tuple[tuple[str, type, object], ...]


@dataclass(frozen=True)
class Quantity:
    """A named quantity: its expression, how it is printed, and its value.

    >>> quantity("L_F").value(alpha=1, L=1, rho="1/2", B=3, nu=1)
    5.5
    """

    formula: Formula
    table: Table = field(repr=False)

    @property
    def name(self) -> str:
        """The ASCII name."""
        return self.formula.name

    @property
    def expression(self) -> Expr:
        """The sympy expression, in inputs and in other quantities."""
        return self.formula.expression

    @property
    def latex(self) -> str:
        """The quantity with its definition, printed from the expression."""
        return formula_latex(self.formula)

    @property
    def mathml(self) -> str:
        """The same as a MathML element."""
        return mathml(self.latex)

    @property
    def meaning(self) -> str:
        """What it is, in a few words."""
        return self.formula.meaning

    @property
    def unit(self) -> str:
        """The unit in [F] and [W]."""
        return str(self.formula.unit)

    @property
    def provenance(self) -> str:
        """Derived or published."""
        return self.formula.provenance

    @property
    def source(self) -> str:
        """The statement or paper it comes from."""
        return self.formula.source

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """The hypotheses of its own; those of what it uses are checked as well."""
        return self.formula.hypotheses

    def evaluate(self, **inputs: object) -> Evaluation:
        """Everything about one evaluation; a failed hypothesis gives value None and does not raise.

        Raises:
            InputError: an input is unknown, missing or out of range, or the value overflows.
        """
        scope = self.table.scope(inputs)
        checks = tuple(check(scope, hypothesis) for hypothesis in self._required(scope))
        exact = value = digits = enclosure = None
        if all(item.holds for item in checks):
            found = bracket(scope, self.name)
            exact, value, digits, enclosure = found.exact, found.value, found.digits, found.texts
        return Evaluation(self.name, exact, value, digits, enclosure, checks, self.provenance, self.source)

    def value(self, **inputs: object) -> float:
        """The correctly rounded double.

        Raises:
            Inadmissible: a hypothesis fails; the message has both sides in numbers.
            InputError: an input is unknown, missing or out of range, or the value overflows.
        """
        return self._bracket(inputs).value

    def enclosure(self, **inputs: object) -> tuple[float, float]:
        """Equal or neighbouring doubles with lo <= exact value <= hi."""
        return self._bracket(inputs).enclosure

    def _bracket(self, inputs: Mapping[str, object]) -> Bracket:
        scope = self.table.scope(inputs)
        for hypothesis in self._required(scope):
            if not holds(scope, hypothesis):
                found = check(scope, hypothesis)
                raise Inadmissible(f"{self.name} has no value: {found.name} fails, {found.detail}")
        return bracket(scope, self.name)

    def _required(self, scope: Scope) -> list[Hypothesis]:
        """The hypotheses of everything it uses."""
        absent, hypotheses = scope.requirements([self.name])
        if absent:
            raise InputError(f"{self.name}: {missing(absent)}")
        if "mu" in scope.inputs and "L" in scope.inputs:
            hypotheses += [item for item in smoothness.CURVATURE_ORDER if item not in hypotheses]
        return hypotheses


@dataclass(frozen=True)
class Table:
    """Formulas by name. `altered` gives a table with some of them replaced, for tests of what depends on what."""

    formulas: Mapping[str, Formula]
    statements: Mapping[str, Statement]

    def quantity(self, name: str) -> Quantity:
        """The quantity of that name.

        Raises:
            InputError: no such name.
        """
        if name not in self.formulas:
            from difflib import get_close_matches

            near = get_close_matches(name, self.formulas, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise InputError(f"{name}: unknown quantity{hint}; known: {', '.join(self.formulas)}")
        return Quantity(self.formulas[name], self)

    def quantities(self) -> tuple[Quantity, ...]:
        """All of them, in the order of the theory."""
        return tuple(Quantity(formula, self) for formula in self.formulas.values())

    def bound(self, id: str) -> Bound:
        """The statement of that identifier.

        Raises:
            InputError: no such statement.
        """
        if id not in self.statements:
            raise InputError(f"{id}: unknown statement; known: {', '.join(self.statements)}")
        return Bound(self.statements[id], self)

    def bounds(self) -> tuple[Bound, ...]:
        """All of them, in the order of the theory."""
        return tuple(Bound(statement, self) for statement in self.statements.values())

    def dependents(self, name: str) -> frozenset[str]:
        """The quantities whose value an input can change."""
        return frozenset(item for item, used in self._used.items() if name in used)

    @cached_property
    def _used(self) -> dict[str, frozenset[str]]:
        return {item: dependencies(self.formulas, item) for item in self.formulas}

    def scope(self, inputs: Mapping[str, object]) -> Scope:
        """The inputs, read and checked, over these formulas; equal inputs share what is known about them."""
        # 1, 1.0 and True are equal, but not the same input
        key = tuple((name, type(value), value) for name, value in inputs.items())
        try:
            return self._scopes(key)
        except TypeError:  # a number of another library that cannot be a key
            return self._read(key)

    @cached_property
    def _scopes(self) -> Callable[[_Given], Scope]:
        return lru_cache(maxsize=64)(self._read)

    def _read(self, given: _Given) -> Scope:
        values, mode = read_inputs({name: value for name, _, value in given})
        return Scope(self.formulas, values, mode)

    def altered(self, *changed: Formula) -> Table:
        """The same table with these formulas in place of theirs."""
        return replace(self, formulas={**self.formulas, **{item.name: item for item in changed}})


FORMULAS: tuple[Formula, ...] = (
    *smoothness.FORMULAS,
    *approximation.FORMULAS,
    *heterogeneity.FORMULAS,
    *convergence.FORMULAS,
    *published.FORMULAS,
)


_PROVED = {
    item.id: item
    for item in (
        *smoothness_proofs.STATEMENTS,
        *approximation_proofs.STATEMENTS,
        *heterogeneity_proofs.STATEMENTS,
        *convergence_proofs.STATEMENTS,
        *published_proofs.STATEMENTS,
    )
}
ORDER = (
    "S1", "S2", "S3", "S4", "S5", "S5p", "S6", "S7", "S8", "S8s", "S9", "S9s", "S10",
    "T1a", "T1b", "T1c", "T2", "T3", "T4",
    "per_fedavg.L_F", "per_fedavg.bias", "per_fedavg.sigma_F2", "per_fedavg.gamma_F2", "maml.C_L",
)  # fmt: skip


@cache
def default_table() -> Table:
    """The table of the theory as derived and as published."""
    return Table({item.name: item for item in FORMULAS}, {id: _PROVED[id] for id in ORDER})


def quantity(name: str) -> Quantity:
    """The quantity of that name.

    >>> quantity("q").value(alpha="1/2", L=3)
    2.5
    """
    return default_table().quantity(name)


def quantities() -> tuple[Quantity, ...]:
    """Every quantity."""
    return default_table().quantities()


def bound(id: str) -> Bound:
    """The statement of that identifier: S1 to S10, S5p, S8s, S9s, T1a to T4, per_fedavg.* and maml.C_L.

    >>> bound("T2").hypotheses[0].name
    'h <= 1'
    """
    return default_table().bound(id)


def bounds() -> tuple[Bound, ...]:
    """Every statement."""
    return default_table().bounds()


def round_case(**inputs: object) -> str:
    """The case of T1 that T2 and T3 use: T1c when tau = 1, else T1b when b = sigma = 0, else T1a.

    >>> round_case(tau=5)
    'T1b'

    Raises:
        InputError: an input that decides the case is unknown, missing or out of range.
    """
    table = default_table()
    scope = table.scope(inputs)
    if "tau" not in scope.inputs:
        raise InputError(f"round_case: {missing(['tau'])}")
    if scope.inputs["tau"] != 1:
        absent, _ = scope.requirements(("b", "sigma2"))
        if absent:
            raise InputError(f"round_case: {missing(absent)}")
    return str(scope.case("A").expression).removesuffix(".A")
