"""S3q: what the constants gain where fine-tuning contracts."""

from theory.language.modes import EXACT
from theory.language.records import DETERMINISTIC, OURS, Line, Statement
from theory.statements.noisy_path import B_V, E_nu
from theory.statements.s03 import B_F, B_q
from theory.statements.s04 import L_F

FORMULAS = ()

STATEMENT = Statement(
    id="S3q",
    title="Contractive regime",
    claim=r"The gradient at the fine-tuned point is at most $B_q$, which is below $B$ where $q < 1$; it takes the "
    r"place "
    r"of $B$ in the constants of S1, S3, S4, S5, S7, S8 and S9, and $B_V$ does where the noisy end point counts.",
    measures="",
    quantities=(B_q, B_V, E_nu, B_F, L_F),
    lines=(
        Line(r"\|\nabla f_i(w_i^{\nu})\|", B_q),
        Line(r"\left(\mathrm{E} \|\nabla f_i(w_i^{\nu} + e_{\nu})\|^2\right)^{1/2}", B_V),
        Line(r"\|\nabla F_i(w)\|", B_F),
        Line(r"\|\nabla F_i(w) - \nabla F_i(u)\|", L_F, r"\|w - u\|"),
    ),
    kind=DETERMINISTIC,
    assumptions=("A2", "A3", "A4", "A6"),
    modes=(EXACT,),
    source=OURS,
    proof=r"""By A2, and by Lemma L1 along the whole trajectory, the gradient at its end is bounded in
two ways:
\[ \|\nabla f_i(w_i^{\nu})\| \le B, \quad \|\nabla f_i(w_i^{\nu})\| \le q^{\nu} \|\nabla f_i(w)\| \le q^{\nu} B . \]
The smaller is $B_q$; $f$ obeys A2 and A6 as well, so it bounds $\|\nabla f(\bar{w}^{\nu})\|$ on $f$'s own
trajectory.

In S1, S3, S4, S7, S8, S9 and in $b_{\mathrm{sto}}$ the vector that multiplies a difference of Jacobians is this
gradient at the end of a noiseless trajectory that starts in $W_0$: Lemma L2 with $\|v\| \le B_q$.

In $b'_{\mathrm{sto}}$ the other form of Lemma L2 is needed, with the gradient at the noisy end point. Its root mean
square is at most $B$, and by the triangle inequality and Lemma L3
\[ \left(\mathrm{E} \|\nabla f_i(w_i^{\nu} + e_{\nu})\|^2\right)^{1/2} \le q^{\nu} B + L \sqrt{E_{\nu}} . \]
The smaller is $B_V$. It serves $V$ of S6 for the same reason. In S9s one factor $B$ stays beside $B_V$, because a
mean square of squared norms is needed there.

The sum of squares $q^{2 \nu} B^2 + L^2 E_{\nu}$ in place of $B_V^2$ has no proof: the averaged Hessian of a noisy
step depends on the noise, and $\mathrm{E} \|\nabla f_i(\tilde{w}^{l+1})\|^2 \le q^2 \mathrm{E} \|\nabla
f_i(\tilde{w}^l)\|^2 + \alpha^2 L^2 \sigma_G^2 / D$ is false. With $d = 1$, $\mu = 0$, $q = 1$, $\alpha L =
\frac{1}{10}$, $D = 1$, $f' = \gamma$ at $w$, $f'' = 0$ left of $w$ and $L$ right of it, and noise $\pm 2 \gamma$,
the left side is $\frac{1}{2} (1 + 1.21) \gamma^2$ and the right side $1.04 \gamma^2$. Where $q \ge 1$ nothing
changes: $B_q = B_V = B$.""",
)
