"""Records of what was run: content-addressed, atomic, one JSON file for the words and one npz for the arrays.

The key is the SHA-256 of the canonical cell description and the code version, so a record is found again exactly when
the same thing would be run again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FORMAT = 1
_PARTS = {"key", "cell", "facts", "arrays_sha256", "sha256"}


@dataclass(frozen=True)
class Record:
    """One cell's outcome: its description, plain facts, and arrays."""

    key: str
    cell: Mapping[str, Any]
    facts: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]


def record_key(cell: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of a cell description and the record format.

    >>> record_key({"a": 1, "b": 2}) == record_key({"b": 2, "a": 1})
    True
    """
    canonical = json.dumps({"format": FORMAT, "cell": cell}, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def write_atomically(path: Path, data: bytes) -> None:
    """Write data so that a reader sees either the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@dataclass(frozen=True)
class Store:
    """A folder of records."""

    folder: Path

    def write(self, cell: Mapping[str, Any], facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Record:
        """Store one outcome; the JSON file appears last, so a record that exists is whole."""
        key = record_key(cell)
        packed = _packed(arrays)
        write_atomically(self.folder / f"{key}.npz", packed)
        text = self.text(cell, facts, hashlib.sha256(packed).hexdigest())
        write_atomically(self.folder / f"{key}.json", text)
        return Record(key, dict(cell), dict(facts), {name: np.asarray(value) for name, value in arrays.items()})

    @staticmethod
    def text(cell: Mapping[str, Any], facts: Mapping[str, Any], arrays_sha256: str) -> bytes:
        """The JSON file of a record whose arrays have that hash."""
        body = {"key": record_key(cell), "cell": cell, "facts": facts, "arrays_sha256": arrays_sha256}
        return json.dumps(body | {"sha256": _digest(body)}, indent=1, sort_keys=True, allow_nan=False).encode()

    def read(self, key: str) -> Record:
        """The record with a key. Raises ValueError naming a record whose parts do not belong together."""
        body = json.loads((self.folder / f"{key}.json").read_text(encoding="utf-8"))
        if not isinstance(body, dict) or not body.keys() >= _PARTS:
            raise ValueError(f"record {key}: {key}.json is no record; run the report again")
        if body["sha256"] != _digest({name: value for name, value in body.items() if name != "sha256"}):
            raise ValueError(f"record {key}: {key}.json was changed after it was stored; run the report again")
        packed = (self.folder / f"{key}.npz").read_bytes()
        if hashlib.sha256(packed).hexdigest() != body["arrays_sha256"]:
            raise ValueError(
                f"record {key}: its arrays are not the ones that were stored with it; run the report again"
            )
        if record_key(body["cell"]) != key:
            raise ValueError(f"record {key}: its cell description was changed; run the report again")
        with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
            return Record(key, body["cell"], body["facts"], {name: arrays[name] for name in arrays.files})

    def all_keys(self) -> Iterator[str]:
        """The keys of all records, in order."""
        return iter(sorted(path.stem for path in self.folder.glob("*.json")))

    def __contains__(self, key: object) -> bool:
        return (self.folder / f"{key}.json").is_file()


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, allow_nan=False).encode()).hexdigest()


def _packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    # float64 iterates hardly shrink, and packing them took longer than many a cell
    np.savez(buffer, **{name: np.asarray(value) for name, value in arrays.items()})  # type: ignore[arg-type]
    return buffer.getvalue()
