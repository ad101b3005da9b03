"""A candidate becomes a counterexample only here: its instance written out, its left side in balls, then the judge."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from reports.analyses.claims import claim_measurements
from reports.judging.measurement import Enclosed, Measurement
from reports.judging.ratio import ratio
from reports.judging.rows import Row, Verdict
from reports.judging.verdicts import judge
from reports.plans.plan import WITNESSES, load_plan
from reports.records.execution import execute
from reports.records.seeded_cell import SeededCell
from reports.refutation.equations import beside, equations, restated
from reports.refutation.family import Instance, Target
from reports.refutation.search import Candidate
from theory.claims.reading import Claim
from theory.tables import Table

_LEVEL = 1e-6  # of sampled rows, which are never looked at here
_DENOMINATORS = (1, 2, 4, 8, 16, 64, 256, 4096, 2**20, 2**40)


@dataclass(frozen=True)
class Confirmed:
    """An instance whose left side was enclosed: the row says whether it is a counterexample."""

    instance: Instance
    measurement: Measurement
    row: Row
    ratio: float

    @property
    def violated(self) -> bool:
        """Whether the whole enclosure of the left side exceeds the right side."""
        return self.row.verdict is Verdict.VIOLATED


@dataclass(frozen=True)
class Asked:
    """The bound in question: a table with its right side, and the claim behind it if it is one."""

    table: Table
    targets: Sequence[Target]
    claim: Claim | None = None


def measured(instance: Instance, asked: Asked) -> list[Confirmed]:
    """The rows of an instance that answer the question."""
    seeded = SeededCell(instance.cell, instance.task, 0, 1, "cpu", _LEVEL)
    with tempfile.TemporaryDirectory() as folder:
        return list(answers(instance, execute(seeded, Path(folder)).measurements, asked))


def answers(instance: Instance, measurements: Sequence[Measurement], asked: Asked) -> Iterator[Confirmed]:
    """Judge what bears on the question."""
    mine = [
        _counted(measurement)
        for measurement in measurements
        if (measurement.bound, measurement.quantity) in asked.targets
    ]
    if asked.claim is not None:
        mine = claim_measurements([asked.claim], mine, asked.table)
        mine = [restated(measurement, asked.claim.hypotheses, asked.table) for measurement in mine]
    exact = [measurement for measurement in mine if isinstance(measurement.evidence, Enclosed)]
    for measurement in exact:
        (row,) = judge([measurement], table=asked.table)
        if row.predicted is not None:
            yield Confirmed(instance, measurement, row, ratio(measurement, row, asked.table))


def _counted(measurement: Measurement) -> Measurement:
    """With the number of agents among the inputs, which rows at a point do not need but hypotheses may name."""
    return replace(measurement, inputs={"n": str(measurement.setting.n), **measurement.inputs})


def stored(asked: Asked) -> list[Confirmed]:
    """Every stored witness that answers the question, best first."""
    plan = load_plan(WITNESSES)
    tasks = {task.name: task for task in plan.tasks}
    found = []
    for cell in plan.only({bound for bound, _ in asked.targets}).cells:
        found += measured(Instance(tasks[cell.task], cell), asked)
    return sorted(found, key=lambda one: (not one.violated, -one.ratio))


def confirm(candidate: Candidate, asked: Asked, target: Target) -> Confirmed | None:
    """A candidate's instance at the precision of the search, measured in balls; None where it does not apply."""
    return _at(candidate, asked, target, tuple(Fraction(value) for value in candidate.x))


def simplified(candidate: Candidate, asked: Asked, target: Target) -> Confirmed | None:
    """The counterexample with the roundest numbers that still is one."""
    at_all = confirm(candidate, asked, target)
    if at_all is None or not at_all.violated:
        return None
    family = candidate.family
    for x in dict.fromkeys((family.plain(candidate.x), candidate.x)):
        for point in dict.fromkeys(family.rounded(x, denominator) for denominator in _DENOMINATORS):
            found = _at(candidate, asked, target, point)
            if found is not None and found.violated:
                return found
    return at_all


def _at(candidate: Candidate, asked: Asked, target: Target, x: tuple[Fraction, ...]) -> Confirmed | None:
    try:
        instance = candidate.family.instance(x, candidate.option, target)
        found = measured(instance, asked)
        if not found and asked.claim is not None and equations(asked.claim.hypotheses):
            # on the side of the root where no constant can be stated so that an equation holds
            found = next(filter(None, (measured(other, asked) for other in beside(instance))), [])
    except (ValueError, ArithmeticError):
        return None
    return max(found, key=lambda one: (one.violated, one.ratio), default=None)
