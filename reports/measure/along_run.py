"""The rate statements on a recorded run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, final

import numpy as np

import theory
from empirics import Task
from reports.cells.cell import Kind
from reports.judging.finding import Evidence, Finding, Sampled, Setting, Withheld
from reports.measure.course import Course
from reports.measure.estimates import ALONG_RUN, rough
from reports.measure.moments import Moments, exact_moments
from reports.measure.prepared import Prepared
from reports.measure.statement import Measured
from reports.measure.subject import exact, upwards
from reports.measure.trajectories import Rounding

BETTING = "betting bound over independent float64 runs"
NOTHING = Withheld("")  # replaced by the refusal that kept the run from being made


@final
@dataclass(frozen=True, kw_only=True)
class AlongRuns(Measured):
    """A statement about runs.

    measure: its rows. name: the bound of a run, where a statement has several. largest: the range of what is sampled,
    for the number of runs; None where none are counted. strong: whether mu_F enters it. rate: the theorem whose largest
    admissible server step a plan's `fraction` refers to.
    """

    kind: ClassVar[Kind] = "runs"
    measure: Callable[[AlongRun], Iterable[Finding]]
    name: Callable[[Mapping[str, str]], str] | None = None
    largest: Callable[[Task, Mapping[str, str]], float] | None = None
    strong: bool = False
    rate: str = "T2"


def run_findings(
    prepared: Prepared, statements: Sequence[AlongRuns], arrays: Mapping[str, np.ndarray], course: Course | None = None
) -> list[Finding]:
    """The rows of a cell, read off the recorded iterates; `course` shares what others evaluate along them too."""
    if course is None and "iterates" in arrays:
        course = Course(prepared, arrays["iterates"])
    if "tf32" in arrays:
        prepared = replace(prepared, refusal="precision: float32 products had TF32 factors, certified rows need ieee")
    run = AlongRun(prepared, course, float(arrays.get("float64_distance", 0.0)))
    findings: list[Finding] = []
    for statement in statements:
        if rough(prepared.subject) is not None:
            # a network that was declared not smooth has no L and no rho, and nothing to compare with
            case = statement.left[0].bound if statement.name is None else statement.name(prepared.inputs)
            findings.append(run.row(case, case, NOTHING, None, rounds=prepared.cell.rounds))
            continue
        findings += statement.measure(run)
        findings += (row for other in statement.beside for row in other.measure(run))
    return findings


@dataclass(frozen=True, eq=False)
class AlongRun:
    """A recorded run, or one that was refused (`course` None), and how its rows are made.

    `distance` is how far float32 iterates were seen to be from float64 ones.
    """

    prepared: Prepared
    course: Course | None
    distance: float = 0.0

    @cached_property
    def rounding(self) -> Rounding:
        """How far float64 may be from exact arithmetic along the run."""
        assert self.course is not None
        return Rounding(self.prepared, self.course.iterates, self.distance)

    @cached_property
    def moments(self) -> Moments | None:
        """Exact expectations, where the run is a random affine map."""
        return exact_moments(self.prepared) if self.prepared.affine else None

    @property
    def largest_step(self) -> float:
        """G_max >= norm(g_i) surely, in the mode of the run."""
        p, s, mode = self.prepared, self.prepared.settings, self.prepared.cell.mode
        if mode.draws:
            sure = p.subject.task.almost_sure_norms()["gradient"]
            return upwards(p.subject.task.almost_sure_step_factor(s.alpha) ** s.nu * sure) if mode.curved else sure
        B = p.subject.constants["B"].value
        if mode.probes:
            return upwards(theory.quantity("S2").value(**p.inputs) * B)
        return p.B_F if mode.curved else B

    def engine(self, values: np.ndarray) -> dict[str, Any]:
        """What the engine's own runs gave, beside an expectation that may have been computed exactly."""
        return {"engine_mean": float(values.mean()), "engine_runs": int(values.size)}

    def row(
        self, bound: str, quantity: str, evidence: Evidence, trivial: float | None, *, rounds: int | None,
        extra: Mapping[str, float] | None = None, witness: Mapping[str, Any] | None = None,
    ) -> Finding:  # fmt: skip
        """A row; `extra` are further inputs of the right side. A run that was refused has no evidence."""
        p, s = self.prepared, self.prepared.settings
        setting = Setting(
            p.subject.name, str(p.cell.mode), s.nu, p.subject.task.n, s.alpha, s.tau,
            s.participants_of(p.subject.task.n), s.beta, K=rounds, seeds=1 if p.surely_one_path else p.seeds,
            replicas=evidence.values.size if isinstance(evidence, Sampled) else 1,
        )  # fmt: skip
        step = f"f{p.cell.fraction}".replace("/", "_") if p.cell.fraction is not None else ""
        return Finding(
            bound,
            quantity,
            {**p.inputs, **{key: exact(value) for key, value in (extra or {}).items()}},
            setting,
            evidence if p.refusal is None else Withheld(p.refusal),
            trivial,
            p.constants,
            witness,
            "-".join(part for part in (p.cell.label, step) if part),
            note=p.cell.note or (ALONG_RUN if p.subject.stated else ""),
        )
