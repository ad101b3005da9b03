"""Everything that a report says, written from what was measured: the same bytes whenever and wherever that is done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from reports.analyses.described import described
from reports.analyses.failed import failed_section
from reports.analyses.judged import Judged, judged_outcomes
from reports.analyses.refined import refined_section
from reports.analyses.side_by_side import side_by_side
from reports.analyses.suite import Suite, claims_section, suite_analyses, waterfalls
from reports.analyses.suite_file import SuiteFile
from reports.analyses.two_sided import two_sided_sections
from reports.figures import all_figures, write_figures
from reports.figures.figure import Figure
from reports.judging import statistics
from reports.judging.frames import results_frame
from reports.judging.rows import VerdictFile
from reports.manifest import Manifest
from reports.pages import interactive
from reports.pages.appendix import write_appendix
from reports.pages.html import render
from reports.pages.html.opening import headline
from reports.pages.speed import speed_section
from reports.records.attempts import Failure
from reports.records.curves import curves_frame
from reports.records.execution import Outcome
from reports.records.seeded_cell import SeededCell
from reports.records.store import write_atomically
from reports.records.workers import Call, Workers
from reports.request import Request
from reports.sections import Section
from reports.studies.study import StudyResult

EXPLORED = "interactive.html"


@dataclass(frozen=True)
class Measured:
    """What a plan's cells, the suite beside them and the studies gave; no suite for a plan that is cut down.

    failed: the cells that gave nothing. work: those that gave something, at the looks that their samples were left at.
    """

    outcomes: Sequence[Outcome]
    suite: Suite | None
    studies: Sequence[StudyResult]
    failed: Sequence[Failure] = ()
    work: Sequence[SeededCell] = ()


@dataclass(frozen=True)
class Said:
    """What the page says beyond its rows, and what is stored of it."""

    sections: list[Section]
    suite: SuiteFile


@dataclass(frozen=True)
class Drawn:
    """The figures, written to their folder, the curves behind them, and the name of the page to explore, or ''."""

    figures: list[Figure]
    curves: pd.DataFrame
    companion: str


def judged(request: Request, outcomes: Sequence[Outcome], *, family: int | None = None) -> Judged:
    """The rows of a request; see `reports.analyses.judged`."""
    return judged_outcomes(request.plan, request.claims, outcomes, family=family)


def analysed(request: Request, rows: Judged, measured: Measured) -> Said:
    """The sections of the page and the suite's file; first what is missing."""
    sections, stored = claims_section(request.claims, rows.measurements, rows.table), SuiteFile()
    cells = [[measurement.row_id for measurement in outcome.measurements] for outcome in rows.outcomes]
    compared = side_by_side(cells, rows.rows, rows.table)
    sections = [*([] if compared is None else [compared]), *sections]
    if measured.suite is not None:
        about, stored = suite_analyses(rows.rows, waterfalls(rows.outcomes), measured.suite, rows.table)
        sections = [*sections, *about, *two_sided_sections(request.plan.tasks), *speed_section(request.out)]
    missing = [*failed_section(measured.failed), *refined_section(measured.work)]
    return Said([*missing, *(section for study in measured.studies for section in study.sections), *sections], stored)


def draw(
    folder: Path, request: Request, rows: Judged, said: Said, studies: Sequence[StudyResult], workers: Workers,
    *, explored: bool,
) -> Drawn:  # fmt: skip
    """Write figures and studies' frames into a folder, and where that is wanted the page to explore."""
    for study in studies:
        study.write(folder)
    curves = curves_frame([outcome.curve for outcome in rows.outcomes if outcome.curve is not None])
    figures = [*all_figures(rows.rows, curves, said.suite), *(figure for study in studies for figure in study.figures)]
    wanted = explored and bool(rows.rows)
    pages = [Call(interactive.interactive_page, (rows.rows, curves, request.plan.title))] if wanted else []
    companions = workers.run(pages)
    write_figures(figures, folder / "figures", workers=workers)
    for _, page in companions:
        write_atomically(folder / EXPLORED, page.encode())
    return Drawn(figures, curves, EXPLORED if wanted else "")


def write(
    folder: Path, request: Request, rows: Judged, said: Said, drawn: Drawn, manifest: Manifest,
    studies: Sequence[StudyResult],
) -> None:  # fmt: skip
    """Write into a folder everything but figures, frames and the manifest."""
    level, stated = statistics.FAMILY_WISE_LEVEL, manifest.stated
    write_atomically(folder / "suite.json", _strict_json(said.suite.model_dump(mode="json")))
    write_atomically(folder / "curves.csv", drawn.curves.to_csv(index=False).encode())
    verdicts = VerdictFile(error_level=level, rows=rows.rows)
    write_atomically(folder / "verdicts.json", _strict_json(verdicts.model_dump(mode="json")))
    write_atomically(folder / "results.csv", results_frame(rows.rows).to_csv(index=False).encode())
    finding = None if rows.rows else "; ".join(study.headline for study in studies) or None
    if manifest.failed:
        said_first = finding or headline(rows.rows)
        finding = f"{said_first}; {len(manifest.failed)} cells failed and gave no row"
    tasks = described(request.plan.tasks, rows.rows)
    page = render(
        rows.rows, drawn.figures, stated, request.plan.title, level, table=rows.table, sections=said.sections,
        finding=finding, companion=drawn.companion, tasks=tasks,
    )  # fmt: skip
    write_appendix(
        folder / "appendix", rows.rows, drawn.figures, folder / "figures", stated, level,
        table=rows.table, suite=said.suite, dimensions={task.name: task.d for task in tasks},
    )  # fmt: skip
    write_atomically(folder / "index.html", page.encode())


def _strict_json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, allow_nan=False) + "\n").encode()
