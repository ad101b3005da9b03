"""The rate statements on a recorded run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from flint import arb

import theory
from empirics import Task
from reports.cells.cell import Kind
from reports.cells.run_cell import EQUAL_WEIGHTS, SERVER_STEP, WITHOUT_REPLACEMENT, RunCell
from reports.judging.measurement import Enclosed, Evidence, Measurement, Sampled, Setting, Unproved, Withheld
from reports.measure.estimates import ALONG_RUN, because
from reports.measure.measured_inputs import split
from reports.measure.moments import Moments, exact_moments
from reports.measure.recorded_run import RecordedRun
from reports.measure.run_specification import RunSpecification
from reports.measure.statement import LeftSide, Measured, rows_of
from reports.measure.task_instance import exact, upwards
from reports.measure.trajectories import Rounding
from reports.measure.trust import broken_promise

BETTING = "betting bound over independent float64 runs"
NOTHING = Withheld("")  # replaced by the refusal that kept the run from being made


def of_section_1(cell: RunCell) -> str | None:
    """Why a statement about the algorithm of section 1 does not apply, None where the cell runs that one.

    Its proofs average m agents drawn without replacement, all of one weight, and put the average in the server's place.
    """
    return _said(cell.departures)


def of_theorem_1d(cell: RunCell) -> str | None:
    """The same for T1d, T2p and T3p, which know a server step (C3), draws with replacement and weights (C6)."""
    return _said_but(cell, SERVER_STEP, WITHOUT_REPLACEMENT, EQUAL_WEIGHTS)


def of_fixed_points(cell: RunCell) -> str | None:
    """The same for what is said of fixed points of the map of a round, which a server step leaves where they are."""
    return _said_but(cell, SERVER_STEP)


def _said_but(cell: RunCell, *known: str) -> str | None:
    return _said({name: what for name, what in cell.departures.items() if name not in known})


def _said(departures: Mapping[str, str]) -> str | None:
    return "; ".join(f"{name}: {what}" for name, what in departures.items()) or None


@final
@dataclass(frozen=True, kw_only=True)
class AlongRuns(Measured):
    """A statement about runs.

    measure: its rows. name: the bound of a run, where a statement has several. largest: the range of what is sampled,
    for the number of runs; None where none are counted. strong: whether mu_F enters it. rate: the theorem whose largest
    admissible meta step a plan's `fraction` refers to. algorithm: why it does not speak about the algorithm of a cell
    (sampling, weights, server step), None where it does; by default it speaks about section 1's alone.
    local_averages: whether it looks at the means of all agents after each local step. limit: whether it speaks of the
    limit of the run, so that W0 has to hold every round to come, not the cell's alone.
    """

    kind: ClassVar[Kind] = "runs"
    measure: Callable[[AlongRun], Iterable[Measurement]]
    name: Callable[[Mapping[str, str]], str] | None = None
    largest: Callable[[Task, Mapping[str, str]], float] | None = None
    strong: bool = False
    rate: str = "T2"
    algorithm: Callable[[RunCell], str | None] = of_section_1
    local_averages: bool = False
    limit: bool = False

    def rows_of_case(self, inputs: Mapping[str, str]) -> tuple[LeftSide, ...]:
        """The left sides that a run has rows of: all of them, or the one that its case names."""
        case = None if self.name is None else self.name(inputs)
        return tuple(left for left in self.left if case in (None, left.bound))


def run_measurements(
    specification: RunSpecification,
    statements: Sequence[AlongRuns],
    arrays: Mapping[str, np.ndarray],
    recorded: RecordedRun | None = None,
) -> list[Measurement]:
    """The rows of a cell, read off the recorded iterates; `recorded` shares what others evaluate along them too."""
    if recorded is None and "iterates" in arrays:
        recorded = RecordedRun(specification, arrays["iterates"], local_averages=arrays.get("local_averages"))
    if "tf32" in arrays:
        specification = replace(
            specification, refusal="precision: float32 products had TF32 factors, certified rows need ieee"
        )
    if recorded is not None and specification.refusal is None:
        visited = [recorded.iterates[0, k] for k in range(recorded.iterates.shape[1])]
        if (
            why := broken_promise(specification.instance, visited, specification.settings.alpha, specification.cell.nu)
        ) is not None:
            specification = replace(specification, refusal=f"promise: {why}")
    run = AlongRun(specification, recorded, float(arrays.get("float64_distance", 0.0)))
    measurements: list[Measurement] = []
    for statement in statements:
        other = statement.algorithm(specification.cell) or (specification.beyond if statement.limit else None)
        if other is not None:
            away = run.refused(other)
            measurements += [
                away.row(left.bound, left.quantity, NOTHING, None, rounds=specification.cell.rounds)
                for left in statement.rows_of_case(specification.inputs)
            ]
            continue
        if specification.refusal is not None and "L" not in specification.inputs:
            # a network without L and rho: declared not smooth, or not run and so not estimated; nothing to compare with
            case = statement.rows_of_case(specification.inputs)[0]
            measurements.append(run.row(case.bound, case.quantity, NOTHING, None, rounds=specification.cell.rounds))
            continue
        measurements += rows_of(statement, run)
    return measurements


@dataclass(frozen=True, eq=False)
class AlongRun:
    """A recorded run, or one that was refused (`recorded` None), and how its rows are made.

    `distance` is how far float32 iterates were seen to be from float64 ones.
    """

    specification: RunSpecification
    recorded: RecordedRun | None
    distance: float = 0.0

    @cached_property
    def rounding(self) -> Rounding:
        """How far float64 may be from exact arithmetic along the run."""
        assert self.recorded is not None
        return Rounding(self.specification, self.recorded.iterates, self.distance)

    @cached_property
    def moments(self) -> Moments | None:
        """Exact expectations, where the run is a random affine map."""
        return exact_moments(self.specification) if self.specification.affine else None

    @property
    def largest_step(self) -> float:
        """G_max >= norm(g_i) surely, in the mode of the run."""
        p, s, mode = self.specification, self.specification.settings, self.specification.cell.mode
        if mode.draws:
            sure = p.instance.task.almost_sure_norms()["gradient"]
            return upwards(p.instance.task.almost_sure_step_factor(s.alpha) ** s.nu * sure) if mode.curved else sure
        B = p.instance.constants["B"].value
        if mode.probes:
            return upwards(theory.quantity("S2").value(**p.inputs) * B)
        return p.B_F if mode.curved else B

    def refused(self, reason: str) -> AlongRun:
        """The same run as a statement sees it that does not speak about it."""
        return replace(self, specification=replace(self.specification, refusal=reason))

    def engine(self, values: np.ndarray) -> dict[str, Any]:
        """What the engine's own runs gave, beside an expectation that may have been computed exactly."""
        return {"engine_mean": float(values.mean()), "engine_runs": int(values.size)}

    def row(
        self, bound: str, quantity: str, evidence: Evidence, trivial: float | None, *, rounds: int | None,
        extra: Mapping[str, float | arb] | None = None, witness: Mapping[str, Any] | None = None,
        further: Mapping[str, Evidence] = MappingProxyType({}),
    ) -> Measurement:  # fmt: skip
        """A row; `extra` are further inputs of the right side, balls where measured; a refused run has no evidence.

        `further` is what else was seen, for claims.
        """
        shown, between = split(extra or {})
        p, s = self.specification, self.specification.settings
        setting = Setting(
            p.instance.name, str(p.cell.mode), s.nu, p.n, s.alpha, s.tau, p.m, s.beta, K=rounds,
            seeds=1 if p.surely_one_path else p.seeds,
            replicas=evidence.values.size if isinstance(evidence, Sampled) else 1,
        )  # fmt: skip

        def known(seen: Evidence) -> Evidence:
            if p.refusal is not None:
                return Withheld(p.refusal)
            if p.instance.unread and p.instance.promised_only:
                return _unproved(seen, f"the loss cannot be read in balls: {p.instance.unread}")
            return seen

        step = f"f{p.cell.fraction}".replace("/", "_") if p.cell.fraction is not None else ""
        return Measurement(
            bound,
            quantity,
            {**p.inputs, **{key: exact(value) for key, value in shown.items()}},
            setting,
            known(evidence),
            trivial,
            p.constants,
            witness,
            "-".join(part for part in (p.cell.label, step) if part),
            note=p.cell.note or because(p.instance, ALONG_RUN),
            between=between,
            settled=p.settled,
            further={name: known(seen) for name, seen in further.items()},
        )


def _unproved(evidence: Evidence, reason: str) -> Evidence:
    """What was seen, where nothing but the task's own word stands behind its derivatives."""
    if isinstance(evidence, Sampled):
        return Unproved(float(evidence.values.mean()), reason)
    return (
        Unproved(float((evidence.lower + evidence.upper) / 2), reason) if isinstance(evidence, Enclosed) else evidence
    )
