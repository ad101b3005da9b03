"""S5s: with a Lipschitz third derivative the bias falls as 1/D at every number of fine-tuning steps."""

import sympy

from theory.language.algebra import HALF, Expr, S
from theory.language.modes import STOCHASTIC
from theory.language.records import EXPECTATION, OURS, Line, Statement, formula
from theory.language.symbols import B, L, alpha, ell, introduce, nu, rho, rho_2
from theory.language.units import GRADIENT
from theory.statements.noisy_path import (
    ERROR_SEQUENCE,
    MEAN_SEQUENCE,
    SUMMED_ROOTS,
    E_nu,
    m_nu,
    mean_errors,
    noisy,
    squared_error,
)
from theory.statements.s02 import q
from theory.statements.s05 import MEAN_ERROR

b_sto_3 = introduce(
    "b_sto_3", r"b''_{\mathrm{sto}}", GRADIENT, "third-order bias of the stochastic meta-gradient (S5s)"
)

# sum over l < nu of m_l: each E_j enters with the powers of q that follow it
_means = alpha * rho * HALF * sympy.Sum(squared_error(ell) * S(nu - 1 - ell, q), (ell, 1, nu - 2))
_errors = sympy.Sum(squared_error(ell), (ell, 1, nu - 1))
_crossed = SUMMED_ROOTS**2 - _errors  # twice the sum over l < j < nu of sqrt(E_l E_j)

FORMULAS = (
    formula(
        b_sto_3,
        alpha * rho * B * q ** (nu - 1) * _means
        + q**nu * (L * m_nu + HALF * rho * E_nu)
        + HALF * alpha * rho_2 * B * q ** (nu - 1) * _errors
        + HALF * alpha**2 * rho**2 * B * q ** (nu - 2) * _crossed
        + alpha * rho * L * q ** (nu - 1) * SUMMED_ROOTS * sympy.sqrt(E_nu),
        "S5s",
        recursion=lambda steps: _third_order(steps),
    ),
)

STATEMENT = Statement(
    id="S5s",
    title="Third-order bias of the stochastic meta-gradient",
    claim=r"If the third derivative of every $f_i$ is $\rho_2$-Lipschitz on $W$, the bias is of order $1/D$ at every "
    r"$\nu$.",
    measures="meta_gradient_bias",
    quantities=(b_sto_3, E_nu, m_nu),
    lines=(Line(MEAN_ERROR, b_sto_3),),
    defines=(ERROR_SEQUENCE, MEAN_SEQUENCE),
    kind=EXPECTATION,
    assumptions=("A2", "A3", "A4", "A6"),
    modes=(STOCHASTIC,),
    source=OURS,
    proof=r"""Given the noisy trajectory the batches that are left are unbiased, so $\mathrm{E} g_i$ is
the mean of
\[ \Phi(e_1, \dots, e_{\nu}) = P(w^0) P(w^1 + e_1) \dots P(w^{\nu-1} + e_{\nu-1}) \nabla f_i(w^{\nu} + e_{\nu}),
\quad P(u) = I - \alpha \nabla^2 f_i(u) , \]
and $\Phi(0, \dots, 0) = \nabla F_i(w)$. Every intermediate point lies in the convex set $W$, so all factors are at
most $q$ and all gradients at most $B$.

First derivatives at $0$ are deterministic, and $\|\mathrm{E} e_l\| \le m_l$ (Lemma L3):
\[ \alpha \rho B q^{\nu-1} \sum_{l=1}^{\nu-1} m_l + q^{\nu} L m_{\nu} . \]

Second derivatives, by Taylor's formula with half their largest value: two factors that move, one factor twice (at
most $\alpha \rho_2$), one factor and the gradient, and the gradient twice (at most $\rho$). With $\mathrm{E}
\|e_l\| \|e_j\| \le \sqrt{E_l E_j}$ (Cauchy-Schwarz and Lemma L3) half of
\[ \alpha \rho_2 B q^{\nu-1} \sum_{l=1}^{\nu-1} E_l + 2 \alpha^2 \rho^2 B q^{\nu-2} \sum_{l < j} \sqrt{E_l E_j} + 2
\alpha \rho L q^{\nu-1} \sum_{l=1}^{\nu-1} \sqrt{E_l E_{\nu}} + q^{\nu} \rho E_{\nu} . \]

Print and evaluation use two identities: $\sum_{l=1}^{\nu-1} m_l = \frac{\alpha \rho}{2} \sum_{j=1}^{\nu-2} E_j
S_{\nu-1-j}(q)$, since $E_j$ enters $m_l$ with $q^{l-1-j}$; and twice the sum over pairs is the square of $\sum_l
\sqrt{E_l}$ less $\sum_l E_l$. Empty sums are $0$ whatever stands before them. Without $\rho_2$ the order
$1/\sqrt{D}$ cannot be improved at $\nu \ge 2$: take $f'' = \rho \|u - w^1\|$ near $w^1$.""",
)


def _third_order(steps: int) -> Expr:
    """The first and second derivatives of the sweep in the errors of its points, pair by pair."""
    errors, means, inner = noisy(steps), mean_errors(steps), range(1, steps)
    first = sum((alpha * rho * B * q ** (steps - 1) * means[step] for step in inner), q**steps * L * m_nu)
    second = q**steps * rho * E_nu
    for step in inner:
        second += alpha * rho_2 * B * q ** (steps - 1) * errors[step]
        second += 2 * alpha * rho * L * q ** (steps - 1) * sympy.sqrt(errors[step]) * sympy.sqrt(E_nu)
        for later in range(step + 1, steps):
            roots = sympy.sqrt(errors[step]) * sympy.sqrt(errors[later])
            second += 2 * alpha**2 * rho**2 * B * q ** (steps - 2) * roots
    return first + HALF * second
