"""From a plan to a finished output folder: cells, records, verdict rows, figures, page, manifest."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from reports.analyses.claims import with_claim_measurements
from reports.analyses.suite import Suite, claims_section, suite_analyses, suite_calls, waterfalls
from reports.analyses.suite_file import SuiteFile
from reports.analyses.two_sided import two_sided_sections
from reports.figures import all_figures, write_figures
from reports.figures.figure import Figure
from reports.judging import statistics
from reports.judging.frames import results_frame
from reports.judging.measurement import Measurement
from reports.judging.rows import Row, Verdict, VerdictFile
from reports.judging.verdicts import judge
from reports.manifest import manifest_of
from reports.pages import interactive
from reports.pages.appendix import write_appendix
from reports.pages.html import render
from reports.pages.speed import speed_section
from reports.records.curves import curves_frame
from reports.records.execution import Outcome, cell_calls
from reports.records.seeded_cell import seeded_cells
from reports.records.store import write_atomically
from reports.records.workers import Call, OneByOne, Workers, processes
from reports.request import Request
from reports.sections import Section
from reports.statements import with_own
from reports.studies.registry import run_studies
from reports.studies.study import Context, StudyResult
from theory.claims.reading import with_claims
from theory.tables import Table, default_table


@dataclass(frozen=True)
class Report:
    """A finished report."""

    rows: list[Row]
    out: Path
    studies: list[StudyResult] = field(default_factory=list)

    def exit_status(self, *, strict: bool) -> int:
        """0: no applicable bound violated; 1: one was, or with strict one was not established.

        A count that a study found to differ from its prediction is a violation.
        """
        verdicts = {row.verdict for row in self.rows}
        bad = {Verdict.VIOLATED} | ({Verdict.INCONCLUSIVE} if strict else set())
        return int(bool(verdicts & bad) or any(study.broken for study in self.studies))


def build(request: Request) -> Report:
    """Run what is not yet recorded, judge, and write the output folder; the page appears last."""
    if request.jobs == 1:
        return _build(request, OneByOne())
    with processes(request.jobs) as workers:
        return _build(request, workers)


def _build(request: Request, workers: Workers) -> Report:
    clock = _Stopwatch()
    records = request.out / "records"
    records.mkdir(parents=True, exist_ok=True)
    with clock("cells"):
        outcomes, suite = _measure(request, records, workers)
    with clock("studies"):
        context = Context(request.seed, request.seeds, request.jobs, request.device, records)
        studies = run_studies(request.plan.studies, context, request.out)
    with clock("verdicts"):
        judged = _judge(request, outcomes)
    with clock("analyses"):
        said = _analyse(request, judged, suite, studies)
    with clock("figures"):
        drawn = _draw(request, judged, said.suite, studies, workers)
    manifest = manifest_of(request, judged.outcomes, judged.family, studies, clock.seconds)
    _write(request, judged, said, drawn, manifest, studies)
    return Report(judged.rows, request.out, studies)


def _measure(request: Request, records: Path, workers: Workers) -> tuple[list[Outcome], Suite | None]:
    """Every cell, and the suite's own instances beside them; none of these for a plan that is cut down."""
    work = seeded_cells(request.plan, seed=request.seed, seeds=request.seeds, device=request.device)
    whole = bool(request.plan.tasks) and not request.only
    results = _results(
        [*cell_calls(work, records), *(suite_calls(request.plan.own_statements) if whole else [])], workers
    )
    return results[: len(work)], Suite.of(results[len(work) :]) if whole else None


@dataclass(frozen=True)
class _Judged:
    """The cells with the claims' measurements among their own, the table of all right sides, and the rows in order."""

    outcomes: list[Outcome]
    table: Table
    family: int
    rows: list[Row]

    @property
    def measurements(self) -> list[Measurement]:
        return [measurement for outcome in self.outcomes for measurement in outcome.measurements]


def _judge(request: Request, outcomes: Sequence[Outcome]) -> _Judged:
    table = with_own(with_claims(default_table(), request.claims), request.plan.statements)
    found = with_claim_measurements(request.claims, [outcome.measurements for outcome in outcomes])
    widened = [
        replace(outcome, measurements=measurements) for outcome, measurements in zip(outcomes, found, strict=True)
    ]
    added = sum(len(measurements) for measurements in found) - sum(len(outcome.measurements) for outcome in outcomes)
    judged = _Judged(widened, table, request.plan.family + added, [])
    rows = judge(judged.measurements, judged.family, table)
    return replace(judged, rows=sorted(rows, key=lambda row: _reading_order(row, table)))


@dataclass(frozen=True)
class _Said:
    """What the page says beyond its rows, and what is stored of it."""

    sections: list[Section]
    suite: SuiteFile


def _analyse(request: Request, judged: _Judged, suite: Suite | None, studies: Sequence[StudyResult]) -> _Said:
    sections, stored = claims_section(request.claims, judged.measurements, judged.rows, judged.table), SuiteFile()
    if suite is not None:
        about, stored = suite_analyses(judged.rows, waterfalls(judged.outcomes), suite, judged.table)
        sections = [*about, *two_sided_sections(request.plan.tasks), *sections, speed_section(request.out)]
    return _Said([*(section for study in studies for section in study.sections), *sections], stored)


@dataclass(frozen=True)
class _Drawn:
    """The figures, written to their folder, the curves behind them, and the name of the page to explore, or ''."""

    figures: list[Figure]
    curves: pd.DataFrame
    companion: str


def _draw(
    request: Request, judged: _Judged, suite: SuiteFile, studies: Sequence[StudyResult], workers: Workers
) -> _Drawn:
    curves = curves_frame([outcome.curve for outcome in judged.outcomes if outcome.curve is not None])
    figures = [*all_figures(judged.rows, curves, suite), *(figure for study in studies for figure in study.figures)]
    page = (request.out / "interactive.html", judged.rows, curves, request.plan.title)
    explored = workers.run([Call(_write_companion, page)])
    write_figures(figures, request.out / "figures", workers=workers)
    ((_, companion),) = explored
    return _Drawn(figures, curves, companion)


def _write(
    request: Request, judged: _Judged, said: _Said, drawn: _Drawn, manifest: Mapping[str, Any],
    studies: Sequence[StudyResult],
) -> None:  # fmt: skip
    """Everything but records, figures and studies' frames; page and manifest last."""
    out, rows, level = request.out, judged.rows, statistics.FAMILY_WISE_LEVEL
    write_atomically(out / "suite.json", _strict_json(said.suite.model_dump(mode="json")))
    write_atomically(out / "curves.csv", drawn.curves.to_csv(index=False).encode())
    verdicts = VerdictFile(error_level=level, rows=rows)
    write_atomically(out / "verdicts.json", _strict_json(verdicts.model_dump(mode="json")))
    write_atomically(out / "results.csv", results_frame(rows).to_csv(index=False).encode())
    finding = None if rows else "; ".join(study.headline for study in studies) or None
    page = render(
        rows, drawn.figures, manifest, request.plan.title, level, table=judged.table, sections=said.sections,
        finding=finding, companion=drawn.companion,
    )  # fmt: skip
    write_appendix(
        out / "appendix", rows, drawn.figures, out / "figures", manifest, level, table=judged.table, suite=said.suite
    )
    write_atomically(out / "index.html", page.encode())
    write_atomically(out / "manifest.json", _strict_json(manifest))


def _write_companion(path: Path, rows: list[Row], curves: pd.DataFrame, title: str) -> str:
    """The interactive plots where the extra for them is installed: the name of the file, empty without it."""
    if not rows or not interactive.available():
        path.unlink(missing_ok=True)
        return ""
    write_atomically(path, interactive.interactive_page(rows, curves, title).encode())
    return path.name


def _results(calls: list[Call], workers: Workers) -> list[Any]:
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


def _reading_order(row: Row, table: Table) -> tuple[Any, ...]:
    order = {id: index for index, id in enumerate(table.statements)}
    return (order.get(row.bound, len(order)), row.quantity, row.task, row.mode, row.nu, row.tau or 0, row.row_id)


class _Stopwatch:
    """Seconds by stage, each added when its block ends."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 3)


def _strict_json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, allow_nan=False) + "\n").encode()
