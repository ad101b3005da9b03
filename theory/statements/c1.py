"""C1: first-order steps have a floor of second order in the heterogeneity."""

import sympy

from theory.language.algebra import HALF, S
from theory.language.modes import FIRST_ORDER
from theory.language.records import EXPECTATION, OURS, Hypothesis, Line, Statement, formula
from theory.language.symbols import (
    POSITIVE,
    REAL,
    F0_gap,
    K,
    L,
    alpha,
    beta,
    ell,
    gamma_G,
    gamma_H,
    introduce,
    m,
    n,
    nu,
    rho,
    tau,
)  # fmt: skip
from theory.language.units import GRADIENT, GRADIENT_SQUARED, NUMBER
from theory.statements.s02 import q
from theory.statements.s04 import L_F

Lam = introduce("C1.Lambda", r"\Lambda", NUMBER, "alignment of the first-order step with the meta-gradient", range=REAL)
Delta = introduce("C1.Delta", r"\Delta_F", NUMBER, "descent of the first-order step", range=REAL)
gamma_J = introduce("C1.gamma_J", r"\gamma_J", NUMBER, "spread of the Jacobians of fine-tuning")
gamma_g = introduce("C1.gamma_g", r"\gamma_g", GRADIENT, "spread of the gradients after fine-tuning")
C1_E0 = introduce("C1_E0", "E_0", GRADIENT, "part of the meta-gradient that the first-order step misses (C1)")
r = introduce("C1.r", "r", NUMBER, "weight of the square in C1", range=POSITIVE, key=True, alias="r")
C1 = introduce("C1", r"R_{\mathrm{C1}}", GRADIENT_SQUARED, "mean squared meta-gradient of first-order steps (C1)")

_zero, _one = sympy.Integer(0), sympy.Integer(1)
_run = 2 * F0_gap / (Delta * beta * K) + C1_E0**2 / Delta**2

FORMULAS = (
    formula(Lam, 1 - alpha * L * S(nu, q), "C1"),
    formula(Delta, Lam - beta * L_F * HALF, "C1"),
    formula(
        gamma_J,
        alpha * q ** (nu - 1) * (nu * gamma_H + alpha * rho * gamma_G * sympy.Sum(S(ell, q), (ell, 0, nu - 1))),
        "C1",
    ),
    formula(gamma_g, gamma_G * (1 + alpha * L * S(nu, q)), "C1"),
    formula(C1_E0, gamma_J * gamma_g, "C1"),
    formula(r, Delta / q**nu, "C1"),
    formula(
        C1,
        (1 + r) * q ** (2 * nu) * _run + (1 + 1 / r) * C1_E0**2,
        "C1",
        hypotheses=(
            Hypothesis("Lambda > 0", Lam, ">", _zero),
            Hypothesis("Delta_F > 0", Delta, ">", _zero),
            Hypothesis("tau = 1", tau, "==", _one, optional="tau"),
            Hypothesis("m = n", m, "==", n, optional="m"),
        ),
    ),
)

STATEMENT = Statement(
    id="C1",
    title="First-order steps: a floor of second order",
    claim=r"With one local step, all agents and full batches, first-order steps reach a floor of order $\gamma_G^2 "
    r"(\gamma_H + \rho \gamma_G)^2$, which is 0 without heterogeneity; the smaller of this and T2's counts.",
    measures="mean_squared_meta_gradient",
    quantities=(C1, C1_E0, gamma_J, gamma_g, Lam, Delta, r),
    lines=(Line(r"\frac{1}{K} \sum_{k=0}^{K-1} \|\nabla F(w_k)\|^2", C1),),
    kind=EXPECTATION,
    assumptions=("A1", "A2", "A3", "A5", "A6"),
    modes=(FIRST_ORDER,),
    source=OURS,
    proof=r"""Write $J_i = P_i^{\nu-1} \dots P_i^0$, $g_i = \nabla f_i(w_i^{\nu})$, $y = \frac{1}{n}
\sum_i g_i$ for the first-order step, and $\bar{J}$ for the Jacobian along $f$'s own trajectory. As the $g_i - y$
have mean $0$,
\[ \nabla F = \frac{1}{n} \sum_{i=1}^{n} J_i^{\top} g_i = C y + E, \quad C = \frac{1}{n} \sum_{i=1}^{n} J_i^{\top},
\quad E = \frac{1}{n} \sum_{i=1}^{n} (J_i - \bar{J})^{\top} (g_i - y) . \]

The rest $E$. By Lemmas L4 and L2 the Jacobians differ from $\bar{J}$ by $\gamma_J$ in root mean square, and the
$g_i$ from their mean by no more than from $\nabla f(\bar{w}^{\nu})$, which is $\gamma_g$. Cauchy-Schwarz over the
agents: $\|E\| \le \gamma_J \gamma_g = E_0$.

Alignment. Telescoping as in S8, $\|I - J_i\| \le \alpha L S_{\nu}(q) = 1 - \Lambda$, so
\[ \langle \nabla F, y \rangle \ge \Lambda \|y\|^2 - E_0 \|y\|, \quad \|\nabla F\| \le q^{\nu} \|y\| + E_0 . \]

Descent of one step $w_{k+1} = w_k - \beta y$, by smoothness and $E_0 \|y\| \le \frac{\Delta_F}{2} \|y\|^2 +
\frac{E_0^2}{2 \Delta_F}$:
\[ F(w_{k+1}) \le F(w_k) - \beta \Delta_F \|y\|^2 + \beta E_0 \|y\| \le F(w_k) - \frac{\beta \Delta_F}{2} \|y\|^2 +
\frac{\beta E_0^2}{2 \Delta_F} . \]

Sum over the rounds: the mean of $\|y\|^2$ is at most $\frac{2 \Delta_0}{\Delta_F \beta K} +
\frac{E_0^2}{\Delta_F^2}$. Then $(x + z)^2 \le (1 + r) x^2 + (1 + \frac{1}{r}) z^2$ for $\|\nabla F\|$. With $r =
\Delta_F / q^{\nu}$ the floor is $(q^{\nu} / \Delta_F + 1)^2 E_0^2$. At $\nu = 0$, $E_0 = 0$. In general $\Lambda =
2 - q^{\nu}$.""",
)
