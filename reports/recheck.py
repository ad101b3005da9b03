"""Verdicts again: all of them from the stored records, or one row from nothing but its description."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from empirics.numerics.errors import InputError
from reports.analyses.claims import restored, with_claim_measurements
from reports.judging.measurement import Measurement
from reports.judging.rows import Row, VerdictFile
from reports.judging.verdicts import judge
from reports.records.execution import execute, measurements
from reports.records.seeded_cell import SeededCell
from reports.records.store import Store
from reports.records.threads import one_thread
from reports.statements import with_own
from theory.claims.reading import with_claims
from theory.tables import default_table


class RecheckError(ValueError):
    """An output folder that cannot be rechecked, with what is missing."""


@dataclass(frozen=True)
class Finished:
    """A finished output folder: its manifest, its rows and its records."""

    manifest: dict[str, Any]
    rows: list[Row]
    store: Store

    @classmethod
    def read(cls, out: Path) -> Finished:
        """The folder of an earlier build. Raises RecheckError when there is none."""
        for name in ("manifest.json", "verdicts.json"):
            if not (out / name).is_file():
                raise RecheckError(f"--out {out}: no {name}; build the report there first")
        manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
        rows = VerdictFile.model_validate_json((out / "verdicts.json").read_text(encoding="utf-8")).rows
        return cls(manifest, rows, Store(out / "records"))

    def judged(self, measurements: list[Measurement]) -> list[Row]:
        """The rows of these measurements and of the report's claims on them, at the error level of the whole report."""
        claims = restored(self.manifest.get("claims", []))
        (extended,) = with_claim_measurements(claims, [measurements])
        table = with_own(with_claims(default_table(), claims), self.manifest.get("own", ()))
        return judge(extended, self.manifest["family"], table)


def check(out: Path) -> list[str]:
    """Every difference between the stored verdicts and those that the stored records give now; empty when none.

    A record whose numbers were changed is named, and so is every row whose fields differ.
    """
    finished = Finished.read(out)
    found: list[Measurement] = []
    problems: list[str] = []
    with one_thread():
        for key in finished.manifest["records"]:
            try:
                record = finished.store.read(key)
            except (OSError, ValueError) as error:
                problems.append(str(error) if key in str(error) else f"record {key}: {error}")
                continue
            found += measurements(SeededCell.of(record.cell), record)
    for key in finished.manifest.get("study_records", ()):  # their frames hold no verdicts: the records must be whole
        try:
            finished.store.read(key)
        except (OSError, ValueError) as error:
            problems.append(str(error) if key in str(error) else f"record {key}: {error}")
    again = {row.row_id: row for row in finished.judged(found)}
    stored = {row.row_id: row for row in finished.rows}
    if not problems:
        gone, new = sorted(stored.keys() - again.keys()), sorted(again.keys() - stored.keys())
        problems += [f"row {name}: in verdicts.json but not in the records" for name in gone]
        problems += [f"row {name}: in the records but not in verdicts.json" for name in new]
    for name in sorted(stored.keys() & again.keys()):
        problems += [f"row {name}: {difference}" for difference in _differences(stored[name], again[name])]
    return problems


def reproduce(out: Path, row_id: str) -> tuple[Row, list[str]]:
    """Run the one cell of a row again, into a folder of its own, and compare the row it gives with the stored one.

    Raises RecheckError for a row that the report does not have.
    """
    finished = Finished.read(out)
    stored = {row.row_id: row for row in finished.rows}
    if row_id not in stored:
        close = sorted(name for name in stored if name.split(":")[0] == row_id.split(":")[0])[:3]
        hint = f"; such as {', '.join(close)}" if close else ""
        raise RecheckError(f"--reproduce {row_id}: no such row in {out / 'verdicts.json'}{hint}")
    record = finished.store.read(finished.manifest["row_records"][row_id])
    with tempfile.TemporaryDirectory() as folder:
        try:
            outcome = execute(SeededCell.of(record.cell), Path(folder), record.facts)
        except InputError as error:
            raise RecheckError(f"--reproduce {row_id}: cannot be run here as it was: {error}") from None
    row = next(row for row in finished.judged(outcome.measurements) if row.row_id == row_id)
    return row, list(_differences(stored[row_id], row))


def _differences(stored: Row, again: Row) -> Iterator[str]:
    before, after = stored.model_dump(mode="json"), again.model_dump(mode="json")
    for name, value in before.items():
        if after[name] != value:
            yield f"{name} was {value!r} and is {after[name]!r}"
