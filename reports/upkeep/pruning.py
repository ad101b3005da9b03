"""What in a store nobody needs: neither the report beside it nor a build that lives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from reports.records.store import Store
from reports.refusal import RefusedError
from reports.staging import spared
from reports.upkeep.selection import Selection, entries


def unused(store: Store, out: Path, selection: Selection) -> list[Path]:
    """The selected records that neither OUT's manifest nor a living build names, none of them younger than a day.

    A selection by age alone has what is left over as well: files that were set aside or never finished, and those of an
    older version. Raises RefusedError where nothing says what is in use.
    """
    if selection.older_than < 1:
        days = f"{selection.older_than:g}"
        raise RefusedError(
            f"--older-than {days}: expected at least 1 day; a build may be about to name a younger record"
        )
    used = _named(out)
    # first what is old, then who lives: a build says what it reads before it reads it
    found = [(key, path) for key, path in _old(store, selection) if key not in used]
    living = spared(out)
    if living is None:
        raise RefusedError(f"--out {out}: a build is at work there and may read any record; prune when it has ended")
    return [path for key, path in found if key not in living]


def _named(out: Path) -> set[str]:
    """The records of the report in a folder."""
    path = out / "manifest.json"
    if not path.is_file():
        raise RefusedError(f"{path}: not there, so nothing says which records are in use; build the report first")
    try:
        named = json.loads(path.read_bytes())
        return {*named["records"], *named.get("study_records", ())}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise RefusedError(
            f"{path}: damaged, so nothing says which records are in use; build the report again"
        ) from None


def _old(store: Store, selection: Selection) -> Iterator[tuple[str, Path]]:
    """Key and path of the selected records; '' for the key of what is no record, whichever it was to become."""
    if selection.named:
        whole = (entry.key for entry in entries(store, selection) if not entry.damage)
        yield from ((key, store.path(key)) for key in whole)
        return
    found = [(key, store.path(key)) for key in store.all_keys()]
    found += [("", path) for path in store.leftovers()]
    found += [(path.stem, path) for path in store.older_files()]
    yield from ((key, path) for key, path in found if selection.old_enough(path))
