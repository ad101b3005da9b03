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
    claim=r"T1d, T2p and T3p hold for $F = \sum_i p_i F_i$ with means over agents weighted by $p$, when $\kappa$ and the "
    r"factor $s_m$ of the variance are those of the sampling in use.",
    measures="mean_squared_meta_gradient",
    quantities=(T2p, kappa, share, A, N),
    lines=(Line(r"\frac{1}{K} \sum_{k=0}^{K-1} \mathrm{E} \|\nabla F(w_k)\|^2", T2p),),
    kind=EXPECTATION,
    assumptions=("A1", "A2", "A3", "A4", "A5", "A6"),
    modes=MODES,
    source=OURS,
    proof=r"""TODO""",
)
