"""T4c: the gap at a fixed point of a round when every meta loss is convex."""

import sympy

from theory.language.modes import EXACT
from theory.language.records import DETERMINISTIC, OURS, Hypothesis, Line, Statement, formula
from theory.language.symbols import introduce, tau
from theory.language.units import LOSS
from theory.statements.d1 import P_minus, P_plus, psi
from theory.statements.s04 import L_F
from theory.statements.s04m import mu_c
from theory.statements.s07 import gamma_F
from theory.statements.t1 import b, h
from theory.statements.t4p import ASSUMED, HYPOTHESES

T4c_gap = introduce("T4c_gap", r"R_{\mathrm{T4c}}", LOSS, "optimality gap at a fixed point of a round (T4c)")

FORMULAS = (
    formula(
        T4c_gap,
        h**2 / L_F * (tau - 1) * (2 * tau - 1) / (12 * tau**2) * gamma_F**2 * psi**2 / (P_plus * P_minus),
        "T4c",
        hypotheses=(
            *HYPOTHESES,
            Hypothesis("b = 0", b, "==", sympy.Integer(0)),
            Hypothesis("mu_c >= 0", mu_c, ">=", sympy.Integer(0)),
        ),
        assumed=ASSUMED,
    ),
)

STATEMENT = Statement(
    id="T4c",
    title="Floor of the gap for convex meta losses",
    claim=r"If every $F_i$ is convex, the gap at every fixed point of a round is of order $h^2$ without A7; the "
    r"smaller of "
    "this and T4p's counts.",
    measures="optimality_gap_at_a_fixed_point",
    quantities=(T4c_gap, psi, P_plus, P_minus, mu_c),
    lines=(Line(r"F(w) - \inf_{W_0} F", T4c_gap),),
    kind=DETERMINISTIC,
    assumptions=("A2", "A3", "A5", "A6"),
    modes=(EXACT,),
    source=OURS,
    proof=r"""Let $w$ be a fixed point, $v_i^t$ the exact local path of agent $i$ from $w$ and $u$ any
point of $W_0$. Convexity of $F_i$ at $v_i^t$ and smoothness from $v_i^t$ to $w$ give
\[ F_i(w) - F_i(u) \le \langle \nabla F_i(v_i^t), w - u \rangle + \frac{L_F}{2} \|w - v_i^t\|^2 . \]

Average over $t$ and $i$: the mean of all $\nabla F_i(v_i^t)$ is $0$ at a fixed point, so the inner products drop
out. Gradients do not grow along a path of a convex function with $\beta L_F \le 1$ (they are cocoercive), so $\|w -
v_i^t\| \le \beta t \|\nabla F_i(w)\|$ and
\[ F(w) - F(u) \le \frac{L_F \beta^2}{2} \frac{1}{\tau} \sum_{t=0}^{\tau-1} t^2 \frac{1}{n} \sum_{i=1}^{n} \|\nabla
F_i(w)\|^2 . \]

The sum of $t^2$ over $t < \tau$ is $\frac{1}{6} (\tau - 1) \tau (2 \tau - 1)$, $\beta^2 L_F = h^2 / (\tau^2 L_F)$,
and by T4p the mean of the squared gradients is at most
\[ \|\nabla F(w)\|^2 + \gamma_F^2 \le \gamma_F^2 \left(1 + \frac{\omega^2}{P_+ P_-}\right) = \gamma_F^2
\frac{\psi^2}{P_+ P_-} . \]
Here $F^{\ast}$ is the infimum over $W_0$, not any lower bound. The bound is not attained: the largest ratio known
is $0.74$.""",
)
