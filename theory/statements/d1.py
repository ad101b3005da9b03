"""D1: the ball that holds the averaged gradient of an exact local path, and the drift of local runs around it."""

import sympy

from theory.language.algebra import HALF, S
from theory.language.conditions import AnyGiven, GivenZero, IsOne, ModeIs, Not
from theory.language.modes import EXACT
from theory.language.records import (
    DETERMINISTIC,
    OURS,
    Assumed,
    Case,
    Formula,
    Hypothesis,
    Line,
    Statement,
    formula,
)  # fmt: skip
from theory.language.symbols import introduce, mu, rho, t, tau
from theory.language.units import GRADIENT, NUMBER
from theory.statements.s02 import grown
from theory.statements.s04 import L_F
from theory.statements.s04m import META_CURVATURE_ORDER, mu_c
from theory.statements.t1 import b, h, sigma2

p_d = introduce(
    "p_d", r"p_{\mathrm{c}}", NUMBER, "growth of distances over one exact local step, by the curvature from below"
)
theta_d = introduce(
    "theta_d", r"\theta_{\mathrm{c}}", NUMBER, "averaged drift of the local steps, by the curvature from below"
)
chi_d = introduce(
    "chi_d", r"\chi_{\mathrm{c}}", NUMBER, "averaged drift of the noise, by the curvature from below", rank=101
)
x_d = introduce("x_d", r"x_{\mathrm{c}}", NUMBER, "relative drift of a round, by the curvature from below")
b0_d = introduce(
    "b0_d", r"b_{0,\mathrm{c}}", GRADIENT, "bias and noise carried into the drift, by the curvature from below"
)
P_plus = introduce("P_plus", "P_+", NUMBER, "averaged gradient of the most curved path, relative to the first")
P_minus = introduce("P_minus", "P_-", NUMBER, "averaged gradient of the least curved path, relative to the first")
psi = introduce("psi", r"\psi_{\mathrm{D}}", NUMBER, "centre of D1's ball, relative to the gradient at the start")
omega = introduce("omega", r"\omega_{\mathrm{D}}", NUMBER, "radius of D1's ball, relative to the gradient at the start")

SEVERAL = Not(IsOne(tau))
SHORT_DRIFT = Hypothesis("h <= 1", h, "<=", sympy.Integer(1), when=SEVERAL)
ONE_STEP = (IsOne(tau), "tau = 1: there is no path")
CURVED_BALLS = Assumed(
    "W0+",
    "F_i has curvature in [mu_c, L_F] on the balls whose diameters are segments between points of W0",
    settled=(ONE_STEP, (GivenZero(rho), "rho = 0: every F_i is quadratic")),
)
EXACT_PATHS = Assumed(
    "W0n",
    "W0 holds the exact local paths of every agent from every w_k",
    settled=(ONE_STEP, (ModeIs(EXACT), "mode exact: they are the local runs")),
)

FORMULAS = (
    Formula(
        p_d,
        (Case(1 - h * mu_c / (L_F * tau), AnyGiven((mu_c, mu))), Case(1 + h / tau)),
        "D1",
        META_CURVATURE_ORDER,
    ),
    formula(
        theta_d,
        sympy.Sum(S(t, p_d), (t, 0, tau - 1)) / tau**2,
        "D1",
        recursion=lambda steps: sympy.Add(*grown(steps, sympy.Integer(1), p_d)[:steps]) / tau**2,
        steps="tau",
    ),
    formula(
        chi_d,
        sympy.Sum(sympy.sqrt(S(t, p_d**2)), (t, 0, tau - 1)) / tau,
        "D1",
        recursion=lambda steps: sympy.Add(*map(sympy.sqrt, grown(steps, sympy.Integer(1), p_d**2)[:steps])) / tau,
        steps="tau",
    ),
    formula(x_d, h * theta_d, "D1"),
    formula(b0_d, (1 + x_d) * b + h * chi_d * sympy.sqrt(sigma2) / tau, "D1"),
    formula(P_plus, S(tau, 1 - h / tau) / tau, "D1"),
    formula(P_minus, S(tau, p_d) / tau, "D1"),
    formula(psi, HALF * (P_minus + P_plus), "D1"),
    formula(omega, HALF * (P_minus - P_plus), "D1", hypotheses=(SHORT_DRIFT,), assumed=(CURVED_BALLS,)),
)

STATEMENT = Statement(
    id="D1",
    title="Drift ball",
    claim=r"The averaged gradient $\bar{y}_i$ of agent $i$'s exact local path from $w$ lies in a ball around a "
    r"multiple of "
    r"the gradient at $w$, and the ball is the smallest one.",
    measures="",
    quantities=(omega, psi, P_plus, P_minus, p_d, h, mu_c),
    lines=(
        Line(r"\bar{y}_i", relation="=", literal=r"\frac{1}{\tau} \sum_{t=0}^{\tau-1} \nabla F_i(v^t)"),
        Line(r"\|\bar{y}_i - \psi_{\mathrm{D}} \nabla F_i(w)\|", omega, r"\|\nabla F_i(w)\|"),
    ),
    kind=DETERMINISTIC,
    assumptions=("A2", "A3", "A6"),
    modes=(EXACT,),
    source=OURS,
    proof=r"""If $\tau = 1$, $\bar{y} = g$ with $g = \nabla F_i(w)$. If $\mu_c = L_F$, $F_i -
\frac{L_F}{2} \|w\|^2$ is affine on the path's hull and $\bar{y} = P_+ g$. Otherwise write $F$ for $F_i$, $w^t$ for
its exact path from $w^0 = w$, $m = 1 - \beta L_F$, $u = 1 - \beta \mu_c$, so that $0 < m < u \le 2 - m$ and $\tau
(1 - m) = h \le 1$, and
\[ A_t = S_t(m), \quad B_t = S_t(u), \quad \epsilon_t = u^t - m^t, \quad \phi_t = B_t - A_t, \quad D = \phi_{\tau},
\quad k = \tau - 1 - t . \]

What is to be shown. Take off the quadratic of curvature $\mu_c$ at the start: $G_t = \nabla F(w^t) - g - \mu_c (w^t
- w^0)$. Then $w^t - w^0 = -\beta (B_t g + Z_t)$ with $Z_{t+1} = u Z_t + G_t$, $Z_0 = 0$, and $\tau \bar{y} =
B_{\tau} g + Z_{\tau}$. As $A_{\tau} = \tau P_+$ and $B_{\tau} = \tau P_-$, the claim $\langle \bar{y} - P_+ g, P_-
g - \bar{y} \rangle \ge 0$, which is the ball, reads
\[ \|Z_{\tau}\|^2 + D \langle Z_{\tau}, g \rangle \le 0 . \]

The inequalities used. $F - \frac{\mu_c}{2} \|w\|^2$ is convex and $(L_F - \mu_c)$-smooth on the balls of W0+. With
$f_t$ its value at $w^t$ less its linear part at $w^0$ and $\ell = L_F - \mu_c$, the descent lemma from both ends at
a point of the ball on $w^p$, $w^q$ gives
\[ f_p \ge f_q + \langle G_q, w^p - w^q \rangle + \frac{1}{2 \ell} \|G_p - G_q\|^2 . \]
It is used from $w^0$ to $w^t$ with weight $a_t$, from $w^t$ to $w^0$ with weight $b_t$, and from $w^t$ to $w^{t+1}$
with weight $c_t$.

The weights, for $1 \le t \le \tau - 1$ and $c_0 = 0$ (then $c_{\tau-1} = 0$ too):
\[ \begin{aligned} c_t &= \frac{D}{\beta} \frac{\epsilon_k}{u - m} \frac{\phi_{t+1}}{A_{t+1} B_t} \\ \beta (B_t a_t
+ u^{t-1} c_{t-1}) &= D u^k \\ \beta (A_t b_t - m^t c_t) &= D m^k \end{aligned} \]
The values cancel, $b_t + c_t = a_t + c_{t-1}$: put in $A_{t+1} = A_t + m^t$, $B_{t-1} = B_t - u^{t-1}$ and
$\phi_{t+1} = u B_t - m A_t$.

The weighted sum. Multiply by $2 \ell$ and use $\beta \ell = u - m$. The terms that are linear in $g$ sum to
$\frac{D}{\beta} \sum_t u^k \langle G_t, g \rangle = \frac{D}{\beta} \langle Z_{\tau}, g \rangle$ by the definition
of $a_t$, and what is left is
\[ \begin{aligned} \sum_{t=1}^{\tau-1} s_t &\le -\frac{2 (u - m)}{\beta} D \langle Z_{\tau}, g \rangle \\ s_t &= 2
(u - m) a_t \langle G_t, Z_t \rangle + (a_t + b_t) \|G_t\|^2 \\ &\quad + c_t \left(2 (u - m) \langle G_{t+1},
Z_{t+1} - Z_t \rangle + \|G_t - G_{t+1}\|^2\right) \end{aligned} \]
So it is enough that $\sum_t s_t \ge \frac{2 (u - m)}{\beta} \|Z_{\tau}\|^2$.

Squares. With $Y_t = Z_{t+1} - Z_t$ one has $G_t = Y_t + (1 - u) Z_t$. Complete the square in $Y_{t+1}$ and leave it
out:
\[ \begin{aligned} s_t &\ge z^+_{t+1} \|Z_{t+1}\|^2 + z^-_t \|Z_t\|^2 + \left(\frac{\alpha_t}{\epsilon_t} -
r_{t-1}\right) \|Y_t\|^2 + r_t \|Y_{t+1}\|^2 \\ r_t &= c_t \left(1 - m \frac{\epsilon_t}{\epsilon_{t+1}}\right) \\
\alpha_t &= (u b_t + m a_t) \epsilon_t + c_t \left((u - m + u m) \epsilon_t - m \epsilon_{t+1}\right) + c_{t-1}
(\epsilon_t - m \epsilon_{t-1}) \\ z^+_{t+1} &= (u - m) a_t + (a_t + b_t) (1 - u) + c_t (u - m) (1 - u) \\ z^-_t &=
-(u - m) a_t + 2 (u - m) (1 - u) a_t - (a_t + b_t) u (1 - u) - c_t (u - m) (1 - u) \end{aligned} \]
The definitions of the weights give $(z^+_t + z^-_t) \phi_t = \alpha_t - \alpha_{t-1}$ and $z^+_{\tau} D +
\alpha_{\tau-1} = \frac{2 (u - m)}{\beta} D$: the path of curvature $L_F$, where $Z_t$ is proportional to $\phi_t$,
makes the form stationary.

Induction. If $\alpha_t \ge 0$, the sum up to $t$ is at least
\[ \left(z^+_{t+1} + \frac{\alpha_t}{\phi_{t+1}}\right) \|Z_{t+1}\|^2 + r_t \|Y_{t+1}\|^2 , \]
since $\frac{\epsilon_t}{\phi_{t+1}} \|Z_t + Y_t\|^2 \le \frac{\epsilon_t}{\phi_t} \|Z_t\|^2 + \|Y_t\|^2$ (its gap
is $\|\epsilon_t Z_t - \phi_t Y_t\|^2$ over $\phi_t \phi_{t+1}$, as $\phi_{t+1} = \phi_t + \epsilon_t$). At $t =
\tau - 1$ this is $\frac{2 (u - m)}{\beta} \|Z_{\tau}\|^2$.

Signs. $c_t$ and $b_t$ are not negative because $B_t \ge A_t$. For $a_t$ three facts are needed:
\[ (\tau - 1) \phi_t \le A_t B_{t-1}, \quad \epsilon_{j+1} \le (u - m) (j + 1) u^j, \quad u^{t-1} (\tau - t) \le
\tau - 1 . \]
The second is an induction. The third holds at $t = 1$, and its left side does not increase, as $u \le 1 +
\frac{1}{\tau}$. The first is an induction too: with $\lambda = 1 - m$, $l = u - 1 \le \lambda$ and $A$, $B$, $B'$
for $A_t$, $B_{t-1}$, $B_t = 1 + (1 + l) B$ the right side gains, less what the left gains,
\[ (A + B') (1 - (\tau - 1) \lambda) - \lambda A (1 + l B) + (\lambda - l) \left((\tau - 1) B' - A B\right) \ge
\lambda (B' - l A B) \ge 0 , \]
because $1 - (\tau - 1) \lambda \ge \lambda$, $A \le t \le \tau - 1$ and $l A \le 1$. Together
\[ \frac{\epsilon_{\tau-t}}{u - m} \phi_t u^{t-1} \le (\tau - t) u^{k} \phi_t u^{t-1} \le (\tau - 1) u^k \phi_t \le
u^k A_t B_{t-1} , \]
which is $a_t \ge 0$.

For $\alpha_t$ write it as $m a_t \epsilon_t + c_t (u - m) \epsilon_t + c_{t-1} (u - m) u^{t-1}$ plus
\[ u b_t \epsilon_t - c_t (u - m) m^{t+1} = \frac{1}{A_t} \left(u \frac{D}{\beta} m^k \epsilon_t + c_t m^t \left(u
\epsilon_t - m (u - m) A_t\right)\right) . \]
If $u \ge 1$, $\epsilon_t \ge (u - m) A_t$ and nothing is negative. If $u < 1$, $(u - m) A_t - \epsilon_t \le (u -
m) (1 - m) \frac{t (t - 1)}{2}$ and, by the first fact, $c_t \le \frac{D}{\beta}$, while $\epsilon_t \ge (u - m) t
m^{t-1}$. So $(1 - m) \frac{t - 1}{2} \le m^{k-1}$ is enough (for $k \ge 1$; $c_t = 0$ at $k = 0$), and Bernoulli's
inequality gives it: $m^{k-1} \ge 1 - (k - 1) (1 - m)$ and $(1 - m) (\frac{t - 1}{2} + k - 1) \le (1 - m) \tau \le
1$.

The ball is exact for $d \ge 2$: $F(w) = \frac{1}{2} \langle w, (\frac{L_F + \mu_c}{2} I + \frac{L_F - \mu_c}{2} R)
w \rangle$ with a reflection $R$ has $\bar{y} = \psi_{\mathrm{D}} g - \omega_{\mathrm{D}} R g$, and $R g$ is any
vector of the norm of $g$.""",
)
