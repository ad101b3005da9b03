"""A report made again from its plan, its claims and its records, and every file of it compared."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from reports.analyses.suite import Suite, suite_calls
from reports.contents import EXPLORED, Judged, Measured, analysed, draw, judged, write
from reports.judging import statistics
from reports.manifest import NAME, Manifest, looks_of, manifest_of
from reports.outputs import digest, hashes, record_file
from reports.pages import interactive
from reports.plans.plan import Plan
from reports.recheck.differences import (
    file_differences,
    hash_differences,
    manifest_differences,
    record_differences,
    row_differences,
)
from reports.recheck.findings import Findings
from reports.recheck.finished import Finished, RecheckError
from reports.recheck.origin import made, origin
from reports.recheck.reruns import chosen, rerun_calls
from reports.records.execution import Outcome, recounted
from reports.records.processes import Processes
from reports.records.seeded_cell import SeededCell
from reports.records.store import record_key
from reports.records.workers import Call, OneByOne, Workers
from reports.staging import interrupted
from reports.studies.registry import run_studies
from reports.studies.study import Context, StudyResult
from reports.user_objects import importing_only, trusted


def check(
    out: Path,
    *,
    trust: Sequence[str] = (),
    rerun: int | None = 0,
    seed: int = 0,
    jobs: int | None = None,
    workers: Workers | None = None,
) -> Findings:
    """Make a report again from its plan, claims and records, and compare every file with the one that is there.

    trust: modules of a user's that may be imported, which runs them; rows that need another are named and not made
    again. rerun: how many cells are run again and their arrays compared, chosen by `seed`; None: all of them. jobs:
    processes. Nothing in OUT is written. Raises RecheckError where there is no report.
    """
    if not (out / NAME).is_file():
        raise RecheckError(f"--out {out}: no {NAME}; build the report there first")
    stopped = interrupted(out)
    try:
        finished = Finished.read(out)
        jobs = finished.request.jobs if jobs is None else jobs
    except RecheckError as error:
        return Findings([*([stopped] if stopped else []), str(error)])
    found = Findings([stopped] if stopped else [])
    with ExitStack() as stack:
        stack.enter_context(importing_only(trust))
        _add(found, origin(finished))
        if workers is None:
            workers = OneByOne() if jobs == 1 else stack.enter_context(Processes(jobs))
        _Check(finished, found, workers, rerun, seed)()
    return found


class _Check:
    """One check on its way; what it finds is added to `found`."""

    def __init__(self, finished: Finished, found: Findings, workers: Workers, rerun: int | None, seed: int) -> None:
        self.finished, self.found, self.workers, self.rerun, self.seed = finished, found, workers, rerun, seed
        self.out, self.stored = finished.out, finished.manifest
        self.unread: dict[str, str] = {}  # by task or statement, why its rows are not made again

    def __call__(self) -> None:
        work = self._readable()
        outcomes, suite = self._measured(work)
        studies = self._studies()
        if self.unread or len(outcomes) < len(self.finished.cells) or studies is None:
            self._rows_alone(work, outcomes)
        else:
            self._whole(Measured(outcomes, suite, studies, self.finished.failed, self.finished.cells))
        self._records()
        self._rerun(work)

    def _readable(self) -> list[SeededCell]:
        """The cells that need no module that is not trusted."""
        for one in self.finished.cells:
            for name in (name for name in one.outside if not trusted(name)):
                module = name.partition(":")[0]
                why = f"it needs the module {module}, which --trust {module} imports and runs"
                self.unread[one.task.name if name in one.task.outside else name] = why
        return [one for one in self.finished.cells if all(map(trusted, one.outside))]

    def _measured(self, work: Sequence[SeededCell]) -> tuple[list[Outcome], Suite | None]:
        request, folder = self.finished.request, self.finished.store.folder
        cells = [Call(_recounted, (one, folder, _state(self.finished, one))) for one in work]
        whole = request.whole and not self.unread
        suite = suite_calls(request.plan.statements) if whole else []
        results = dict(self.workers.run([*suite, *cells]))
        ordered = [results[place] for place in range(len(results))]
        outcomes = ordered[len(suite) :]
        for one, outcome in zip(work, outcomes, strict=True):
            if isinstance(outcome, str):
                self.found.differences.append(outcome)
                self.unread.setdefault(one.task.name, "its record cannot be read")
        return [one for one in outcomes if not isinstance(one, str)], Suite.of(ordered[: len(suite)]) if whole else None

    def _studies(self) -> list[StudyResult] | None:
        request = self.finished.request
        context = Context(request.seed, request.seeds, None, request.device, self.finished.store.folder,
                          self.stored.own_code)  # fmt: skip
        try:
            return run_studies(request.plan.studies, context)
        except Exception as error:  # whatever a record holds that no cell of ours wrote
            self.found.differences.append(f"studies: cannot be made again: {_line(error)}")
            return None

    def _whole(self, measured: Measured) -> None:
        """Every file of the report written again, into a folder of its own."""
        stored = self.stored
        explored = EXPLORED in stored.outputs
        if explored and not interactive.available():
            self.found.differences.append(f"{EXPLORED}: cannot be drawn here without the extra interactive")
            explored = False
        rows = judged(self.finished.request, measured.outcomes)
        self._compare_rows([*rows.rows])
        with tempfile.TemporaryDirectory() as name:
            try:
                manifest = _written(Path(name), self.finished, rows, measured, self.workers, explored)
            except Exception as error:  # whatever a manifest holds that no build of ours wrote
                self.found.differences.append(f"page, tables and figures: cannot be made again: {_line(error)}")
                return
            again = hashes(Path(name), self.out, ())
            _add(self.found, file_differences(self.out, Path(name), again))
        self.found.differences.extend(manifest_differences(stored, manifest))
        _add(self.found, hash_differences(self.out, stored.outputs, again))

    def _rows_alone(self, work: Sequence[SeededCell], outcomes: Sequence[Outcome]) -> None:
        """The rows that can be made again; what is drawn from all of them is held against its hash alone."""
        request = self.finished.request
        plan = _cut(request.plan, work)
        rows = judged(replace(request, plan=plan), outcomes, family=self.stored.family)
        self._compare_rows([*rows.rows])
        for name, value in self.stored.outputs.items():
            if not name.startswith("records/") and not _same(self.out / name, value):
                self.found.differences.append(f"{name}: is not the file that the manifest names")
        self.found.trusted.append("page, tables, figures and appendix: held against the manifest's hashes alone")

    def _compare_rows(self, rows: list) -> None:
        path = self.out / "verdicts.json"
        self.found.differences.extend(row_differences(path, rows, statistics.FAMILY_WISE_LEVEL, self.unread))

    def _records(self) -> None:
        keys = [*self.stored.records, *self.stored.study_records]
        for key in keys:
            try:
                self.found.differences.extend(record_differences(self.finished.store, key, self.stored.outputs))
            except Exception as error:  # whatever stands in a file that is no record
                if not any(key in line for line in self.found.differences):
                    self.found.differences.append(f"record {key}: {_line(error)}")
        named = {name for name in self.stored.outputs if name.startswith("records/")}
        self.found.differences.extend(
            f"manifest.json: outputs has {name}, which is not of this report"
            for name in sorted(named - {*map(record_file, keys)})
        )
        asked = "" if self.rerun else ", which --check --rerun N|all computes again"
        self.found.trusted.append(f"the arrays of {len(self.stored.records)} records{asked}")
        self.found.trusted.append("versions, machine, times; which backend and chunk a run used, and its notes")
        if self.stored.study_records:
            self.found.trusted.append(f"{len(self.stored.study_records)} records of studies: nothing runs them again")

    def _rerun(self, work: Sequence[SeededCell]) -> None:
        if self.rerun == 0:
            return
        cells = chosen(work, self.rerun, self.seed)
        calls = rerun_calls(cells, self.finished.store.folder)
        lines = [line for _, lines in self.workers.run(calls) for line in lines]
        self.found.differences.extend(sorted(lines))
        how = "all" if self.rerun is None else f"chosen by --seed {self.seed}"
        self.found.notes.append(f"rerun: {len(cells)} of {len(self.finished.cells)} cells, {how}")


def _written(
    folder: Path, finished: Finished, rows: Judged, measured: Measured, workers: Workers, explored: bool
) -> Manifest:
    """All files of a report but its records and its manifest, made again in a folder; and that manifest."""
    request, stored = finished.request, finished.manifest
    said = analysed(request, rows, measured)
    drawn = draw(folder, request, rows, said, measured.studies, workers, explored=explored)
    manifest = manifest_of(
        request,
        rows.outcomes,
        rows.family,
        measured.studies,
        measured.failed,
        stored.where,
        made(stored),
        looks_of(finished.cells),
    )
    write(folder, request, rows, said, drawn, manifest, measured.studies)
    return manifest


def _recounted(seeded: SeededCell, folder: Path, state: str) -> Outcome | str:
    """What a record contributes, or why it cannot be read; state: the hash of its file, for whoever remembers."""
    del state
    key = record_key(seeded.description())
    try:
        return recounted(seeded, folder)
    except FileNotFoundError:
        return f"record {key}: is not there ({seeded.cell.kind} on {seeded.task.name})"
    except Exception as error:  # whatever a file holds that no cell of ours wrote
        said = _line(error)
        return said if key in said else f"record {key}: does not give its rows: {said}"


def _state(finished: Finished, seeded: SeededCell) -> str:
    path = finished.store.path(record_key(seeded.description()))
    return digest(path) if path.is_file() else ""


def _cut(plan: Plan, work: Sequence[SeededCell]) -> Plan:
    """The plan with these cells alone."""
    kept = [one.cell for one in work]
    cells = {kind: [cell for cell in getattr(plan, kind) if cell in kept] for kind in ("points", "noise", "runs")}
    return plan.model_copy(update=cells)


def _same(path: Path, value: str) -> bool:
    return path.is_file() and digest(path) == value


def _line(error: Exception) -> str:
    """An error in a line, with its kind where its words say little."""
    said = f"{error}".splitlines()
    return said[0] if isinstance(error, ValueError) and said else f"{type(error).__name__}: {''.join(said[:1])}"


def _add(found: Findings, more: Findings) -> None:
    found.differences.extend(more.differences)
    found.notes.extend(more.notes)
    found.trusted.extend(more.trusted)
