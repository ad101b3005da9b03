"""C5: many fine-tuning steps of a short length: every constant stays bounded in their number."""

import sympy

from theory.language.algebra import HALF, Expr
from theory.language.modes import EXACT
from theory.language.records import DETERMINISTIC, OURS, Formula, Hypothesis, Line, Statement, formula
from theory.language.symbols import (
    D_H,
    B,
    D,
    L,
    Symbol,
    alpha,
    delta,
    gamma_G,
    gamma_H,
    introduce,
    nu,
    rho,
    sigma_G,
    sigma_H,
)  # fmt: skip
from theory.language.units import CURVATURE, GRADIENT, NUMBER, Unit
from theory.statements.noisy_path import E_nu
from theory.statements.s03 import B_F
from theory.statements.s04 import L_F
from theory.statements.s07 import gamma_F
from theory.statements.s08 import b_FO
from theory.statements.s09 import b_HF

total = introduce("C5.c", r"c_{\nu}", NUMBER, "length of the whole fine-tuning, alpha nu L")
_e = sympy.exp(total)


def _uniform(name: str, latex: str, unit: Unit, meaning: str) -> Symbol:
    return introduce(f"C5.{name}", rf"{latex}^{{\infty}}", unit, f"{meaning}, uniformly in nu (C5)")


power = _uniform("q", "Q", NUMBER, "growth of distances along fine-tuning")
noise = _uniform("noise", "M", NUMBER, "growth of squared norms along a noisy sweep")
gradient = _uniform("B_F", "B_F", GRADIENT, "bound on the norm of the meta-gradient")
smoothness = _uniform("L_F", "L_F", CURVATURE, "smoothness constant of every F_i")
spread = _uniform("gamma_F", r"\gamma_F", GRADIENT, "spread of the agents' meta-gradients")
dropped = _uniform("b_FO", r"(b_{\mathrm{FO}})", GRADIENT, "error of dropping the Hessians")
probed = _uniform("b_HF", r"(b_{\mathrm{HF}})", GRADIENT, "error of Hessian-free meta-gradients")
strayed = _uniform("E_nu", "E", Unit(0, 2), "mean squared error at the noisy end point")

_HYPOTHESES = (
    Hypothesis("nu >= 1", nu, ">=", sympy.Integer(1)),
    Hypothesis("L > 0", L, ">", sympy.Integer(0)),
)


def _bound(symbol: Symbol, right: Expr) -> Formula:
    return formula(symbol, right, "C5", hypotheses=_HYPOTHESES)


FORMULAS = (
    formula(total, alpha * nu * L, "C5"),
    _bound(power, _e),
    _bound(noise, sympy.exp(2 * total + total**2 * sigma_H**2 / (nu * L**2 * D_H))),
    _bound(gradient, _e * B),
    _bound(smoothness, _e**2 * L + rho * B / L * _e * (_e - 1)),
    _bound(spread, _e**2 * gamma_G + B * _e / L * (total * gamma_H + rho * gamma_G * (_e - 1 - total) / L)),
    _bound(dropped, (_e - 1) * B),
    _bound(probed, HALF * delta * rho * B**2 / L * _e * (_e - 1)),
    _bound(strayed, total**2 * _e**2 * sigma_G**2 / (nu * L**2 * D)),
)

STATEMENT = Statement(
    id="C5",
    title="Many fine-tuning steps",
    claim=r"With $\alpha = c / (\nu L)$ every constant is bounded uniformly in $\nu$, and so is every T. At fixed "
    r"$D$ the "
    r"bounds of the bias fall: $b_{\mathrm{sto}}$ and $b'_{\mathrm{sto}}$ like $\nu^{-1/2}$, $b''_{\mathrm{sto}}$ "
    r"like "
    r"$1/\nu$, and $V$ tends to $e^{2c} \sigma_G^2 / D'$.",
    measures="",
    quantities=(smoothness, total),
    lines=(
        Line(r"q^{\nu}", power),
        Line(r"\left(q^2 + \eta^2\right)^{\nu}", noise),
        Line(B_F.record.latex, gradient),
        Line(L_F.record.latex, smoothness),
        Line(gamma_F.record.latex, spread),
        Line(b_FO.record.latex, dropped),
        Line(b_HF.record.latex, probed),
        Line(E_nu.record.latex, strayed),
    ),
    kind=DETERMINISTIC,
    assumptions=("A2", "A3", "A4", "A5"),
    modes=(EXACT,),
    source=OURS,
    proof=r"""At $\alpha = c / (\nu L)$, in general $q = 1 + \frac{c}{\nu} \ge 1$ (a smaller $q$ makes
every constant smaller), and $1 + y \le e^y$ gives
\[ q^{\nu} \le e^c, \quad \alpha L S_{\nu}(q) = q^{\nu} - 1 \le e^c - 1, \quad \alpha S_{\nu}(q) \le \frac{e^c -
1}{L} . \]
These are $B_F$, $L_F$ (S4), $b_{\mathrm{FO}}$ (S8) and $b_{\mathrm{HF}}$ (S9) at once, with $q^{\nu-1} \le e^c$ and
$B_q \le B$.

For $\gamma_F$ (S7) also $\alpha \nu = \frac{c}{L}$ and
\[ \alpha^2 \sum_{l=0}^{\nu-1} S_l(q) = \frac{\alpha}{L} \sum_{l=0}^{\nu-1} (q^l - 1) = \frac{1}{L^2} \left(q^{\nu}
- 1 - c\right) \le \frac{e^c - 1 - c}{L^2} . \]

For the noise $S_{\nu}(q^2) \le \nu q^{2 \nu}$ and $\alpha^2 = \frac{c^2}{\nu^2 L^2}$ give $E_{\nu}$, and $q^2 +
\eta^2 \le \exp(\frac{2 c}{\nu} + \frac{c^2 \sigma_H^2}{\nu^2 L^2 D_H})$ gives the last one. $b_{\mathrm{sto}}$ and
the second term of $b'_{\mathrm{sto}}$ carry $\alpha \sum_l \sqrt{E_l} \le \frac{c}{L} \sqrt{E_{\nu}}$, which falls
like $\nu^{-1/2}$; $b''_{\mathrm{sto}}$ is linear in $E_{\nu}$.""",
)
