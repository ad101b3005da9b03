"""D1: the averaged gradient of every agent's exact local path lies in a ball about a multiple of the first one."""

from __future__ import annotations

import flint
from flint import arb

import theory
from empirics.algorithm.modes import Mode
from reports.balls import ball
from reports.balls.ball import BallMeta, column, norm
from reports.cells.run_cell import RunCell
from reports.judging.measurement import Enclosed, Measurement, Withheld
from reports.measure.along_run import AlongRun, AlongRuns
from reports.measure.one_round import local_steps
from reports.measure.run_specification import RunSpecification
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, EXPONENT, becomes, times, versions


def _exact_steps(cell: RunCell) -> str | None:
    """D1 speaks of exact local paths of more than one step."""
    return None if cell.mode is Mode.EXACT and cell.tau > 1 else "speaks of mode exact with tau > 1"


def _rows(run: AlongRun) -> list[Measurement]:
    p = run.specification
    evidence = _largest(p) if p.settled.get("W0+") and p.instance.in_balls else Withheld("W0+: not known on this task")
    return [run.row("D1", "omega", evidence, None, rounds=1)]


def _largest(p: RunSpecification) -> Enclosed:
    """The largest over agents of norm(ybar_i - psi grad F_i(w_0)) / norm(grad F_i(w_0)), without agents at rest."""
    low, high = theory.quantity("psi").enclosure(**p.inputs)
    with flint.ctx.workprec(ball.BITS):
        s, start = p.settings, column(p.start.numpy())
        psi, found = arb(low).union(arb(high)), []
        for f in p.instance.losses:
            agent = BallMeta(f, ball.ball(s.alpha), s.nu)
            first = agent.exact(start)
            averaged = (start - local_steps(agent, start, p)) / (ball.ball(s.beta) * s.tau)
            if norm(first) != 0:
                found.append(norm(averaged - first * psi) / norm(first))
        lower, upper = ball.bounds(_maximum(found))
    return Enclosed(lower, upper, f"Arb balls at {ball.BITS} bits, psi in [{low!r}, {high!r}]")


def _maximum(values: list[arb]) -> arb:
    largest = arb(0)
    for value in values:
        largest = largest.max(value)
    return largest


MEASURED = AlongRuns(
    id="D1",
    left=(LeftSide("D1", "omega"),),
    cell=_exact_steps,
    measure=_rows,
    headline=(
        dict(task="witness-reflected", mode="exact", alpha="1/2", nu=0, tau=2, beta="1/1000", rounds=1,
             start=[0, 0, 0]),
    ),
    witnesses=(
        dict(task="witness-concave", mode="exact", alpha="1/2", nu=0, tau=4, beta="1/8", rounds=1, start=[1]),
    ),
    wrong=versions(
        "D1", "omega",
        (CONSTANT, "halved", times("1/2")),
        (EXPONENT, "squared", becomes("(P_minus - P_plus)**2/4")),
        (CONSTANT, "0.9 of it", times("0.9"), True),
    ),
)  # fmt: skip
