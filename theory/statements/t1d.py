"""T1d: one round, one theorem."""

from theory.language.algebra import HALF
from theory.language.modes import MODES
from theory.language.records import formula
from theory.language.symbols import REAL, F0_gap, beta, grad_norm, introduce, tau
from theory.language.units import LOSS
from theory.statements import t1
from theory.statements.d1 import P_minus, P_plus, b0_d, chi_d, p_d, theta_d, x_d
from theory.statements.t1 import h, kappa, share
from theory.statements.t1d_choices import CHOICES
from theory.statements.t1d_terms import POSITIVE_DESCENT, Q0, A, H, N, V_d, beta_s, c_eps, omega, psi

T1d = introduce("T1d", r"R_{\mathrm{T1d}}", LOSS, "expected gap after one round by T1d", range=REAL)

FORMULAS = (
    formula(
        T1d,
        F0_gap - beta_s * beta * tau * A * grad_norm**2 + beta_s * beta * tau * N,
        "T1d",
        hypotheses=POSITIVE_DESCENT,
        choices=CHOICES,
    ),
)

STATEMENT = t1.statement(
    T1d,
    title="One round, one theorem",
    claim=r"One round of Meta-FedAvg with a server step $\beta_s$, for all $\varepsilon > 0$, $\zeta > 0$ and "
    r"every admissible price $c$, "
    r"with the pair $(\psi, \omega)$ either $(1, x_{\mathrm{c}})$, which needs nothing more, or that of D1, under "
    r"W0+ and W0n.",
    quantities=(
        T1d, A, N, c_eps, Q0, V_d, psi, omega, P_minus, P_plus, b0_d, x_d, theta_d, chi_d, p_d, H, h, kappa, share,
    ),
    assumptions=("A1", "A2", "A3", "A4", "A5", "A6"),
    modes=MODES,
    beginning="",
    defines=(
        (r"\psi_{\mathrm{D}}", HALF * (P_minus + P_plus)),
        (r"\omega_{\mathrm{D}}", HALF * (P_minus - P_plus)),
    ),
    proof=r"""Fix $w_k$, let $a = \nabla F(w_k)$, $g_i = \nabla F_i(w_k)$, and let
$Y_i$ be the sum over the local steps of agent $i$'s vectors; in thought all $n$ agents run. The mean of $\|g_i\|^2$
is $\|a\|^2$ plus the spread, so at most $G^2 = \|a\|^2 + \gamma_F^2$. The map $\mathrm{id} - \beta \nabla F_i$ is
$p_{\mathrm{c}}$-Lipschitz on $W_0$, because the curvature of $F_i$ lies in $[\mu_c, L_F]$ there and $\beta L_F \le
1$.

Drift. Let $U_i$ be the mean over $t < \tau$ of $\mathrm{E}[g \mid \text{past}]$, less $\psi g_i$. It is shown for
both pairs that
\[ \left(\mathrm{E} \|U_i\|^2\right)^{1/2} \le \omega \|g_i\| + b_{0,\mathrm{c}} . \]

The pair $(1, x_{\mathrm{c}})$. Lemma L6 around the constant point $w_k$, which one exact step moves by $\beta \|g_i\|$,
bounds the distance of the local run from $w_k$ in root mean square,
\[ r_t \le \beta (\|g_i\| + b) S_t(p_{\mathrm{c}}) + \beta \sigma \sqrt{S_t(p_{\mathrm{c}}^2)} , \]
and $\mathrm{E}[g \mid \text{past}]$ is within $L_F r_t + b$ of $g_i$, because $F_i$ is $L_F$-smooth. The mean over $t$
of these bounds is, with $\beta L_F = h / \tau$ and the definitions of $\theta_{\mathrm{c}}$ and $\chi_{\mathrm{c}}$,
\[ b + h \theta_{\mathrm{c}} (\|g_i\| + b) + \frac{h \chi_{\mathrm{c}} \sigma}{\tau} = x_{\mathrm{c}} \|g_i\| +
b_{0,\mathrm{c}} . \]

The pair of D1. Lemma L6 around the exact path $v^0 = w_k$, $v^{t+1} = v^t - \beta \nabla F_i(v^t)$, which is in $W_0$
by W0n, has the same bound without $\|g_i\|$, and $\mathrm{E}[g \mid \text{past}]$ is within $L_F r_t + b$ of $\nabla
F_i(v^t)$. The mean over $t$ of these bounds is $b_{0,\mathrm{c}}$, and by D1, which W0+ allows,
\[ \left\|\frac{1}{\tau} \sum_{t=0}^{\tau-1} \nabla F_i(v^t) - \psi_{\mathrm{D}} g_i\right\| \le
\omega_{\mathrm{D}} \|g_i\| . \]

One budget. Let $R_i = \mathrm{E} U_i$, $R$ their mean, $s^2 = \frac{1}{n} \sum_i \|R_i - R\|^2$ and $v^2 =
\frac{1}{n} \sum_i \mathrm{Var} \, U_i$. By Minkowski's inequality over the agents and $(x + y)^2 \le (1 + \zeta)
x^2 + (1 + \frac{1}{\zeta}) y^2$
\[ \|R\|^2 + s^2 + v^2 = \frac{1}{n} \sum_{i=1}^{n} \mathrm{E} \|U_i\|^2 \le (\omega G + b_{0,\mathrm{c}})^2 \le (1
+ \zeta) \omega^2 \|a\|^2 + Q_0 . \]

Variance, first form. Variance does not grow under a $p_{\mathrm{c}}$-Lipschitz map but by $p_{\mathrm{c}}^2$
(compare with an independent copy), and the bias is a function of the past of norm at most $b$; at $t = 0$ it is
deterministic. So standard deviations obey
\[ d_{t+1}^2 \le (p_{\mathrm{c}} d_t + \beta b)^2 + \beta^2 \sigma^2, \quad d_1 \le \beta \sigma, \quad d_{\tau} \le
\beta \left(b S_{\tau-1}(p_{\mathrm{c}}) + \sigma \sqrt{S_{\tau}(p_{\mathrm{c}}^2)}\right) , \]
and $\mathrm{Var} \, Y_i = \mathrm{Var} \, w^{\tau} / \beta^2 \le \tau^2 V_{\mathrm{d}}$.

Variance, second form. $Y_i / \tau$ is $U_i$ plus a constant plus a martingale sum of variance at most $\sigma^2 /
\tau$, so the mean of $\mathrm{Var} \, Y_i / \tau^2$ is at most $(\sigma / \sqrt{\tau} + v)^2$.

Expansion. $\mathrm{E} \bar{Y} = \tau (\psi a + R)$, and the spread of the $\mathrm{E} Y_i$ is at most $\tau^2 (\psi
\gamma_F + s)^2$. Smoothness of $F$ and Lemma L5 give for $(\mathrm{E} F(w_{k+1}) - F(w_k)) / (\beta_s \beta \tau)$
the bound
\[ -\psi \left(1 - \frac{H \psi}{2}\right) \|a\|^2 - (1 - H \psi) \langle a, R \rangle + \frac{H}{2} \|R\|^2 +
\frac{H \kappa}{2} (\psi \gamma_F + s)^2 + \frac{H s_m}{2} \frac{1}{n} \sum_i \frac{\mathrm{Var} \, Y_i}{\tau^2} .
\]

Every part of the budget is paid at the price $c$. For $R$, with $c \ge c_{\varepsilon}$:
\[ -(1 - H \psi) \langle a, R \rangle + \frac{H}{2} \|R\|^2 \le \left|1 - H \psi\right| \frac{\varepsilon}{2}
\|a\|^2 + c_{\varepsilon} \|R\|^2 . \]
For $s$, with $2 c > H \kappa$, and for $v$ with $2 c > H s_m$ (second form; the first form asks for nothing): for
$r < 2 c$
\[ \frac{r}{2} (x + y)^2 \le c y^2 + r x^2 \frac{c}{2 c - r} , \]
once with $r = H \kappa$, $x = \psi \gamma_F$, $y = s$, once with $r = H s_m$, $x = \sigma / \sqrt{\tau}$, $y = v$
(the difference is a square over $2 c - r$).

Add up: $c (\|R\|^2 + s^2 + v^2)$ is at most $c (1 + \zeta) \omega^2 \|a\|^2 + c Q_0$, which completes
$A_{\mathrm{d}}$ and $N_{\mathrm{d}}$. If $b_{0,\mathrm{c}} = 0$ the square needs no $\zeta$; if $\omega = 0$, let
$\zeta \to \infty$. If both are $0$, the budget is empty and $\varepsilon \to 0$, $c \to \infty$ are allowed.
$\gamma_F$ is needed at the global iterates only.

It contains T1a, T1b and T1c (their proofs say how), and is sharp: without sampling, bias and noise, with $H = h$,
$h \psi \le 1$ and $\omega < \varepsilon \le \psi$ it is an equality for two agents in the plane.""",
)  # fmt: skip
