"""Statements and proofs of S1-S4 and S10."""

from __future__ import annotations

from theory.statements import DETERMINISTIC, IDENTITY, Line, Statement

_EXACT = ("exact",)
_SOURCE = "derived here; setting of arXiv 2504.21327"

S1 = Statement(
    id="S1",
    title="Meta-gradient",
    claim=r"The gradient of $F_i$ is the product of the $\nu$ step Jacobians with the gradient at the fine-tuned "
    r"point, "
    r"and the reverse sweep computes it with the stated rounding error.",
    measures="meta_gradient",
    quantities=("S1", "S1_relative"),
    kind=IDENTITY,
    lines=(
        Line(r"\nabla F_i(w)", relation="=", literal=r"P_i^0 P_i^1 \dots P_i^{\nu-1} \nabla f_i(w_i^{\nu})"),
        Line(r"\|\hat{g}_i - \nabla F_i(w)\|", "S1"),
        Line(r"\|\hat{g}_i - \hat{g}'_i\|", "S1_relative", r"\|\hat{g}'_i\|"),
    ),
    proof=r"""The map $w \mapsto w_i^{l+1}$ is $w_i^l - \alpha \nabla f_i(w_i^l)$ after $w \mapsto w_i^l$, so its
Jacobian is $P_i^l$ times the previous one and the Jacobian of $w \mapsto w_i^{\nu}$ is $P_i^{\nu-1} \dots P_i^0$.
Each factor is symmetric, so the chain rule gives $\nabla F_i(w) = P_i^0 \dots P_i^{\nu-1} \nabla f_i(w_i^{\nu})$.
It is computed by the reverse sweep $v_{\nu} = \nabla f_i(w_i^{\nu})$, $v_l = v_{l+1} - \alpha \nabla^2 f_i(w_i^l)
v_{l+1}$ for $l = \nu-1, \dots, 0$: $\nu$ Hessian-vector products and no stored graph. For the rounding error let
one gradient be computed within $\eta_G$ and one Hessian-vector product within $\eta_H \|v\|$, the rounding of the
vector updates counted in these, and let the computed points lie in $W$. The computed trajectory satisfies
$\hat{w}^{l+1} = \hat{w}^l - \alpha \nabla f_i(\hat{w}^l) - \alpha r_l$ with $\|r_l\| \le \eta_G$; one exact step
expands distances by at most $q$, so $\|\hat{w}^l - w^l\| \le \alpha \eta_G S_l(q)$. The computed gradient at the
end is within $\eta_G + L \alpha \eta_G S_{\nu}(q)$ of the exact one. For the sweep let $d_l = \|\hat{v}_l - v_l\|$
and use $\|v_{l+1}\| \le q^{\nu-1-l} B$ (S3). Then $\hat{v}_l - v_l$ is the factor at $\hat{w}^l$ applied to
$\hat{v}_{l+1} - v_{l+1}$, plus the change of the factor applied to $v_{l+1}$, plus the error of the product, so
$d_l \le q d_{l+1} + \alpha \rho \alpha \eta_G S_l(q) q^{\nu-1-l} B + \alpha \eta_H (d_{l+1} + q^{\nu-1-l} B)$.
Unrolling with the factor $q + \alpha \eta_H$ gives the bound. Two computations $\hat{g}_i$ and $\hat{g}'_i$ with
the same accuracies are each within it of the exact value, so they differ by at most twice the bound; dividing by
$\|\hat{g}'_i\|$, the norm at hand, gives the relative form.""",
    assumptions=("A2", "A3", "A6"),
    modes=_EXACT,
    source=_SOURCE,
)

S2 = Statement(
    id="S2",
    title="Trajectory",
    claim=r"Fine-tuning expands distances by at most $q$ per step.",
    measures="trajectory_growth",
    quantities=("S2",),
    kind=DETERMINISTIC,
    lines=(Line(r"\|w_i^{\nu}(w) - w_i^{\nu}(u)\|", "S2", r"\|w - u\|"),),
    proof=r"""One step maps $w$ to $w - \alpha \nabla f_i(w)$. By the mean value theorem the images of $w$ and $u$
differ by $(I - \alpha \bar{H})(w - u)$, where $\bar{H}$ is the Hessian averaged over the segment from $u$ to $w$,
which lies in the convex set $W$. Its eigenvalues lie where those of the Hessians lie, so $\|I - \alpha \bar{H}\|
\le q$. Repeat $\nu$ times.""",
    assumptions=("A2", "A6"),
    modes=_EXACT,
    source=_SOURCE,
)

S3 = Statement(
    id="S3",
    title="Gradient along the trajectory",
    claim=r"The meta-gradient is at most $q^{2 \nu}$ times the gradient at the start, and at most $B_F$ everywhere.",
    measures="meta_gradient_norm",
    quantities=("S3", "B_F"),
    kind=DETERMINISTIC,
    lines=(Line(r"\|\nabla F_i(w)\|", "S3"), Line(r"\|\nabla F_i(w)\|", "B_F")),
    proof=r"""With $\bar{H}$ the Hessian averaged along the step, $\nabla f_i(w^{l+1}) = \nabla f_i(w^l - \alpha
\nabla f_i(w^l)) = (I - \alpha \bar{H}) \nabla f_i(w^l)$, so $\|\nabla f_i(w^l)\| \le q^l \|\nabla f_i(w)\|$. By S1
the meta-gradient is a product of $\nu$ factors of norm at most $q$ with $\nabla f_i(w^{\nu})$, hence $\|\nabla
F_i(w)\| \le q^{\nu} \|\nabla f_i(w^{\nu})\| \le q^{2 \nu} \|\nabla f_i(w)\|$. With A2 instead, $\|\nabla
f_i(w^{\nu})\| \le B$ gives $\|\nabla F_i(w)\| \le q^{\nu} B$.""",
    assumptions=("A2", "A6"),
    modes=_EXACT,
    source=_SOURCE,
)

S4 = Statement(
    id="S4",
    title="Smoothness of the meta loss",
    claim=r"Every $F_i$, and so $F$, is $L_F$-smooth; the pointwise form needs no bound on the gradient.",
    measures="L_F",
    quantities=("L_F", "L_F_pointwise"),
    kind=DETERMINISTIC,
    lines=(
        Line(r"\|\nabla F_i(w) - \nabla F_i(u)\|", "L_F", r"\|w - u\|"),
        Line(r"\|\nabla F_i(w) - \nabla F_i(u)\|", "L_F_pointwise", r"\|w - u\|"),
    ),
    proof=r"""Let $v_l(w)$ be the vectors of the reverse sweep of S1 started at $w$. The start $v_{\nu} = \nabla
f_i(w^{\nu})$ is Lipschitz in $w$ with constant $L q^{\nu}$ by A2 and S2, and $v_l = P^l v_{l+1}$. Compare $w$ with
$u$: $P^l(w) v_{l+1}(w) - P^l(u) v_{l+1}(u) = P^l(w) (v_{l+1}(w) - v_{l+1}(u)) + (P^l(w) - P^l(u)) v_{l+1}(u)$. The
first part is at most $q$ times the previous difference. In the second the factor moves by at most $\alpha \rho q^l
\|w - u\|$ (A3 and S2), and the vector has norm at most $q^{\nu-1-l} B$. So the Lipschitz constants obey
$\lambda_{\nu} = L q^{\nu}$ and $\lambda_l = q \lambda_{l+1} + \alpha \rho B q^{\nu-1}$, and $l$ runs over $\nu$
values: the contribution of step $l$ reaches $l = 0$ with the factor $q^l$, which sums to $S_{\nu}(q)$. For the
pointwise form use $\|v_{l+1}(u)\| \le q^{\nu-1-l} q^{\nu} \|\nabla f_i(u)\|$ from S3 in place of A2. $F$ is a mean
of the $F_i$. The first term is attained: $f(w) = -\frac{L}{2} w^2$ has $F'' = -L (1 + \alpha L)^{2 \nu}$.""",
    assumptions=("A2", "A3", "A6"),
    modes=_EXACT,
    source=_SOURCE,
)

S10 = Statement(
    id="S10",
    title="Behaviour in the number of fine-tuning steps",
    claim=r"One more fine-tuning step changes the loss by at most the stated amount, so that for $\alpha \le 2/L$ "
    r"the meta "
    r"loss never increases with $\nu$.",
    measures="fine_tuning_change",
    quantities=("S10",),
    kind=DETERMINISTIC,
    lines=(Line(r"f_i(w^{\nu}) - f_i(w^{\nu-1})", "S10"),),
    proof=r"""This is the descent lemma: $f_i(w - \alpha g) \le f_i(w) - \alpha \|g\|^2 + \frac{L}{2} \alpha^2
\|g\|^2$ with $g = \nabla f_i(w)$, at $w = w^{\nu-1}$; here $\|\nabla f_i\|$ stands for $\|\nabla f_i(w^{\nu-1})\|$.
For $\alpha \le 2/L$ the right side is not positive, so $F$ at every $w$, and its infimum, are non-increasing in
$\nu$.""",
    assumptions=("A2",),
    modes=_EXACT,
    source=_SOURCE,
)

STATEMENTS = (S1, S2, S3, S4, S10)
