"""What the statements about one round share: bias and variance by mode, the drift, the beginning of their proofs."""

from collections.abc import Mapping
from typing import Any

import sympy

from theory.language import modes
from theory.language.algebra import Expr, S
from theory.language.conditions import Chosen, IsOne, ModeIs
from theory.language.options import SAMPLING
from theory.language.records import EXPECTATION, OURS, Case, Formula, Hypothesis, Line, Statement, formula
from theory.language.symbols import F0_gap, Symbol, beta, grad_norm, introduce, m, n, p_max, t, tau
from theory.language.units import GRADIENT, GRADIENT_SQUARED, NUMBER
from theory.statements.s02 import grown
from theory.statements.s04 import L_F
from theory.statements.s05 import b_sto
from theory.statements.s05p import b_sto_2
from theory.statements.s06 import sigma_F2
from theory.statements.s08 import b_FO
from theory.statements.s08p import b_FO_sto_2
from theory.statements.s08s import b_FO_sto, var_FO_sto
from theory.statements.s09 import b_HF
from theory.statements.s09p import b_HF_sto_2
from theory.statements.s09s import b_HF_sto, mse_HF_sto

b = introduce("b", "b", GRADIENT, "bias bound of the mode in use", key=True)
sigma2 = introduce(
    "sigma2", r"\sigma^2", GRADIENT_SQUARED, "variance bound of the mode in use", root=r"\sigma", key=True, rank=99
)
h = introduce("h", "h", NUMBER, "length of a round relative to the smoothness", key=True)
kappa = introduce("kappa", r"\kappa", NUMBER, "partial-participation factor")
share = introduce("share", r"s_m", NUMBER, "weight of the agents' mean variance in that of the server's step")
p = introduce("p", "p", NUMBER, "growth of the drift over one local step")
theta = introduce("theta", r"\theta", NUMBER, "averaged drift of the local steps")
chi = introduce("chi", r"\chi", NUMBER, "averaged drift of the noise", rank=101)
x = introduce("x", "x", NUMBER, "relative drift of a round")
b0 = introduce("b0", "b_0", GRADIENT, "bias and noise carried into the drift")

# the bounds of the bias of a mode, each sharper than the one before; published forms are compared with the first
BIAS: Mapping[modes.Mode, tuple[Symbol, ...]] = {
    modes.STOCHASTIC: (b_sto, b_sto_2),
    modes.FIRST_ORDER: (b_FO,),
    modes.FIRST_ORDER_STOCHASTIC: (b_FO_sto, b_FO_sto_2),
    modes.HESSIAN_FREE: (b_HF,),
    modes.HESSIAN_FREE_STOCHASTIC: (b_HF_sto, b_HF_sto_2),
}
VARIANCE: Mapping[modes.Mode, Symbol] = {
    modes.STOCHASTIC: sigma_F2,
    modes.FIRST_ORDER_STOCHASTIC: var_FO_sto,
    modes.HESSIAN_FREE_STOCHASTIC: mse_HF_sto,
}
_zero, _one = sympy.Integer(0), sympy.Integer(1)


def _by_mode(symbol: Symbol, bounds: Mapping[modes.Mode, Expr]) -> Formula:
    return Formula(symbol, tuple(Case(bounds.get(mode, _zero), ModeIs(mode)) for mode in modes.MODES), "T1")


FORMULAS = (
    _by_mode(b, {mode: found[-1] for mode, found in BIAS.items()}),
    _by_mode(sigma2, VARIANCE),
    formula(h, beta * tau * L_F, "T1"),
    Formula(
        kappa,
        (
            Case(_zero, Chosen(SAMPLING, "full")),
            Case(1 / m, Chosen(SAMPLING, "replacement")),
            Case(_zero, IsOne(n)),
            Case((n - m) / (m * (n - 1))),
        ),
        "T1",
    ),
    Formula(share, (Case(p_max, Chosen(SAMPLING, "full")), Case(1 / m)), "C6"),
    formula(p, 1 + h / tau, "T1"),
    formula(
        theta,
        sympy.Sum(S(t, p), (t, 0, tau - 1)) / tau**2,
        "T1",
        recursion=lambda steps: sympy.Add(*grown(steps, _one, p)[:steps]) / tau**2,
        steps="tau",
    ),
    formula(
        chi,
        sympy.Sum(sympy.sqrt(S(t, p**2)), (t, 0, tau - 1)) / tau,
        "T1",
        recursion=lambda steps: sympy.Add(*map(sympy.sqrt, grown(steps, _one, p**2)[:steps])) / tau,
        steps="tau",
    ),
    formula(x, h * theta, "T1"),
    formula(b0, (1 + x) * b + h * chi * sympy.sqrt(sigma2) / tau, "T1"),
)

SHORT_ROUND = Hypothesis("h <= 1", h, "<=", _one)
# T1a and T1c weigh the variance by 1/m
DRAWN = Hypothesis("sampling of m agents", share, "<=", 1 / m, when=Chosen(SAMPLING, "full"))
DRIFT = (x, theta, p, h, kappa)


def positive(symbol: Symbol) -> Hypothesis:
    """The hypothesis that a descent coefficient is positive."""
    return Hypothesis(f"{symbol} > 0", symbol, ">", _zero)


def next_gap(A: Expr, N: Expr) -> Expr:
    """The expected gap after a round: it falls by A norm(grad F)^2 - N per unit of beta tau."""
    return F0_gap - beta * tau * A * grad_norm**2 + beta * tau * N


def statement(symbol: Symbol, claim: str, proof: str, *, beginning: str | None = None, **fields: Any) -> Statement:
    """A statement about one round: what it bounds, and how its proof begins where it does not say so itself."""
    return Statement(
        symbol.name,
        claim=r"Here $\Delta_0 = F(w_k) - F_{\mathrm{low}}$ for any lower bound $F_{\mathrm{low}}$ of $F$. " + claim,
        measures="one_round_change",
        lines=(Line(r"\mathrm{E}[F(w_{k+1}) \mid w_k] - F_{\mathrm{low}}", symbol),),
        kind=EXPECTATION,
        source=OURS,
        proof=(_BEGINNING if beginning is None else beginning) + proof,
        **fields,
    )


_BEGINNING = r"""Fix $w_k$, let $a = \nabla F(w_k)$ and let $Y_i$ be the sum over the local steps of agent
$i$'s vectors $g$; in thought all $n$ agents run, so $w_{k+1} = w_k - \beta \frac{1}{m} \sum_{i \in A_k} Y_i$. Put
$\mathrm{E} \bar{Y} = \tau (a + R)$. $F$ is $L_F$-smooth; with Lemma L5 for the square and $-\langle a, a + R
\rangle = -\frac{1}{2} \|a\|^2 - \frac{1}{2} \|a + R\|^2 + \frac{1}{2} \|R\|^2$,
\[ \frac{\mathrm{E} F(w_{k+1}) - F(w_k)}{\beta \tau} \le -\frac{1}{2} \|a\|^2 + \frac{1}{2} \|R\|^2 - \frac{1 -
h}{2} \|a + R\|^2 + \frac{h}{2 \tau^2} \left(\kappa s^2 + \frac{1}{m} v^2\right) , \]
with the spread $s^2$ of the $\mathrm{E} Y_i$ and the mean $v^2$ of their variances. For $h \le 1$ the third term is
dropped.

"""

DRIFT_PROOF = r"""Drift. Every $F_i$ is $L_F$-smooth, so one step is $p$-Lipschitz with $p = 1 + h / \tau$;
the mean of $\|\nabla F_i(w_k)\|^2$ is $\|a\|^2$ plus the spread, so at most $G^2 = \|a\|^2 + \gamma_F^2$. Lemma L6
around the constant $w_k$ gives, in root mean square over agents and randomness,
\[ r_t \le \beta (G + b) S_t(p) + \beta \sigma \sqrt{S_t(p^2)} \]
for the distance of the local iterates from $w_k$.

The conditional mean of $g$ at step $t$ is within $L_F r_t + b$ of $\nabla F_i(w_k)$. Minkowski's inequality over
$t$ bounds the root mean square of the average of these differences:
\[ \sqrt{Q} \le b + \frac{L_F}{\tau} \sum_{t=0}^{\tau-1} r_t \le x G + b_0, \quad x = h \theta, \quad b_0 = (1 + x)
b + \frac{h \chi \sigma}{\tau} . \]
$R$ is the mean over agents and randomness of that average, so $\|R\|^2 \le Q$ by Jensen's inequality.

"""
