"""One row again, from nothing but the description of its cell."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from empirics.numerics.errors import InputError
from reports.analyses.claims import with_claim_measurements
from reports.judging.measurement import Measurement
from reports.judging.rows import Row, near_row
from reports.judging.verdicts import judge
from reports.recheck.differences import field_differences
from reports.recheck.finished import Finished, RecheckError
from reports.recheck.instances import instance_again
from reports.records.execution import execute
from reports.records.seeded_cell import SeededCell
from reports.records.store import DamagedRecordError, Record
from reports.statements import with_own
from reports.tasks.factories import TaskError
from reports.user_objects import UserObjectError, importing_only
from theory.claims.reading import with_claims
from theory.tables import default_table


def reproduce(out: Path, row_id: str, *, trust: Sequence[str] = ()) -> tuple[Row, list[str]]:
    """Run the one cell of a row again, into a folder of its own, and compare the row it gives with the stored one.

    An instance that only planted errors name is measured again, and they are compared. trust: modules of a user's that
    may be imported. Raises RecheckError for what the report does not have, or what cannot be run here.
    """
    finished = Finished.read(out)
    stored = {row.row_id: row for row in finished.rows()}
    if row_id not in stored:
        with importing_only(trust):
            instance = instance_again(finished, row_id)
        if instance is not None:
            return instance
        raise RecheckError(f"--reproduce {row_id}: no such row in {out / 'verdicts.json'}{near_row(row_id, stored)}")
    with importing_only(trust), tempfile.TemporaryDirectory() as folder:
        try:
            record = _record(finished, row_id)
            grown = finished.manifest.refinement is not None
            seeded = SeededCell.of(record.cell, finished.manifest.seeds if grown else None)
            found = _judged(finished, seeded, execute(seeded, Path(folder), record.facts).measurements)
        except (InputError, TaskError, UserObjectError) as error:
            raise RecheckError(f"--reproduce {row_id}: cannot be run here as it was: {error}") from None
        except (OSError, ValueError, KeyError) as error:
            raise RecheckError(f"--reproduce {row_id}: {error}".splitlines()[0]) from None
    row = next((row for row in found if row.row_id == row_id), None)
    if row is None:
        raise RecheckError(f"--reproduce {row_id}: the record that the manifest names for it gives other rows")
    return row, list(field_differences(stored[row_id].model_dump(mode="json"), row.model_dump(mode="json")))


def _record(finished: Finished, row_id: str) -> Record:
    """The record that the manifest names for a row."""
    key = finished.manifest.row_records.get(row_id)
    if key is None:
        raise RecheckError(f"--reproduce {row_id}: the manifest names no record of it")
    try:
        return finished.store.read(key)
    except FileNotFoundError:
        why = f"record {key}: is not there"
    except DamagedRecordError as error:
        why = str(error)
    raise RecheckError(f"--reproduce {row_id}: {why}; build the report again, which computes what is missing")


def _judged(finished: Finished, seeded: SeededCell, measurements: list[Measurement]) -> list[Row]:
    """The rows of these measurements and of the report's claims on them, at the error level of the whole report."""
    claims = finished.request.claims
    (extended,) = with_claim_measurements(claims, [measurements])
    table = with_own(with_claims(default_table(), claims), seeded.cell.statements)
    return judge(extended, finished.manifest.family, table)
