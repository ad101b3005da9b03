"""Symbols that carry their own record: LaTeX, unit, admissible range, meaning, name in the published papers.

Here are the inputs and the indices of sums, which every statement may use. What a statement introduces is declared in
its own file by `introduce`, so no table of all symbols is kept anywhere: a printer or a unit check asks the symbol.
The published names refer to arXiv 2002.07948 (Per-FedAvg) and arXiv 2002.07836 (multi-step MAML).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import sympy

from theory.language.units import CURVATURE, CURVATURE_CHANGE, GRADIENT, LOSS, NUMBER, STEP, Unit

LARGEST_COUNT = 10_000


@dataclass(frozen=True)
class Range:
    """The admissible values: `lower` <= value <= `upper`, strict below if `open_below`."""

    lower: int | None = 0
    upper: int | None = None
    open_below: bool = False
    integer: bool = False

    def contains(self, value: Fraction) -> bool:
        """True when the value is admissible."""
        if self.integer and value.denominator != 1:
            return False
        if self.lower is not None and (value < self.lower or (self.open_below and value == self.lower)):
            return False
        return self.upper is None or value <= self.upper

    def __str__(self) -> str:
        kind = "an integer" if self.integer else "a number"
        if self.lower is None:
            return f"{kind} (finite)"
        above = "" if self.upper is None else f" and <= {self.upper}"
        return f"{kind} {'>' if self.open_below else '>='} {self.lower}{above}"


NONNEGATIVE = Range()
POSITIVE = Range(open_below=True)
REAL = Range(lower=None)
COUNT = Range(lower=1, integer=True)
SHARE = Range(upper=1, open_below=True)
STEPS = Range(lower=0, upper=LARGEST_COUNT, integer=True)
LOCAL_STEPS = Range(lower=1, upper=LARGEST_COUNT, integer=True)


@dataclass(frozen=True)
class SymbolRecord:
    """What is known of a symbol before it has a value.

    root: a symbol that stands for a square says how its root is printed, sigma for sigma^2. key: a derived quantity
    that may be given as an input; alias: the key, where that is not the name. rank: its place among the factors of a
    product, equal ranks by name: inputs come first, what is derived has 100, indices and free constants have 900,
    norms and gaps LAST.
    """

    name: str
    latex: str
    unit: Unit
    meaning: str
    published: str = ""
    range: Range = NONNEGATIVE
    root: str = ""
    key: bool = False
    alias: str = ""
    rank: int = 100


class Symbol(sympy.Symbol):
    """A sympy symbol with its record, which is part of what it equals; sign and integrality follow its range.

    >>> tau.record.meaning, tau.is_integer, mu.is_nonnegative
    ('number of local steps in a round', True, None)
    """

    # sympy orders factors and terms by the name of their class: another name would print every expression anew
    __slots__ = ("_content", "record")
    record: SymbolRecord

    def __new__(cls, record: SymbolRecord) -> Symbol:
        """The symbol of a record; equal records give equal symbols."""
        assumptions: dict[str, bool] = {"integer": True} if record.range.integer else {"real": True}
        if record.range.open_below or (record.range.lower or 0) > 0:
            assumptions["positive"] = True
        elif record.range.lower is not None:
            assumptions["nonnegative"] = True
        symbol: Any = sympy.Symbol.__xnew__(cls, record.name, **assumptions)
        symbol.record = record
        symbol._content = (*sympy.Symbol._hashable_content(symbol), repr(record))
        return symbol

    def _hashable_content(self) -> tuple:
        return self._content

    def __getnewargs_ex__(self) -> tuple[tuple[SymbolRecord], dict[str, Any]]:
        return (self.record,), {}


def introduce(name: str, latex: str, unit: Unit, meaning: str, published: str = "", **more: Any) -> Symbol:
    """A new symbol; `more` are the other fields of its record.

    >>> str(introduce("h", "h", NUMBER, "length of a round").record.range)
    'a number >= 0'
    """
    return Symbol(SymbolRecord(name, latex, unit, meaning, published, **more))


_FALLAH = "arXiv 2002.07948"
_JI = "arXiv 2002.07836"
LAST = 1000

_ROWS = (
    SymbolRecord("alpha", r"\alpha", STEP, "fine-tuning step size", f"alpha in {_FALLAH} and {_JI}"),
    SymbolRecord("beta", r"\beta", STEP, "local (meta) step size", f"beta in {_FALLAH}", range=POSITIVE),
    SymbolRecord("L", "L", CURVATURE, "bound on the Hessian norm (A2)", f"L in {_FALLAH} and {_JI}"),
    SymbolRecord("mu", r"\mu", CURVATURE, "lower bound of the Hessian eigenvalues (A6)", range=REAL),
    SymbolRecord("rho", r"\rho", CURVATURE_CHANGE, "Lipschitz constant of the Hessian (A3)",
                 f"rho in {_FALLAH} and {_JI}"),
    SymbolRecord("B", "B", GRADIENT, "bound on the gradient norm (A2)", f"B in {_FALLAH}"),
    SymbolRecord("sigma_G", r"\sigma_G", GRADIENT, "noise of one sample's gradient (A4)", f"sigma_G in {_FALLAH}"),
    SymbolRecord("sigma_H", r"\sigma_H", CURVATURE, "noise of one sample's Hessian (A4)", f"sigma_H in {_FALLAH}"),
    SymbolRecord("gamma_G", r"\gamma_G", GRADIENT, "spread of the agents' gradients (A5)", f"gamma_G in {_FALLAH}"),
    SymbolRecord("gamma_H", r"\gamma_H", CURVATURE, "spread of the agents' Hessians (A5)", f"gamma_H in {_FALLAH}"),
    SymbolRecord("D", "D", NUMBER, "samples per inner gradient", f"D in {_FALLAH}", range=COUNT),
    SymbolRecord("D_prime", "D'", NUMBER, "samples per outer gradient", f"D' in {_FALLAH}", range=COUNT),
    SymbolRecord("D_H", "D_H", NUMBER, "samples per Hessian", f"D'' in {_FALLAH}", range=COUNT),
    SymbolRecord("nu", r"\nu", NUMBER, "number of fine-tuning steps", f"1 in {_FALLAH}, N in {_JI}", range=STEPS),
    SymbolRecord("tau", r"\tau", NUMBER, "number of local steps in a round", f"tau in {_FALLAH}", range=LOCAL_STEPS),
    SymbolRecord("n", "n", NUMBER, "number of agents", f"n in {_FALLAH}", range=COUNT),
    SymbolRecord("m", "m", NUMBER, "number of agents that take part in a round", f"r n in {_FALLAH}", range=COUNT),
    SymbolRecord("K", "K", NUMBER, "number of rounds", f"K in {_FALLAH}", range=COUNT),
    SymbolRecord("delta", r"\delta", STEP, "Hessian-free probe: the displacement is delta times a gradient",
                 f"delta in {_FALLAH}", range=POSITIVE),
    SymbolRecord("F0_gap", r"\Delta_0", LOSS,
                 "initial gap F(w_0) - F*; in T1, F(w_k) minus the same lower bound of F", rank=LAST),
    SymbolRecord("mu_F", r"\mu_F", CURVATURE, "Polyak-Lojasiewicz constant of F (A7)", range=POSITIVE),
    SymbolRecord("grad_norm_i", r"\|\nabla f_i\|", GRADIENT,
                 "norm(grad f_i) at the point that a statement names: w in S3, u in S4, w^(nu-1) in S10", rank=LAST),
    SymbolRecord("grad_norm", r"\|\nabla F(w_k)\|", GRADIENT, "norm(grad F(w_k)) at the start of the round",
                 rank=LAST),
    SymbolRecord("rho_2", r"\rho_2", Unit(1, -4), "Lipschitz constant of the third derivative (S5s)"),
    SymbolRecord("eps", r"\varepsilon", NUMBER, "weight of the cross term in T1d", range=POSITIVE),
    SymbolRecord("zeta", r"\zeta", NUMBER, "weight of the square in T1d", range=POSITIVE),
    SymbolRecord("p_max", r"p_{\max}", NUMBER, "largest weight of an agent (C6)", range=SHARE),
    SymbolRecord("eta_G", r"\eta_G", GRADIENT, "accuracy of one computed gradient"),
    SymbolRecord("eta_H", r"\eta_H", CURVATURE, "relative accuracy of one computed Hessian-vector product"),
)  # fmt: skip

# printed in this order, and before what is derived from them
INPUTS: tuple[Symbol, ...] = tuple(
    Symbol(row if row.rank == LAST else replace(row, rank=place)) for place, row in enumerate(_ROWS)
)
(
    alpha, beta, L, mu, rho, B, sigma_G, sigma_H, gamma_G, gamma_H, D, D_prime, D_H, nu, tau, n, m, K, delta, F0_gap,
    mu_F, grad_norm_i, grad_norm, rho_2, eps, zeta, p_max, eta_G, eta_H,
) = INPUTS  # fmt: skip
INDICES = tuple(
    introduce(letter, letter, NUMBER, "summation index", range=STEPS, rank=900) for letter in ("l", "t", "j")
)
ell, t, j = INDICES
KNOWN: Mapping[str, Symbol] = {item.name: item for item in (*INPUTS, *INDICES)}
