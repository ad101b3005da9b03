"""C6: weights of the agents, and other ways to sample them."""

from theory.language.modes import MODES
from theory.language.records import EXPECTATION, OURS, Line, Statement
from theory.statements.t1 import kappa, share
from theory.statements.t1d_terms import A, N
from theory.statements.t2p import T2p

FORMULAS = ()

STATEMENT = Statement(
    id="C6",
    title="Weights and other sampling",
    claim=r"T1d, T2p and T3p hold for $F = \sum_i p_i F_i$ with means over agents weighted by $p$, when $\kappa$ "
    r"and the "
    r"factor $s_m$ of the variance are those of the sampling in use.",
    measures="mean_squared_meta_gradient",
    quantities=(T2p, kappa, share, A, N),
    lines=(Line(r"\frac{1}{K} \sum_{k=0}^{K-1} \mathrm{E} \|\nabla F(w_k)\|^2", T2p),),
    kind=EXPECTATION,
    assumptions=("A1", "A2", "A3", "A4", "A5", "A6"),
    modes=MODES,
    source=OURS,
    proof=r"""The proof of T1d uses the sampling in one place only: how the mean square of the server's
step splits. With $\bar{Y} = \sum_i p_i Y_i$, the spread $s^2$ of the $\mathrm{E} Y_i$ around $\mathrm{E} \bar{Y}$
and the mean variance $v^2$, both weighted by $p$, it is to be shown that the step has mean $\mathrm{E} \bar{Y}$ and
mean square
\[ \|\mathrm{E} \bar{Y}\|^2 + \kappa s^2 + s_m v^2 . \]

With replacement, each draw with fresh batches: the $m$ draws are independent and identically distributed with mean
$\mathrm{E} \bar{Y}$ and variance $s^2 + v^2$, so $\kappa = s_m = \frac{1}{m}$.

All agents with their weights: the only randomness is the batches', and $\sum_i p_i^2 \mathrm{Var} \, Y_i \le
p_{\max} v^2$, so $\kappa = 0$ and $s_m = p_{\max}$.

Independent inclusion with probability $r$ and weights $\frac{1}{r n}$ is another matter. With $k = \frac{1 - r}{r
n}$ its mean square is
\[ \|\mathrm{E} \bar{Y}\|^2 + k \frac{1}{n} \sum_{i=1}^{n} \|\mathrm{E} Y_i\|^2 + \frac{1}{r n} v^2 : \]
not the spread but the whole squares, so the budget pays every $R_i$ twice. For any $c' > \frac{H k}{2}$ and $c \ge
c_{\varepsilon} + c'$, with $\kappa = 0$ and $s_m = \frac{1}{r n}$, $N_{\mathrm{d}}$ gains and $A_{\mathrm{d}}$
loses
\[ H k \psi^2 \frac{c'}{2 c' - H k} \]
times $\gamma_F^2$ and once: $\frac{H k}{2} \|\psi g_i + R_i\|^2 \le c' \|R_i\|^2 + H k \psi^2 \frac{c'}{2 c' - H k}
\|g_i\|^2$. Keeping $c \ge c_{\varepsilon}$ is false: at $w_k = 0$, $L_F = h = H = 1$, $F_i(w) = w_i + \frac{1}{2}
\|w\|^2 - w_i^2$ on $n = 8$ coordinates, $\tau = 40$ and $r = \frac{1}{80}$, the pair $(1, x)$ gives $\mathrm{E}
F(w_{k+1}) = 10.437$ against $10.047$.""",
)
