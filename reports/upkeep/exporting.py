"""A choice of records in one archive, of equal bytes for equal records."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reports.records.atomic import atomically
from reports.records.store import DamagedRecordError, Store
from reports.upkeep.verified import verified

INDEX = "index.json"


def export(store: Store, path: Path, keys: Iterable[str]) -> tuple[int, list[str]]:
    """Write records to a zip archive; how many, and a line for each that is damaged and hence left out.

    The archive holds records/AB/KEY.npz, so that unpacked it can be merged into another store, and index.json: a list
    of key, file, sha256, cell and facts.
    """
    index: list[dict[str, Any]] = []
    damaged: list[str] = []
    with atomically(path) as file, zipfile.ZipFile(file, "w") as archive:
        for data, record in verified(store, keys):
            if isinstance(record, DamagedRecordError):
                damaged.append(str(record))
                continue
            name = Store(Path("records")).path(record.key).as_posix()
            archive.writestr(zipfile.ZipInfo(name), data)
            said = {"cell": record.cell, "facts": record.facts}
            index.append({"key": record.key, "file": name, "sha256": hashlib.sha256(data).hexdigest(), **said})
        archive.writestr(zipfile.ZipInfo(INDEX), json.dumps(index, indent=1, sort_keys=True, allow_nan=False) + "\n")
    return len(index), damaged
