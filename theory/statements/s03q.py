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
    claim=r"The gradient at the fine-tuned point is at most $B_q$, which is below $B$ where $q < 1$; it takes the place "
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
    proof=r"""TODO""",
)
