"""Statements and proofs of S5, S5p, S6, S8, S8s, S9 and S9s."""

from __future__ import annotations

from theory.statements import DETERMINISTIC, EXPECTATION, Line, Statement

_SOURCE = "derived here; setting of arXiv 2504.21327"
_NOISY = ("A2", "A3", "A4", "A6")
_STOCHASTIC = ("stochastic",)
_BIAS = r"\|\mathrm{E} g_i - \nabla F_i(w)\|"
_ERROR = r"\mathrm{E} \|g_i - \nabla F_i(w)\|^2"

S5 = Statement(
    id="S5",
    title="Bias of the stochastic meta-gradient",
    claim=r"The mean of the stochastic meta-gradient is within $b_{\mathrm{sto}}$ of the meta-gradient.",
    measures="meta_gradient_bias",
    quantities=("b_sto",),
    kind=EXPECTATION,
    lines=(Line(_BIAS, "b_sto"),),
    proof=r"""Let $e_l$ be the error of the noisy trajectory. Then $e_{l+1} = (I - \alpha \bar{H}) e_l - \alpha
\xi_l$, where $\bar{H}$ is the Hessian averaged over the segment between the two trajectories and the batch noise
$\xi_l$ has mean zero given the past. The two parts are orthogonal in mean square, so $\mathrm{E} \|e_{l+1}\|^2 \le
q^2 \mathrm{E} \|e_l\|^2 + \frac{\alpha^2 \sigma_G^2}{D}$, that is $\mathrm{E} \|e_l\|^2 \le E_l = \frac{\alpha^2
\sigma_G^2}{D} S_l(q^2)$: no triangle inequality is spent. Given the trajectory, the outer gradient batch and the
Hessian batches are independent and unbiased, so the conditional mean of $g_i$ is the exact sweep $P^0 \dots
P^{\nu-1} \nabla f_i$ taken along the noisy trajectory. Compare it with the sweep along the true one as in S4: the
start differs by at most $L \|e_{\nu}\|$, the factor of step $l$ by at most $\alpha \rho \|e_l\|$, the vector it
acts on is at most $q^{\nu-1-l} B$, and each factor passed multiplies by at most $q$. Minkowski's inequality in the
mean-square norm gives $q^{\nu} L \sqrt{E_{\nu}} + \alpha \rho B q^{\nu-1} \sum_{l=1}^{\nu-1} \sqrt{E_l}$, which is
$b_{\mathrm{sto}}$ ($E_0 = 0$). This bounds the root mean square of the conditional mean's error, hence also the
norm of the mean. At $\nu = 1$ it is $\alpha L q \sigma_G / \sqrt{D}$, the published $2 \alpha L \sigma_G /
\sqrt{D}$ at $q = 2$.""",
    assumptions=_NOISY,
    modes=_STOCHASTIC,
    source=_SOURCE,
)

S5P = Statement(
    id="S5p",
    title="Second-order bias of the stochastic meta-gradient",
    claim=r"Because the noise has mean zero, the bias is of second order in it: of order $1/D$ at $\nu = 1$, and "
    r"zero for "
    r"quadratics.",
    measures="meta_gradient_bias",
    quantities=("b_sto_2",),
    kind=EXPECTATION,
    lines=(Line(_BIAS, "b_sto_2"),),
    proof=r"""Write $E_l = \frac{\alpha^2 \sigma_G^2}{D} S_l(q^2)$, so that $\mathrm{E} \|e_l\|^2 \le E_l$ as in S5.
Expanding the gradient at the true trajectory, $e_{l+1} = P^l e_l - \alpha r_l - \alpha \xi_l$ with $\|r_l\| \le
\frac{\rho}{2} \|e_l\|^2$ and $\mathrm{E} \xi_l = 0$. Hence $\|\mathrm{E} e_{l+1}\| \le q \|\mathrm{E} e_l\| +
\frac{\alpha \rho}{2} E_l$, and $\|\mathrm{E} e_{\nu}\| \le m_{\nu} = \frac{\alpha \rho}{2} \sum_{j=1}^{\nu-1}
q^{\nu-1-j} E_j$. Split the error of the conditional mean of $g_i$ in two. First, the true factors applied to the
error of the final gradient: they are deterministic, so their mean is at most $q^{\nu}$ times $\|\mathrm{E} \nabla
f_i(w^{\nu} + e_{\nu}) - \nabla f_i(w^{\nu})\|$, which is at most $L \sqrt{E_{\nu}}$, and by expansion also at most
$L m_{\nu} + \frac{\rho}{2} E_{\nu}$. Second, the change of the factors, which is $\alpha \rho B q^{\nu-1}
\sum_{l=1}^{\nu-1} \sqrt{E_l}$ as in S5. On quadratics $\rho = 0$ and the bound is 0: $g_i$ is unbiased.""",
    assumptions=_NOISY,
    modes=_STOCHASTIC,
    source=_SOURCE,
)

S6 = Statement(
    id="S6",
    title="Mean squared error of the stochastic meta-gradient",
    claim=r"The stochastic meta-gradient is within $\sigma_F$ of the meta-gradient in mean square.",
    measures="meta_gradient_mean_squared_error",
    quantities=("sigma_F2", "V", "eta2", "b_sto"),
    kind=EXPECTATION,
    lines=(Line(_ERROR, "sigma_F2"),),
    proof=r"""Condition on the noisy trajectory. Let $v_l$ be the vectors of the noisy sweep and $m_l$ their
conditional means. The Hessian batch of step $l$ is independent of $v_{l+1}$ and the vector is fixed when the batch
acts on it, so averaging $D_H$ samples gains the full $1/D_H$ although the norm is spectral: with $\eta^2 = \alpha^2
\sigma_H^2 / D_H$ the noisy factor applied to $v$ has mean square at most $(q^2 + \eta^2) \|v\|^2$, of which $\eta^2
\|v\|^2$ is noise. Hence $\mathrm{E} \|v_l - m_l\|^2 \le (q^2 + \eta^2) \mathrm{E} \|v_{l+1} - m_{l+1}\|^2 + \eta^2
\|m_{l+1}\|^2$, with $\|m_{l+1}\| \le q^{\nu-1-l} B$ and $\mathrm{E} \|v_{\nu} - m_{\nu}\|^2 \le \sigma_G^2 / D'$.
Unrolling gives $V$: the terms $\eta^2 (q^2 + \eta^2)^l q^{2 (\nu-1-l)} B^2$ sum to $B^2$ times $(q^2 +
\eta^2)^{\nu} - q^{2 \nu}$. The conditional mean itself is within $b_{\mathrm{sto}}$ of $\nabla F_i$ in mean square
by S5, and the two errors are orthogonal. The variance of $g_i$ about its own mean is at most the same number, since
the mean is the best constant.""",
    assumptions=_NOISY,
    modes=_STOCHASTIC,
    source=_SOURCE,
)

S8 = Statement(
    id="S8",
    title="First-order error",
    claim=r"Dropping the Hessians errs by at most $b_{\mathrm{FO}}$, which neither more rounds nor smaller steps "
    r"$\beta$ nor "
    r"larger batches reduce.",
    measures="first_order_error",
    quantities=("b_FO",),
    kind=DETERMINISTIC,
    lines=(Line(r"\|\nabla f_i(w_i^{\nu}) - \nabla F_i(w)\|", "b_FO"),),
    proof=r"""By S1 the error is $(P^0 \dots P^{\nu-1} - I) \nabla f_i(w^{\nu})$. Telescope the product: one factor
less $I$ has norm at most $\alpha L$, and the factors to its right at most $q$ each, so the norm is at most $\alpha
L S_{\nu}(q) B$. The triangle inequality gives $(q^{\nu} + 1) B$ instead. At $q = 1 + \alpha L$ the first is $((1 +
\alpha L)^{\nu} - 1) B$.""",
    assumptions=("A2", "A6"),
    modes=("first_order",),
    source=_SOURCE,
)

S8S = Statement(
    id="S8s",
    title="Stochastic first-order error",
    claim=r"The stochastic first-order meta-gradient has the stated bias and variance.",
    measures="meta_gradient_bias",
    quantities=("b_FO_sto", "var_FO_sto", "b_FO"),
    kind=EXPECTATION,
    lines=(Line(_BIAS, "b_FO_sto"), Line(r"\mathrm{E} \|g_i - \mathrm{E} g_i\|^2", "var_FO_sto")),
    proof=r"""Here $g_i$ is a batch gradient at the end of the noisy trajectory. Its conditional mean is $\nabla
f_i(w^{\nu} + e_{\nu})$, within $L \|e_{\nu}\|$ of $\nabla f_i(w^{\nu})$, and $\mathrm{E} \|e_{\nu}\|^2 \le
\frac{\alpha^2 \sigma_G^2}{D} S_{\nu}(q^2)$ as in S5. Add S8 for the bias. The variance splits into that of the
outer batch, at most $\sigma_G^2 / D'$, and that of the conditional mean, at most its mean squared distance from the
constant $\nabla f_i(w^{\nu})$, which is at most $L^2 \frac{\alpha^2 \sigma_G^2}{D} S_{\nu}(q^2)$.""",
    assumptions=("A2", "A4", "A6"),
    modes=("first_order_stochastic",),
    source=_SOURCE,
)

S9 = Statement(
    id="S9",
    title="Hessian-free error",
    claim=r"Replacing every Hessian-vector product by a central difference of gradients errs by at most "
    r"$b_{\mathrm{HF}}$.",
    measures="hessian_free_error",
    quantities=("b_HF",),
    kind=DETERMINISTIC,
    lines=(Line(r"\|g_i - \nabla F_i(w)\|", "b_HF"),),
    proof=r"""A central difference is the Hessian averaged over the segment from $w^l - \delta v$ to $w^l + \delta
v$, applied to $v$. The average is within $\frac{1}{2} \rho \delta \|v\|$ of the Hessian at $w^l$, so one
Hessian-free factor applied to $v$ errs by at most $\frac{1}{2} \alpha \rho \delta \|v\|^2$. As a map of $v$ it has
derivative $I - \frac{\alpha}{2} (\nabla^2 f_i(w^l + \delta v) + \nabla^2 f_i(w^l - \delta v))$, of norm at most
$q$, so it is $q$-Lipschitz. With the exact vectors $\|v_{l+1}\| \le q^{\nu-1-l} B$ the error of the sweep obeys
$d_l \le q d_{l+1} + \frac{1}{2} \alpha \rho \delta q^{2 (\nu-1-l)} B^2$ from $d_{\nu} = 0$; unrolled, the powers
$q^{2 \nu - 2 - l}$ sum to $q^{\nu-1} S_{\nu}(q)$. It is zero on quadratics; on losses with Lipschitz third
derivative the true error is of order $\delta^2$, and floating point adds a rounding error of order $\epsilon /
\delta$.""",
    assumptions=("A2", "A3", "A6"),
    modes=("hessian_free",),
    source=_SOURCE,
)

S9S = Statement(
    id="S9s",
    title="Stochastic Hessian-free error",
    claim=r"The stochastic Hessian-free meta-gradient has the stated bias and mean squared error; the sum of the "
    r"two separate "
    r"biases would be false.",
    measures="meta_gradient_bias",
    quantities=("b_HF_sto", "mse_HF_sto", "b_sto", "V", "eta2"),
    kind=EXPECTATION,
    lines=(Line(_BIAS, "b_HF_sto"), Line(_ERROR, "mse_HF_sto")),
    proof=r"""Both probes of one step share one batch of $D_H$ samples, and the Hessian noise is the derivative of
the gradient noise, so the noisy factor is $v$ less $\alpha$ times a batch Hessian averaged over the segment from
$w^l - \delta v$ to $w^l + \delta v$, applied to $v$. Its conditional mean is the Hessian-free factor of S9, a
$q$-Lipschitz map that fixes 0. Its noise has mean square at most $\eta^2 \|v\|^2$ by Jensen's inequality along the
segment, so one factor multiplies the mean square by at most $q^2 + \eta^2$. The start has mean square at most $B^2
+ \sigma_G^2 / D'$, so $\mathrm{E} \|v_{l+1}\|^2 \le (q^2 + \eta^2)^{\nu-1-l} (B^2 + \sigma_G^2 / D')$. The exact
factor and the Hessian-free one differ at $v$ by at most $\frac{1}{2} \alpha \rho \delta \|v\|^2$, and the exact
factor has norm at most $q$; so the conditional means of the two sweeps differ by $d_l \le q d_{l+1} + \frac{1}{2}
\alpha \rho \delta \mathrm{E} \|v_{l+1}\|^2$, a second moment and not a squared mean. Unroll and add
$b_{\mathrm{sto}}$ for the stochastic sweep: this is the bias. For the mean squared error let $k = \nu - l$, let
$a_l$ be the conditional variance of $v_l$ and $m_l$ its conditional mean, and show $a_l \le (q^2 + \eta^2)^k
(\sigma_G^2 / D' + B^2) - q^{2 k} B^2$ by induction; at $l = 0$ the right side is $V$. A $q$-Lipschitz map
multiplies a variance by at most $q^2$, so $a_{l-1} \le (q^2 + \eta^2) a_l + \eta^2 \|m_l\|^2$. If $\|m_l\| \le q^k
B$ the step is that of S6. If $\|m_l\| > q^k B$, use $a_l + \|m_l\|^2 \le (q^2 + \eta^2)^k (\sigma_G^2 / D' + B^2)$
instead: then $a_{l-1} \le (q^2 + \eta^2)^{k+1} (\sigma_G^2 / D' + B^2) - q^2 \|m_l\|^2$, which is smaller still.
The conditional mean is within the bias bound in mean square, and the two errors are orthogonal. The variance about
the mean is no larger.""",
    assumptions=_NOISY,
    modes=("hessian_free_stochastic",),
    source=_SOURCE,
)

STATEMENTS = (S5, S5P, S6, S8, S8S, S9, S9S)
