"""From a plan to a finished output folder: cells, records, verdict rows, figures, page, manifest."""

from __future__ import annotations

import logging
import platform
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reports.analyses.suite import Suite, suite_calls
from reports.contents import Measured, analysed, draw, judged, write
from reports.interrupts import undisturbed
from reports.judging.rows import Row, Verdict
from reports.manifest import NAME, Where, manifest_of
from reports.outputs import hashes, stale
from reports.pages import interactive
from reports.progress import Stages
from reports.records.attempts import Failure
from reports.records.cluster import Cluster, ClusterError
from reports.records.harvest import Harvest, Kept, harvest, share
from reports.records.processes import Processes
from reports.records.seeded_cell import SeededCell, seeded_cells
from reports.records.store import Store, record_key, write_atomically
from reports.records.workers import Call, OneByOne, Workers
from reports.refusal import RefusedError
from reports.request import Request
from reports.staging import Staging
from reports.studies.registry import run_studies
from reports.studies.study import Context, StudyResult

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Report:
    """A finished report; failed: the cells that gave no row."""

    rows: list[Row]
    out: Path
    studies: Sequence[StudyResult] = field(default_factory=list)
    failed: Sequence[Failure] = field(default_factory=list)

    def exit_status(self, *, strict: bool) -> int:
        """0: no applicable bound violated; 1: one was, or with strict one was not established; 3: a cell failed.

        A count that a study found to differ from its prediction is a violation.
        """
        if self.failed:
            return 3
        verdicts = {row.verdict for row in self.rows}
        bad = {Verdict.VIOLATED} | ({Verdict.INCONCLUSIVE} if strict else set())
        return int(bool(verdicts & bad) or any(study.broken for study in self.studies))


@dataclass(frozen=True)
class Workforce:
    """Who runs the cells, and who does what needs this machine: on one machine the same."""

    cells: Workers
    here: Workers


@contextmanager
def workforce(request: Request, told: Callable[[str], None]) -> Iterator[Workforce]:
    """The workers that a request asks for. Raises RefusedError for a cluster that cannot be used."""
    with Processes(request.jobs) as processes:
        here = OneByOne() if request.jobs == 1 else processes
        if request.scheduler is None:
            yield Workforce(here, here)
            return
        try:
            cluster = Cluster(request.scheduler, request.plan.outside, told)
        except ClusterError as error:
            raise RefusedError(str(error)) from None
        with cluster:
            yield Workforce(cluster, here)


def build(request: Request, workers: Workers | None = None, stages: Stages | None = None) -> Report:
    """Run what is not yet recorded, judge, and put a whole report in the output folder, or leave it as it was.

    Records are written at once and shared; everything else is written beside the report and put in place at the end.
    """
    stages = stages or Stages()
    if workers is not None:
        with Staging(request.out) as staging:
            return _build(request, Workforce(workers, workers), staging, stages)
    with workforce(request, _told) as force, Staging(request.out) as staging:
        return _build(request, force, staging, stages)


def build_shard(request: Request, stages: Stages) -> Harvest:
    """The records of a shard's cells and nothing else: studies and the page are left to the whole build."""
    with workforce(request, _told) as force, Staging(request.out) as staging:
        return _cells(request, share(_work(request), request.shard), force.cells, staging, stages)


def _build(request: Request, force: Workforce, staging: Staging, stages: Stages) -> Report:
    folder, records = staging.folder, request.out / "records"
    records.mkdir(parents=True, exist_ok=True)
    if older := Store(records).older():
        _LOG.warning("%s; python -m reports.store prune deletes them", older)
    calls = suite_calls(request.plan.statements) if request.whole else []
    found = _cells(request, _work(request), force.cells, staging, stages, calls)
    suite = Suite.of(found.beside) if request.whole else None
    with stages("studies"):
        context = Context(request.seed, request.seeds, stages.counting(force.cells), request.device, records)
        studies = run_studies(request.plan.studies, context)
        measured = Measured(found.outcomes, suite, studies, found.failures)
    with stages("verdicts"):
        rows = judged(request, measured.outcomes)
    with stages("analyses"):
        said = analysed(request, rows, measured)
    with stages("figures"):
        explored = interactive.available()
        drawn = draw(folder, request, rows, said, studies, stages.counting(force.here), explored=explored)
    where = Where(
        command=request.command, folder=str(request.out.resolve()), working_folder=str(Path.cwd()),
        host=platform.node(), jobs=request.jobs, seconds=dict(stages.seconds),
    )  # fmt: skip
    with stages("page"):
        manifest = manifest_of(request, rows.outcomes, rows.family, studies, found.failures, where)
        write(folder, request, rows, said, drawn, manifest, studies)
        outputs = hashes(folder, request.out, [*manifest.records, *manifest.study_records])
        write_atomically(folder / NAME, manifest.model_copy(update={"outputs": outputs}).text)
    with undisturbed():
        staging.publish(lambda out: stale(out, outputs))
    return Report(rows.rows, request.out, studies, found.failures)


def _work(request: Request) -> list[SeededCell]:
    return seeded_cells(request.plan, seed=request.seed, seeds=request.seeds, device=request.device)


def _cells(
    request: Request, work: Sequence[SeededCell], workers: Workers, staging: Staging, stages: Stages,
    beside: Sequence[Call] = (),
) -> Harvest:  # fmt: skip
    """Every cell, and the suite's own instances beside them."""
    # a study finds out on its way which records it reads
    staging.names(None if request.plan.studies else [record_key(one.description()) for one in work])
    again = shlex.join([*request.command, *([] if request.retry_failed else ["--retry-failed"])])
    stages.cells = len(work)
    with stages("cells", len(work) + len(beside)):
        return harvest(
            work, Kept(request.out), stages.counting(workers), beside,
            retry=request.retry_failed, command=again, counted=stages.counted,
        )  # fmt: skip


def _told(line: str) -> None:
    sys.stderr.write(f"{line}\n")
