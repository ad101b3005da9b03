"""An instance that a planted error was refuted on and that is no row of the report, measured again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports.analyses.planted import FURTHER, Trial, trials_of
from reports.analyses.suite import planted_error
from reports.analyses.suite_file import PlantedError, SuiteFile
from reports.analyses.witnesses import witnesses_of
from reports.judging.rows import Row
from reports.judging.verdicts import judge
from reports.recheck.differences import field_differences
from reports.recheck.finished import Finished
from reports.statements import measured, statements, with_own
from reports.user_objects import trusted
from theory.tables import default_table


def instance_again(finished: Finished, row_id: str) -> tuple[Row, list[str]] | None:
    """The row of a witness named in suite.json, and in what the planted errors on it differ from the stored ones.

    None where suite.json names no such instance, or it is none of the witnesses. Raises ValueError for a damaged file.
    """
    stored = [one for one in SuiteFile.read(finished.out / "suite.json").planted if one.instance == row_id]
    own = tuple(name for name in finished.manifest.own if trusted(name))
    names = [
        name for name in (*statements(), *own) if stored and measured(name).bounds & {one.statement for one in stored}
    ]
    table = with_own(default_table(), own)
    for name in names:
        found = [one for one in witnesses_of(name) if one.row_id == row_id]
        if found:
            (row,) = judge(found, table=table)
            return row, list(_differences(stored, trials_of(name, own)))
    return None


def _differences(stored: Sequence[PlantedError], trials: Sequence[Trial]) -> Iterator[str]:
    known = _by_version(trials)
    if any(_version(one) not in known for one in stored):
        known |= _by_version([trial for further in FURTHER.values() for trial in further()])
    for one in stored:
        if _version(one) in known:
            yield from field_differences(one.model_dump(mode="json"), known[_version(one)].model_dump(mode="json"))
        else:
            yield f"suite.json: {' '.join(_version(one))}: is no wrong version of this version of the suite"


def _by_version(trials: Sequence[Trial]) -> dict[tuple[str, ...], PlantedError]:
    return {_version(one): one for one in map(planted_error, trials)}


def _version(one: PlantedError) -> tuple[str, ...]:
    return one.statement, one.quantity, one.wrong
