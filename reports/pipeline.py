"""From a plan to a finished output folder: cells, records, verdict rows, figures, page, manifest."""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import theory
from reports import __version__
from reports.analyses.claims import stored, with_claim_findings
from reports.analyses.suite import Suite, claims_section, suite_analyses, suite_calls, waterfalls
from reports.analyses.suite_file import SuiteFile
from reports.analyses.two_sided import two_sided_sections
from reports.figures import all_figures, write_figures
from reports.judging import statistics
from reports.judging.finding import Finding
from reports.judging.frames import results_frame
from reports.judging.rows import Row, Verdict, VerdictFile
from reports.judging.verdicts import judge
from reports.pages import interactive
from reports.pages.appendix import write_appendix
from reports.pages.html import render
from reports.pages.speed import speed_section
from reports.plans.plan import Plan
from reports.records.curves import curves_frame
from reports.records.execution import Outcome, cell_calls, items
from reports.records.store import write_atomically
from reports.records.workers import Call, OneByOne, Workers, processes
from reports.studies.registry import run_studies
from reports.studies.study import Context, StudyResult
from theory.claims.reading import Claim, with_claims
from theory.tables import Table

_VERSIONS = (
    "torch",
    "numpy",
    "scipy",
    "sympy",
    "python-flint",
    "pandas",
    "matplotlib",
    "scikit-learn",
    "joblib",
    "pydantic",
)


@dataclass(frozen=True)
class Request:
    """What the command line asked for, checked."""

    plan: Plan
    plan_name: str
    out: Path
    device: str
    seed: int
    seeds: int
    jobs: int
    claims: tuple[Claim, ...] = ()
    only: tuple[str, ...] = ()
    command: list[str] = field(default_factory=list)


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
    stages: dict[str, float] = {}
    work = items(request.plan, seed=request.seed, seeds=request.seeds, device=request.device)
    records = request.out / "records"
    records.mkdir(parents=True, exist_ok=True)
    whole = bool(request.plan.tasks) and not request.only  # cut down to some statements, nothing is said of the suite
    with _Stopwatch(stages, "cells"):
        about_suite = suite_calls() if whole else []
        results = _results([*cell_calls(work, records), *about_suite], workers)
        outcomes: list[Outcome] = results[: len(work)]
    with _Stopwatch(stages, "studies"):
        context = Context(request.seed, request.seeds, request.jobs, request.device, records)
        studies = run_studies(request.plan.studies, context, request.out)
    with _Stopwatch(stages, "verdicts"):
        table = with_claims(theory.default_table(), request.claims)
        measured = sum(len(outcome.findings) for outcome in outcomes)
        outcomes = [
            replace(one, findings=found) for one, found in zip(outcomes, _claimed(outcomes, request), strict=True)
        ]
        findings = [finding for outcome in outcomes for finding in outcome.findings]
        family = request.plan.family + len(findings) - measured
        rows = judge(findings, family, table)
        rows.sort(key=lambda row: _reading_order(row, table))
    with _Stopwatch(stages, "analyses"):
        sections, suite = claims_section(request.claims, findings, rows, table), SuiteFile()
        if whole:
            about, suite = suite_analyses(rows, waterfalls(outcomes), Suite.of(results[len(work) :]))
            sections = [*about, *two_sided_sections(request.plan.tasks), *sections, speed_section(request.out)]
        sections = [*(section for study in studies for section in study.sections), *sections]
        write_atomically(request.out / "suite.json", _strict_json(suite.model_dump(mode="json")))
    with _Stopwatch(stages, "figures"):
        curves = curves_frame([outcome.curve for outcome in outcomes if outcome.curve is not None])
        write_atomically(request.out / "curves.csv", curves.to_csv(index=False).encode())
        figures = [*all_figures(rows, curves, suite), *(figure for study in studies for figure in study.figures)]
        title = request.plan.title
        plots = workers.run([Call(_write_companion, (request.out / "interactive.html", rows, curves, title))])
        write_figures(figures, request.out / "figures", workers=workers)
        ((_, companion),) = plots
    manifest = _manifest(request, stages, outcomes, family, studies)
    verdict_file = VerdictFile(error_level=statistics.FAMILY_WISE_LEVEL, rows=rows)
    write_atomically(request.out / "verdicts.json", _strict_json(verdict_file.model_dump(mode="json")))
    write_atomically(request.out / "results.csv", results_frame(rows).to_csv(index=False).encode())
    finding = None if rows else "; ".join(study.headline for study in studies) or None
    level = statistics.FAMILY_WISE_LEVEL
    page = render(rows, figures, manifest, title, level, table, sections, finding, companion)
    drawings = request.out / "figures"
    write_appendix(request.out / "appendix", rows, figures, drawings, manifest, level, table, suite)
    write_atomically(request.out / "index.html", page.encode())
    write_atomically(request.out / "manifest.json", _strict_json(manifest))
    return Report(rows, request.out, studies)


def _write_companion(path: Path, rows: list[Row], curves: pd.DataFrame, title: str) -> str:
    """The interactive plots where the extra for them is installed: the name of the file, empty without it."""
    if not rows or not interactive.available():
        path.unlink(missing_ok=True)
        return ""
    write_atomically(path, interactive.interactive_page(rows, curves, title).encode())
    return path.name


def _claimed(outcomes: list[Outcome], request: Request) -> list[list[Finding]]:
    """Every cell's findings with those of the claims beside them."""
    return with_claim_findings(request.claims, [outcome.findings for outcome in outcomes])


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
    def __init__(self, stages: dict[str, float], name: str) -> None:
        self._stages, self._name = stages, name

    def __enter__(self) -> None:
        self._started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._stages[self._name] = round(time.perf_counter() - self._started, 3)


def _manifest(
    request: Request, stages: dict[str, float], outcomes: list[Outcome], family: int, studies: list[StudyResult]
) -> dict[str, Any]:
    return {
        "distribution": "meta-fedavg-bounds",
        "version": __version__,
        "plan": request.plan_name,
        "title": request.plan.title,
        "command": request.command,
        "device": request.device,
        "seed": request.seed,
        "seeds": request.seeds,
        "jobs": request.jobs,
        "error_level": statistics.FAMILY_WISE_LEVEL,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "versions": {name: _version(name) for name in _VERSIONS},
        "seconds": stages,
        "cells": len(outcomes),
        "family": family,
        "claims": stored(request.claims),
        "row_records": {finding.row_id: outcome.key for outcome in outcomes for finding in outcome.findings},
        "records": [outcome.key for outcome in outcomes],
        "studies": {study.name: study.headline for study in studies},
        "study_records": [key for study in studies for key in study.records],
    }


def _version(name: str) -> str | None:
    """None for a library that is there without being installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _strict_json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, allow_nan=False) + "\n").encode()
