"""What the page says beyond its rows: tightness, planted errors, slack, exponents, claims and published forms."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from reports.analyses.audit import audit_section
from reports.analyses.planted import FURTHER, Trial, planted_section, trials_of
from reports.analyses.slack import slack_section
from reports.analyses.slopes import SERIES, Slope, measure, slopes_section
from reports.analyses.suite_file import Exponent, PlantedError, RunSlack, SuiteFile
from reports.analyses.tightness import tightness, tightness_section
from reports.analyses.witnesses import witnesses_of
from reports.judging.measurement import Measurement
from reports.judging.rows import Row
from reports.measure.waterfall import STAGES, Waterfall
from reports.plans.plan import bounds_of
from reports.records.execution import Outcome
from reports.records.workers import Call
from reports.sections import Section
from reports.statements import statements
from theory.claims.reading import Claim
from theory.tables import Table


def claims_section(
    claims: Sequence[Claim], measurements: Sequence[Measurement], rows: Sequence[Row], table: Table
) -> list[Section]:
    """Claims and published forms, absent when there is nothing to say."""
    found = audit_section(claims, [one for one in measurements if one.origin is None], rows, table)
    return [] if found is None else [found]


@dataclass(frozen=True)
class Suite:
    """A few seconds of explicit instances that no row of the report enters."""

    witnesses: Sequence[Measurement]
    trials: Sequence[Trial]
    slopes: Sequence[Slope]

    @classmethod
    def of(cls, results: Sequence[Suite]) -> Suite:
        """From the results of `suite_calls`."""
        return cls(
            [witness for part in results for witness in part.witnesses],
            [trial for part in results for trial in part.trials],
            [slope for part in results for slope in part.slopes],
        )


def suite_calls(measured: Collection[str]) -> list[Call]:
    """What worker processes are asked for: witnesses, planted errors and exponents of the statements that are measured.

    `measured` has names of statements, a user's own among them, which are looked at like ours. A plan about one
    statement says nothing about the others.
    """
    names = [*(name for name in statements() if name in measured), *sorted(name for name in measured if ":" in name)]
    own = tuple(name for name in names if ":" in name)
    bounds = {bound for name in names for bound in bounds_of(name)}
    return [
        *(Call(_met, (name, own), 4.0) for name in names),
        *(Call(_further, (name,), 4.0) for name in names if name in FURTHER),
        *(Call(_slope, (place,), 4.0) for place, series in enumerate(SERIES) if series.statement in bounds),
    ]


def _met(name: str, own: tuple[str, ...]) -> Suite:
    return Suite(witnesses_of(name), trials_of(name, own), ())


def _further(name: str) -> Suite:
    return Suite((), FURTHER[name](), ())


def _slope(place: int) -> Suite:
    return Suite((), (), (measure(SERIES[place]),))


def suite_analyses(
    rows: Sequence[Row], slack: Sequence[Waterfall], suite: Suite, table: Table
) -> tuple[list[Section], SuiteFile]:
    """What the suite knows about the bounds of a table, for readers and for figures."""
    trials, slopes = suite.trials, suite.slopes
    shown = slack_section(slack)
    sections = [
        *([tightness_section(tightness(rows, suite.witnesses, table))] if suite.witnesses else []),
        *([planted_section(trials)] if trials else []),
        *([] if shown is None else [shown]),
        *([slopes_section(slopes)] if slopes else []),
    ]
    return sections, suite_file(trials, slopes, slack)


def suite_file(trials: Sequence[Trial], slopes: Sequence[Slope], slack: Sequence[Waterfall]) -> SuiteFile:
    """What is stored of the analyses."""
    return SuiteFile(
        planted=[_planted(trial) for trial in trials],
        exponents=[_exponent(slope) for slope in slopes],
        slack=[
            RunSlack(
                bound=one.bound, task=one.task, mode=one.mode, nu=one.nu, tau=one.tau, m=one.m,
                stages=dict(zip(STAGES, one.values, strict=True)),
            )
            for one in slack
        ],
    )  # fmt: skip


def _planted(trial: Trial) -> PlantedError:
    planted = trial.planted
    return PlantedError(
        statement=planted.statement,
        quantity=planted.quantity,
        kind=planted.kind,
        wrong=planted.wrong,
        refuted=trial.refuted,
        subtle=trial.subtle,
        ratio=_finite(trial.ratio),
        factor=_finite(trial.factor),
        instance=trial.instance,
    )


def _exponent(slope: Slope) -> Exponent:
    return Exponent(
        statement=slope.statement,
        quantity=slope.quantity,
        what=slope.what,
        variable=slope.variable,
        exponential=slope.exponential,
        points=list(slope.values),
        predicted=slope.predicted,
        measured=slope.measured,
        low=slope.low,
        high=slope.high,
        finding=slope.finding,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def waterfalls(outcomes: Sequence[Outcome]) -> list[Waterfall]:
    """The slack of every recorded run of T2 and T3."""
    found = [one for outcome in outcomes for one in outcome.slack]
    return sorted(found, key=lambda one: (one.bound, -one.total))
