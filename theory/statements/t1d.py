"""T1d: one round, one theorem."""

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
    claim="TODO.",
    quantities=(
        T1d, A, N, c_eps, Q0, V_d, psi, omega, P_minus, P_plus, b0_d, x_d, theta_d, chi_d, p_d, H, h, kappa, share,
    ),
    assumptions=("A1", "A2", "A3", "A4", "A5", "A6"),
    modes=MODES,
    proof="TODO",
)  # fmt: skip
