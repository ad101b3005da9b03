"""S5s: the bias of the stochastic meta-gradient, to third order, where third derivatives are Lipschitz."""

from __future__ import annotations

from empirics import Task
from empirics.algorithm.modes import Mode
from reports.judging.measurement import Measurement
from reports.judging.rows import StatedConstant
from reports.measure.statement import LeftSide
from reports.measure.with_batches import BIAS, NoisyPoint, WithBatches
from reports.statements.s05 import bias
from reports.wrong_versions import BATCH, CONSTANT, TERM, scaled, times, versions
from theory.language.symbols import D


def _knows_rho_2(task: Task) -> str | None:
    """Why a task has no S5s, None where it states how its third derivatives change."""
    known = task.third_derivative_change() is not None
    return None if known else "needs rho_2: the task states no third_derivative_change"


def _rows(at: NoisyPoint) -> list[Measurement]:
    found = at.instance.task.third_derivative_change()
    assert found is not None  # a task without it has no such cell
    rho_2 = StatedConstant(value=float(found.value), side=found.side)  # type: ignore[arg-type]
    return [at.row("S5s", "b_sto_3", bias(at), at.bias_trivial, {"rho_2": rho_2})]


MEASURED = WithBatches(
    id="S5s",
    left=(LeftSide("S5s", "b_sto_3", script=BIAS),),
    mode=Mode.STOCHASTIC,
    task=_knows_rho_2,
    measure=_rows,
    headline=(
        dict(task="witness-crest", alpha="1/2", nu=1, at=[0], D=1, D_prime=1, D_H=1, method="enumerate"),
    ),
    witnesses=(
        dict(task="witness-crest", alpha="1/2", nu=1, at=[0], D=4, D_prime=1, D_H=1, method="enumerate", label="D4"),
        dict(task="witness-crests", alpha="1", nu=2, at=[0], D=1, D_prime=1, D_H=1, method="enumerate",
             label="crests"),
    ),
    wrong=versions(
        "S5s", "b_sto_3",
        (TERM, "the rho_2 term lost", scaled("rho_2", "0"), True),
        (CONSTANT, "1/4 for 1/2 at the rho_2 term", scaled("rho_2", "1/2"), True),
        (BATCH, "1/D^2 for 1/D", lambda e: e / D),
        (CONSTANT, "halved", times("1/2")),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    ),
)  # fmt: skip
