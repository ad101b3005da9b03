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

import joblib
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import theory
from reports import statistics
from reports.analyses import claims_section, suite_figures, suite_sections, waterfalls
from reports.appendix import write_appendix
from reports.cells import Item, Outcome, execute, items
from reports.claims import stored, with_claim_findings
from reports.curves import curves_frame
from reports.figures import all_figures, write_figures
from reports.finding import Finding
from reports.html import render
from reports.plan import Plan
from reports.rows import Row, Verdict, VerdictFile
from reports.store import write_atomically
from reports.tables import results_frame
from reports.verdicts import judge
from theory.claims import Claim, with_claims
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

    def exit_status(self, *, strict: bool) -> int:
        """0: no applicable bound violated; 1: one was, or with strict one was not established."""
        verdicts = {row.verdict for row in self.rows}
        bad = {Verdict.VIOLATED} | ({Verdict.INCONCLUSIVE} if strict else set())
        return int(bool(verdicts & bad))


def build(request: Request) -> Report:
    """Run what is not yet recorded, judge, and write the output folder; the page appears last."""
    stages: dict[str, float] = {}
    work = items(request.plan, seed=request.seed, seeds=request.seeds, device=request.device)
    records = request.out / "records"
    with _Stopwatch(stages, "cells"):
        outcomes = _execute_all(work, records, request.jobs)
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
        sections, extra = claims_section(request.claims, findings, rows, table), []
        if not request.only:  # a report cut down to some statements says nothing about the suite
            slack = waterfalls(work, outcomes, records)
            sections, extra = [*suite_sections(rows, slack), *sections], suite_figures(slack)
    with _Stopwatch(stages, "figures"):
        curves = curves_frame([outcome.curve for outcome in outcomes if outcome.curve is not None])
        write_atomically(request.out / "curves.csv", curves.to_csv(index=False).encode())
        figures = [*all_figures(rows, curves), *extra]
        write_figures(figures, request.out / "figures")
    manifest = _manifest(request, stages, outcomes, family)
    verdict_file = VerdictFile(error_level=statistics.FAMILY_WISE_LEVEL, rows=rows)
    write_atomically(request.out / "verdicts.json", _strict_json(verdict_file.model_dump(mode="json")))
    write_atomically(request.out / "results.csv", results_frame(rows).to_csv(index=False).encode())
    page = render(rows, figures, manifest, request.plan.title, statistics.FAMILY_WISE_LEVEL, table, sections)
    drawings = request.out / "figures"
    write_appendix(request.out / "appendix", rows, figures, drawings, manifest, statistics.FAMILY_WISE_LEVEL, table)
    write_atomically(request.out / "index.html", page.encode())
    write_atomically(request.out / "manifest.json", _strict_json(manifest))
    return Report(rows, request.out)


def _claimed(outcomes: list[Outcome], request: Request) -> list[list[Finding]]:
    """Every cell's findings with those of the claims beside them."""
    return with_claim_findings(request.claims, [outcome.findings for outcome in outcomes])


def _execute_all(work: list[Item], records: Path, jobs: int) -> list[Outcome]:
    records.mkdir(parents=True, exist_ok=True)
    done: dict[int, Outcome] = {}
    for index, outcome in _progress(_stream(work, records, jobs), len(work)):
        done[index] = outcome
    return [done[index] for index in range(len(work))]


def _stream(work: list[Item], records: Path, jobs: int) -> Iterator[tuple[int, Outcome]]:
    if jobs == 1 or len(work) < 2 * jobs:
        for index, item in enumerate(work):
            yield index, execute(item, records)
        return
    # memory-mapping large arguments into a temporary folder buys nothing for items of a few hundred bytes
    parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", max_nbytes=None)
    results: Any = parallel(joblib.delayed(_numbered)(index, item, records) for index, item in enumerate(work))
    yield from results


def _numbered(index: int, item: Item, records: Path) -> tuple[int, Outcome]:
    return index, execute(item, records)


def _progress(stream: Iterator[tuple[int, Outcome]], total: int) -> Iterator[tuple[int, Outcome]]:
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


def _manifest(request: Request, stages: dict[str, float], outcomes: list[Outcome], family: int) -> dict[str, Any]:
    return {
        "distribution": "meta-fedavg-bounds",
        "version": metadata.version("meta-fedavg-bounds"),
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
        "versions": {name: metadata.version(name) for name in _VERSIONS},
        "seconds": stages,
        "cells": len(outcomes),
        "family": family,
        "claims": stored(request.claims),
        "row_records": {finding.row_id: outcome.key for outcome in outcomes for finding in outcome.findings},
        "records": [outcome.key for outcome in outcomes],
    }


def _strict_json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, allow_nan=False) + "\n").encode()
