"""What a suite may have found out about its bounds: planted errors of every outcome, exponents, and slack."""

from __future__ import annotations

import math
from functools import cache

from empirics import MODES
from reports.analyses.suite_file import Exponent, PlantedError, RunSlack, SuiteFile

OUTCOMES = (  # kind of error, ratio of the best instance: none is an infinite one
    ("a lost term", None),
    ("a wrong constant", 1.05),
    ("a wrong constant", 2.0),
    ("a lost term", 0.9),
    ("a lost term", 0.01),
)
RUNS = 20  # of each bound: more than a figure shows


@cache
def synthetic_suite() -> SuiteFile:
    """Three statements with OUTCOMES each, a power law and an exponential one, RUNS runs of T2 and of T3."""
    planted = [_planted(name, index) for name in ("T2", "S4", "per_fedavg.bias") for index in range(len(OUTCOMES))]
    return SuiteFile(planted=planted, exponents=_exponents(), slack=_slack())


def _planted(statement: str, index: int) -> PlantedError:
    kind, ratio = OUTCOMES[index]
    return PlantedError(
        statement=statement,
        quantity=statement,
        kind=kind,
        wrong=f"version {index}",
        refuted=ratio is None or ratio > 1,
        subtle=bool(index % 2),
        ratio=ratio,
        factor=1.1 + index,
        instance=f"{statement}:witness",
    )


def _exponents() -> list[Exponent]:
    """On its window the truth falls as delta^2 and the bound as delta; both double with every fine-tuning step."""
    power = [(x, 0.5 * x**2, 2.0 * x) for x in (0.0625, 0.125, 0.25)]
    steps = [(float(nu), 0.1 * 2.0**nu, 0.3 * 2.0**nu) for nu in (1, 2, 3, 4)]
    faster = "the truth falls faster than the bound"
    return [
        Exponent(
            statement="S9", quantity="b_HF", what="Hessian-free error", variable="delta", exponential=False,
            points=power, predicted=1.0, measured=2.0, low=1.9, high=2.1, finding=faster,
        ),
        Exponent(
            statement="S4", quantity="L_F", what="smoothness, per step", variable="nu", exponential=True,
            points=steps, predicted=math.log(2), measured=math.log(2), low=0.6, high=0.8, finding="as the bound says",
        ),
    ]  # fmt: skip


def _slack() -> list[RunSlack]:
    """Predicted over measured is (100 + index)/2, one of its factors a loss of 2."""
    return [
        RunSlack(
            bound=bound, task="log-cosh", mode=MODES[index % len(MODES)], nu=index, tau=5, m=2,
            stages={"predicted": 100.0 + index, "measured L_F": 10.0, "measured drift": 20.0, "measured": 2.0},
        )
        for bound in ("T2", "T3")
        for index in range(RUNS)
    ]  # fmt: skip
