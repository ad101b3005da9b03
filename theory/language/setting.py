r"""What every statement takes for granted: the problem, the algorithm, the sets, the modes and
the assumptions.
"""

from collections.abc import Mapping

SETTING = r"""Problem. The loss is $f = \frac{1}{n} \sum_{i=1}^{n} f_i$ over $n$ agents. Fine-tuning from
$w$ with step $\alpha$ is $w_i^0 = w$, $w_i^l = w_i^{l-1} - \alpha \nabla f_i(w_i^{l-1})$ for $l = 1, \dots, \nu$;
the meta loss is $F_i(w) = f_i(w_i^{\nu})$ and $F = \frac{1}{n} \sum_{i=1}^{n} F_i$. Write $P_i^l = I - \alpha
\nabla^2 f_i(w_i^l)$. Matrix norms are spectral, those of vectors Euclidean.

Algorithm. In round $k = 0, \dots, K-1$ the server draws a set $A_k$ of $m$ agents uniformly without replacement.
Each $i \in A_k$ starts at $w_k$ and takes $\tau$ local steps $w \mapsto w - \beta g_i(w)$; with $Y_i$ the sum of
its $\tau$ vectors $g_i$ the server sets $w_{k+1} = w_k - \beta_s \beta \frac{1}{m} \sum_{i \in A_k} Y_i$. With
$\beta_s = 1$, which holds wherever $\beta_s$ is not named, $w_{k+1}$ is the average of the $m$ results. The mode
says what $g_i$ is; $b$ bounds the norm of its bias and $\sigma^2$ its variance.

Sets. $W_0$ is a convex set that holds every global and every local iterate of all $n$ agents (the proofs run the
unsampled ones too). $W$ is a convex set that contains $W_0$ and holds, from every point of it, the exact and the
noisy fine-tuning trajectories of every $f_i$, the exact trajectory of $f$ and every probe point. A2 to A6 are asked
on $W$, A1 and A7 on $W_0$.

Numbers. The step factor $q$ bounds $\|I - \alpha \nabla^2 f_i\|$ on $W$: $1 + \alpha L$ in general, and $\max\{|1 -
\alpha \mu|, |1 - \alpha L|\}$ when $\mu$ is given. $S_j(x) = 1 + x + \dots + x^{j-1}$, $S_0 = 0$. $0^0 = 1$, and a
term in $q^{\nu-1}$ or $q^{2 \nu - 1}$ is $0$ at $\nu = 0$."""

# what g_i(w) is, by mode
GRADIENTS: Mapping[str, str] = {
    "exact": r"$\nabla F_i(w) = P_i^0 \dots P_i^{\nu-1} \nabla f_i(w_i^{\nu})$, by the reverse sweep $v_{\nu} = "
    r"\nabla "
    r"f_i(w_i^{\nu})$, $v_l = P_i^l v_{l+1}$.",
    "stochastic": r"The same sweep with every inner gradient on its own batch of $D$ samples, the outer gradient "
    r"on $D'$ and "
    r"every Hessian on its own $D_H$; all $2 \nu + 1$ batches are independent.",
    "first_order": r"$\nabla f_i(w_i^{\nu})$: the Hessians are dropped.",
    "first_order_stochastic": r"The same with batch gradients: $\nu$ on $D$ samples each, one on $D'$.",
    "hessian_free": r"The sweep with $P_i^l v$ replaced by $v - \frac{\alpha}{2 \delta} (\nabla f_i(w_i^l + \delta "
    r"v) - \nabla "
    r"f_i(w_i^l - \delta v))$.",
    "hessian_free_stochastic": r"The same with batches; both probes of one step share one batch of $D_H$ samples, "
    r"and the "
    "Hessian noise is the derivative of the gradient noise.",
}

ASSUMPTIONS: dict[str, str] = {
    "A1": r"$F$ is bounded below by $F^{\ast}$ on $W_0$.",
    "A2": r"Every $f_i$ is twice continuously differentiable with $\|\nabla f_i\| \le B$ and "
    r"$\|\nabla^2 f_i\| \le L$ on $W$.",
    "A3": r"$\|\nabla^2 f_i(w) - \nabla^2 f_i(u)\| \le \rho \|w - u\|$ on $W$.",
    "A4": r"Per sample, at every point of $W$, the gradient noise has mean zero and mean square at most "
    r"$\sigma_G^2$, the Hessian noise mean zero and mean square at most $\sigma_H^2$; samples are independent "
    r"(drawing without replacement inside a batch is allowed).",
    "A5": r"At every point of $W$ the mean over the agents of $\|\nabla f_i - \nabla f\|^2$ is at most "
    r"$\gamma_G^2$, and that of $\|\nabla^2 f_i - \nabla^2 f\|^2$ at most $\gamma_H^2$.",
    "A6": r"The eigenvalues of every $\nabla^2 f_i$ lie in $[\mu, L]$ with $-L \le \mu \le L$; used when $\mu$ is "
    r"given.",
    "A7": r"$\|\nabla F\|^2 \ge 2 \mu_F (F - F^{\ast})$ on $W_0$ with $\mu_F > 0$.",
}
# sets and what is asked of them: W and W_0 as in the setting
SETS: dict[str, str] = {
    "W0": r"A convex set that holds every global and every local iterate of all $n$ agents.",
    "W": r"A convex set that contains $W_0$ and, from every point of it, the exact and noisy fine-tuning "
    r"trajectories of every "
    r"$f_i$, the exact trajectory of $f$ and every probe point.",
    "W0+": r"$F_i$ has curvature in $[\mu_c, L_F]$ on the balls whose diameters are segments between points of "
    r"$W_0$. Automatic if "
    r"$W_0 = R^d$, if $d = 1$ or if $F_i$ is quadratic; to certify it through S4 and S4m let $W$ hold the "
    r"trajectories from "
    r"these balls.",
    "W0n": r"$W_0$ holds the exact local paths (steps of $\nabla F_i$, no noise, no bias) of every agent from "
    r"every $w_k$. "
    r"Automatic in mode exact, and if $W_0 = R^d$ or is invariant.",
}
