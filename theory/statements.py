"""Bounds as records: what is bounded, by which quantity, under which hypotheses, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from theory.formulas import CLAIM, DERIVED, Formula, Hypothesis
from theory.latex_printer import hypothesis_latex, name_latex, right_latex
from theory.presentation import mathml
from theory.symbols import RECORDS

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
class Line:
    """One displayed relation: `left relation quantity suffix`; `literal` replaces the quantity in an identity."""

    left: str
    quantity: str = ""
    suffix: str = ""
    relation: str = r"\le"
    literal: str = ""


@dataclass(frozen=True)
class Statement:
    """A statement of the theory. Formulas are named, never retyped: the display prints them from the table."""

    id: str
    title: str
    claim: str
    measures: str
    quantities: tuple[str, ...]
    kind: str
    lines: tuple[Line, ...]
    proof: str
    assumptions: tuple[str, ...]
    modes: tuple[str, ...]
    source: str
    provenance: str = DERIVED


class Formulas(Protocol):
    """A table that a statement prints from."""

    @property
    def formulas(self) -> Mapping[str, Formula]:
        """The formulas by name."""
        ...


@dataclass(frozen=True)
class Bound:
    """A statement over a table of formulas.

    >>> import theory
    >>> theory.bound("S4").quantity, theory.bound("S4").kind
    ('L_F', 'deterministic')
    """

    statement: Statement
    table: Formulas = field(repr=False)

    @property
    def id(self) -> str:
        """The statement's identifier, as in S4 or per_fedavg.L_F."""
        return self.statement.id

    @property
    def title(self) -> str:
        """A short title."""
        return self.statement.title

    @property
    def claim(self) -> str:
        """One sentence with inline LaTeX."""
        return self.statement.claim

    @property
    def measures(self) -> str:
        """What the left side is."""
        return self.statement.measures

    @property
    def quantity(self) -> str:
        """The name of the main quantity on the right side."""
        return self.statement.quantities[0]

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names of all quantities that the statement shows."""
        return self.statement.quantities

    @property
    def kind(self) -> str:
        """identity, deterministic or expectation."""
        return self.statement.kind

    @property
    def provenance(self) -> str:
        """Derived or published."""
        return self.statement.provenance

    @property
    def source(self) -> str:
        """Where it comes from."""
        return self.statement.source

    @property
    def proof(self) -> str:
        """The proof in sentences with inline LaTeX."""
        return self.statement.proof

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes it speaks about."""
        return self.statement.modes

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The assumptions it uses, as keys of ASSUMPTIONS."""
        return self.statement.assumptions

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """The checkable hypotheses: those of the main quantity, and the order of mu and L where q is used."""
        own = self.table.formulas[self.quantity].hypotheses
        if "q" in dependencies(self.table.formulas, self.quantity):
            return (*own, *self.table.formulas["q"].hypotheses)
        return own

    @property
    def latex(self) -> str:
        """The statement and the definitions of its quantities, as aligned rows."""
        rows = [self._row(line) for line in self.statement.lines]
        shown = {line.quantity for line in self.statement.lines if self._inlined(line.quantity)}
        rows += [
            f"{name_latex(name)} &= {right_latex(self.table.formulas[name])}"
            for name in self.quantities
            if name not in shown and not _is_own_square(self.table.formulas[name])
        ]
        conditions = [hypothesis_latex(item) for item in self.hypotheses if item.optional != "mu"]
        if conditions:
            rows.append(r"& \text{if } " + r", \quad ".join(conditions))
        return r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}"

    @property
    def mathml(self) -> str:
        """The same as a MathML element."""
        return mathml(self.latex)

    def _inlined(self, name: str) -> bool:
        """A right side that is the statement's own quantity is written out in place."""
        own = self.id in (name, name.split("_")[0]) if self.provenance == CLAIM else name.split("_")[0] == self.id
        return bool(name) and own and len(self.table.formulas[name].cases) == 1

    def _row(self, line: Line) -> str:
        right = line.literal
        if not right:
            right = right_latex(self.table.formulas[line.quantity]) if self._inlined(line.quantity) else ""
            right = right or name_latex(line.quantity)
        return f"{line.left} &{line.relation} {right} {line.suffix}".rstrip()


def _is_own_square(formula: Formula) -> bool:
    """True for gamma_F^2 = (gamma_F)^2, which says nothing in print."""
    base, exponent = formula.cases[0].expression.as_base_exp()
    return exponent == 2 and name_latex(str(base)) == RECORDS[formula.name].root


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
