"""The folder of records: one file a record under its key, whole or absent, verified whenever it is read.

Records of equal first two digits share a folder, so that none holds more than a 256th of them. The first whole record
of a key stays: builds, shards and readers on one folder, on a network file system too, all see the same bytes, and
need no lock (`reports.records.atomic` says what is assumed). What is there is what the folders' names say.
"""

from __future__ import annotations

import errno
import logging
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reports.records.atomic import write_atomically, write_once
from reports.records.record import LINK, DamagedRecordError, Record, described, packed, record_key, unpacked

__all__ = ["DamagedRecordError", "Record", "Store", "record_key", "write_atomically"]

DAMAGED = "damaged"
_SUFFIX = ".npz"
_DIGITS = 64  # of a key
_RECORD = re.compile(r"[0-9a-f]{64}\.npz")
_LEFT = re.compile(r"\.[0-9a-f]{64}\.|[0-9a-f]{64}-")
_OLDER = re.compile(r"[0-9a-f]{64}\.(json|npz)")
# what reading says of a file that the disk has lost; a network's stale handle was replaced while it was open
_LOST, _TRIES = {errno.EIO, errno.EISDIR, errno.ENOTDIR, errno.ELOOP}, 3
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Store:
    """A folder of records.

    >>> import tempfile
    >>> store = Store(Path(tempfile.mkdtemp()))
    >>> key = store.write({"kind": "points"}, {"alpha": 0.5}, {"w": np.zeros(2)}).key
    >>> key in store, store.read(key).facts, store.find("0" * 64)
    (True, {'alpha': 0.5}, None)
    """

    folder: Path

    def path(self, key: str) -> Path:
        """Where the record of a key is, or would be."""
        return self.folder / key[:2] / f"{key}{_SUFFIX}"

    def write(self, cell: Mapping[str, Any], facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Record:
        """Store one outcome and give the record that stands under its key from now on.

        That is the one of another writer who was faster; a damaged one is set aside first.
        """
        key = record_key(cell)
        if self.add(key, packed(cell, facts, arrays)):
            return Record(key, dict(cell), dict(facts), {name: np.asarray(value) for name, value in arrays.items()})
        return self.find(key) or self.write(cell, facts, arrays)

    def add(self, key: str, data: bytes | memoryview) -> bool:
        """Put the bytes of a record under its key; False where a file stands there already."""
        return write_once(self.path(key), data)

    def read(self, key: str) -> Record:
        """The record with a key. Raises FileNotFoundError where there is none, DamagedRecordError for no whole one."""
        return unpacked(key, self.content(key))

    def content(self, key: str) -> bytes:
        """The bytes that stand under a key, whatever they are; raises as `read` does."""
        for left in reversed(range(_TRIES)):
            try:
                return self.path(key).read_bytes()
            except OSError as error:
                if error.errno in _LOST:
                    raise DamagedRecordError(key, f"its file cannot be read: {error.strerror}") from None
                if error.errno == errno.ENOENT and self.path(key).is_symlink():
                    raise DamagedRecordError(key, LINK) from None
                if error.errno != errno.ESTALE or not left:
                    raise
        raise AssertionError("the last try returns or raises")

    def find(self, key: str) -> Record | None:
        """The record with a key as a build wants it: None where it has to be made.

        What is damaged is named in the log, which is the error stream unless somebody set it up otherwise, and set
        aside in the folder `damaged`, out of the way of the whole one.
        """
        try:
            return self.read(key)
        except FileNotFoundError:
            return None
        except DamagedRecordError as error:
            return self._set_aside(error)

    def _set_aside(self, damage: DamagedRecordError) -> Record | None:
        """Move a damaged file away; the record itself if somebody put a whole one in its place meanwhile."""
        key, place = damage.key, self.folder / DAMAGED
        place.mkdir(exist_ok=True)
        aside = place / f"{key}-{os.getpid()}-{os.urandom(4).hex()}{_SUFFIX}"
        try:
            os.rename(self.path(key), aside)
        except FileNotFoundError:  # somebody else was faster
            return None
        try:
            whole = unpacked(key, aside.read_bytes())
        except (DamagedRecordError, OSError):
            _LOG.warning("%s; set aside as %s", damage, aside)
            return None
        self.add(key, aside.read_bytes())
        aside.unlink()
        return whole

    def description(self, key: str) -> dict[str, Any]:
        """Cell and facts as a record begins with them: quick, and blind for damage behind them; raises as `read`."""
        return described(key, f"{self.folder}/{key[:2]}/{key}{_SUFFIX}")

    def all_keys(self) -> Iterator[str]:
        """The keys of all records, in order."""
        for folder in self._folders():
            yield from sorted(name[:_DIGITS] for name in _names(self.folder / folder) if _is_record(folder, name))

    def _folders(self) -> list[str]:
        return sorted(name for name in _names(self.folder) if len(name) == 2)

    def present(self, keys: Collection[str]) -> set[str]:
        """Which of many keys have a file, by looking at the folders' names once."""
        return {*keys} & {*self.all_keys()}

    def leftovers(self) -> Iterator[Path]:
        """What was set aside, and temporary files that nobody finished or is just writing."""
        for folder in (*self._folders(), DAMAGED):
            names = (name for name in sorted(_names(self.folder / folder)) if _LEFT.match(name))
            yield from (self.folder / folder / name for name in names)

    def older_files(self) -> Iterator[Path]:
        """The files of format 1, two a record, side by side in the folder itself."""
        return (self.folder / name for name in sorted(_names(self.folder)) if _OLDER.fullmatch(name))

    def older(self) -> str:
        """One line where records of an older version lie in the folder, which this one does not read; '' otherwise."""
        count = len({path.stem for path in self.older_files()})
        return f"{self.folder}: {count} records of an older version, which this one does not read" if count else ""

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.path(key).is_file()


def _is_record(folder: str, name: str) -> bool:
    """Whether a file of that name in that folder is where the record of a key belongs."""
    return name.startswith(folder) and bool(_RECORD.fullmatch(name))


def _names(folder: Path) -> list[str]:
    """What lies in a folder; nothing where it is none, or gone."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
