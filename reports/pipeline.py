"""From a plan to a finished output folder: cells, records, verdict rows, figures, page, manifest."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from reports.analyses.suite import Suite, suite_calls
from reports.contents import Measured, analysed, draw, judged, write
from reports.judging.rows import Row, Verdict
from reports.manifest import NAME, Where, manifest_of
from reports.outputs import hashes, stale
from reports.pages import interactive
from reports.records.execution import Outcome, cell_calls
from reports.records.seeded_cell import seeded_cells
from reports.records.store import Store, record_key, write_atomically
from reports.records.workers import Call, OneByOne, Workers, processes
from reports.request import Request
from reports.staging import Staging
from reports.studies.registry import run_studies
from reports.studies.study import Context, StudyResult

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Report:
    """A finished report."""

    rows: list[Row]
    out: Path
    studies: Sequence[StudyResult] = field(default_factory=list)

    def exit_status(self, *, strict: bool) -> int:
        """0: no applicable bound violated; 1: one was, or with strict one was not established.

        A count that a study found to differ from its prediction is a violation.
        """
        verdicts = {row.verdict for row in self.rows}
        bad = {Verdict.VIOLATED} | ({Verdict.INCONCLUSIVE} if strict else set())
        return int(bool(verdicts & bad) or any(study.broken for study in self.studies))


def build(request: Request, workers: Workers | None = None) -> Report:
    """Run what is not yet recorded, judge, and put a whole report in the output folder, or leave it as it was.

    Records are written at once and shared; everything else is written beside the report and put in place at the end.
    """
    with Staging(request.out) as staging:
        if workers is not None or request.jobs == 1:
            return _build(request, workers or OneByOne(), staging)
        with processes(request.jobs) as pool:
            return _build(request, pool, staging)


def _build(request: Request, workers: Workers, staging: Staging) -> Report:
    clock, folder = _Stopwatch(), staging.folder
    records = request.out / "records"
    records.mkdir(parents=True, exist_ok=True)
    if older := Store(records).older():
        _LOG.warning("%s; python -m reports.store prune deletes them", older)
    with clock("cells"):
        outcomes, suite = _measure(request, records, workers, staging)
    with clock("studies"):
        context = Context(request.seed, request.seeds, request.jobs, request.device, records)
        measured = Measured(outcomes, suite, run_studies(request.plan.studies, context))
    with clock("verdicts"):
        rows = judged(request, outcomes)
    with clock("analyses"):
        said = analysed(request, rows, measured)
    with clock("figures"):
        explored = interactive.available()
        drawn = draw(folder, request, rows, said, measured.studies, workers, explored=explored)
    where = Where(
        command=request.command, folder=str(request.out.resolve()), working_folder=str(Path.cwd()),
        host=platform.node(), jobs=request.jobs, seconds=clock.seconds,
    )  # fmt: skip
    manifest = manifest_of(request, rows.outcomes, rows.family, measured.studies, where)
    write(folder, request, rows, said, drawn, manifest, measured.studies)
    outputs = hashes(folder, request.out, [*manifest.records, *manifest.study_records])
    write_atomically(folder / NAME, manifest.model_copy(update={"outputs": outputs}).text)
    staging.publish(lambda out: stale(out, outputs))
    return Report(rows.rows, request.out, measured.studies)


def _measure(request: Request, records: Path, workers: Workers, staging: Staging) -> tuple[list[Outcome], Suite | None]:
    """Every cell, and the suite's own instances beside them; none of these for a plan that is cut down."""
    work = seeded_cells(request.plan, seed=request.seed, seeds=request.seeds, device=request.device)
    # a study finds out on its way which records it reads
    staging.names(None if request.plan.studies else [record_key(one.description()) for one in work])
    calls = suite_calls(request.plan.own_statements) if request.whole else []
    results = in_order([*cell_calls(work, records), *calls], workers)
    return results[: len(work)], Suite.of(results[len(work) :]) if request.whole else None


def in_order(calls: Sequence[Call], workers: Workers) -> list[Any]:
    """The results of all calls, in their order; the heaviest are started first, so that the workers end together."""
    order = sorted(range(len(calls)), key=lambda index: -calls[index].weight)
    done: dict[int, Any] = {}
    for place, result in _progress(workers.run([calls[index] for index in order]), len(calls)):
        done[order[place]] = result
    return [done[index] for index in range(len(calls))]


def _progress(stream: Iterator[tuple[int, Any]], total: int) -> Iterator[tuple[int, Any]]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("measuring", total=total)
        for entry in stream:
            bar.advance(task)
            yield entry


class _Stopwatch:
    """Seconds by stage, each added when its block ends."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 3)
