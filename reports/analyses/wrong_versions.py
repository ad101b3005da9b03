"""Plausible wrong versions of every bound, made from the expressions of the right ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import sympy

from theory.claims.grammar import read_expression
from theory.language.algebra import Expr, PowerGain
from theory.language.records import Case, Formula
from theory.language.symbols import D, alpha, delta, tau
from theory.statements.s05 import b_sto
from theory.tables import Table, default_table

Change = Callable[[Expr], Expr]

FACTOR, EXPONENT, TERM, CONSTANT, SUM, BATCH, AGENTS = (
    "a lost factor",
    "a wrong exponent",
    "a lost term",
    "a wrong constant",
    "a sum shortened or made linear",
    "a wrong power of a batch size",
    "a wrong count of agents",
)


@dataclass(frozen=True)
class Planted:
    """A wrong version: the statement it is a version of, the quantity that is changed, and how.

    lower_order marks a change in a term that is small beside the others where the bound is usually used.
    """

    statement: str
    quantity: str
    kind: str
    wrong: str
    change: Change
    lower_order: bool = False

    @property
    def name(self) -> str:
        """A readable and unique name."""
        return f"{self.statement}: {self.quantity}: {self.wrong}"

    def planted_in(self, table: Table) -> Table:
        """The table with the wrong version in the place of the right one.

        Raises ValueError when the change changes nothing.
        """
        right = table.formulas[self.quantity]
        cases = tuple(Case(self.change(case.expression), case.when) for case in right.cases)
        if all(new.expression == old.expression for new, old in zip(cases, right.cases, strict=True)):
            raise ValueError(f"{self.name}: the change does not occur in {right.expression}")
        return table.altered(_with(right, cases))


def _with(right: Formula, cases: tuple[Case, ...]) -> Formula:
    return replace(right, cases=cases)


@cache
def _parsed(text: str) -> Expr:
    return read_expression(text, default_table().symbols)


def swap(old: str, new: str) -> Change:
    """Every occurrence of a part replaced by another."""
    return lambda expression: expression.xreplace({_parsed(old): _parsed(new)})


def scaled(containing: str, factor: str) -> Change:
    """The terms of a sum that contain a part, times a factor (0: lost)."""

    def change(expression: Expr) -> Expr:
        part, times = _parsed(containing), _parsed(factor)
        return sympy.Add(*(term * times if term.has(part) else term for term in sympy.Add.make_args(expression)))

    return change


def times(factor: str) -> Change:
    """The whole right side times a factor."""
    return lambda expression: expression * _parsed(factor)


def becomes(text: str) -> Change:
    """Another right side altogether."""
    return lambda _: _parsed(text)


def gain_becomes(text: str) -> Change:
    """The gain (q^2 + eta^2)^nu - q^{2 nu} of the Hessian noise replaced."""
    return lambda expression: expression.replace(lambda node: isinstance(node, PowerGain), lambda _: _parsed(text))


def _versions(statement: str, quantity: str, *entries: tuple) -> list[Planted]:
    return [Planted(statement, quantity, *entry) for entry in entries]


CATALOGUE: tuple[Planted, ...] = tuple(
    _versions(
        "S2", "S2",
        (EXPONENT, "q^(nu-1) for q^nu", becomes("q**(nu-1)")),
        (SUM, "1 + alpha nu L for (1 + alpha L)^nu", becomes("1 + alpha*nu*L"), True),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    )
    + _versions(
        "S3", "S3",
        (EXPONENT, "q^nu for q^(2 nu)", swap("q**(2*nu)", "q**nu")),
        (EXPONENT, "q^(2 nu - 1) for q^(2 nu)", swap("q**(2*nu)", "q**(2*nu-1)")),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    )
    + _versions(
        "S3", "B_F",
        (FACTOR, "B for q^nu B", becomes("B")),
        (EXPONENT, "q^(nu-1) for q^nu", swap("q**nu", "q**(nu-1)")),
    )
    + _versions(
        "S4", "L_F",
        (EXPONENT, "q^nu for q^(2 nu)", swap("q**(2*nu)", "q**nu")),
        (EXPONENT, "q^(2 nu - 1) for q^(2 nu)", swap("q**(2*nu)", "q**(2*nu-1)")),
        (TERM, "the rho term lost", scaled("rho", "0")),
        (CONSTANT, "the rho term halved", scaled("rho", "1/2")),
        (SUM, "S_(nu-1)(q) for S_nu(q)", swap("S(nu, q)", "S(nu-1, q)")),
        (FACTOR, "1 for S_nu(q)", swap("S(nu, q)", "1")),
        (SUM, "nu for S_nu(q)", swap("S(nu, q)", "nu"), True),
        (CONSTANT, "0.95 of the first term", scaled("q**(2*nu)", "0.95"), True),
    )
    + _versions(
        "S4", "L_F_pointwise",
        (EXPONENT, "q^nu for q^(2 nu)", swap("q**(2*nu)", "q**nu")),
        (TERM, "the rho term lost", scaled("rho", "0")),
        (CONSTANT, "the rho term halved", scaled("rho", "1/2")),
        (EXPONENT, "q^(nu-1) for q^(2 nu - 1)", swap("q**(2*nu-1)", "q**(nu-1)"), True),
    )
    + _versions(
        "S5", "b_sto",
        (BATCH, "1/D for 1/sqrt(D)", swap("1/sqrt(D)", "1/D")),
        (EXPONENT, "q^(nu-1) for q^nu", swap("q**nu", "q**(nu-1)")),
        (EXPONENT, "alpha^2 for alpha", lambda e: e * alpha),
        (CONSTANT, "halved", times("1/2")),
        (CONSTANT, "0.95 of it", times("0.95"), True),
        (TERM, "the rho term lost", becomes("alpha*sigma_G/sqrt(D)*q**nu*L*sqrt(S(nu, q**2))"), True),
    )
    + _versions(
        "S5p", "b_sto_2",
        (BATCH, "1/D^2 for 1/D at nu = 1", lambda e: e / D),
        (EXPONENT, "q^(nu-1) for q^nu", swap("q**nu", "q**(nu-1)")),
        (CONSTANT, "halved", times("1/2")),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    )
    + _versions(
        "S6", "sigma_F2",
        (TERM, "the squared bias lost", becomes("V"), True),
        (CONSTANT, "the squared bias halved", becomes("V + b_sto**2/2"), True),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    )
    + _versions(
        "S6", "V",
        (TERM, "the Hessian noise lost", gain_becomes("0")),
        (SUM, "the first order of the Hessian noise", gain_becomes("nu*eta2*q**(2*nu-2)"), True),
        (EXPONENT, "q^nu for q^(2 nu) at the gradient noise", swap("(q**2 + eta2)**nu", "(q + eta2)**nu")),
        (FACTOR, "the Hessian noise of the gradient noise lost", swap("(q**2 + eta2)**nu", "q**(2*nu)"), True),
        (BATCH, "1/D'^2 for 1/D'", swap("1/D_prime", "1/D_prime**2")),
    )
    + _versions(
        "S6", "eta2",
        (BATCH, "1/D_H^2 for 1/D_H", swap("1/D_H", "1/D_H**2")),
        (CONSTANT, "halved", times("1/2")),
    )
    + _versions(
        "S7", "gamma_F",
        (FACTOR, "the growth 1 + alpha L S_nu(q) lost", swap("alpha*L*S(nu, q) + 1", "1")),
        (EXPONENT, "q^(nu-1) for q^nu", swap("q**nu", "q**(nu-1)")),
        (SUM, "nu for S_nu(q)", swap("S(nu, q)", "nu"), True),
        (TERM, "the gamma_H term lost", swap("gamma_H", "0"), True),
        (FACTOR, "gamma_H for nu gamma_H", swap("gamma_H*nu", "gamma_H"), True),
        (CONSTANT, "gamma_H halved", swap("gamma_H", "gamma_H/2"), True),
        (CONSTANT, "0.95 of it", times("0.95"), True),
        (TERM, "the rho term lost", swap("rho", "0"), True),
    )
    + _versions(
        "S8", "b_FO",
        (SUM, "nu for S_nu(q)", swap("S(nu, q)", "nu"), True),
        (EXPONENT, "q^(nu-1) for q^nu in the second branch", becomes("min(alpha*L*S(nu, q), 1 + q**(nu-1))*B")),
        (TERM, "q^nu for 1 + q^nu", becomes("min(alpha*L*S(nu, q), q**nu)*B"), True),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    )
    + _versions(
        "S8s", "b_FO_sto",
        (TERM, "the noise lost", becomes("b_FO")),
        (TERM, "b_FO lost", becomes("alpha*L*sigma_G*sqrt(S(nu, q**2)/D)")),
        (BATCH, "1/D for 1/sqrt(D)", becomes("b_FO + alpha*L*sigma_G*sqrt(S(nu, q**2))/D")),
        (CONSTANT, "the noise halved", becomes("b_FO + alpha*L*sigma_G*sqrt(S(nu, q**2)/D)/2")),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    )
    + _versions(
        "S8s", "var_FO_sto",
        (TERM, "the noise of the trajectory lost", becomes("sigma_G**2/D_prime"), True),
        (EXPONENT, "S_nu(q) for S_nu(q^2)", swap("S(nu, q**2)", "S(nu, q)"), True),
        (BATCH, "1/D^2 for 1/D", swap("1/D", "1/D**2"), True),
    )
    + _versions(
        "S9", "b_HF",
        (EXPONENT, "delta^2 for delta", lambda e: e * delta),
        (CONSTANT, "a quarter for a half", times("1/2")),
        (SUM, "nu for S_nu(q)", swap("S(nu, q)", "nu"), True),
        (FACTOR, "q^(nu-1) lost", swap("q**(nu-1)", "1")),
        (EXPONENT, "B for B^2", swap("B**2", "B")),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    )
    + _versions(
        "S9s", "b_HF_sto",
        (TERM, "b_sto + b_HF: the noise of the probed vector lost", becomes("b_sto + b_HF")),
        (TERM, "b_sto lost", lambda e: e - b_sto),
        (EXPONENT, "delta^2 for delta", swap("delta", "delta**2")),
    )
    + _versions(
        "S9s", "mse_HF_sto",
        (TERM, "V lost", becomes("b_HF_sto**2")),
        (TERM, "the squared bias lost", becomes("V"), True),
    )
    + _versions(
        "S10", "S10",
        (CONSTANT, "1 for 1 - alpha L / 2", becomes("-alpha*grad_norm_i**2")),
        (CONSTANT, "1 - alpha L / 4 for 1 - alpha L / 2", becomes("-alpha*(1 - alpha*L/4)*grad_norm_i**2"), True),
    )
    + _versions(
        "T1a", "T1a.N",
        (TERM, "the noise lost", swap("h*sigma2/(m*tau)", "0")),
        (EXPONENT, "tau^2 for tau at the noise", swap("h*sigma2/(m*tau)", "h*sigma2/(m*tau**2)")),
        (CONSTANT, "the noise halved", swap("h*sigma2/(m*tau)", "h*sigma2/(2*m*tau)")),
    )
    + _versions(
        "T1b", "T1b.A",
        (CONSTANT, "1 for 1/2", times("2")),
        (CONSTANT, "0.55 for 1/2", times("1.1"), True),
    )
    + _versions(
        "T1b", "T1b.N",
        (TERM, "the drift lost", becomes("kappa*h*(1 + x)**2*gamma_F**2/2"), True),
        (TERM, "the sampling of agents lost", becomes("x**2*gamma_F**2/2")),
        (CONSTANT, "halved", times("1/2")),
        (CONSTANT, "0.9 of it", times("0.9"), True),
    )
    + _versions(
        "T1b", "theta",
        (EXPONENT, "1/tau^3 for 1/tau^2", lambda e: e / tau),
        (CONSTANT, "halved", times("1/2")),
    )
    + _versions(
        "T1c", "kappa",
        (AGENTS, "kappa lost: agents drawn without error", times("0")),
        (AGENTS, "(n - m)/(m n) for (n - m)/(m (n - 1))", becomes("(n - m)/(m*n)")),
        (AGENTS, "(n - m)/(n (n - 1)): divided by n for m", becomes("(n - m)/(n*(n - 1))")),
    )
    + _versions(
        "T1c", "T1c.N",
        (CONSTANT, "h/4 for h/2 at the noise", becomes("b**2/2 + h/2*(sigma2/(2*m) + kappa*(gamma_F + b)**2)")),
        (TERM, "the noise lost", becomes("b**2/2 + h/2*kappa*(gamma_F + b)**2")),
        (EXPONENT, "h^2 for h", becomes("b**2/2 + h**2/2*(sigma2/m + kappa*(gamma_F + b)**2)")),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    )
    + _versions(
        "T1c", "T1c.A",
        (CONSTANT, "1 for 1/2", times("2")),
        (CONSTANT, "0.55 for 1/2", times("1.1"), True),
    )
    + _versions(
        "T2", "T2",
        (TERM, "the floor N/A lost", becomes("F0_gap/(A*beta*tau*K)")),
        (CONSTANT, "the floor halved", becomes("F0_gap/(A*beta*tau*K) + N/(2*A)"), True),
        (EXPONENT, "K^2 for K", becomes("F0_gap/(A*beta*tau*K**2) + N/A")),
        (FACTOR, "A lost at the start", becomes("F0_gap/(beta*tau*K) + N/A")),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    )
    + _versions(
        "T3", "T3",
        (TERM, "the floor lost", becomes("(1 - 2*A*beta*tau*mu_F)**K*F0_gap")),
        (CONSTANT, "the floor halved", becomes("(1 - 2*A*beta*tau*mu_F)**K*F0_gap + N/(4*A*mu_F)"), True),
        (CONSTANT, "4 A for 2 A in the rate", becomes("(1 - 4*A*beta*tau*mu_F)**K*F0_gap + N/(2*A*mu_F)")),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    )
    + _versions(
        "T4", "T4",
        (TERM, "no floor in the exact case", times("0")),
        (EXPONENT, "x^4 for x^2: drift of order h^4", becomes("x**4*gamma_F**2/(2*T1b.A)")),
        (CONSTANT, "halved", times("1/2")),
    )
    + _versions(
        "T4", "T4_gap",
        (TERM, "no floor in the exact case", times("0")),
        (CONSTANT, "halved", times("1/2")),
    )
    + _versions(
        "per_fedavg.L_F", "per_fedavg.L_F",
        (CONSTANT, "2 L for 4 L", becomes("2*L + alpha*rho*B")),
        (TERM, "the rho term lost", scaled("rho", "0")),
    )
    + _versions(
        "per_fedavg.bias", "per_fedavg.bias",
        (CONSTANT, "1 for 2", times("1/2")),
        (BATCH, "1/D for 1/sqrt(D)", swap("1/sqrt(D)", "1/D")),
    )
)  # fmt: skip
