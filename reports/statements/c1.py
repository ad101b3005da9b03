"""C1: the mean over k < K of norm(grad F(w_k))^2 of first-order steps with all agents and one local step."""

from __future__ import annotations

from empirics.algorithm.modes import Mode
from reports.cells.run_cell import RunCell
from reports.judging.measurement import Measurement
from reports.measure.along_run import AlongRun, AlongRuns
from reports.measure.mean_squared import SCRIPT, mean_squared_row
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, EXPONENT, TERM, becomes, versions


def _one_step_of_all(cell: RunCell) -> str | None:
    """C1 speaks of first-order steps, one a round, of every agent."""
    if cell.mode is not Mode.FIRST_ORDER or cell.tau != 1 or cell.m is not None:
        return "speaks of mode first_order with tau = 1 and every agent (leave m out)"
    return None


def _rows(run: AlongRun) -> list[Measurement]:
    return [mean_squared_row(run, "C1", "C1")]


MEASURED = AlongRuns(
    id="C1",
    left=(LeftSide("C1", "C1", script=SCRIPT),),
    cell=_one_step_of_all,
    measure=_rows,
    headline=(
        dict(task="witness-tilted", mode="first_order", alpha="1/8", nu=1, tau=1, beta="1/4", rounds=400, start=[0],
             label="floor"),
        dict(task="witness-bowl", mode="first_order", alpha="1/1024", nu=1, tau=1, beta="15/8", rounds=64, start=[1],
             label="long-step"),
        dict(task="witness-bowl", mode="first_order", alpha="1/64", nu=1, tau=1, beta="1", rounds=16, start=[1]),
    ),
    witnesses=(
        dict(task="witness-bowl", mode="first_order", alpha="1/64", nu=1, tau=1, beta="1", rounds=1, start=[1]),
    ),
    wrong=(
        *versions("C1", "C1.Delta", (TERM, "beta L_F/2 lost in Delta", becomes("C1.Lambda"), True)),
        *versions(
            "C1", "C1",
            (TERM, "the start lost", becomes("(1 + C1.r)*q**(2*nu)*C1_E0**2/C1.Delta**2 + (1 + 1/C1.r)*C1_E0**2")),
            (CONSTANT, "1/2 for 2 at the start", becomes(
                "(1 + C1.r)*q**(2*nu)*(F0_gap/(2*C1.Delta*beta*K) + C1_E0**2/C1.Delta**2) + (1 + 1/C1.r)*C1_E0**2")),
            (EXPONENT, "K^2 for K", becomes(
                "(1 + C1.r)*q**(2*nu)*(2*F0_gap/(C1.Delta*beta*K**2) + C1_E0**2/C1.Delta**2) + (1 + 1/C1.r)*C1_E0**2")),
        ),
    ),
)  # fmt: skip
