"""LaTeX from expressions: the only way a formula reaches a reader."""

from __future__ import annotations

from functools import lru_cache

import sympy

from theory.language.algebra import Expr, Kept, PowerGain, S
from theory.language.conditions import Otherwise
from theory.language.records import Formula, Hypothesis

_RELATIONS = {"<=": r"\le", ">=": r"\ge", "<": "<", ">": ">", "==": "="}


@lru_cache(maxsize=4096)
def latex(expression: Expr) -> str:
    r"""The expression in LaTeX; amsmath is enough to set it.

    >>> from theory.language.symbols import L, alpha, nu
    >>> latex(1 + S(nu, L) * alpha * L / 2)
    '1 + \\frac{1}{2} \\alpha L S_{\\nu}(L)'
    """
    if expression.is_Symbol:
        return expression.record.latex
    if expression.is_Rational:
        return _rational(expression)
    if expression.is_Add:
        return _joined(sorted(expression.args, key=_term_order))
    if expression.is_Mul:
        return _product(expression)
    if expression.is_Pow:
        return _power(*expression.as_base_exp())
    return _function(expression)


def _rational(value: Expr) -> str:
    above, below = int(value.p), int(value.q)
    if below == 1:
        return str(above)
    return rf"{'-' if above < 0 else ''}\frac{{{abs(above)}}}{{{below}}}"


def _term_order(term: Expr) -> tuple[bool, int, str]:
    return term.could_extract_minus_sign(), len(list(sympy.preorder_traversal(term))), str(term)


def _joined(terms: list[Expr]) -> str:
    """Terms with their signs; a leading term stays as it is."""
    text = latex(terms[0])
    for term in terms[1:]:
        negative = term.could_extract_minus_sign()
        text += f" - {_term(-term)}" if negative else f" + {latex(term)}"
    return text


def _term(term: Expr) -> str:
    return _fenced(latex(term)) if term.is_Add or isinstance(term, PowerGain) else latex(term)


def _fenced(text: str) -> str:
    return rf"\left({text}\right)"


def _factor_order(factor: Expr) -> tuple[int, str]:
    base = factor.as_base_exp()[0]
    if base.is_Symbol:
        return base.record.rank, str(factor)
    kind = 2000 if base.is_Number else 2100 if isinstance(base, S) else 2300 if isinstance(base, sympy.Sum) else 2200
    return kind, str(factor)


def _product(expression: Expr) -> str:
    number, rest = expression.as_coeff_Mul()
    sign = "-" if number < 0 else ""
    number = abs(number)
    above, below = [], []
    for factor in sympy.Mul.make_args(rest):
        base, exponent = factor.as_base_exp()
        if exponent.is_Rational and exponent < 0:
            below.append(base ** (-exponent))
        else:
            above.append(factor)
    if not below:
        lead = [] if number == 1 else [latex(number)]
        return sign + " ".join(lead + _factors(above))
    outside = [factor for factor in above if factor.has(sympy.Sum)]
    inside = [factor for factor in above if factor not in outside]
    fraction = rf"\frac{{{_beside(int(number.p), inside)}}}{{{_beside(int(number.q), below)}}}"
    return sign + " ".join([fraction, *(_factors(outside) if outside else [])])


def _beside(number: int, factors: list[Expr]) -> str:
    """One side of a fraction bar; a lone sum needs no fence there."""
    if number == 1 and len(factors) == 1:
        return latex(factors[0])
    lead = [str(number)] if number != 1 or not factors else []
    return " ".join(lead + [_as_factor(factor) for factor in sorted(factors, key=_factor_order)])


def _factors(factors: list[Expr]) -> list[str]:
    """Factors in order; a sum at the end needs no fence."""
    ordered = sorted(factors, key=_factor_order)
    ends_in_sum = isinstance(ordered[-1], sympy.Sum)
    texts = [_as_factor(factor) for factor in ordered]
    return [*texts[:-1], latex(ordered[-1])] if ends_in_sum else texts


def _as_factor(factor: Expr) -> str:
    loose = factor.is_Add or isinstance(factor, (PowerGain, sympy.Sum))
    return _fenced(latex(factor)) if loose else latex(factor)


def _power(base: Expr, exponent: Expr) -> str:
    if base.is_Symbol and base.record.root:
        return _raised(base.record.root, 2 * exponent)
    if exponent.is_Rational and exponent < 0:
        return rf"\frac{{1}}{{{latex(base ** (-exponent))}}}"
    if exponent == sympy.Rational(1, 2):
        return rf"\sqrt{{{latex(base)}}}"
    if exponent.is_Rational and exponent.q == 2:
        return _raised(rf"\sqrt{{{latex(base)}}}", 2 * exponent)
    if isinstance(base, Kept):
        return _power(base.args[0], exponent)
    if base.is_Symbol or (base.is_Integer and base >= 0):
        text = latex(base)
        return _raised(text if "^" not in text and "'" not in text else _fenced(text), exponent)
    return _raised(_fenced(latex(base)), exponent)


def _raised(base: str, exponent: Expr) -> str:
    return base if exponent == 1 else f"{base}^{{{latex(exponent)}}}"


def _function(expression: Expr) -> str:
    arguments = expression.args
    if isinstance(expression, S):
        return rf"S_{{{latex(arguments[0])}}}({latex(arguments[1])})"
    if isinstance(expression, Kept):
        return latex(arguments[0])
    if isinstance(expression, PowerGain):
        base, gain, power = arguments
        return f"{latex((base + gain) ** power)} - {latex(base**power)}"
    if isinstance(expression, sympy.Sum):
        index, low, high = expression.limits[0]
        body = expression.function
        inner = _fenced(latex(body)) if body.is_Add else latex(body)
        return rf"\sum_{{{latex(index)}={latex(low)}}}^{{{latex(high)}}} {inner}"
    if isinstance(expression, (sympy.Min, sympy.Max)):
        name = "min" if isinstance(expression, sympy.Min) else "max"
        return rf"\{name}\left\{{{', '.join(latex(item) for item in sorted(arguments, key=_term_order))}\right\}}"
    if isinstance(expression, sympy.Abs):
        return rf"\left|{latex(arguments[0])}\right|"
    if isinstance(expression, sympy.exp):
        return rf"e^{{{latex(arguments[0])}}}"
    if isinstance(expression, sympy.log):
        return rf"\log{_fenced(latex(arguments[0]))}"
    if expression is sympy.E:
        return "e"
    raise TypeError(f"{expression}: no LaTeX for {type(expression).__name__}")


def formula_latex(formula: Formula) -> str:
    """The quantity's symbol, an equals sign, and its expression or cases."""
    return f"{formula.symbol.record.latex} = {right_latex(formula)}"


def right_latex(formula: Formula) -> str:
    """The expression, or all cases with their conditions."""
    if len(formula.cases) == 1:
        return latex(formula.cases[0].expression)
    rows = (rf"{latex(case.expression)} & {case.when.latex}" for case in formula.cases)
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"


def hypothesis_latex(hypothesis: Hypothesis) -> str:
    """The hypothesis as an inequality or equation, and where it is asked."""
    shown = f"{latex(hypothesis.left)} {_RELATIONS[hypothesis.relation]} {latex(hypothesis.right)}"
    return shown if isinstance(hypothesis.when, Otherwise) else rf"{shown} \text{{ when }} {hypothesis.when.latex}"
