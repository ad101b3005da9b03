"""C4: the mean over k < K of norm(grad F(w_k))^2 with the meta step that balances descent and noise."""

from __future__ import annotations

from fractions import Fraction

import theory
from reports.cells.run_cell import RunCell
from reports.judging.measurement import Measurement
from reports.measure.along_run import AlongRun, AlongRuns
from reports.measure.mean_squared import SCRIPT, largest_squared_gradient, mean_squared_row
from reports.measure.statement import LeftSide
from reports.wrong_versions import EXPONENT, TERM, becomes, scaled, versions

# Of the step's own relative error: every inequality of the proof has room for 1e-5, so a step that is rounded will do.
_ROUNDED = 2.0**-20


def _short_rounds(cell: RunCell) -> str | None:
    """C4's step is of length at most 1/10; a plan gives it as `beta`, or as a tenth where that is the least of two."""
    if cell.fraction is not None and cell.fraction > Fraction(1, 10):
        return "speaks of rounds of length at most 1/10: expected beta, the step C4.beta, or a fraction up to 1/10"
    return None


def _rows(run: AlongRun) -> list[Measurement]:
    p = run.specification
    if p.refusal is None and (other := _another_step(p.settings.beta, p.inputs)) is not None:
        run = run.refused(other)
    return [mean_squared_row(run, "C4", "C4")]


def _another_step(beta: float, inputs: dict[str, str]) -> str | None:
    """Why the meta step of a run is not the one that C4 speaks of, None where it is."""
    found = theory.quantity("C4.beta").evaluate(**inputs).value
    if found is None or abs(beta / found - 1) <= _ROUNDED:
        return None  # without a value the right side has none either, and says why
    return f"beta = C4.beta: it is {beta:.9g}, and C4 speaks of the step {found:.9g}"


MEASURED = AlongRuns(
    id="C4",
    left=(LeftSide("C4", "C4", script=SCRIPT),),
    cell=_short_rounds,
    measure=_rows,
    largest=largest_squared_gradient,
    headline=(
        dict(task="witness-noisy-bowl", mode="stochastic", alpha="1/2", nu=0, tau=1, beta="1/16", D=1, D_prime=1, D_H=1,
             rounds=1440, start=["5/2"], label="noise"),
        dict(task="witness-bowl", mode="exact", alpha="1/2", nu=0, tau=1, beta="1/10", rounds=32, start=[1]),
    ),
    witnesses=(
        dict(task="witness-stalled", mode="first_order", alpha="1/2", nu=1, tau=1, fraction="1/10", rounds=5000,
             start=[0], label="bias"),
    ),
    wrong=versions(
        "C4", "C4",
        (TERM, "the term of noise and sampling lost", scaled("sqrt(L_F*F0_gap*C4.Sigma/K)", "0")),
        (EXPONENT, "1/K for 1/sqrt(K)", becomes(
            "3*sqrt(L_F*F0_gap*C4.Sigma)/K + 20.2*L_F*F0_gap/K + C4.h**2*(0.55*gamma_F**2 + 2*sigma2/tau) + 4.5*b**2")),
        (TERM, "the start lost", becomes(
            "3*sqrt(L_F*F0_gap*C4.Sigma/K) + C4.h**2*(0.55*gamma_F**2 + 2*sigma2/tau) + 4.5*b**2"), True),
        (TERM, "the bias lost", scaled("b", "0")),
    ),
)  # fmt: skip
