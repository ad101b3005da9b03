"""Records with one thing wrong: the proofs no longer hold. Needs Coq: pytest -m formal -n0."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import sympy

import theory
from theory.formal.building import ProofError, build, dependents, installed
from theory.formal.listing import sources
from theory.language.symbols import B, D, K, L, alpha, beta, eps, m, mu_F, nu, rho, rho_2, sigma_G, tau, zeta
from theory.printing.coq import assumptions, constants
from theory.statements.s02 import q
from theory.statements.t1 import kappa, share, sigma2, x
from theory.tables import Table

pytestmark = [pytest.mark.formal, pytest.mark.skipif(not installed(), reason="Coq is not installed")]
TABLE = theory.default_table()
Change = Callable[[sympy.Expr], sympy.Expr]


def with_right_side(name: str, change: Change) -> Table:
    formula = TABLE.formulas[name]
    cases = tuple(replace(case, expression=change(case.expression)) for case in formula.cases)
    assert cases != formula.cases, f"{name}: the change changes nothing"
    return TABLE.altered(replace(formula, cases=cases))


def put(old: object, new: object) -> Change:
    return lambda expression: expression.xreplace({old: new})


def without(*symbols: sympy.Symbol) -> Change:
    """The sum without its terms that hold all of these symbols."""
    return lambda expression: sympy.Add(*(
        term for term in sympy.Add.make_args(sympy.expand_mul(expression)) if not set(symbols) <= term.free_symbols
    ))  # fmt: skip


def times(number: object) -> Change:
    return lambda expression: number * expression


def without_hypothesis(name: str, hypothesis: str) -> Table:
    formula = TABLE.formulas[name]
    kept = tuple(item for item in formula.hypotheses if item.name != hypothesis)
    assert len(kept) < len(formula.hypotheses), f"{name}: has no hypothesis {hypothesis}"
    return TABLE.altered(replace(formula, hypotheses=kept))


def without_assumption(id: str, assumption: str) -> Table:
    statement = TABLE.statements[id]
    kept = tuple(item for item in statement.assumptions if item != assumption)
    return replace(TABLE, statements={**TABLE.statements, id: replace(statement, assumptions=kept)})


def with_case(name: str, place: int, expression: object) -> Table:
    """One case of a quantity with another right side."""
    formula = TABLE.formulas[name]
    cases = [replace(case, expression=expression) if at == place else case for at, case in enumerate(formula.cases)]
    return TABLE.altered(replace(formula, cases=tuple(cases)))


def with_case_gone(name: str, place: int) -> Table:
    formula = TABLE.formulas[name]
    return TABLE.altered(replace(formula, cases=tuple(c for at, c in enumerate(formula.cases) if at != place)))


def mutations() -> Iterator[tuple[str, Table]]:
    half = sympy.Rational(1, 2)
    right_sides: list[tuple[str, str, Change]] = [
        ("q", "coefficient", put(alpha, 2 * alpha)),
        ("E_nu", "power of q", put(q, sympy.sqrt(q) * sympy.sqrt(q) ** 2 / sympy.sqrt(q) * q)),
        ("E_nu", "D lost", put(D, sympy.Integer(1))),
        ("m_nu", "coefficient", times(2)),
        ("B_F", "nu for 2 nu", put(nu, 2 * nu)),
        ("S1", "rounding of products lost", times(half)),
        ("S2", "nu - 1 for nu", put(nu, nu - 1)),
        ("S3", "nu for 2 nu", put(2 * nu, nu)),
        ("L_F", "nu for nu - 1", put(nu - 1, nu)),
        ("L_F", "nu for 2 nu", put(q ** (2 * nu), q**nu)),
        ("L_F", "term in rho lost", put(rho, sympy.Integer(0))),
        ("L_F_pointwise", "2 nu for 2 nu - 1", put(2 * nu - 1, 2 * nu)),
        ("gamma_F", "gamma_G lost in the second term", lambda e: e.replace(sympy.Sum, lambda *_: sympy.Integer(0))),
        ("gamma_F", "nu for nu - 1", put(nu - 1, nu)),
        ("b_sto", "sqrt(D) for D", put(1 / sympy.sqrt(D), 1 / D)),
        ("b_sto", "term in rho lost", put(rho, sympy.Integer(0))),
        ("b_sto_2", "coefficient of rho", put(rho, 2 * rho)),
        ("eta2", "power of alpha", put(alpha, sympy.sqrt(alpha) ** 2 * alpha)),
        ("V", "B_V halved", times(half)),
        ("sigma_F2", "b_sto lost", without(theory.default_table().formulas["b_sto"].symbol)),
        ("b_FO", "coefficient", times(half)),
        ("b_FO_sto", "L lost", put(L, sympy.Integer(1))),
        ("var_FO_sto", "D for D'", put(L**2, L)),
        ("b_HF", "factor 1/2 lost", times(2)),
        ("b_HF_sto", "B^2 for B B_V", put(theory.default_table().formulas["B_V"].symbol, B)),
        ("b_HF_sto_2", "sigma_G lost", put(sigma_G, sympy.Integer(0))),
        ("S10", "coefficient", put(L, 2 * L)),
        ("h", "tau lost", put(tau, sympy.Integer(1))),
        ("kappa", "m for m (n - 1)", times(m)),
        ("theta", "tau for tau^2", times(tau)),
        ("chi", "tau lost", times(tau)),
        ("x", "coefficient", times(2)),
        ("b0", "x lost", put(x, sympy.Integer(0))),
        ("M", "h/m lost", put(m, 2 * m)),
        ("T1a.A", "coefficient", put(x, x / 2)),
        ("T1a.N", "sampling lost", without(kappa)),
        ("T1b.A", "power of x", put(x**2, x**3)),
        ("T1b.N", "kappa lost", put(kappa, sympy.Integer(0))),
        ("T1c.N", "m lost", put(m, sympy.Integer(1))),
        ("T1c.A", "coefficient", times(2)),
        ("T2", "beta lost", put(beta, sympy.Integer(1))),
        ("T3", "factor 2 lost", put(mu_F, mu_F / 2)),
        ("T4", "coefficient", times(half)),
        ("sigma2", "stochastic Hessian free: root", sympy.sqrt),
        ("mu_c", "J^T H J alone", put(rho, sympy.Integer(0))),
        ("p_d", "coefficient", times(2)),
        ("P_plus", "tau lost", times(tau)),
        ("omega", "psi for omega", lambda e: sympy.Add(*map(sympy.Abs, e.args))),
        ("T1d.c_eps", "coefficient", times(half)),
        ("T1d.Q0", "1/zeta for 1 + 1/zeta", put(zeta, zeta - 1)),
        ("V_d", "S_tau for S_(tau-1)", put(tau - 1, tau)),
        ("T1d.N", "share halved", put(share, share / 2)),
        ("T1d.A", "coefficient", put(eps, 2 * eps)),
        ("T2p", "beta lost", put(beta, sympy.Integer(1))),
        ("T4p.biased", "root halved", times(half)),
        ("T4c_gap", "(2 tau - 1) lost", put(2 * tau - 1, sympy.Integer(1))),
        ("C1_E0", "squared", lambda e: e**2),
        ("C2", "sampling lost", without(kappa)),
        ("C4", "coefficient of b", times(half)),
        ("C5.gamma_F", "coefficient", times(2)),
        ("T3p", "power", put(K, K + 1)),
        ("b_sto_3", "coefficient of rho_2", put(rho_2, 2 * rho_2)),
        ("b_sto_3", "nu - 1 for nu - 2", put(nu - 2, nu - 1)),
    ]
    for name, what, change in right_sides:
        yield f"{name}: {what}", with_right_side(name, change)
    yield "A: exact case gone", with_case_gone("A", 0)
    yield "kappa: with replacement as without", with_case("kappa", 1, 1 / m**2)
    yield "share: largest weight lost", with_case("share", 0, 1 / m)
    yield "M: case without noise gone", with_case_gone("M", 0)
    for name, hypothesis in (
        ("T1c", "tau = 1"),
        ("T1b", "sigma^2 = 0"),
        ("T1a", "h <= 1"),
        ("T2", "A > 0"),
        ("T3", "2 A beta tau mu_F <= 1"),
    ):
        yield f"{name}: {hypothesis} lost", without_hypothesis(name, hypothesis)
    for id, assumption in (
        ("S4", "A3"),
        ("S7", "A5"),
        ("S5", "A4"),
        ("S3", "A6"),
        ("T3", "A7"),
        ("T2", "A1"),
        ("S5s", "A3"),
        ("C6", "A5"),
    ):
        yield f"{id}: {assumption} lost", without_assumption(id, assumption)


MUTATIONS = dict(mutations())
assert len(MUTATIONS) >= 40
assert sigma2 in TABLE.formulas["T1a.N"].cases[0].expression.free_symbols


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Everything compiled once: only what depends on a changed file is compiled again."""
    folder = tmp_path_factory.mktemp("proofs")
    for name, text in sources().items():
        (folder / name).write_text(text, encoding="utf-8")
    needed = frozenset(name for name in sources() if dependents(sources(), name) & dependents(sources(), "Constants.v"))
    build(folder, sources(), needed)
    return folder


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_wrong_record_is_refused(name, compiled, tmp_path):
    fresh = {"Constants.v": constants(MUTATIONS[name]), "Assumed.v": assumptions(MUTATIONS[name])}
    changed = [file for file, text in fresh.items() if text != sources()[file]]
    assert changed, "the mutation does not show in Coq"
    texts = {**sources(), **fresh}
    again = frozenset().union(*(dependents(texts, file) for file in changed))
    folder = tmp_path / "proofs"
    shutil.copytree(compiled, folder)
    for file in changed:
        (folder / file).write_text(fresh[file], encoding="utf-8")
    algebra = again & {"Constants.v", "RecordForms.v"}  # refuses most of them, and soon
    with pytest.raises(ProofError) as refused:  # noqa: PT012, in two parts
        build(folder, texts, algebra)
        build(folder, texts, again - algebra)
    assert refused.value.file not in fresh, f"the record itself is malformed: {refused.value}"
    assert "physical path" not in refused.value.message
    assert "inconsistent" not in refused.value.message
