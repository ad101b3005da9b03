"""S4m: how curved the meta losses are from below."""

import sympy

from theory.language.algebra import S
from theory.language.conditions import Given
from theory.language.modes import EXACT
from theory.language.records import DETERMINISTIC, OURS, Case, Formula, Hypothesis, Line, Statement, formula
from theory.language.symbols import REAL, L, alpha, introduce, mu, nu, rho
from theory.language.units import CURVATURE
from theory.statements.s02 import CURVATURE_ORDER, q
from theory.statements.s03 import B_q
from theory.statements.s04 import L_F

mu_J = introduce(
    "mu_J", r"\mu_J", CURVATURE, "curvature of the meta losses without the change of Jacobians", range=REAL
)
mu_c = introduce("mu_c", r"\mu_c", CURVATURE, "lower bound of the curvature of every F_i (S4m)", range=REAL, key=True)
S4m = introduce("S4m", r"-\mu_c", CURVATURE, "the most that a meta loss curves downwards (S4m)", range=REAL)

META_CURVATURE_ORDER = (
    Hypothesis("-L_F <= mu_c", -L_F, "<=", mu_c, optional="mu_c"),
    Hypothesis("mu_c <= L_F", mu_c, "<=", L_F, optional="mu_c"),
)
_upper = sympy.Max(mu, 0) * sympy.Max(1 - alpha * L, 0) ** (2 * nu)

FORMULAS = (
    formula(mu_J, _upper + sympy.Min(mu, 0) * q ** (2 * nu), "S4m", hypotheses=CURVATURE_ORDER),
    Formula(
        mu_c,
        (Case(sympy.Max(-L_F, mu_J - alpha * rho * B_q * q ** (nu - 1) * S(nu, q)), Given(mu)), Case(-L_F)),
        "S4m",
    ),
    formula(S4m, -mu_c, "S4m"),
)

STATEMENT = Statement(
    id="S4m",
    title="Curvature of the meta loss from below",
    claim=r"Under A6 every $F_i - \frac{\mu_c}{2} \|w\|^2$ is convex on $W_0$; $\mu_c \ge 0$ makes every $F_i$ "
    r"convex.",
    measures="",
    quantities=(mu_c, mu_J, L_F, B_q),
    lines=(Line(r"\langle \nabla F_i(w) - \nabla F_i(u), w - u \rangle", mu_c, r"\|w - u\|^2", relation=r"\ge"),),
    kind=DETERMINISTIC,
    assumptions=("A2", "A3", "A6"),
    modes=(EXACT,),
    source=OURS,
    proof=r"""Write $\nabla F_i = J^{\top} g$ with $J = P^{\nu-1} \dots P^0$ and $g = \nabla
f_i(w^{\nu})$ (S1). Both are Lipschitz on $W_0$, so they have derivatives almost everywhere, on almost every segment
too, which is enough for convexity:
\[ \nabla^2 F_i = J^{\top} \nabla^2 f_i(w^{\nu}) J + (D J)^{\top} g . \]

The first part is at least $\mu J^{\top} J$ by A6. Every factor has its eigenvalues in $[1 - \alpha L, 1 - \alpha
\mu]$ and norm at most $q$, so the singular values of $J$ lie between the power of $\max\{0, 1 - \alpha L\}$ and
that of $q$:
\[ \mu J^{\top} J \ge \mu_J I . \]

The second part is the change of the Jacobian applied to $g$, which S4 bounds by its second term, with $\|g\| \le
B_q$:
\[ \|(D J)^{\top} g\| \le \alpha \rho B_q q^{\nu-1} S_{\nu}(q) . \]

$F_i$ is $L_F$-smooth (S4), so its curvature is never below $-L_F$. As $\mu_J \le q^{2 \nu} L$, $\mu_c \le L_F$
always. For quadratics $\mu_c$ may be taken as the least eigenvalue of the $M_i = A_i (I - \alpha A_i)^{2 \nu}$.""",
)
