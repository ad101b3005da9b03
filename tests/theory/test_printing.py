"""What a reader sees is printed from the expression: altering a coefficient changes value, LaTeX and MathML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from fractions import Fraction

import pytest
import sympy

import theory
from tests.theory.parameters import ACCEPTANCE, symbol
from theory.language.algebra import PowerGain, S
from theory.language.modes import MODE_NAMES
from theory.language.records import Case, Formula
from theory.language.setting import ASSUMPTIONS, SETTING
from theory.macros import macro_name, macros
from theory.printing.latex import latex
from theory.printing.mathml import mathml, prose_html
from theory.tables import Table, default_table

TABLE = default_table()
EVERYTHING: dict[str, object] = {
    **ACCEPTANCE, "beta": "1/1000", "mu_F": "1/10", "grad_norm": 2, "grad_norm_i": 3, "eta_G": "1e-6", "eta_H": "1e-6",
    "rho_2": "1/3", "eps": "1/2", "zeta": 2, "p_max": "1/5",
}  # fmt: skip


def doubled(formula: Formula) -> list[Formula]:
    """The formula with one term of one case doubled, for every term."""
    found = []
    for place, case in enumerate(formula.cases):
        for term in sympy.Add.make_args(case.expression):
            changed = replace(case, expression=case.expression + term)
            found.append(replace(formula, cases=(*formula.cases[:place], changed, *formula.cases[place + 1 :])))
    return found


def values(table: Table, name: str) -> list[Fraction | str | None]:
    """The quantity in every mode, at one and at several local steps and one or more agents, with and without mu.

    Statements restricted to a case, T1b and T1c, are evaluated on their coefficients without the hypotheses.
    """
    settings = [{**EVERYTHING, "mode": mode, **change} for mode in MODE_NAMES for change in (
        {}, {"tau": 1}, {"n": 1, "m": 1}, {"mu": "1/2"}, {"nu": 1, "sigma_G": 0, "sigma_H": 0}, {"nu": 1},
    )]  # fmt: skip
    settings += [{**EVERYTHING, "mode": mode, **change} for mode in ("exact", "stochastic") for change in (
        {"mu": "1/2", "rho": 0, "alpha": 1, "m": 10}, {"mu": "-1/2"}, {"tau": 1, "m": 10, "beta_s": 1},
        {"drift": "ball", "variance": "budget"}, {"sampling": "replacement"}, {"sampling": "full"},
        {"nu": 3},
    )]  # fmt: skip
    if name == "mu_J":
        settings = [inputs for inputs in settings if "mu" in inputs]
    return [table.quantity(name).evaluate(**inputs).digits for inputs in settings]


@pytest.mark.parametrize("name", list(TABLE.formulas))
def test_doubling_a_term_changes_value_latex_and_mathml(name: str) -> None:
    before = TABLE.quantity(name)
    known = values(TABLE, name)
    for formula in doubled(before.formula):
        if formula.expression == before.expression:
            continue  # a case that is 0
        table = TABLE.altered(formula)
        after = table.quantity(name)
        assert after.latex != before.latex
        assert after.mathml != before.mathml
        assert values(table, name) != known, formula


@pytest.mark.parametrize("id", ["S4", "S6", "S7", "T1a", "T1b", "T2", "per_fedavg.L_F", "maml.C_L"])
def test_statement_prints_the_altered_formula(id: str) -> None:
    before = TABLE.bound(id)
    changed = doubled(TABLE.formulas[before.quantity if id != "S7" else "gamma_F"])[0]
    after = TABLE.altered(changed).bound(id)
    assert after.latex != before.latex
    assert after.mathml != before.mathml


def test_alteration_reaches_what_depends_on_it() -> None:
    """Halving L_F's first term changes T2."""
    formula = TABLE.formulas["L_F"]
    first = sympy.Add.make_args(formula.expression)[0]
    table = TABLE.altered(replace(formula, cases=(Case(formula.expression - first / 2),)))
    assert table.quantity("T2").value(**ACCEPTANCE) != TABLE.quantity("T2").value(**ACCEPTANCE)


@pytest.mark.parametrize("text", [*(bound.latex for bound in theory.bounds()), *(q.latex for q in theory.quantities())])
def test_latex_is_balanced_and_has_mathml(text: str) -> None:
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    assert text.count(r"\left") == text.count(r"\right")
    root = ElementTree.fromstring(mathml(text))
    assert root.attrib["alttext"] == text
    assert not re.search(r"[\\]|[_^]", "".join(root.itertext()))


@pytest.mark.parametrize("bound", theory.bounds(), ids=lambda bound: bound.id)
def test_prose_has_mathml(bound: theory.Bound) -> None:
    for text in (bound.claim, bound.proof):
        assert text.count("$") % 2 == 0
        shown = "".join(ElementTree.fromstring(f"<p>{prose_html(text)}</p>").itertext())
        assert "\\" not in shown
        assert "$" not in shown


@pytest.mark.parametrize(
    "text", [SETTING, *ASSUMPTIONS.values(), *(f"${s.record.latex}$" for s in TABLE.symbols.values())]
)
def test_other_prose_has_mathml(text: str) -> None:
    ElementTree.fromstring(f"<p>{prose_html(text)}</p>")


class TestPrinter:
    """Small expressions with known LaTeX."""

    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            (symbol("alpha") * symbol("L") / 2, r"\frac{1}{2} \alpha L"),
            (1 + symbol("q") ** symbol("nu"), r"1 + q^{\nu}"),
            (symbol("n") - symbol("m"), "n - m"),
            (-symbol("L"), "-L"),
            (sympy.sqrt(symbol("sigma2")), r"\sigma"),
            (symbol("sigma2") ** 2, r"\sigma^{4}"),
            (symbol("gamma_F") ** 2, r"\gamma_F^{2}"),
            (symbol("b_sto_2") ** 2, r"\left(b'_{\mathrm{sto}}\right)^{2}"),
            (S(symbol("l"), symbol("q") ** 2), "S_{l}(q^{2})"),
            (symbol("B") * (1 + symbol("q")), r"B \left(1 + q\right)"),
            (symbol("B") / (2 * symbol("D")), r"\frac{B}{2 D}"),
            (1 / symbol("D"), r"\frac{1}{D}"),
            (PowerGain(symbol("q"), symbol("h"), symbol("nu")) * 2, None),
            (sympy.Min(symbol("B"), 1), r"\min\left\{1, B\right\}"),
            (sympy.Abs(symbol("mu")), r"\left|\mu\right|"),
            (sympy.exp(symbol("h")), "e^{h}"),
            (sympy.log(symbol("h")), r"\log\left(h\right)"),
            (symbol("D") ** sympy.Rational(-1, 2), r"\frac{1}{\sqrt{D}}"),
            (symbol("D") ** sympy.Rational(3, 2), r"\sqrt{D}^{3}"),
        ],
    )
    def test_latex(self, expression: sympy.Expr, expected: str | None) -> None:
        assert latex(expression) == (expected or r"2 \left(\left(h + q\right)^{\nu} - q^{\nu}\right)")

    def test_sum_is_fenced_only_before_other_factors(self) -> None:
        index, q = symbol("l"), symbol("q")
        total = sympy.Sum(q**index, (index, 0, 3))
        assert latex(2 * symbol("B") * total) == r"2 B \sum_{l=0}^{3} q^{l}"
        assert latex(sympy.Sum(1 + index, (index, 0, 3))) == r"\sum_{l=0}^{3} \left(1 + l\right)"

    def test_unknown_function_is_refused(self) -> None:
        with pytest.raises(TypeError, match="no LaTeX for sin"):
            latex(sympy.sin(symbol("q")))


class TestMathml:
    """The LaTeX subset."""

    def test_square_of_a_subscripted_symbol(self) -> None:
        assert "<msubsup><mi>γ</mi><mrow><mi>F</mi></mrow><mrow><mrow><mn>2</mn></mrow></mrow></msubsup>" in mathml(
            r"\gamma_F^{2}"
        )

    def test_primes_texts_and_fences(self) -> None:
        shown = "".join(ElementTree.fromstring(mathml(r"b'_{\mathrm{sto}} \text{ if a } \left\{x\right\}")).itertext())
        assert shown == "bsto′\xa0if\xa0a\xa0{x}"  # blanks that do not vanish at the ends

    @pytest.mark.parametrize("wrong", [r"\undefined x", r"\frac{1}", r"\begin{cases} x", "{x", r"\left(x"])
    def test_outside_the_subset_is_refused(self, wrong: str) -> None:
        with pytest.raises(ValueError, match=r"subset|expected"):
            mathml(wrong)

    def test_markup_is_escaped(self) -> None:
        assert "<mo>&lt;</mo>" in mathml("a < b")
        assert 'alttext="a &lt; b"' in mathml("a < b")


def test_macros_have_distinct_valid_names() -> None:
    names = re.findall(r"\\providecommand\{(\\[A-Za-z]+)\}", macros(TABLE))
    assert len(names) == len(set(names)) == len(TABLE.formulas) + len(TABLE.statements)
    assert macro_name("b_sto_2", "MFLformula") == r"\MFLformulaBStoTwo"
    assert r"\providecommand{\MFLformulaLF}{L q^{2 \nu} + \alpha \rho B_q q^{\nu - 1} S_{\nu}(q)}" in macros(TABLE)
