r"""Arguments that several proofs share, stated and proved once."""

from theory.language.records import Lemma

FORMULAS = ()

LEMMAS = (
    Lemma(
        "L1",
        "One fine-tuning step",
        r"On $W$ the map $w \mapsto w - \alpha \nabla f_i(w)$ is $q$-Lipschitz, and $\|\nabla f_i(w - \alpha \nabla "
        r"f_i(w))\| \le q \|\nabla f_i(w)\|$. The same holds for $f$.",
        r"""By the mean value theorem, with the Hessian averaged over the segment between the two
points, which lies in the convex set $W$,
\[ \left(w - \alpha \nabla f_i(w)\right) - \left(u - \alpha \nabla f_i(u)\right) = (I - \alpha \bar{H}) (w - u),
\quad \nabla f_i(w - \alpha \nabla f_i(w)) = (I - \alpha \bar{H}) \nabla f_i(w) . \]
The eigenvalues of $\bar{H}$ lie where those of the Hessians lie, so $\|I - \alpha \bar{H}\| \le q$. A2 and A6 pass
from the $f_i$ to their mean $f$.""",
    ),
    Lemma(
        "L2",
        "Two sweeps",
        r"Let $g = P^0 \dots P^{\nu-1} v$ and $\tilde{g} = \tilde{P}^0 \dots \tilde{P}^{\nu-1} \tilde{v}$ with all "
        r"factors of norm at most $q$ and $\|\tilde{P}^l - P^l\| \le d_l$. Then $\|\tilde{g} - g\| \le q^{\nu} "
        r"\|\tilde{v} - v\| + q^{\nu-1} \|v\| \sum_{l=0}^{\nu-1} d_l$, and the same with $\|\tilde{v}\|$ for $\|v\|$.",
        r"""Split off the change of the vector, then replace one factor after the other:
\[ \tilde{g} - g = \tilde{P}^0 \dots \tilde{P}^{\nu-1} (\tilde{v} - v) + \sum_{l=0}^{\nu-1} \tilde{P}^0 \dots
\tilde{P}^{l-1} (\tilde{P}^l - P^l) P^{l+1} \dots P^{\nu-1} v . \]
In each term of the sum one factor is a difference and $\nu - 1$ are at most $q$. The second form splits off $P^0 \dots
P^{\nu-1} (\tilde{v} - v)$ instead.""",
    ),
    Lemma(
        "L3",
        "Noisy trajectory",
        r"The error $e_l$ of the noisy trajectory satisfies $\mathrm{E} \|e_l\|^2 \le E_l$ and $\|\mathrm{E} e_l\| "
        r"\le "
        r"m_l$ with $E_l = \frac{\alpha^2 \sigma_G^2}{D} S_l(q^2)$ and $m_l = \frac{\alpha \rho}{2} \sum_{j=1}^{l-1} "
        r"q^{l-1-j} E_j$.",
        r"""With the noise $\xi_l$ of the batch, of mean zero given the past, and the Hessian averaged
between the two trajectories, $e_{l+1} = (I - \alpha \bar{H}) e_l - \alpha \xi_l$. The two parts are orthogonal in
mean square, so no triangle inequality is spent:
\[ \mathrm{E} \|e_{l+1}\|^2 \le q^2 \mathrm{E} \|e_l\|^2 + \frac{\alpha^2 \sigma_G^2}{D} . \]

For the mean expand at the exact trajectory, where the factor is deterministic and A3 bounds the remainder:
\[ e_{l+1} = P^l e_l - \alpha r_l - \alpha \xi_l, \quad \|r_l\| \le \frac{\rho}{2} \|e_l\|^2, \quad \|\mathrm{E}
e_{l+1}\| \le q \|\mathrm{E} e_l\| + \frac{\alpha \rho}{2} E_l . \]
Unroll both from $e_0 = 0$.""",
    ),
    Lemma(
        "L4",
        "Agents along one trajectory",
        r"Let $\bar{w}^l$ be the trajectory of $f$ from $w$. In root mean square over the agents, $\|w_i^l - "
        r"\bar{w}^l\|$ "
        r"is at most $\alpha \gamma_G S_l(q)$, $\|\nabla f_i(w_i^{\nu}) - \nabla f(\bar{w}^{\nu})\|$ at most "
        r"$\gamma_G (1 + "
        r"\alpha L S_{\nu}(q))$, and the Hessian at $w_i^l$ is within $\gamma_H + \alpha \rho \gamma_G S_l(q)$ of "
        r"that of "
        r"$f$ at $\bar{w}^l$.",
        r"""The trajectory of $f$ gives one common point per step, where A5 applies. One step of agent
$i$ from both points expands by at most $q$ (Lemma L1), and at $\bar{w}^l$ the gradients of $f_i$ and $f$ differ by
$\gamma_G$ in root mean square, so by Minkowski's inequality over the agents the distances $s_l$ obey
\[ s_{l+1} \le q s_l + \alpha \gamma_G, \quad s_0 = 0 . \]

A2 and A5 at $\bar{w}^{\nu}$ give $L s_{\nu} + \gamma_G$ for the gradients, A3 and A5 at $\bar{w}^l$ give $\rho s_l
+ \gamma_H$ for the Hessians.""",
    ),
    Lemma(
        "L5",
        "Drawing agents",
        r"Let $Y_1, \dots, Y_n$ be independent of each other and of $A$, a set of $m$ of the $n$ agents drawn "
        r"uniformly. "
        r"Then $\mathrm{E} \|\frac{1}{m} \sum_{i \in A} Y_i\|^2 = \|\mathrm{E} \bar{Y}\|^2 + \kappa \, s^2 + "
        r"\frac{1}{m} "
        r"v^2$ with $\bar{Y}$ the mean of all, $s^2$ the spread of the $\mathrm{E} Y_i$ around $\mathrm{E} "
        r"\bar{Y}$ and "
        r"$v^2$ the mean of the variances.",
        r"""Given $A$ the variance of the mean is $m^{-2} \sum_{i \in A} \mathrm{Var} \, Y_i$, whose
mean over $A$ is $\frac{1}{m} v^2$. What is left is the squared norm of the mean of $m$ of the $n$ fixed vectors
$\mathrm{E} Y_i$. For deviations $z_i$ of sum zero, $\sum_{i \ne j} \langle z_i, z_j \rangle = -\sum_i \|z_i\|^2$,
and two agents are both drawn with probability $\frac{m (m - 1)}{n (n - 1)}$, so
\[ \mathrm{E} \left\|\frac{1}{m} \sum_{i \in A} z_i\right\|^2 = \frac{1}{m^2} \left(\frac{m}{n} - \frac{m (m - 1)}{n
(n - 1)}\right) \sum_i \|z_i\|^2 = \frac{n - m}{m (n - 1)} s^2 . \]""",
    ),
    Lemma(
        "L6",
        "Drift of a local run",
        r"Let $\phi_i = \mathrm{id} - \beta \nabla F_i$ be $p$-Lipschitz on $W_0$, and let $z^t$ be deterministic "
        r"points in "
        r"$W_0$ with $\|\phi_i(z^t) - z^{t+1}\| \le \beta a$. A local run from $z^0$ with bias $b$ and noise "
        r"$\sigma$ is "
        r"within $\beta (a + b) S_t(p) + \beta \sigma \sqrt{S_t(p^2)}$ of $z^t$ in root mean square.",
        r"""One step moves the run to $\phi_i(w^t)$ less $\beta$ times the bias, of norm at most $b$,
and the noise, which is orthogonal to the past in mean square. So the distances $r_t$ obey
\[ r_{t+1}^2 \le \left(p r_t + \beta (a + b)\right)^2 + \beta^2 \sigma^2, \quad r_0 = 0 . \]

The claim follows by induction: if $r_t \le u + v$ with $u = \beta (a + b) S_t(p)$ and $v = \beta \sigma
\sqrt{S_t(p^2)}$, Minkowski's inequality for the pairs $(p u + \beta (a + b), 0)$ and $(p v, \beta \sigma)$ gives
\[ r_{t+1} \le p u + \beta (a + b) + \sqrt{p^2 v^2 + \beta^2 \sigma^2} , \]
which is the claim at $t + 1$.""",
    ),
    Lemma(
        "L7",
        "From one round to a run",
        r"If every round satisfies $\mathrm{E}[F(w_{k+1}) \mid w_k] \le F(w_k) - s A \|\nabla F(w_k)\|^2 + s N$ "
        r"with $A > 0$ "
        r"and $s > 0$, then the mean over $k < K$ of $\mathrm{E} \|\nabla F(w_k)\|^2$ is at most $\frac{F(w_0) - "
        r"F^{\ast}}{A "
        r"s K} + \frac{N}{A}$; under A7 and $\lambda = 2 A s \mu_F \le 1$, $\mathrm{E} F(w_K) - F^{\ast} \le (1 - "
        r"\lambda)^K (F(w_0) - F^{\ast}) + (1 - (1 - \lambda)^K) \frac{N}{2 A \mu_F}$.",
        r"""Take expectations and sum over the rounds: the losses telescope, and $F(w_K) \ge F^{\ast}$, so
\[ s A \sum_{k=0}^{K-1} \mathrm{E} \|\nabla F(w_k)\|^2 \le F(w_0) - F^{\ast} + K s N . \]

Under A7 insert $\|\nabla F(w_k)\|^2 \ge 2 \mu_F (F(w_k) - F^{\ast})$: the expected gaps obey
\[ \Delta_{k+1} \le (1 - \lambda) \Delta_k + s N . \]
The factor is not negative, so unrolling keeps the inequality, and the geometric sum of $s N$ is $\frac{1 - (1 -
\lambda)^K}{\lambda} s N$.""",
    ),
)
