"""What is published: Per-FedAvg at one fine-tuning step, multi-step MAML at any number of steps."""

from __future__ import annotations

import sympy

from theory.algebra import symbols
from theory.formulas import PUBLISHED, Formula, Hypothesis, formula

alpha, L, rho, B, nu, sigma_G, sigma_H, gamma_G, gamma_H, D, D_prime, D_H = symbols(
    "alpha L rho B nu sigma_G sigma_H gamma_G gamma_H D D_prime D_H"
)

SHORT_STEP = Hypothesis("alpha L <= 1", alpha * L, "<=", sympy.Integer(1))
ONE_STEP = Hypothesis("nu = 1", nu, "==", sympy.Integer(1), optional="nu")
CURVED = Hypothesis("L > 0", L, ">", sympy.Integer(0))

_PER_FEDAVG = (ONE_STEP, SHORT_STEP)

FORMULAS: tuple[Formula, ...] = (
    formula(
        "per_fedavg.L_F",
        4 * L + alpha * rho * B,
        "arXiv 2002.07948, Lemma 4.2",
        provenance=PUBLISHED,
        hypotheses=_PER_FEDAVG,
    ),
    formula(
        "per_fedavg.bias",
        2 * alpha * L * sigma_G / sympy.sqrt(D),
        "arXiv 2002.07948, Lemma 4.3",
        provenance=PUBLISHED,
        hypotheses=_PER_FEDAVG,
    ),
    formula(
        "per_fedavg.sigma_F2",
        (B**2 + sigma_G**2 * (1 / D_prime + (alpha * L) ** 2 / D)) * (1 + sigma_H**2 * alpha**2 / (4 * D_H)) * 12
        - 12 * B**2,
        "arXiv 2002.07948, Lemma 4.3",
        provenance=PUBLISHED,
        hypotheses=_PER_FEDAVG,
    ),
    formula(
        "per_fedavg.gamma_F2",
        192 * gamma_G**2 + 3 * alpha**2 * B**2 * gamma_H**2,
        "arXiv 2002.07948, Lemma 4.4",
        provenance=PUBLISHED,
        hypotheses=_PER_FEDAVG,
    ),
    formula(
        "maml.C_L",
        (rho / L) * (1 + alpha * L) ** (2 * nu - 1) * ((1 + alpha * L) ** nu - 1),
        "arXiv 2002.07836 (C_L of the smoothness of the multi-step meta-gradient)",
        provenance=PUBLISHED,
        hypotheses=(CURVED,),
    ),
)
